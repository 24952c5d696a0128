"""A provider on loopback for end-to-end tests: scripted answers over real sockets, steered by events, not by sleeps."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RESET = object()
"""Step: reset the connection."""
CLOSE = object()
"""Step: close it without a word."""


class Request(NamedTuple):
    """What the server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Reply(NamedTuple):
    """One answer: a status and steps, each bytes to send, an event to wait for, RESET or CLOSE."""

    status: int = 200
    steps: tuple[object, ...] = ()
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/event-stream"),)
    one_byte_packets: bool = False


def frame(content: str | None = None, *, finish: str | None = None, model: str = "m", **extra: Any) -> bytes:
    """A chunk of the Chat Completions stream."""
    delta = {} if content is None else {"content": content}
    data = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(data | extra).encode() + b"\n\n"


def usage_frame(prompt: int, completion: int, **extra: Any) -> bytes:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion} | extra
    return b"data: " + json.dumps({"id": "c1", "choices": [], "usage": usage}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def answer(*pieces: str, prompt: int = 5, completion: int = 7, **reply: Any) -> Reply:
    """A whole, proper answer."""
    steps = [*(frame(piece) for piece in pieces), frame(finish="stop"), usage_frame(prompt, completion), DONE]
    return Reply(steps=tuple(steps), **reply)


def error(status: int, message: str, *, headers: Iterable[tuple[str, str]] = (), **facts: Any) -> Reply:
    body = json.dumps({"error": {"message": message, **facts}}).encode()
    return Reply(status, (body,), (("Content-Type", "application/json"), *headers))


class ChatServer:
    """Answers request after request with the replies it was given; the last one repeats."""

    def __init__(
        self,
        *replies: Reply,
        models: Iterable[str] = ("m",),
        gets: Mapping[str, Sequence[tuple[int, bytes]]] | None = None,
    ) -> None:
        """`gets`: what GETs of a path are answered with, one after the other; any other path gets the model list."""
        self.gets = {path: list(answers) for path, answers in (gets or {}).items()}
        self.replies = list(replies)
        self.models = tuple(models)
        self.requests: list[Request] = []
        self.arrived = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def base_url(self) -> str:
        return self.root + "/v1"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()

    def wait_for_requests(self, count: int, timeout: float = 30) -> None:
        """Until so many chat requests have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout), f"{len(self.requests)} requests"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while self._one(connection, stream):
                    pass
            except (OSError, ValueError):
                return

    def _one(self, connection: socket.socket, stream: Any) -> bool:
        line = stream.readline().decode()
        if not line:
            return False
        method, path, _ = line.split(" ", 2)
        headers: dict[str, str] = {}
        while (raw := stream.readline()) not in (b"\r\n", b""):
            name, _, value = raw.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        if method == "GET" and path in self.gets:
            waiting = self.gets[path]
            status, data = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(data), data))
            return True
        if method == "GET":
            data = json.dumps(
                {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
            ).encode()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data)
            )
            return True
        with self.arrived:
            self.requests.append(Request(method, path, headers, json.loads(body or b"{}")))
            number = len(self.requests)
            self.arrived.notify_all()
        return self._reply(connection, self.replies[min(number, len(self.replies)) - 1])

    def _reply(self, connection: socket.socket, reply: Reply) -> bool:
        head = f"HTTP/1.1 {reply.status} X\r\nTransfer-Encoding: chunked\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
        connection.sendall(head.encode())
        for step in reply.steps:
            if isinstance(step, threading.Event):
                step.wait(60)
            elif step is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                return False
            elif step is CLOSE:
                return False
            elif isinstance(step, bytes):
                pieces = [step[i : i + 1] for i in range(len(step))] if reply.one_byte_packets else [step]
                for piece in pieces:
                    connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        return True
