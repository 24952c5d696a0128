"""The event-stream parser against the WHATWG standard's rules (the cases of the web platform's own tests) and its limits."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.errors import MalformedResponse
from llmtui.providers._sse import SseEvent, SseParser


def parse(data: bytes) -> list[tuple[str, str]]:
    """What the standard dispatches: without an event that only the end of the stream ended."""
    return [tuple(event) for event in SseParser().feed(data)]  # type: ignore[misc]


def datas(data: bytes) -> list[str]:
    return [text for _, text in parse(data)]


STANDARD = [
    pytest.param(b"data: one\n\n", ["one"], id="one event"),
    pytest.param(b"data:one\n\n", ["one"], id="no space after the colon"),
    pytest.param(b"data:  one\n\n", [" one"], id="only one space is stripped"),
    pytest.param(b"data:\tone\n\n", ["\tone"], id="a tab is no space"),
    pytest.param(b"data: one \n\n", ["one "], id="trailing spaces stay"),
    pytest.param(b"data: a\ndata: b\n\n", ["a\nb"], id="lines are joined by LF"),
    pytest.param(b"data\n\ndata\ndata\n\ndata:", ["", "\n"], id="data without a colon; the last is unfinished"),
    pytest.param(b"data:\n\n", [""], id="empty data is an event"),
    pytest.param(b"data: a\r\ndata: b\r\n\r\n", ["a\nb"], id="CRLF"),
    pytest.param(b"data: a\rdata: b\r\r", ["a\nb"], id="CR"),
    pytest.param(b"data: a\r\ndata: b\n\rdata: c\r\n\n", ["a\nb", "c"], id="line ends mixed"),
    pytest.param(b"\n\n\ndata: a\n\n\n\ndata: b\n\n", ["a", "b"], id="blank lines in a row"),
    pytest.param(b"\xef\xbb\xbfdata: a\n\n", ["a"], id="byte order mark"),
    pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", ["b"], id="only one byte order mark is taken off"),
    pytest.param(b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"], id="a byte order mark in the middle is none"),
    pytest.param(b": comment\ndata: a\n:\n: x: y\n\n", ["a"], id="comments"),
    pytest.param(b": only a comment\n\ndata: a\n\n", ["a"], id="a block of comments is no event"),
    pytest.param(b"event: x\n\ndata: a\n\n", ["a"], id="no data, no event"),
    pytest.param(b"id: 1\nretry: 5\ndata: a\n\n", ["a"], id="id and retry"),
    pytest.param(b"id: 1\x002\ndata: a\n\n", ["a"], id="id with NUL"),
    pytest.param(b"retry: abc\nid\nretry\ndata: a\n\n", ["a"], id="retry that is no number"),
    pytest.param(b"Data: a\nDATA: b\n data: c\ndata: d\n\n", ["d"], id="names are case-sensitive, no leading space"),
    pytest.param(b"foo: bar\ndata: a\n\n", ["a"], id="an unknown field"),
    pytest.param(b"data: a:b: c\n\n", ["a:b: c"], id="further colons"),
    pytest.param(b"data: a\x00b\n\n", ["a\x00b"], id="NUL in data"),
    pytest.param(b"data: \xff\xfe\xc3\n\n", ["\ufffd\ufffd\ufffd"], id="invalid UTF-8"),
    pytest.param(b"data: \xe2\x82\n\n", ["\ufffd"], id="a character cut off by the line's end"),
    pytest.param(b"data: \xed\xa0\x80\n\n", ["\ufffd\ufffd\ufffd"], id="a surrogate in UTF-8"),
    pytest.param("data: a\u0085b\u2028c\u2029d\x0be\x0cf\x1cg\n\n".encode(), ["a\u0085b\u2028c\u2029d\x0be\x0cf\x1cg"],
                 id="only LF and CR end lines"),
    pytest.param("data: “日本語 🎉”\n\n".encode(), ["“日本語 🎉”"], id="UTF-8"),
    pytest.param(b"data: a", [], id="unfinished"),
    pytest.param(b"data: a\n", [], id="unfinished, after its line"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), STANDARD)
def test_the_standards_rules(data: bytes, expected: list[str]) -> None:
    """ROB-8: the rules of the event-stream standard."""
    assert datas(data) == expected


@pytest.mark.parametrize(("data", "expected"), STANDARD)
def test_every_split_gives_the_same(data: bytes, expected: list[str]) -> None:
    """STR-2: byte by byte, and in two pieces cut at every place."""
    bytewise = SseParser()
    assert [event.data for i in range(len(data)) for event in bytewise.feed(data[i : i + 1])] == expected
    for cut in range(len(data) + 1):
        parser = SseParser()
        assert [event.data for event in [*parser.feed(data[:cut]), *parser.feed(data[cut:])]] == expected


def test_event_names() -> None:
    assert parse(b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\nevent\ndata: 3\n\n") == [("b", "1"), ("", "2"), ("", "3")]


def test_many_events_in_one_packet_stay_in_order() -> None:
    """STR-2: nothing dropped, nothing twice."""
    packet = b"".join(b"data: %d\n\n" % number for number in range(5000))
    parser = SseParser()
    events = parser.feed(packet + b"data: unfinished")
    assert [event.data for event in events] == [str(number) for number in range(5000)]
    assert parser.close() == [SseEvent("", "unfinished")]


def test_the_end_hands_out_what_no_blank_line_ended() -> None:
    """ROB-7: a frame that was cut off is for the adapter to judge, not to be lost."""
    parser = SseParser()
    assert parser.feed(b'event: x\ndata: {"cut\n') == []
    assert parser.close() == [SseEvent("x", '{"cut')]
    assert parser.close() == []


def test_the_end_of_a_stream_that_is_only_part_of_a_byte_order_mark() -> None:
    parser = SseParser()
    assert parser.feed(b"\xef\xbb") == []
    assert parser.close() == []


def test_stray_lines_are_kept() -> None:
    """Gemini appends errors as raw JSON, which the standard says to ignore."""
    parser = SseParser()
    assert parser.feed(b'data: a\n\n{\n  "error": {\n    "code": 503\n  }\n}\n') == [SseEvent("", "a")]
    parser.close()
    assert "".join(parser.stray).replace(" ", "") == '{"error":{"code":503}}'


def test_stray_lines_are_bounded() -> None:
    """ROB-8: garbage without end is not collected without end."""
    parser = SseParser()
    for _ in range(100):
        parser.feed(b"garbage " * 1000 + b"\n\n")
    assert sum(map(len, parser.stray)) < 100_000


@pytest.mark.parametrize("prefix", [b"data: ", b": ", b"x", b"data: a\n"])
def test_an_event_without_end_is_refused_in_bounded_memory(prefix: bytes) -> None:
    """ROB-8: an event of 64 MiB."""
    parser = SseParser(max_event_bytes=1 << 20)
    parser.feed(prefix)
    with pytest.raises(MalformedResponse, match="1,024 KiB"):
        [parser.feed(b"a" * 65536) for _ in range(1024)]
    assert not parser._buffer


def test_an_event_too_large_in_a_single_packet_is_refused() -> None:
    parser = SseParser(max_event_bytes=1000)
    assert len(parser.feed(b"data: a\n\n" * 1000)) == 1000
    with pytest.raises(MalformedResponse):
        parser.feed(b"data: " + b"a" * 1001 + b"\n\n")
    with pytest.raises(MalformedResponse):
        parser.feed(b"data: a\n\ndata: " + b"a" * 1001)


FIELDS = st.lists(
    st.sampled_from(
        ["data: x", "data:é", "data", "event: e", ": c", "id: 1", "", "🎉", "data: a\u2028b", "{", "retry: 1"]
    ),
    max_size=30,
)


@given(
    lines=FIELDS, ends=st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=30, max_size=30), seed=st.integers()
)
def test_any_lines_any_ends_any_split(lines: list[str], ends: list[bytes], seed: int) -> None:
    """STR-2: against a plain reading of the standard's text."""
    data = b"".join(line.encode() + end for line, end in zip(lines, ends, strict=False))
    dice = random.Random(seed)
    parser, events, start = SseParser(), [], 0
    while start < len(data):
        size = dice.randrange(1, 9)
        events += parser.feed(data[start : start + size])
        start += size
    assert events == _plainly(data)


def _plainly(data: bytes) -> list[SseEvent]:
    """The standard's algorithm, word by word."""
    events: list[SseEvent] = []
    kind, lines = "", list[str]()
    text = data.decode().replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n")[:-1]:
        if line == "":
            if lines:
                events.append(SseEvent(kind, "\n".join(lines)))
            kind, lines = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            lines.append(value)
        elif name == "event":
            kind = value
    return events
