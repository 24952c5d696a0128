"""Commands on the newest question and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Role

if TYPE_CHECKING:
    from llmtui.core.messages import ModelRef
    from llmtui.plain.chat import Chat


def retry(chat: Chat, argument: str) -> None:
    model: ModelRef | None = None
    temperature: float | None = None
    for word in argument.split():
        try:
            temperature = float(word)
        except ValueError:
            model = chat.session.directory.find_model(word)
        else:
            if not 0 <= temperature <= 2:
                raise ConfigError(f"a temperature is a number from 0 to 2, not {word}")
    chat.again(model, temperature)


def edit(chat: Chat, argument: str) -> None:
    """The answer to the new version stands beside the old branch, which stays."""
    from llmtui.plain.keyboard import read_message

    question = chat.last(Role.USER)
    if question is None:
        raise ConfigError("there is no question yet")
    text: str | None = argument
    if not argument:
        if not chat.is_asked:
            raise ConfigError("say what the question is to be", advice="/edit TEXT")
        chat.voice.block(f"The question was:\n{question.content}")
        text = read_message(chat.source, "new: ", question.content if "\n" not in question.content else "")
    if not text or not text.strip():
        chat.voice.line("nothing was changed")
        return
    chat.attachments = (*question.attachments, *chat.attachments)
    chat.ask(text, parent=question.parent_id)


def continue_(chat: Chat, _argument: str) -> None:
    chat.go_on()


def copy(chat: Chat, argument: str) -> None:
    """Through a program of the desktop, else through the terminal, where stdout is one that can do it."""
    from llmtui import clipboard
    from llmtui.render.text import code_blocks, plain_text

    if argument not in ("", "plain", "markdown") and not (argument.isascii() and argument.isdecimal()):
        raise ConfigError("say /copy, /copy plain, or /copy with the number of a code block")
    answer = chat.last(Role.ASSISTANT)
    if answer is None or not answer.content:
        raise ConfigError("there is no answer yet")
    text = answer.content
    if argument == "plain":
        text = plain_text(text)
    elif argument.isdecimal():
        blocks = code_blocks(text)
        if len(argument) > 9 or not 0 < int(argument) <= len(blocks):
            has = f"{len(blocks)} code block{'' if len(blocks) == 1 else 's'}" if blocks else "no code block"
            raise ConfigError(f"the last answer has {has}")
        text = blocks[int(argument) - 1]
    if tool := clipboard.copy_here(text):
        chat.voice.line(f"copied, by {tool}")
    elif chat.voice.obeys(clipboard.osc_52(text)):
        chat.voice.line("copied, through the terminal")
    else:
        raise ConfigError(f"not copied: {clipboard.NO_PROGRAM}", advice="/export FILE writes the conversation instead.")
