"""Whole lines, cleaned on a terminal, exact elsewhere (CHAT-8, SEC-1, SEC-2)."""

from __future__ import annotations

import io

from llmtui.plain.voice import Voice


def nothing() -> None:
    """Nobody minds."""


def said(*, terminal: bool, pieces: tuple[str, ...]) -> str:
    stream = io.BytesIO()
    voice = Voice(stream, terminal=terminal, abandoned=nothing)
    for piece in pieces:
        voice.text(piece)
    voice.line("a notice\nin\ttwo\x1b[1m lines")
    voice.text("more")
    voice.end_text()
    voice.end_text()
    voice.block("x\ny\x07\n")
    return stream.getvalue().decode()


def test_a_terminal_gets_pieces_as_they_come_and_notices_on_lines_of_their_own() -> None:
    """SEC-1"""
    assert said(terminal=True, pieces=("one ", "two\x1b[2J")) == "one two␛[2J\na notice in two␛[1m lines\nmore\nx\ny␇\n"


def test_a_pipe_gets_whole_lines_only_and_the_answer_exactly() -> None:
    """SEC-2"""
    text = said(terminal=False, pieces=("one ", "two\nthr\x1bee", "\ud83d"))
    assert text == "one two\na notice in two␛[1m lines\nthr\x1bee\ufffdmore\nx\ny\x07\n"


def test_when_nobody_listens_any_more_it_says_so_once_and_goes_on_silently() -> None:
    class Broken(io.BytesIO):
        def write(self, data: object) -> int:
            raise BrokenPipeError

    told: list[str] = []
    voice = Voice(Broken(), terminal=False, abandoned=lambda: told.append("abandoned"))
    voice.line("x")
    assert voice.closed
    assert told == ["abandoned"]
    assert voice.error is None
