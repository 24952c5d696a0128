"""SEC-1, CHAT-2: a paste is text and never sends, whatever it contains and however it is cut into reads."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from llmtui.tui.terminal.paste import FULL_READ, PasteSafeParser, with_safe_paste

START, END = "\x1b[200~", "\x1b[201~"


def read(*pieces: str) -> list[str]:
    """What a parser makes of input: keys by name, pastes in quotes."""
    parser = PasteSafeParser()
    found = []
    for piece in pieces:
        for event in parser.feed(piece):
            if isinstance(event, events.Paste):
                found.append(f"“{event.text}”")
            elif isinstance(event, events.Key):
                found.append(event.key)
            else:
                found.append(type(event).__name__)
    return found


def test_textual_still_tears_a_paste_into_keys() -> None:
    """The reason for all this. When it fails, Textual reads pastes as text itself and ours can go."""
    torn = [e.key for e in XTermParser().feed(f"{START}\x1b[1mrun: ls\r{END}") if isinstance(e, events.Key)]
    whole = [e.text for e in XTermParser().feed(f"{START}\x1b[1mrun: ls\r{END}") if isinstance(e, events.Paste)]
    assert torn or whole != ["\x1b[1mrun: ls\r"]


def test_every_driver_makes_its_parser_from_a_name_that_can_be_given() -> None:
    original = vars(linux_driver)["XTermParser"]
    try:
        assert with_safe_paste(LinuxDriver) is LinuxDriver
        assert vars(linux_driver)["XTermParser"] is PasteSafeParser
    finally:
        vars(linux_driver)["XTermParser"] = original


def test_an_escape_in_a_paste_is_text() -> None:
    assert read(f"{START}\x1b[1mrun: ls\r{END}") == ["“␛[1mrun: ls\n”"]


def test_keys_before_and_after_a_paste_stay_keys() -> None:
    assert read(f"ab{START}x{END}c\x1b[A") == ["a", "b", "“x”", "c", "up"]
    assert read(f"{START}x{END}", "\r") == ["“x”", "enter"]


def test_two_pastes_in_one_read() -> None:
    assert read(f"{START}x{END}{START}y\r\nz{END}") == ["“x”", "“y\nz”"]


def test_a_closing_mark_inside_a_paste_does_not_let_its_rest_send() -> None:
    assert "enter" not in read(f"{START}evil{END}\r{END}")
    assert "enter" not in read(f"{START}evil{END}rm -rf\r{END}")


@given(st.text(alphabet="ab\r\n\x1b[201~;<M", max_size=40), st.lists(st.integers(0, 60), max_size=8))
def test_cuts_make_no_difference_inside_marks(text: str, cuts: list[int]) -> None:
    text = text.replace(END, "")
    whole = f"{START}{text}{END}"
    places = sorted({0, len(whole), *(cut for cut in cuts if len(START) <= cut < len(whole))})
    assert read(*(whole[a:b] for a, b in pairwise(places))) == read(whole)
    assert len(read(whole)) == 1


@pytest.mark.parametrize("cut", range(1, len(START)))
def test_the_opening_mark_may_be_cut(cut: int) -> None:
    assert read(START[:cut], f"{START[cut:]}run\r{END}", "a") == ["“run\n”", "a"]


def test_what_is_typed_stays_typed() -> None:
    assert read("h", "i", "\r") == ["h", "i", "enter"]
    assert read("hello\r") == ["h", "e", "l", "l", "o", "enter"]
    assert read("\x1b[A\r") == ["up", "enter"]
    assert read("\n") == ["ctrl+j"]


def test_an_enter_with_more_behind_it_is_a_new_line() -> None:
    assert read("run: ls\rrm x\r") == ["“run: ls\nrm x\n”"]
    assert "enter" not in read("a\x1b[1mb\rls\r")
    assert "enter" not in read("one line\r\n")


def test_a_read_so_full_that_more_must_follow_does_not_send() -> None:
    assert read("x" * FULL_READ + "\r") == ["“" + "x" * FULL_READ + "\n”"]


@pytest.mark.parametrize("report", ["\x1b[<35;10;5M", "\x1b[I", "\x1b[O", "\x1b[?2026;2$y", "\x1b[48;24;80;480;800t"])
def test_a_terminal_that_speaks_right_after_enter_does_not_undo_it(report: str) -> None:
    assert "enter" in read(f"\r{report}")


def test_the_end_of_input_is_passed_on() -> None:
    parser = PasteSafeParser()
    list(parser.feed("a"))
    assert list(parser.feed("")) == []
    assert parser.is_eof
