"""Takes a stream apart, byte by byte as it came and independently of the decoders, and says what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE_END = re.compile(rb"\r\n|\n|\r")
_PAIRS = 3
"""So many frames that all came twice are no accident: models do repeat a token now and then."""

NO_REASON = "ends without a finish reason"
NO_MARK = "ends without the terminal mark"
TWO_REASONS = "gives more than one finish reason"
LATE_TEXT = "sends text after the finish reason"
LATE_FRAMES = "sends frames after the terminal mark"
DOUBLED = "sends frames twice"
DISORDER = "numbers its frames out of order"
MIXED = "changes the answer's id in mid-stream"
NO_JSON = "sends frames that are not JSON"
SILENT_END = "ends with the finish reason, but without [DONE]"


class Anatomy(NamedTuple):
    """One answer's stream."""

    frames: int
    faults: frozenset[str]
    """What breaks the format."""
    oddities: frozenset[str]
    """What readers get along with."""
    timings: Mapping[str, float]
    """What the server itself says: `tokens_per_second`, `output_tokens`, `prompt_s`, as far as it does."""


class _Facts:
    """What is gathered while the frames go by."""

    def __init__(self) -> None:
        self.reasons = 0
        self.marked = False
        self.ids: set[str] = set()
        self.numbers: list[int] = []
        self.text_frames: list[str] = []
        self.timings: dict[str, float] = {}
        self.faults: set[str] = set()
        self.oddities: set[str] = set()

    def text(self, data: str) -> None:
        if self.reasons:
            self.faults.add(LATE_TEXT)
        self.text_frames.append(data)

    def reason(self) -> None:
        self.reasons += 1
        if self.reasons > 1:
            self.oddities.add(TWO_REASONS)


def dissect(raw: bytes, wire: str, *, whole: bool = True) -> Anatomy:
    """The anatomy of the bytes of one answer; `whole` is False when we stopped reading before its end."""
    facts = _Facts()
    count = 0
    for data in _lines(raw) if wire == "ollama" else _frames(raw):
        count += 1
        if facts.marked:
            facts.faults.add(LATE_FRAMES)
        if data == "[DONE]":
            facts.marked = True
            continue
        try:
            frame = json.loads(data)
        except ValueError:
            if whole:
                facts.faults.add(NO_JSON)
            continue
        if isinstance(frame, dict):
            _READERS.get(wire, _chat)(frame, data, facts)
            _timings(frame, facts)
    _conclude(facts, wire, whole=whole)
    return Anatomy(count, frozenset(facts.faults), frozenset(facts.oddities), facts.timings)


def _conclude(facts: _Facts, wire: str, *, whole: bool) -> None:
    if whole and wire in _READERS:
        if not facts.marked:
            facts.faults.add(NO_MARK)
    elif whole and not facts.reasons:
        facts.faults.add(NO_REASON)
    elif whole and not facts.marked:
        facts.oddities.add(SILENT_END)
    if any(later <= earlier for earlier, later in zip(facts.numbers, facts.numbers[1:], strict=False)):
        facts.faults.add(DISORDER)
    if len(facts.ids) > 1:
        facts.oddities.add(MIXED)
    texts = facts.text_frames
    if len(texts) >= 2 * _PAIRS and len(texts) % 2 == 0 and texts[::2] == texts[1::2]:
        facts.faults.add(DOUBLED)


def _lines(raw: bytes) -> Iterator[str]:
    for line in raw.split(b"\n"):
        if line.strip():
            yield line.decode("utf-8", "replace")


def _frames(raw: bytes) -> Iterator[str]:
    """The data of each event of an event stream; what stands after the last blank line is an event that was cut off."""
    data: list[str] = []
    for line in _LINE_END.split(raw.removeprefix(b"\xef\xbb\xbf")):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
        elif not line and data:
            yield "\n".join(data)
            data = []


def _chat(frame: dict[str, Any], data: str, facts: _Facts) -> None:
    """Chat Completions, text completions, and what is compatible with them."""
    if isinstance(frame.get("id"), str) and frame["id"]:
        facts.ids.add(frame["id"])
    for choice in _objects(frame.get("choices")):
        delta = choice.get("delta")
        if choice.get("text") or (isinstance(delta, dict) and (delta.get("content") or delta.get("reasoning_content"))):
            facts.text(data)
        if choice.get("finish_reason"):
            facts.reason()


def _responses(frame: dict[str, Any], data: str, facts: _Facts) -> None:
    kind = str(frame.get("type"))
    if isinstance(frame.get("sequence_number"), int):
        facts.numbers.append(frame["sequence_number"])
    if kind.endswith(".delta"):
        facts.text(data)
    if kind in ("response.completed", "response.incomplete", "response.failed"):
        facts.marked = True


def _anthropic(frame: dict[str, Any], data: str, facts: _Facts) -> None:
    kind, delta = frame.get("type"), frame.get("delta")
    if kind == "message_start" and isinstance(frame.get("message"), dict):
        facts.ids.add(str(frame["message"].get("id")))
    elif kind == "content_block_start" and isinstance(frame.get("index"), int):
        facts.numbers.append(frame["index"])
    elif kind == "content_block_delta":
        facts.text(data)
    elif kind == "message_delta" and isinstance(delta, dict) and delta.get("stop_reason"):
        facts.reason()
    elif kind == "message_stop":
        facts.marked = True


def _gemini(frame: dict[str, Any], data: str, facts: _Facts) -> None:
    if isinstance(frame.get("responseId"), str):
        facts.ids.add(frame["responseId"])
    for candidate in _objects(frame.get("candidates")):
        content = candidate.get("content")
        if isinstance(content, dict) and any(part.get("text") for part in _objects(content.get("parts"))):
            facts.text(data)
        if candidate.get("finishReason"):
            facts.reason()
            facts.marked = True


def _ollama(frame: dict[str, Any], data: str, facts: _Facts) -> None:
    message = frame.get("message")
    if isinstance(message, dict) and (message.get("content") or message.get("thinking")):
        facts.text(data)
    if frame.get("done") is True:
        facts.reason()
        facts.marked = True


_READERS = {
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _timings(frame: dict[str, Any], facts: _Facts) -> None:
    """llama.cpp's `timings` (milliseconds) and Ollama's durations (nanoseconds)."""
    given = frame.get("timings")
    if isinstance(given, dict):
        _take(facts, "tokens_per_second", given.get("predicted_per_second"))
        _take(facts, "output_tokens", given.get("predicted_n"))
        _take(facts, "prompt_s", given.get("prompt_ms"), 1e-3)
    if frame.get("done") is True:
        count, lasted = frame.get("eval_count"), frame.get("eval_duration")
        _take(facts, "output_tokens", count)
        if isinstance(count, int) and isinstance(lasted, int) and lasted > 0:
            facts.timings["tokens_per_second"] = count * 1e9 / lasted
        waited = sum(
            value for name in ("load_duration", "prompt_eval_duration") if isinstance(value := frame.get(name), int)
        )
        if waited:
            facts.timings["prompt_s"] = waited / 1e9


def _take(facts: _Facts, name: str, value: object, factor: float = 1.0) -> None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        facts.timings[name] = value * factor
