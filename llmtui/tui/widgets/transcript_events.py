"""What the transcript tells: past-tense messages, which the chat screen turns into deeds. The transcript does none itself."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


class TranscriptEvent(Message):
    """Base of all: handlers are named `on_transcript_…`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__(namespace="transcript")


@dataclass
class FollowChanged(TranscriptEvent):
    """The view began or ceased to follow the newest text."""

    follow: bool


@dataclass
class NewLinesArrived(TranscriptEvent):
    """So many lines have come below the view since the reader left the bottom; 0 when they are back."""

    count: int


@dataclass
class MessageSelected(TranscriptEvent):
    """Another message is marked, by key or click; None: none is."""

    message_id: str | None


@dataclass
class CopyRequested(TranscriptEvent):
    """The reader asked for a text in the clipboard."""

    text: str
    """Empty: there is no such thing."""
    what: str
    """For the notice: “message”, “code block 2”, “selection”."""


@dataclass
class _AboutMessage(TranscriptEvent):
    message_id: str


@dataclass
class EditRequested(_AboutMessage):
    """Edit this message of the reader's and send it again."""


@dataclass
class RegenerateRequested(_AboutMessage):
    """Answer again; the answer is the one selected."""


@dataclass
class SiblingRequested(_AboutMessage):
    """Show the sibling so many steps on (-1: the one before)."""

    delta: int


@dataclass
class ContinueRequested(_AboutMessage):
    """Go on where a cut answer ended."""


@dataclass
class DetailRequested(_AboutMessage):
    """Show what is known of this message: tokens, price, attempts."""


@dataclass
class ExcludeToggled(_AboutMessage):
    """Take the message out of the context, or put it back."""


@dataclass
class PinToggled(_AboutMessage):
    """Pin the message in the context, or unpin it."""


@dataclass
class DeleteRequested(_AboutMessage):
    """Delete the message."""


@dataclass
class LinkActivated(TranscriptEvent):
    """A link was clicked. Its address comes from the model: show it whole and ask before opening it."""

    url: str


class FindRequested(TranscriptEvent):
    """The find key was pressed: ask what for, then call `find`."""


@dataclass
class FindProgressed(TranscriptEvent):
    """How the find stands; counts grow until `complete`."""

    current: int
    """1-based number of the hit shown, from the top of the conversation; 0: none."""
    total: int
    complete: bool


class FindEnded(TranscriptEvent):
    """Nothing is looked for any more."""


class Left(TranscriptEvent):
    """The reader leaves for the prompt."""


class EscapePressed(TranscriptEvent):
    """The reader wants rid of what is nearest; what that is, only the app knows."""
