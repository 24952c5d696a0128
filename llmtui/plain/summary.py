"""The command that has the older part of a conversation summarised: what it saves and costs first, then a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.chat import summarise as making
from llmtui.core.errors import ConfigError
from llmtui.plain.conversations import stored

if TYPE_CHECKING:
    from llmtui.chat.control import TurnControl
    from llmtui.core.context import Summary
    from llmtui.core.events import Sink, TurnResult
    from llmtui.plain.chat import Chat


def summarise(chat: Chat, argument: str) -> None:
    if argument:
        raise ConfigError("/summarise takes nothing", advice="It says what it would do, and asks.")
    conversation, messages = stored(chat), chat.messages()
    before = making.from_stored(conversation.settings)
    offered = making.offer(messages, before)
    if offered is None:
        chat.voice.line("there is nothing old enough to be worth a summary")
        return
    if chat.model is None:
        raise ConfigError("no model is chosen", advice="/model chooses one.")
    model = making.maker(chat.session, chat.model, messages)
    price = chat.session.directory.price(model)
    costs = (price.input, price.output) if price else None
    if not chat.agrees(making.question(offered, model, costs)):
        chat.voice.line("not summarised; say y after the question, or start with --yes")
        return
    made: list[Summary] = []

    async def start(sink: Sink, control: TurnControl) -> TurnResult:
        summary, result = await making.summarise(
            chat.session, conversation.id, offered, model=model, sink=sink, summary=before, control=control
        )
        made.extend([summary] if summary else [])
        return result

    result = chat.run_aside(start)
    if not made:
        if result is not None and result.error is None:
            raise ConfigError("the summary broke off, and was not taken")
        return
    _keep(chat, conversation.id, made[0])

    def bring_back() -> str:
        _keep(chat, conversation.id, before)
        return "the messages that were summarised are sent themselves again"

    chat.undoing.append(bring_back)
    chat.voice.line(
        f"summarised: {offered.tokens:,} → {made[0].tokens:,} tokens; /undo sends the messages themselves again"
    )


def _keep(chat: Chat, conversation_id: str, summary: Summary | None) -> None:
    conversations = chat.session.store.conversations
    found = conversations.get(conversation_id)
    others = {name: value for name, value in (found.settings if found else {}).items() if name != "summary"}
    conversations.set_settings(conversation_id, others | making.to_stored(summary)).result()
