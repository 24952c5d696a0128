"""Actions on the program as a whole: palette, help, interrupting, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmtui.tui.screens.chat import ChatScreen

QUIT_WINDOW_S = 2.0
"""Within this time a second Ctrl+C quits."""


def palette(chat: ChatScreen, _argument: str) -> None:
    from llmtui.tui.screens.palette import Palette

    chat.app.push_screen(Palette(chat))


def show_help(chat: ChatScreen, _argument: str) -> None:
    from llmtui.tui.screens.help import HelpScreen

    chat.app.push_screen(HelpScreen(chat))


async def quit_chat(chat: ChatScreen, _argument: str) -> None:
    await chat.chat_app.action_quit()


async def interrupt(chat: ChatScreen, _argument: str) -> None:
    """Ctrl+C: the selection is copied by the bindings that come before this one; here there is none."""
    if chat.talk.live is not None:
        chat.turns.stop(chat.talk)
    elif chat.chat_app.pressed_twice(QUIT_WINDOW_S):
        await chat.chat_app.action_quit()
    else:
        chat.say("Press Ctrl+C once more to quit")


async def escape(chat: ChatScreen, _argument: str) -> None:
    """One thing a press: close the overlay, drop the selection, end a find, stop the answer, leave the transcript or the edit."""
    if await chat.close_overlay():
        return
    if chat.transcript.selected_text or chat.selections:
        chat.clear_selection()
    elif chat.transcript.is_finding:
        chat.transcript.end_find()
    elif chat.talk.live is not None:
        chat.turns.stop(chat.talk)
    elif chat.talk.editing is not None and chat.prompt.has_focus_within:
        chat.leave_editing()
    else:
        chat.focus_prompt()
