"""Actions on conversations: new, open, rename, delete with a way back, search."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from llmtui.core.messages import ModelRef
from llmtui.core.request import GenerationSettings
from llmtui.tui.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.context import Summary
    from llmtui.tui.screens.chat import ChatScreen


async def new(chat: ChatScreen, _argument: str) -> None:
    """Begin another conversation with the defaults."""
    await chat.show_talk(chat.fresh_talk())


async def clear(chat: ChatScreen, _argument: str) -> None:
    """Begin another conversation with the same model, settings and system prompt; this one stays in the list."""
    talk = chat.talk
    await chat.show_talk(Talk(model=talk.model, settings=talk.settings, system=talk.system))


async def toggle_list(chat: ChatScreen, _argument: str) -> None:
    await chat.toggle_sidebar()


def search(chat: ChatScreen, argument: str) -> None:
    from llmtui.tui.screens.search import SearchScreen

    if chat.library is not None:
        chat.app.push_screen(SearchScreen(chat.library, argument), chat.chosen)


async def rename(chat: ChatScreen, argument: str) -> None:
    """Give this conversation a title; asks for it where none is given."""
    if argument:
        await _named(chat, chat.talk.id, argument)
    else:
        ask_title(chat, chat.talk.id, chat.talk.title)


def ask_title(chat: ChatScreen, conversation_id: str | None, title: str) -> None:
    from llmtui.tui.screens.ask_text import AskText

    def typed(text: str | None) -> None:
        if text and text.strip():
            chat.run_worker(_named(chat, conversation_id, text.strip()), group="list")

    chat.app.push_screen(AskText("The title of this conversation", value=title), typed)


async def _named(chat: ChatScreen, conversation_id: str | None, title: str) -> None:
    if conversation_id == chat.talk.id:
        chat.talk.title = title
    if chat.library is not None and conversation_id is not None:
        await chat.library.rename(conversation_id, title)
        chat.reload_list()
    chat.refresh_status()


async def pin(chat: ChatScreen, _argument: str) -> None:
    """Keep this conversation at the top of the list, or no longer."""
    await toggle(chat, "pin", chat.talk.id)


async def archive(chat: ChatScreen, _argument: str) -> None:
    """Put this conversation away: typing in the list finds it; a second time fetches it back."""
    await toggle(chat, "archive", chat.talk.id)


async def toggle(chat: ChatScreen, what: str, conversation_id: str | None) -> None:
    """Pin or archive a conversation, or undo that, and say which."""
    known = await chat.library.conversation(conversation_id) if chat.library and conversation_id else None
    if chat.library is None or known is None:
        chat.say("This conversation has not begun yet")
        return
    if what == "pin":
        await chat.library.pin(known.id, pinned=not known.pinned)
        chat.say("No longer pinned" if known.pinned else "Pinned: it stays at the top of the list")
    else:
        await chat.library.archive(known.id, archived=not known.archived)
        chat.say("Back in the list" if known.archived else "Archived: typing in the list (F5) finds it")
    chat.reload_list()


async def open_by_id(chat: ChatScreen, conversation_id: str, message_id: str | None = None) -> None:
    """Show a stored conversation, or one that is still streaming; with `message_id` the branch and place of a message."""
    library = chat.library
    if library is None:
        return
    talk = chat.turns.find(conversation_id)
    if talk is None:
        talk = Talk(id=conversation_id)
        if message_id is not None:
            await library.show_branch(conversation_id, message_id)
    await load(chat, talk)
    await chat.show_talk(talk, at=message_id)


async def load(chat: ChatScreen, talk: Talk) -> None:
    """Bring a conversation up to what is stored of it: title, settings, the branch shown, its bill."""
    library = chat.library
    if library is None or talk.id is None:
        return
    conversation = await library.conversation(talk.id)
    if conversation is None:
        return
    talk.title = conversation.title
    talk.model = ModelRef.parse(conversation.model) if conversation.model else talk.model
    talk.system = conversation.settings.get("system", talk.system)
    talk.settings = settings_from(conversation.settings)
    talk.summary = _summary(conversation.settings)
    talk.messages = list(await library.thread(talk.id))
    talk.siblings = dict(await library.versions(talk.id))
    talk.booked = await library.figures(talk.id)
    talk.context_tokens = _newest_size(talk)
    await bill(chat, talk)


def _newest_size(talk: Talk) -> int:
    """What the newest request of the branch took of the window."""
    for message in reversed(talk.messages):
        for attempt in reversed(talk.booked.get(message.id, ())):
            if attempt.usage is not None:
                return attempt.usage.total_tokens
    return 0


async def bill(chat: ChatScreen, talk: Talk) -> None:
    """What the conversation has cost so far, from the ledger."""
    if chat.library is None or talk.id is None:
        return
    spend = await chat.library.spent(talk.id)
    talk.cost, talk.tokens = spend.resolved + spend.estimated, spend.tokens
    talk.cost_estimated, talk.cost_incomplete = spend.estimated > 0, spend.uncounted > 0


def settings_from(stored: Mapping[str, Any]) -> GenerationSettings:
    """The generation settings among a conversation's stored ones."""
    known = {field.name for field in fields(GenerationSettings)}
    found: dict[str, Any] = {
        name: tuple(value) if name == "stop" else value for name, value in stored.items() if name in known
    }
    return GenerationSettings(**found)


def _summary(stored: Mapping[str, Any]) -> Summary | None:
    if "summary" not in stored:
        return None
    from llmtui.chat.summarise import from_stored

    return from_stored(stored)


def settings_to(talk: Talk) -> dict[str, Any]:
    """A conversation's settings as they are stored; None and () are left out."""
    found = {field.name: getattr(talk.settings, field.name) for field in fields(GenerationSettings)}
    found["system"] = talk.system
    if talk.summary is not None:
        from llmtui.chat.summarise import to_stored

        found |= to_stored(talk.summary)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value not in (None, ())
    }


async def delete(chat: ChatScreen, conversation_id: str, title: str) -> None:
    """Put a conversation into the bin and say how to get it back."""
    if chat.library is None:
        return
    live = chat.turns.find(conversation_id)
    if live is not None and live.live is not None:
        chat.say("An answer is still coming there; stop it first", severity="warning")
        return
    await chat.library.delete(conversation_id)
    library = chat.library
    chat.deleted.append((f"“{title}”", lambda: library.undelete(conversation_id)))
    if chat.talk.id == conversation_id:
        await chat.show_talk(chat.fresh_talk())
    chat.reload_list()
    chat.say(f"Deleted “{title}”. /undo brings it back")


async def undo(chat: ChatScreen, _argument: str) -> None:
    """Bring back what was deleted last, be it a conversation or a message."""
    if chat.library is None or not chat.deleted:
        chat.say("There is nothing to bring back")
        return
    what, bring_back = chat.deleted.pop()
    await bring_back()
    chat.reload_list()
    chat.say(f"Brought back {what}")


async def open_at_start(chat: ChatScreen) -> None:
    """`--conversation` and `--continue`. Raise ConfigError for a conversation that does not exist."""
    options, library = chat.chat_app.options, chat.library
    if library is None:
        return
    if options.conversation:
        await open_by_id(chat, await library.find(options.conversation))
    elif options.continue_newest:
        newest = await library.newest()
        if newest is None:
            chat.say("There is no conversation yet; this is a new one")
        else:
            await open_by_id(chat, newest)
