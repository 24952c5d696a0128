"""Which limit holds when, while an answer is read: seen at the transport, without a clock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmtui.chat.attempt import Attempt
from llmtui.chat.candidate import Endpoint
from llmtui.chat.runtime import run_blocking
from llmtui.core.cost import NO_COST
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.policy import Timeouts
from llmtui.core.request import ChatRequest
from llmtui.providers.base import Target
from llmtui.providers.registry import adapter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.providers.transport import Response, Transport

REF = ModelRef("acme", "m")
LIMITS = Timeouts(connect_s=1, first_content_s=30, idle_s=20, after_finish_s=2)


class Script:
    """A response that gives piece after piece and notes what limit is set between them."""

    status = 200
    sent_at = 0.0
    headers: dict[str, str] = {}  # noqa: RUF012  (a fake)

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = list(pieces)
        self.limits: list[float] = []

    def limit(self, seconds: float) -> None:
        self.limits.append(seconds)

    async def read(self) -> bytes:
        self.limits.append(0)
        return self.pieces.pop(0) if self.pieces else b""

    async def body(self, limit: int) -> bytes:
        return b""

    async def close(self) -> None:
        pass

    async def open(self, *_: object, **__: object) -> Response:
        return self

    async def warm(self, target: Target) -> None:
        pass


def limits_of(*pieces: bytes) -> list[list[float]]:
    """The limits set after each read."""
    target = Target("acme", "openai", "http://127.0.0.1:9")
    speaks = adapter("openai")
    request = ChatRequest(REF, (Message(Role.USER, "?"),))
    endpoint = Endpoint(REF, speaks, target, price=lambda _: None, cost=lambda *_: NO_COST)
    attempt = Attempt(endpoint, request, emit=lambda _: None, metadata={}, live_cost=False)
    script = Script(pieces)
    transport: Transport = script
    run_blocking(attempt.run(transport, speaks.chat(request, target), LIMITS))
    after: list[list[float]] = []
    for limit in script.limits:
        if limit:
            after[-1].append(limit)
        else:
            after.append([])
    return after


def frame(content: str = "", finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice], **more})}\n\n".encode()


def test_rob_3_content_moves_the_limit_and_nothing_else_does() -> None:
    """ROB-3: roles, empty deltas, usage and comments are no content."""
    usage = frame(usage={"prompt_tokens": 1, "completion_tokens": 1})
    assert limits_of(frame(), b": keep-alive\n\n", usage, frame("a"), b": ping\n\n", frame("b"))[:6] == [
        *([], [], []), [20], [], [20],
    ]  # fmt: skip


def test_rob_3_a_finish_reason_is_followed_for_a_moment_only() -> None:
    """ROB-3: usage, comments and the mark are awaited for 2 s in all; content behind a finish reason (some servers give
    one with every frame) is waited for anew."""
    found = limits_of(frame("a", "stop"), b": ping\n\n", frame("b", "stop"), frame(), b"data: [DONE]\n\n")
    assert found == [[2], [], [2], [], []]
