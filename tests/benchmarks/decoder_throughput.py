"""How many events a second the chat decoder reads, beside the openai SDK's own where that can be imported.

    python tests/benchmarks/decoder_throughput.py [--events 20000] [--sdk-python PATH]

Two ways in which a network delivers: many events in one packet, and one event at a time. The goals are at least four
times the SDK's rate for the first and no less than the SDK's for the second. CPU time, the best of several runs.
`--sdk-python` names an interpreter that has the SDK, when this one has not; without either its column is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKET = 300
"""Events in one packet: what fits into one 64 KiB read."""
REPEATS = 5


def frames(count: int) -> list[bytes]:
    """An answer's frames as OpenAI sends them."""
    made = []
    for number in range(count):
        chunk = {
            "id": "chatcmpl-MUcQCwps4f8DoMfl",
            "object": "chat.completion.chunk",
            "created": 1795186785,
            "model": "gpt-5-mini",
            "choices": [{"index": 0, "delta": {"content": f" word{number}"}, "logprobs": None, "finish_reason": None}],
            "usage": None,
        }
        made.append(b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n")
    return made


def packets(made: list[bytes], size: int) -> list[bytes]:
    return [b"".join(made[start : start + size]) for start in range(0, len(made), size)]


def ours(pieces: list[bytes]) -> int:
    """From bytes to stream events."""
    from llmtui.core.messages import Message, ModelRef, Role
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Target
    from llmtui.providers.registry import adapter

    request = ChatRequest(ModelRef("openai", "gpt-5-mini"), (Message(Role.USER, "hi"),))
    decoder = adapter("openai").decoder(request, Target("openai", "openai", "https://api.openai.com/v1"))
    return sum(len(decoder.feed(piece)) for piece in pieces)


def sdk(pieces: list[bytes]) -> int:
    """From bytes to the SDK's chunks: the very iterator that a stream of its client runs."""
    import httpx2 as http

    openai, types = import_module("openai"), import_module("openai.types.chat")

    class Body(http.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return iter(pieces)

    client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
    response = http.Response(200, stream=Body(), request=http.Request("POST", "http://127.0.0.1:9/v1"))
    return sum(1 for _ in openai.Stream(cast_to=types.ChatCompletionChunk, response=response, client=client))


def rate(read: Callable[[list[bytes]], int], pieces: list[bytes], events: int) -> float:
    """Events a second of CPU time."""
    read(pieces[: max(1, len(pieces) // 20)])
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        seen = read(pieces)
        best = min(best, time.process_time() - start)
        assert seen >= events, f"{seen} of {events} events"
    return events / best


def measure(read: Callable[[list[bytes]], int], events: int) -> dict[str, float]:
    made = frames(events)
    return {"many": rate(read, packets(made, PACKET), events), "one": rate(read, made, events)}


def sdk_rates(events: int, python: str) -> dict[str, float] | None:
    if python:
        command = [python, __file__, "--events", str(events), "--only-sdk"]
        return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    return measure(sdk, events) if find_spec("openai") and find_spec("httpx2") else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--sdk-python", default="", help="an interpreter with the openai SDK")
    parser.add_argument("--only-sdk", action="store_true", help="print the SDK's rates as JSON")
    options = parser.parse_args()
    if options.only_sdk:
        print(json.dumps(measure(sdk, options.events)))
        return
    mine, theirs = measure(ours, options.events), sdk_rates(options.events, options.sdk_python)
    for name, label, goal in (("many", f"{PACKET} events a packet", 4.0), ("one", "one event a packet", 1.0)):
        line = f"{label:22} {mine[name]:>10,.0f} events/s"
        if theirs is not None:
            ratio = mine[name] / theirs[name]
            line += f"   SDK {theirs[name]:>10,.0f}   {ratio:5.1f} × {'✓' if ratio >= goal else '✗'} (goal {goal:g} ×)"
        print(line)
    if theirs is None:
        print("the openai SDK is not importable here: its column is left out", file=sys.stderr)


if __name__ == "__main__":
    main()
