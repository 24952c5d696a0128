"""Text completions, for servers that have nothing better: the conversation is written out as one prompt.

A lone question is sent as it is, so that a base model simply goes on from it. A conversation becomes a transcript that ends
where the answer belongs, and the next speaker's name ends the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.messages import Role
from llmtui.providers._attachments import pictures, text_with_files
from llmtui.providers._chat_stream import ChatDecoder
from llmtui.providers.openai import OpenAIChat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, Target

_DEFAULT_MAX_TOKENS = 2048
"""Left to themselves, servers of this kind stop after 16."""
_MAX_STOPS = 4
_NEXT_SPEAKER = "\nUser:"
_SPEAKERS = {Role.USER: "User: ", Role.ASSISTANT: "Assistant: ", Role.SYSTEM: ""}


class Completions(OpenAIChat):
    """The adapter of the wire `openai-completions`."""

    wire = "openai-completions"
    path = "completions"

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        return _Decoder(request, target)

    def body(self, request: ChatRequest, target: Target, notes: list[str]) -> dict[str, Any]:
        settings = request.settings
        prompt, is_transcript = _prompt(request)
        stops = [*([_NEXT_SPEAKER] if is_transcript else []), *settings.stop]
        if len(stops) > _MAX_STOPS:
            notes.append(f"Text completions take at most {_MAX_STOPS} stop texts: the rest is left out.")
        if any(pictures(message) for message in request.messages):
            notes.append("Text completions take no pictures: left out.")
        if settings.reasoning_effort:
            notes.append("Text completions take no reasoning effort: left out.")
        fields = {
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": settings.seed,
            "stop": stops[:_MAX_STOPS] or None,
        }
        return {
            "model": request.model.name,
            "prompt": prompt,
            "max_tokens": settings.max_output_tokens or _DEFAULT_MAX_TOKENS,
            "stream": True,
            "stream_options": {"include_usage": True},
            **{name: value for name, value in fields.items() if value is not None},
        }


def _prompt(request: ChatRequest) -> tuple[str, bool]:
    """The prompt, and whether it is a transcript."""
    messages = request.messages
    if len(messages) == 1:
        return text_with_files(messages[0]), False
    said = [f"{_SPEAKERS[message.role]}{text_with_files(message)}" for message in messages]
    return "\n\n".join([*said, "Assistant:"]), True


class _Decoder(ChatDecoder):
    """Reads one answer: a choice's text stands beside its finish reason, not in a delta."""

    def _choice(self, choice: Mapping[str, Any], out: list[StreamEvent]) -> None:
        self._say(choice.get("text"), out)
        super()._choice(choice, out)


def create() -> Completions:
    """What the registry calls."""
    return Completions()
