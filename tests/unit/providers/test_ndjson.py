"""Lines from bytes: at LF only, whatever the split, in bounded memory."""

from __future__ import annotations

import pytest

from llmtui.core.errors import MalformedResponse
from llmtui.providers._ndjson import LineParser


def lines(*pieces: bytes) -> list[str]:
    parser = LineParser()
    return [*(line for piece in pieces for line in parser.feed(piece)), *parser.close()]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_in_any_pieces(size: int) -> None:
    """STR-2: split inside a line, inside a character, many lines in one packet."""
    data = '{"a":"x\u0085y\u2028z\x0b"}\r\n\n\n{"b":"日本語"}\n  {}  \nlast'.encode()
    expected = ['{"a":"x\u0085y\u2028z\x0b"}', '{"b":"日本語"}', "{}", "last"]
    assert lines(*(data[i : i + size] for i in range(0, len(data), size))) == expected


def test_invalid_utf8_becomes_replacement_characters() -> None:
    assert lines(b"\xff\xc3\n") == ["\ufffd\ufffd"]


def test_a_line_without_end_is_refused_in_bounded_memory() -> None:
    """ROB-8."""
    parser = LineParser(max_line_bytes=1 << 20)
    with pytest.raises(MalformedResponse, match="1,024 KiB"):
        [parser.feed(b"a" * 65536) for _ in range(1024)]
    assert not parser._buffer


def test_a_line_too_large_in_one_packet_is_refused() -> None:
    with pytest.raises(MalformedResponse):
        LineParser(max_line_bytes=10).feed(b"{}\n" + b"a" * 11 + b"\n")
