"""What is said: models, messages and attachments, as immutable values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


def new_id() -> str:
    """A new random id: 16 hex digits, so that a short prefix already tells two apart."""
    return os.urandom(8).hex()


class ModelRef(NamedTuple):
    """A model at a provider, printed and parsed as `provider/name`."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Split at the first slash; raise ConfigError when either side is empty."""
        provider, slash, name = text.strip().partition("/")
        if not (provider and slash and name):
            raise ConfigError(f"“{text}” is not a model: write PROVIDER/MODEL, for example openai/gpt-5-mini")
        return cls(provider, name)


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class MessageState(StrEnum):
    """How far a message has come; only `STREAMING` changes."""

    COMPLETE = "complete"
    STREAMING = "streaming"
    CANCELLED = "cancelled"  # stopped by the reader
    TRUNCATED = "truncated"  # ended without the provider's terminal mark, or at a limit of ours
    INTERRUPTED = "interrupted"  # the program died in mid-answer; found by the sweep
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent with a message."""

    name: str
    media_type: str
    """As in HTTP, for example `image/png` or `text/plain`."""
    data: bytes
    """The file's bytes; text is UTF-8."""

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    def text(self) -> str:
        """The content of a text attachment."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a conversation's tree."""

    role: Role
    content: str
    id: str = ""
    """Set by the store's callers (`new_id`); empty only for messages that are never stored."""
    parent_id: str | None = None
    reasoning: str = ""
    attachments: tuple[Attachment, ...] = ()
    opaque: tuple[Mapping[str, Any], ...] = ()
    """A provider's own reasoning state (signatures, encrypted items), sent back as it came."""
    model: ModelRef | None = None
    """Who answered; None for what people and systems say."""
    state: MessageState = MessageState.COMPLETE
    finish_reason: str | None = None
    created_at: int = 0
    """Milliseconds since 1970, UTC."""
    excluded: bool = False
    """Taken out of the context by the reader."""
    pinned: bool = False
    """Kept in the context whatever the strategy."""
    error: str | None = None
    """The sentence that explained a failure, for the reader; never sent to a model."""
