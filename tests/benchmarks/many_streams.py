"""Many answers at once through the library: how much of a core they take, and how late each piece is.

    python tests/benchmarks/many_streams.py [--streams 200] [--rate 50] [--seconds 10]

A server in a process of its own sends every stream a token at its time, with the moment in it; the clock is one for all
processes. The goals: under one core, and no piece later than 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from multiprocessing.connection import Connection

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """A frame as an HTTP chunk."""
    frame = {"id": "r", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    data = b"data: " + json.dumps(frame).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def serve(tell: Connection, rate: float, tokens: int) -> None:
    """Runs until it is killed."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
        writer.write(HEAD)
        begun = time.monotonic()
        for number in range(tokens):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            writer.write(chunk({"content": f"{time.monotonic():.6f} "}))
        writer.write(chunk({}, "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await writer.drain()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def read(url: str, streams: int) -> list[float]:
    """Milliseconds by which each piece came later than it was sent."""
    import llmtui

    late: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number / streams / 10)  # not all in the same millisecond
        async with llmtui.stream("m", "hi", base_url=url, store=False) as session:
            async for piece in session:
                if piece.content:
                    late.append((time.monotonic() - float(piece.content)) * 1000)

    await asyncio.gather(*(one(number) for number in range(streams)))
    return late


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50.0, help="tokens a second, each stream")
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    tokens = int(options.rate * options.seconds)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, options.rate, tokens), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}/v1"
    begun, cpu = time.monotonic(), time.process_time()
    late = sorted(asyncio.run(read(url, options.streams)))
    took, cpu = time.monotonic() - begun, time.process_time() - cpu
    server.terminate()
    assert len(late) == tokens * options.streams, f"{len(late)} pieces of {tokens * options.streams}"
    p50, p95, p99, worst = (late[min(len(late) - 1, int(at * len(late)))] for at in (0.5, 0.95, 0.99, 1.0))
    print(f"{options.streams} streams at {options.rate:g} tokens/s for {took:.1f} s, {len(late):,} pieces")
    print(f"CPU {cpu / took:6.2f} of a core {'✓' if cpu < took else '✗'} (goal under 1)")
    print(
        f"late p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms {'✓' if worst <= 50 else '✗'} (goal 50)"
    )


if __name__ == "__main__":
    main()
