"""What a provider says later about the cost of a stopped answer, brought onto the screen: the figure under the answer, the
conversation's cost and the budget are the ledger's at any moment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.tui import describe
from llmtui.tui.actions.conversations import bill

if TYPE_CHECKING:
    from llmtui.chat.lookups import Found
    from llmtui.chat.session import ChatSession
    from llmtui.tui.screens.chat import ChatScreen


def watch(chat: ChatScreen, session: ChatSession) -> None:
    """From now on every look-up that ends is shown."""

    def told(_found: Found) -> None:
        chat.run_worker(partial(_show, chat), group="late bills")  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    if session.lookups is not None:
        session.lookups.told = told


async def _show(chat: ChatScreen) -> None:
    talk, library = chat.talk, chat.library
    if library is None or talk.id is None:
        return
    before = talk.booked
    try:
        talk.booked = await library.figures(talk.id)
        await bill(chat, talk)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="warning")
        return
    for message in talk.messages:
        booked = talk.booked.get(message.id, ())
        if not booked:
            continue
        result = talk.results.get(message.id)
        if result is not None and result.cost.pending:
            result = result._replace(cost=booked[-1].cost, usage=booked[-1].usage or result.usage)
            talk.results[message.id] = result
            lines = describe.metadata(result)
        elif any(each.cost.pending for each in before.get(message.id, ())):
            lines = describe.stored_metadata(message, booked)
        else:
            continue
        talk.figures[message.id] = lines
        if talk is chat.talk and message.id in chat.transcript.model:
            chat.transcript.update_message(message.id, metadata=lines)
    await chat.budgets.refresh()
    chat.refresh_status()
