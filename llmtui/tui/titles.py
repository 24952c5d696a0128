"""A better title than the question's first words, from the model that `[ui] title_model` names; without one nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import MessageState, Role

if TYPE_CHECKING:
    from llmtui.core.events import TurnEvent
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.talk import Talk


def is_wanted(chat: ChatScreen, talk: Talk) -> bool:
    """Whether this conversation's first answer has just come whole, and somebody wants it titled."""
    return (
        bool(chat.chat_app.config.ui.title_model)
        and [message.role for message in talk.messages] == [Role.USER, Role.ASSISTANT]
        and talk.messages[1].state is MessageState.COMPLETE
        and not talk.is_titled
    )


async def improve(chat: ChatScreen, talk: Talk) -> None:
    """Ask for the title, book it, show it; a person's own title stays. What goes wrong is said once."""
    from llmtui.chat.control import TurnControl
    from llmtui.chat.titles import title_for
    from llmtui.tui.actions.conversations import bill

    session, library, conversation = chat.session, chat.library, talk.id
    if session is None or library is None or conversation is None:
        return
    talk.is_titled = True
    question, answer = talk.messages[0].content, talk.messages[1].content
    name = chat.chat_app.config.ui.title_model
    events: list[TurnEvent] = []
    control = TurnControl()
    try:
        with chat.turns.aside(control):
            model = session.directory.find_model(name)
            title, result = await title_for(
                session, conversation, question, answer, model=model, sink=events.append, control=control
            )
    except LlmtuiError as error:
        chat.say(f"No title from {name}: {error.sentence}", severity="warning")
        return
    if title and await library.improve_title(conversation, title):
        talk.title = title
    elif result.error is not None:
        chat.say(f"No title from {name}: {result.error.sentence}", severity="warning")
    await bill(chat, talk)
    await chat.budgets.refresh()
    chat.reload_list()
    chat.refresh_status()
