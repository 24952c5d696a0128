"""What the chat's parts tell each other: past tense, carrying the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from llmtui.core.messages import Attachment


class PromptSubmitted(Message):
    """The reader pressed Enter on a question or a slash command."""

    def __init__(self, text: str, attachments: tuple[Attachment, ...]) -> None:
        super().__init__()
        self.text = text
        self.attachments = attachments


class PromptEdited(Message):
    """The prompt's text changed."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.characters = characters


class ConversationChosen(Message):
    """A conversation was picked from a list; with a message to jump to where a search found one."""

    def __init__(self, conversation_id: str, message_id: str | None = None) -> None:
        super().__init__()
        self.conversation_id = conversation_id
        self.message_id = message_id


class ConversationDeleted(Message):
    """Del was pressed on a conversation."""

    def __init__(self, conversation_id: str, title: str) -> None:
        super().__init__()
        self.conversation_id = conversation_id
        self.title = title


class ConversationChanged(Message):
    """A conversation in the list is to be renamed, pinned or archived: `what` is the action's name."""

    def __init__(self, conversation_id: str, title: str, what: str) -> None:
        super().__init__()
        self.conversation_id = conversation_id
        self.title = title
        self.what = what


class ActionChosen(Message):
    """A button or a list asks for an action by its name."""

    def __init__(self, name: str, argument: str = "") -> None:
        super().__init__()
        self.name = name
        self.argument = argument
