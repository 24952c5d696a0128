"""The demo's server: real bytes of the OpenAI chat format at a believable pace, from no network at all."""

from __future__ import annotations

import json
import random
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.providers._demo_text import answer, thoughts

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r"\s*\S{1,5}|\s+")


class DemoModel(NamedTuple):
    """How a demo model behaves."""

    first_s: float
    """Seconds to its first token."""
    tokens_per_s: float
    reasons: bool = False
    words: int = 0
    """How long its answers are at least."""
    fails_first: bool = False
    """Every other request is turned away with 429, so that a retry can be watched."""


MODELS = {
    "steady": DemoModel(0.4, 60.0),
    "quick": DemoModel(0.15, 250.0),
    "slow": DemoModel(2.5, 12.0),
    "thinker": DemoModel(0.6, 60.0, reasons=True),
    "long": DemoModel(0.4, 400.0, words=10_000),
    "flaky": DemoModel(0.4, 60.0, fails_first=True),
}


class Reply(NamedTuple):
    """An answer to come."""

    status: int
    headers: dict[str, str]
    pieces: Iterator[tuple[float, bytes]]
    """Seconds to wait before each piece, and the piece."""


class DemoServer:
    """Answers requests; deterministic but for the pace, which varies a little."""

    def __init__(self) -> None:
        self._turned_away = False

    def __call__(self, method: str, path: str, body: bytes) -> Reply:
        if path.endswith("/models"):
            listed = [{"id": name, "object": "model", "context_length": 128_000} for name in MODELS]
            return _json_reply(200, {"object": "list", "data": listed})
        request = json.loads(body)
        model = MODELS.get(request["model"])
        if model is None:
            names = ", ".join(MODELS)
            return _json_reply(
                404, _error(f"There is no demo model {request['model']}; there are {names}.", "model_not_found")
            )
        if model.fails_first:
            self._turned_away = not self._turned_away
            if self._turned_away:
                error = _error("The demo plays a rate limit: please wait.", "rate_limit_exceeded")
                return _json_reply(429, error, {"retry-after": "3"})
        return Reply(200, {"content-type": "text/event-stream"}, _stream(request, model))


def _stream(request: dict[str, Any], model: DemoModel) -> Iterator[tuple[float, bytes]]:
    """The frames, each with the pause before it."""
    asked = [_text(message) for message in request["messages"]]
    question = next((t for m, t in zip(request["messages"][::-1], asked[::-1], strict=True) if m["role"] == "user"), "")
    seed = zlib.crc32(question.encode())
    pace = random.Random(seed)
    text, finish = answer(question, seed, turn=len(asked), words=model.words), "stop"
    for stop in request.get("stop") or ():
        text = text.partition(stop)[0]
    thinking = _TOKEN.findall(thoughts(question)) if model.reasons else []
    tokens = _TOKEN.findall(text)
    limit = request.get("max_tokens") or len(tokens) + len(thinking)
    if limit < len(tokens) + len(thinking):
        finish = "length"
        thinking, tokens = thinking[:limit], tokens[: max(0, limit - len(thinking))]
    frame: dict[str, Any] = {"id": f"demo-{seed:08x}", "object": "chat.completion.chunk", "model": request["model"]}
    wait_s = model.first_s
    for name, pieces in (("reasoning_content", thinking), ("content", tokens)):
        for piece in pieces:
            yield wait_s, _sse(frame | {"choices": [{"index": 0, "delta": {name: piece}, "finish_reason": None}]})
            wait_s = pace.uniform(0.5, 1.5) / model.tokens_per_s
    yield 0.0, _sse(frame | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    prompt = sum(len(text) // 4 + 4 for text in asked) + 3
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": len(thinking) + len(tokens),
        "total_tokens": prompt + len(thinking) + len(tokens),
        "completion_tokens_details": {"reasoning_tokens": len(thinking)},
    }
    yield 0.0, _sse(frame | {"choices": [], "usage": usage}) + b"data: [DONE]\n\n"


def _text(message: dict[str, Any]) -> str:
    """A message's text; pictures are only counted by the demo, not looked at."""
    content = message["content"]
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def _sse(frame: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "demo", "code": code}}


def _json_reply(status: int, value: object, headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, {"content-type": "application/json"} | (headers or {}), iter([(0.2, body)]))
