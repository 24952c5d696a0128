"""Actions on the prompt and the way through the transcript from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError

if TYPE_CHECKING:
    from llmtui.tui.screens.chat import ChatScreen


async def edit_outside(chat: ChatScreen, _argument: str) -> None:
    """Open the prompt's text in the reader's editor; pastes are unfolded there, files stay attached."""
    from llmtui.tui.editor import edit

    text, attachments = chat.prompt.content()
    try:
        edited = await edit(chat.chat_app, text)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="warning")
        return
    if edited != text:
        chat.prompt.fill(edited, attachments)
    chat.focus_prompt()


async def attach(chat: ChatScreen, argument: str) -> None:
    """Put a file into the prompt as a mark."""
    import asyncio

    from llmtui.tui.files import read_attachment

    if not argument:
        chat.say("Say which file: /attach FILE", severity="warning")
        return
    try:
        attachment = await asyncio.to_thread(read_attachment, argument)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="warning")
        return
    chat.prompt.attach(attachment)


def scroll_up(chat: ChatScreen, _argument: str) -> None:
    chat.transcript.action_page(-1)


def scroll_down(chat: ChatScreen, _argument: str) -> None:
    chat.transcript.action_page(1)


def follow(chat: ChatScreen, _argument: str) -> None:
    chat.transcript.follow_newest()


def enter_transcript(chat: ChatScreen, _argument: str) -> None:
    chat.transcript.focus()
