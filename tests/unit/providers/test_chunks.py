"""Chunks that came together are joined, and the HTTP library reads the same body as without (STR-2)."""

from __future__ import annotations

import itertools

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.providers._chunks import ChunkJoiner

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def received(pieces: list[bytes], *, joined: bool) -> tuple[bytes, str]:
    """The body, and how it ended, as h11 reads it."""
    joiner = ChunkJoiner()
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    reader.send(h11.EndOfMessage())
    body = b""
    waiting = [*pieces, b""]
    try:
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                data = waiting.pop(0)
                if joined:
                    if data:
                        data = joiner.feed(data)
                        if not data:
                            continue
                    elif rest := joiner.end():
                        waiting.insert(0, b"")
                        data = rest
                reader.receive_data(data)
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return body, "complete"
            elif isinstance(event, h11.ConnectionClosed):
                return body, "closed"
    except h11.RemoteProtocolError:
        return body, "broken"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def framed(payloads: list[bytes], extension: bytes = b"") -> bytes:
    return b"".join(b"%x%b\r\n%b\r\n" % (len(item), extension, item) for item in payloads if item)


@given(
    payloads=st.lists(st.binary(max_size=40), max_size=12),
    extension=st.sampled_from([b"", b";name=value", b' ; q="a"', b" "]),
    trailers=st.sampled_from([b"", b"X-Sum: 1\r\n"]),
    interim=st.booleans(),
    places=st.lists(st.integers(0, 10_000), max_size=30),
)
def test_str_2_the_body_is_the_same_however_it_is_split(
    payloads: list[bytes], extension: bytes, trailers: bytes, interim: bool, places: list[int]
) -> None:
    data = (
        (b"HTTP/1.1 100 Continue\r\n\r\n" if interim else b"")
        + HEAD
        + framed(payloads, extension)
        + b"0\r\n"
        + trailers
        + b"\r\n"
    )
    pieces = cut(data, places)
    expected = received(pieces, joined=False)
    assert received(pieces, joined=True) == expected
    assert expected == (b"".join(payloads), "complete") or (extension.startswith(b" ;") and any(payloads))


@given(
    payloads=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5),
    junk=st.binary(max_size=12),
    places=st.lists(st.integers(0, 10_000), max_size=10),
)
def test_rob_8_what_is_broken_stays_broken(payloads: list[bytes], junk: bytes, places: list[int]) -> None:
    """ROB-8: a body that is cut off or has garbage for framing is never taken for complete."""
    data = HEAD + framed(payloads) + junk
    ending = received(cut(data, places), joined=True)[1]
    assert ending == received([data], joined=False)[1]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 9\n\n",
    ],
    ids=["length", "until the end", "bare line feeds"],
)
def test_other_bodies_are_not_touched(head: bytes) -> None:
    joiner = ChunkJoiner()
    data = head + b"3\r\nabc\r\n"
    assert joiner.feed(data) == data


def test_what_came_together_is_one_chunk() -> None:
    joiner = ChunkJoiner()
    assert joiner.feed(HEAD + framed([b"one", b"two", b"three"])) == HEAD + b"b\r\nonetwothree\r\n"
    assert joiner.feed(b"4\r\nfo") == b"2\r\nfo\r\n"
    assert joiner.feed(b"ur\r\n") == b"2\r\nur\r\n"
    assert joiner.feed(b"0\r\n\r\n") == b"0\r\n\r\n"
    joiner.reset()
    assert joiner.feed(HEAD[:20]) == b""
    assert joiner.feed(HEAD[20:] + framed([b"x", b"y"])) == HEAD + b"2\r\nxy\r\n"


def test_a_head_without_end_is_handed_on() -> None:
    joiner = ChunkJoiner()
    endless = b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * (300 * 1024)
    assert joiner.feed(endless) == endless
    assert joiner.feed(b"more") == b"more"


def test_what_was_held_back_comes_at_the_end() -> None:
    joiner = ChunkJoiner()
    assert joiner.feed(HEAD + b"3\r\nabc\r\n7") == HEAD + b"3\r\nabc\r\n"
    assert (joiner.end(), joiner.end()) == (b"7", b"")


def test_a_proxys_handshake_goes_through_as_it_comes() -> None:
    """PRV-7: the two bytes that a SOCKS proxy answers are no head that has to be waited for."""
    joiner = ChunkJoiner()
    assert joiner.feed(b"\x05\x00") == b"\x05\x00"
    joiner.reset()
    assert joiner.feed(b"\x05\x00\x00\x01" + bytes(6)) == b"\x05\x00\x00\x01" + bytes(6)
    joiner.reset()
    assert joiner.feed(b"HTT") == b""
    assert joiner.feed(HEAD[3:] + b"2\r\na") == HEAD + b"1\r\na\r\n"
