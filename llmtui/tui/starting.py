"""What happens once the session is open: model, connection, conversations, drafts, and what a first run is told."""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.tui import late_bills
from llmtui.tui.actions import conversations
from llmtui.tui.parts import Library

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from llmtui.chat.session import ChatSession
    from llmtui.tui.screens.chat import ChatScreen


async def opened(chat: ChatScreen, session: ChatSession) -> None:
    """The session is there. What was typed and sent meanwhile goes out as soon as it can."""
    chat.library = Library(session.store)
    state = await asyncio.wrap_future(session.store.ready)
    chat.session = session
    session.confirm = chat.budgets.confirm
    late_bills.watch(chat, session)
    if state.sentence:
        chat.say(state.sentence, severity="warning")
    options = chat.chat_app.options
    if options.conversation or options.continue_newest:
        await conversations.open_at_start(chat)
    if session.default_model is None:
        from llmtui.tui.screens.welcome import DEMO, Welcome

        session.default_model = DEMO
        if chat.prompt.text or chat.talk.queue:
            chat.say("No API key and no local server was found: this is the demo. F9 takes a key.")
        else:
            chat.app.push_screen(Welcome(chat))
    chat.refresh_status()
    chat.turns.flush(chat.talk)
    for attachment in options.attachments:
        chat.prompt.attach(attachment)
    await chat.drafts.load_earlier()
    await chat.drafts.bring_back()
    await chat.budgets.refresh()
    await chat.outbox.ask_at_start()
    await warm(chat, session)
    await chat.open_sidebar_if_wide()
    await load_renderer(chat)
    await settle_memory()
    chat.is_ready = True
    # when nobody waits any more: whoever opens the list of models then sees what the servers on this machine have
    find: Callable[[], Awaitable[None]] = partial(_find_local, session)
    chat.run_worker(find, exit_on_error=False)  # a function: quitting now would leave a coroutine behind, unawaited


async def _find_local(session: ChatSession) -> None:
    await session.find_local()


async def warm(chat: ChatScreen, session: ChatSession) -> None:
    """Have ready what the next question needs: key, connection, price. A failure is told when somebody asks."""
    model = chat.current_model
    if model is None:
        return
    try:
        await session.warm(model)
        await chat.models.learn(session, model)
        chat.counting.prepare(model)
    except LlmtuiError:
        return
    finally:
        chat.refresh_status()


async def load_renderer(chat: ChatScreen) -> None:
    """Parser and lexers, so that the first answer waits for none of them; piece by piece, and not once it is on its way."""
    from llmtui.render.warm import LANGUAGES, warm

    for language in LANGUAGES:
        if not chat.turns.is_busy:
            await asyncio.to_thread(warm, (language,))


async def settle_memory() -> None:
    """Everything is loaded: keep it out of the collector's way, whose pauses would be felt while text streams."""
    await asyncio.sleep(0)
    gc.collect()
    gc.freeze()
    gc.enable()
