"""Printing: aligned and cleaned on a terminal, stable in a pipe, UTF-8 everywhere, failures as failures."""

from __future__ import annotations

import io
import os
import sys
from datetime import date
from pathlib import Path

import pytest

from llmtui.cli.context import complain
from llmtui.cli.failure import explain
from llmtui.cli.help import command_help, main_help, wrap
from llmtui.cli.output import Out, OutputFailed, cell_width, columns, cut
from llmtui.cli.table import CHAT_OPTIONS, COMMANDS
from llmtui.cli.usage import bar
from llmtui.cli.when import iso, local, parse_day
from llmtui.core.errors import ConfigError


def terminal(*, width: int = 40, color: bool = False) -> tuple[Out, io.BytesIO]:
    stream = io.BytesIO()
    return Out(stream, terminal=True, width=width, color=color), stream


def pipe() -> tuple[Out, io.BytesIO]:
    stream = io.BytesIO()
    return Out(stream, terminal=False, width=40, color=False), stream


ROWS = [("a\tb\n", "漢字", "1"), ("\x1b[31mred", "e\u0301", "200")]


def test_a_table_on_a_terminal_is_aligned_and_cleaned() -> None:
    """SEC-1"""
    out, stream = terminal(color=True)
    out.table(("NAME", "KIND", "N"), ROWS, right=(2,))
    lines = stream.getvalue().decode().splitlines()
    assert lines[0].startswith("\x1b[1mNAME")
    assert lines[1] == "a b       漢字    1"
    assert lines[2] == "␛[31mred  e\u0301     200"
    assert "\x1b" not in "".join(lines[1:])


def test_a_table_in_a_pipe_is_tabs_without_a_header() -> None:
    out, stream = pipe()
    out.table(("NAME", "KIND", "N"), ROWS)
    assert stream.getvalue().decode() == "a b\t漢字\t1\n\x1b[31mred\te\u0301\t200\n"


def test_the_last_column_is_cut_at_the_width() -> None:
    out, stream = terminal(width=20)
    out.table(("A", "B"), [("x" * 5, "y" * 50)])
    assert stream.getvalue().decode().splitlines()[1] == "xxxxx  yyyyyyyyyyyy…"


def test_widths_are_of_cells() -> None:
    assert [cell_width(text) for text in ("ab", "漢字", "e\u0301", "\u200d")] == [2, 4, 1, 0]
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("ab", 2) == "ab"


def test_lines_are_cleaned_on_a_terminal_only() -> None:
    """SEC-2"""
    out, stream = terminal()
    out.line("a\x1b]0;x\x07")
    assert stream.getvalue() == "a␛]0;x␇\n".encode()
    out, stream = pipe()
    out.line("a\x1b]0;x\x07")
    assert stream.getvalue() == b"a\x1b]0;x\x07\n"


def test_half_a_surrogate_pair_becomes_a_replacement_and_a_split_pair_one_character() -> None:
    out, stream = pipe()
    out.write("\ud800x \ud83d\ude00")
    assert stream.getvalue() == "\ufffdx 😀".encode()


def test_json_is_utf_8() -> None:
    out, stream = pipe()
    out.json({"a": "ü"})
    assert stream.getvalue() == b'{\n  "a": "\xc3\xbc"\n}\n'


def test_no_stdout_and_a_broken_one_are_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputFailed, match="no standard output"):
        Out(None, terminal=False, width=80, color=False).write("x")

    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputFailed) as caught:
        Out(Full(), terminal=False, width=80, color=False).write("x")
    assert (caught.value.closed, caught.value.reason) == (False, "No space left on device")
    assert OutputFailed(BrokenPipeError()).closed
    monkeypatch.setattr(sys, "stdout", None)
    assert not Out.standard({}).terminal


@pytest.mark.parametrize(
    ("environ", "terminal", "color"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({}, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, True),
    ],
)
def test_colour_as_the_environment_wants_it(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], terminal: bool, color: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert Out.standard(environ).color is color


def test_the_width_comes_from_the_environment_or_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert columns({"COLUMNS": "33"}) == 33

    def none(_: int) -> os.terminal_size:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", none)
    assert columns({"COLUMNS": "x"}) == 80
    assert columns({"COLUMNS": "9" * 5000}) == 80


def test_complaints_are_one_cleaned_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-1"""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", stream)
    complain("ü\x1b[2J\nsecond")
    assert stream.buffer.getvalue() == "llmtui: ü␛[2J second\n".encode()
    monkeypatch.setattr(sys, "stderr", None)
    complain("nobody hears")


def test_every_option_and_command_is_in_the_help() -> None:
    text = main_help(80)
    for option in CHAT_OPTIONS:
        assert option.long in text, option
    for command in COMMANDS:
        assert f"  {command.name} " in text
        helped = command_help(command, f"llmtui {command.name}", 80)
        assert command.help in helped
        for action in command.actions:
            assert f"llmtui {command.name} {action.name}" in helped
            for option in action.options:
                assert option.long in command_help(action, f"llmtui {command.name} {action.name}", 80)
    assert max(len(line) for line in text.splitlines()[7:-3]) <= 80


def test_wrapping_keeps_every_word() -> None:
    assert wrap("a bb ccc dddd", 5) == ["a bb", "ccc", "dddd"]
    assert wrap("", 5) == [""]


TODAY = date(2026, 11, 20)  # a Friday


@pytest.mark.parametrize(
    ("text", "last", "day"),
    [
        ("2026-02-28", False, "2026-02-28"),
        ("today", False, "2026-11-20"),
        (" Yesterday ", False, "2026-11-19"),
        ("monday", False, "2026-11-16"),
        ("friday", False, "2026-11-20"),
        ("saturday", False, "2026-11-14"),
        ("1d", False, "2026-11-20"),
        ("7d", False, "2026-11-14"),
        ("2w", False, "2026-11-07"),
        ("2026-02", False, "2026-02-01"),
        ("2024-02", True, "2024-02-29"),
    ],
)
def test_days_as_people_write_them(text: str, last: bool, day: str) -> None:
    """USE-2: WHEN"""
    assert parse_day(text, TODAY, "--since", last=last).isoformat() == day


@pytest.mark.parametrize(
    "text", ["", "7", "0d", "2026-13-01", "2026-02-30", "someday", "٧d", "99999999999d", "20261120"]
)
def test_other_words_are_no_day(text: str) -> None:
    with pytest.raises(ConfigError, match="--since must be a day such as"):
        parse_day(text, TODAY, "--since")


def test_times_are_shown_exactly_or_locally() -> None:
    assert iso(1763640123456) == "2025-11-20T12:02:03.456Z"
    assert len(local(1763640123456)) == len("2026-11-20 14:02")


def test_bars_are_as_long_as_what_they_show() -> None:
    assert [bar(value, 16, 2) for value in (0, 1, 8, 16)] == ["", "▏", "█", "██"]
    assert bar(1, 10**9, 2) == "▏"
    assert bar(1, 0, 2) == ""


def test_a_bug_is_one_sentence_and_its_traceback_goes_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        raise ZeroDivisionError("the user's words")
    assert explain(caught.value) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("llmtui: internal error (ZeroDivisionError); details are in ")
    assert err.count("\n") == 1
    place = err.rstrip("\n").partition("details are in ")[2]
    assert "test_cli_output.py" in Path(place).read_text("utf-8")
