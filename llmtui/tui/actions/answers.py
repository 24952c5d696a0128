"""Actions on the newest answer: again, edited, copied, continued."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.messages import MessageState, ModelRef, Role

if TYPE_CHECKING:
    from llmtui.core.messages import Message
    from llmtui.tui.screens.chat import ChatScreen

CUT = {MessageState.CANCELLED, MessageState.TRUNCATED, MessageState.INTERRUPTED, MessageState.FAILED}


def retry(chat: ChatScreen, argument: str) -> None:
    """Answer the last question again; with a wait for a retry under way, end the wait."""
    live = chat.talk.live
    if live is not None:
        if live.retry is not None:
            chat.turns.retry_now(chat.talk)
        else:
            chat.say("An answer is still coming; Esc stops it")
        return
    answer = last(chat, Role.ASSISTANT)
    if answer is None:
        chat.say("There is no answer yet")
        return
    try:
        model, temperature = _arguments(argument)
    except ConfigError as error:
        chat.say(error.sentence, severity="warning")
        return
    settings = chat.talk.settings if temperature is None else replace(chat.talk.settings, temperature=temperature)
    chat.turns.regenerate(chat.talk, answer.id, model, settings)


def _arguments(argument: str) -> tuple[ModelRef | None, float | None]:
    model: ModelRef | None = None
    temperature: float | None = None
    for word in argument.split():
        try:
            temperature = float(word)
        except ValueError:
            model = ModelRef.parse(word)
        else:
            if not 0 <= temperature <= 2:
                raise ConfigError(f"A temperature is between 0 and 2, not {word}")
    return model, temperature


def edit(chat: ChatScreen, _argument: str) -> None:
    """Take the last question into the prompt; what is sent becomes another version of it."""
    if chat.talk.live is not None:
        chat.say("An answer is still coming; Esc stops it")
    elif (question := last(chat, Role.USER)) is None:
        chat.say("There is no question yet")
    else:
        chat.edit_question(question)


def copy(chat: ChatScreen, argument: str) -> None:
    """Copy the last answer, also one that is still coming: as Markdown, or with `plain` without its marks."""
    if argument not in ("", "plain", "markdown"):
        chat.say("Say /copy, or /copy plain", severity="warning")
        return
    live = chat.talk.live
    text = live.prefix + "".join(live.text) if live is not None else ""
    if not text and (answer := last(chat, Role.ASSISTANT)) is not None:
        text = answer.content
    if text:
        from llmtui.render.text import plain_text

        chat.copy(plain_text(text) if argument == "plain" else text, "last answer")
    else:
        chat.say("There is no answer yet")


def continue_(chat: ChatScreen, _argument: str) -> None:
    """Go on where the last answer was cut."""
    answer = last(chat, Role.ASSISTANT)
    if chat.talk.live is not None:
        chat.say("An answer is still coming")
    elif answer is None or not answer.content:
        chat.say("There is no answer to continue")
    elif answer.state not in CUT and answer.finish_reason != "length":
        chat.say("The last answer is complete")
    else:
        chat.turns.continue_answer(chat.talk, answer)


async def queue(chat: ChatScreen, _argument: str) -> None:
    """Let the question whose answer failed wait until its provider is back."""
    await chat.outbox.toggle()


def last(chat: ChatScreen, role: Role) -> Message | None:
    """The newest message of a role on the branch that is shown."""
    return next((message for message in reversed(chat.talk.messages) if message.role is role), None)
