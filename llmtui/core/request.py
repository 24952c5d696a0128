"""What is asked of a provider, independent of any wire format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from llmtui.core.messages import Message, ModelRef

ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "max"]


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How to generate; None and () leave the choice to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning_effort: ReasoningEffort | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request: the messages in order, oldest first; a system prompt is a message of role SYSTEM at the front."""

    model: ModelRef
    messages: tuple[Message, ...]
    settings: GenerationSettings = GenerationSettings()
    conversation_id: str = ""
    """For prompt-cache hints; empty when there is none."""
    refused: frozenset[str] = frozenset()
    """Fields, as the wire calls them, that this server has refused by name: not sent again."""
