"""Answers in every wire format, made of texts and counts: the same script in seven dialects, for tests that ask all of them.

Each frame is what the provider sends as one event. `Script.whole_from` says from which byte on the answer is complete, by
the formats' own rules and not by what our decoders make of them: the end of the frame that carries the finish reason.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Frames = list[bytes]


class Counts(NamedTuple):
    """Tokens, normalised as in our own `Usage`: input includes cached, output includes reasoning."""

    input: int = 7
    read: int = 0
    write: int = 0
    output: int = 9
    reasoning: int = 0


class Script(NamedTuple):
    """One answer on the wire."""

    wire: str
    frames: Frames
    finish: int
    """The index of the frame with the finish reason."""

    @property
    def body(self) -> bytes:
        return b"".join(self.frames)

    @property
    def whole_from(self) -> int:
        """How many bytes must have arrived for the answer to be complete."""
        return len(b"".join(self.frames[: self.finish + 1]).rstrip())

    @property
    def content_type(self) -> str:
        return "application/x-ndjson" if self.wire == "ollama" else "text/event-stream"


class Dialect(NamedTuple):
    """How one wire says things."""

    wire: str
    answer: Callable[[Sequence[str], Counts, str, Sequence[str], str], tuple[Frames, int]]
    """Texts, counts, finish (`stop`, `length` or `filter`), reasoning and the answering model to frames and the finish."""
    failure: Callable[[str, int], bytes]
    """An error inside the stream: its message and the status it would have had."""
    reports: tuple[str, ...] = ("read", "write", "reasoning")
    """Which counts besides input and output it has."""
    thinks: bool = True
    """It can carry visible reasoning."""
    filters: bool = True
    """It can say that a filter stopped the answer."""

    def script(
        self,
        texts: Sequence[str],
        counts: Counts = Counts(),  # noqa: B008  (immutable)
        *,
        finish: str = "stop",
        reasoning: Sequence[str] = (),
        model: str = "m",
    ) -> Script:
        """A whole answer."""
        frames, at = self.answer(texts, counts, finish, reasoning, model)
        return Script(self.wire, frames, at)

    def reported(self, counts: Counts) -> Counts:
        """The counts as this wire can report them."""
        return counts._replace(**{name: 0 for name in ("read", "write", "reasoning") if name not in self.reports})


def encoded(value: object) -> bytes:
    """JSON as servers send it: characters as they are, escapes only for what UTF-8 cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def event(value: object, name: str = "") -> bytes:
    """A server-sent event."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + encoded(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def chat_usage(counts: Counts) -> dict[str, Any]:
    """As Chat Completions report it."""
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.read, "cache_write_tokens": counts.write},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning},
    }


def _chat(
    texts: Sequence[str], counts: Counts, finish: str, reasoning: Sequence[str], model: str
) -> tuple[Frames, int]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        return event({"id": "r1", "model": model, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    frames = [chunk({"role": "assistant", "content": ""})]
    frames += [chunk({"reasoning_content": thought}) for thought in reasoning]
    frames += [chunk({"content": text}) for text in texts]
    frames.append(chunk({}, {"filter": "content_filter"}.get(finish, finish)))
    usage = event({"id": "r1", "model": model, "choices": [], "usage": chat_usage(counts)})
    return [*frames, usage, DONE], len(frames) - 1


def _chat_failure(message: str, status: int) -> bytes:
    return event({"error": {"message": message, "type": "server_error", "code": status}})


def _router(
    texts: Sequence[str], counts: Counts, finish: str, reasoning: Sequence[str], model: str
) -> tuple[Frames, int]:
    frames, at = _chat(texts, counts, finish, (), model)
    thoughts = [
        event({"id": "gen-1", "model": model, "choices": [{"index": 0, "delta": {"reasoning": thought}}]})
        for thought in reasoning
    ]
    comment = b": OPENROUTER PROCESSING\n\n"
    return [comment, frames[0], *thoughts, comment, *frames[1:]], at + len(thoughts) + 2


def _completions(texts: Sequence[str], counts: Counts, finish: str, _: Sequence[str], model: str) -> tuple[Frames, int]:
    def chunk(text: str, reason: str | None = None) -> bytes:
        return event({"id": "c1", "model": model, "choices": [{"index": 0, "text": text, "finish_reason": reason}]})

    frames = [chunk(text) for text in texts] + [chunk("", {"filter": "content_filter"}.get(finish, finish))]
    usage = event({"id": "c1", "model": model, "choices": [], "usage": chat_usage(counts)})
    return [*frames, usage, DONE], len(frames) - 1


def _responses(
    texts: Sequence[str], counts: Counts, finish: str, reasoning: Sequence[str], model: str
) -> tuple[Frames, int]:
    def named(kind: str, **fields: Any) -> bytes:
        return event({"type": kind, **fields}, kind)

    usage = {
        "input_tokens": counts.input,
        "input_tokens_details": {"cached_tokens": counts.read, "cache_write_tokens": counts.write},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
    }
    cut = {"length": "max_output_tokens", "filter": "content_filter"}.get(finish)
    end = "response.incomplete" if cut else "response.completed"
    final = {"id": "resp_1", "model": model, "output": [], "usage": usage}
    frames = [named("response.created", response={"id": "resp_1", "model": model, "usage": None})]
    frames += [named("response.reasoning_text.delta", item_id="rs", delta=thought) for thought in reasoning]
    frames += [named("response.output_text.delta", item_id="msg", delta=text) for text in texts]
    frames.append(named(end, response=final | ({"incomplete_details": {"reason": cut}} if cut else {})))
    return frames, len(frames) - 1


def _responses_failure(message: str, status: int) -> bytes:
    code = "rate_limit_exceeded" if status == 429 else "server_error"
    return event({"type": "error", "code": code, "message": message}, "error")


def _anthropic(
    texts: Sequence[str], counts: Counts, finish: str, reasoning: Sequence[str], model: str
) -> tuple[Frames, int]:
    def named(kind: str, **fields: Any) -> bytes:
        return event({"type": kind, **fields}, kind)

    def block(index: int, kind: str, field: str, pieces: Sequence[str]) -> Frames:
        return [
            named("content_block_start", index=index, content_block={"type": kind, field: ""}),
            *(
                named("content_block_delta", index=index, delta={"type": f"{kind}_delta", field: piece})
                for piece in pieces
            ),
            named("content_block_stop", index=index),
        ]

    usage = {
        "input_tokens": counts.input - counts.read - counts.write,
        "cache_read_input_tokens": counts.read,
        "cache_creation_input_tokens": counts.write,
        "output_tokens": 1,
    }
    reason = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal"}[finish]
    ends = {"output_tokens": counts.output, "output_tokens_details": {"thinking_tokens": counts.reasoning}}
    frames = [named("message_start", message={"id": "msg_1", "model": model, "usage": usage}), named("ping")]
    frames += block(0, "thinking", "thinking", reasoning) if reasoning else []
    frames += block(1, "text", "text", texts)
    frames.append(named("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=ends))
    return [*frames, named("message_stop")], len(frames) - 1


def _anthropic_failure(message: str, status: int) -> bytes:
    kind = {429: "rate_limit_error", 529: "overloaded_error", 503: "overloaded_error"}.get(status, "api_error")
    return event({"type": "error", "error": {"type": kind, "message": message}}, "error")


def _gemini(
    texts: Sequence[str], counts: Counts, finish: str, reasoning: Sequence[str], model: str
) -> tuple[Frames, int]:
    usage = {
        "promptTokenCount": counts.input,
        "cachedContentTokenCount": counts.read,
        "candidatesTokenCount": counts.output - counts.reasoning,
        "thoughtsTokenCount": counts.reasoning,
        "totalTokenCount": counts.input + counts.output,
    }

    def chunk(parts: list[dict[str, Any]], reason: str = "") -> bytes:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        whole = {"candidates": [candidate | ({"finishReason": reason} if reason else {})]}
        data = encoded(
            whole | {"modelVersion": model, "responseId": "g1"} | ({"usageMetadata": usage} if reason else {})
        )
        return b"data: " + data + b"\r\n\r\n"

    frames = [chunk([{"text": thought, "thought": True}]) for thought in reasoning]
    frames += [chunk([{"text": text}]) for text in texts]
    frames.append(chunk([{"text": ""}], {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}[finish]))
    return frames, len(frames) - 1


def _gemini_failure(message: str, status: int) -> bytes:
    """As Gemini has it: pretty-printed JSON without `data:`."""
    name = {429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}.get(status, "INTERNAL")
    return json.dumps({"error": {"code": status, "message": message, "status": name}}, indent=2).encode() + b"\r\n"


def _ollama(
    texts: Sequence[str], counts: Counts, finish: str, reasoning: Sequence[str], model: str
) -> tuple[Frames, int]:
    def line(**message: str) -> bytes:
        return (
            encoded({"model": model, "message": {"role": "assistant", "content": "", **message}, "done": False}) + b"\n"
        )

    end = {
        "model": model,
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": finish,
        "prompt_eval_count": counts.input,
        "eval_count": counts.output,
    }
    frames = [*(line(thinking=thought) for thought in reasoning), *(line(content=text) for text in texts)]
    return [*frames, encoded(end) + b"\n"], len(frames)


def _ollama_failure(message: str, status: int) -> bytes:
    return encoded({"error": message}) + b"\n"


_ALL = (
    Dialect("openai", _chat, _chat_failure),
    Dialect("openai-responses", _responses, _responses_failure),
    Dialect("openai-completions", _completions, _chat_failure, thinks=False),
    Dialect("anthropic", _anthropic, _anthropic_failure),
    Dialect("gemini", _gemini, _gemini_failure, reports=("read", "reasoning")),
    Dialect("ollama", _ollama, _ollama_failure, reports=(), filters=False),
    Dialect("openrouter", _router, _chat_failure),
)
DIALECTS = {dialect.wire: dialect for dialect in _ALL}
