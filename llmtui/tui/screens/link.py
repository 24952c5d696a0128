"""Shows where a link leads before the browser is asked to go there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.errors import InputRefused
from llmtui.core.links import openable
from llmtui.tui.screens.confirm import ask

if TYPE_CHECKING:
    from llmtui.tui.screens.chat import ChatScreen


def offer(chat: ChatScreen, url: str) -> None:
    """Ask whether to open a link; one that must not be opened is refused with the reason."""
    try:
        target = openable(url)
    except InputRefused as error:
        chat.say(error.sentence, severity="warning")
        return

    ask(chat.app, f"Open this address in the browser?\n\n{target}", yes="Open", then=lambda: chat.app.open_url(target))
