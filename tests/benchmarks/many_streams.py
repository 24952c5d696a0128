"""Many answers at once through the library: how much of a core they take, and how late each piece is.

    python tests/benchmarks/many_streams.py [--streams 200] [--rate 50] [--seconds 10]

A server in a process of its own sends every stream a token at its time, with the moment in it; the clock is one for all
processes. They begin within a second. A bare reader of the same sockets, which decodes nothing, runs first: it says what
the machine itself costs. The goals: under one core, and no piece later than 50 ms. On a busy machine give it a priority
(`chrt -r 1 python …`): a process that gets half of what it needs reads larger packets, later, and seems to cost less.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import heapq
import itertools
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

BEFORE, BEHIND = b'"content": "', b'"'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """A frame as an HTTP chunk."""
    frame = {"id": "r", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    data = b"data: " + json.dumps(frame).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def serve(tell: Connection, rate: float, tokens: int) -> None:
    """Runs until it is killed."""

    waiting: list[tuple[float, int, int, StreamWriter]] = []
    """When the next token is due, a number that tells streams apart, tokens sent, where to."""
    ids = itertools.count()
    shape = chunk({"content": "0000000000.000000 "})
    end = chunk({}, "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower():
                await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
                writer.write(HEAD)
                heapq.heappush(waiting, (time.monotonic(), next(ids), 0, writer))

    async def pace() -> None:
        """One timer for all streams, so that the server itself costs little."""
        while True:
            while waiting and waiting[0][0] <= time.monotonic():
                due, number, sent, writer = heapq.heappop(waiting)
                if writer.is_closing():
                    continue
                if sent == tokens:
                    writer.write(end)
                    continue
                writer.write(shape.replace(b"0000000000.000000", b"%017.6f" % time.monotonic()))
                heapq.heappush(waiting, (due + 1 / rate, number, sent + 1, writer))
            await asyncio.sleep(max(0.0005, waiting[0][0] - time.monotonic()) if waiting else 0.001)

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        tell.send(server.sockets[0].getsockname()[1])
        await pace()

    asyncio.run(run())


async def read_bare(url: str, streams: int) -> list[float]:
    """The same with bare sockets."""
    late: list[float] = []
    host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")

    async def one(number: int) -> None:
        await asyncio.sleep(number / streams)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
        while b"[DONE]" not in (data := await reader.read(65536)):
            now = time.monotonic()
            late.extend((now - float(part.partition(BEHIND)[0])) * 1000 for part in data.split(BEFORE)[1:])
        writer.close()

    await asyncio.gather(*(one(number) for number in range(streams)))
    return late


async def read(url: str, streams: int) -> list[float]:
    """Milliseconds by which each piece came later than it was sent."""
    import llmtui

    late: list[float] = []
    async with llmtui.stream("m", "hi", base_url=url, store=False) as first:
        await anext(first)  # what is imported and loaded once

    async def one(number: int) -> None:
        await asyncio.sleep(number / streams)
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
    print(f"{options.streams} streams at {options.rate:g} tokens/s, {tokens * options.streams:,} pieces")
    for name, reading in (("bare sockets", read_bare), ("llmtui", read)):
        begun, cpu = time.monotonic(), time.process_time()
        late = sorted(asyncio.run(reading(url, options.streams)))
        took, cpu = time.monotonic() - begun, time.process_time() - cpu
        p50, p95, p99, worst = (late[min(len(late) - 1, int(at * len(late)))] for at in (0.5, 0.95, 0.99, 1.0))
        figures = f"late p50 {p50:5.1f} ms, p95 {p95:5.1f}, p99 {p99:5.1f}, worst {worst:5.1f}"
        print(f"{name:12} CPU {cpu / took:4.2f} of a core, {figures}")
    server.terminate()
    assert len(late) == tokens * options.streams, f"{len(late)} pieces of {tokens * options.streams}"
    print(
        f"goals: under one core {'✓' if cpu < took else '✗'}, no piece later than 50 ms {'✓' if worst <= 50 else '✗'}"
    )


if __name__ == "__main__":
    main()
