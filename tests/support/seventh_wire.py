"""A wire format that nobody speaks, to prove that one file and one line in the registry are all that a new one takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llmtui.core.errors import ServerError
from llmtui.core.events import Finished, FinishReason, StreamEnded, TextDelta, UsageReported
from llmtui.core.usage import Usage
from llmtui.providers.base import ModelInfo, WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.errors import ProviderError
    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, Target


class Telegraph:
    """Words by line; `STOP` and the two counts end an answer."""

    wire = "telegraph"

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        body = json.dumps({"model": request.model.name, "say": request.messages[-1].content}).encode()
        return WireRequest("POST", f"{target.base_url}/telegram", {"content-type": "application/json"}, body)

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        return _Decoder()

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        return ServerError(f"{target.name} answered {status}", status=status, provider=target.name)

    def models(self, target: Target, page: str = "") -> WireRequest:
        return WireRequest("GET", f"{target.base_url}/stations", {})

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        return [ModelInfo(name) for name in body.decode().split()], ""


class _Decoder:
    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[StreamEvent]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [event for line in lines for event in self._line(line.decode())]

    def close(self) -> list[StreamEvent]:
        return []

    def _line(self, line: str) -> list[StreamEvent]:
        word, *counts = line.split(" ")
        if word != "STOP":
            return [TextDelta(line)]
        usage = Usage(int(counts[0]), output_tokens=int(counts[1]))
        return [UsageReported(usage), Finished(FinishReason.STOP), StreamEnded()]


def create() -> Telegraph:
    """What the registry calls."""
    return Telegraph()
