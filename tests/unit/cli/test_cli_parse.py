"""The argument list: options anywhere, `--`, bundles, values, and one sentence for each mistake."""

from __future__ import annotations

import os
import sys

import pytest

from llmtui.cli.parse import Parsed, first_word, parse, shown, text
from llmtui.cli.table import CHAT_OPTIONS, COMMANDS, Option
from llmtui.core.errors import ConfigError


def chat(*argv: str) -> Parsed:
    return parse(argv, CHAT_OPTIONS)


def refusal(*argv: str) -> str:
    with pytest.raises(ConfigError) as caught:
        chat(*argv)
    assert caught.value.exit_code == 2
    return caught.value.sentence


def test_options_stand_anywhere_among_the_words() -> None:
    """CHAT-7: every word that is no option is prompt, options may stand after it."""
    parsed = chat("--once", "history", "-t", "0.5", "of", "Rome", "--no-stream", "-m=openai/x", "-v")
    assert parsed.words == ["history", "of", "Rome"]
    assert parsed.last("temperature") == "0.5"
    assert parsed.last("model") == "openai/x"
    assert parsed.has("no-stream")
    assert parsed.has("verbose")
    assert not parsed.has("yes")


def test_two_dashes_end_the_options() -> None:
    parsed = chat("--once", "--", "--once", "-t", "--")
    assert parsed.words == ["--once", "-t", "--"]
    assert not parsed.has("temperature")


def test_numbers_and_a_lone_dash_are_words() -> None:
    assert chat("--once", "what", "is", "-5", "-", "-1.5", "?").words == ["what", "is", "-5", "-", "-1.5", "?"]


def test_short_options_stand_together_and_take_what_follows() -> None:
    parsed = chat("-cvt0.5", "-aFILE", "-a", "OTHER")
    assert parsed.has("continue")
    assert parsed.has("verbose")
    assert parsed.last("temperature") == "0.5"
    assert parsed.all("attach") == ("FILE", "OTHER")


def test_the_later_of_two_counts_and_repeatable_ones_add_up() -> None:
    parsed = chat("-m", "a/b", "--model=c/d", "--stop", "x", "--stop=y", "--stop=")
    assert parsed.last("model") == "c/d"
    assert parsed.all("stop") == ("x", "y", "")
    assert parsed.all("fallback") == ()
    assert parsed.last("role") is None


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--tempratur", "1"], "llmtui has no option --tempratur. Did you mean --temperature?"),
        (["--temp", "1"], "llmtui has no option --temp."),
        (["--once", "-z"], "llmtui has no option -z. Words that begin with a dash go after “--”."),
        (["-cz"], "llmtui has no option -z."),
        (["-zc"], "llmtui has no option -zc."),
        (["--once=yes"], "--once takes no value."),
        (["--model"], "--model needs a value: PROVIDER/MODEL."),
        (["-m", "--once"], "-m needs a value: PROVIDER/MODEL. Write --model=--once if that is meant as the value."),
        (["--stop", "--"], "--stop needs a value: TEXT. Write --stop=-- if"),
        (["--format"], "--format needs a value: one of raw, markdown, json, sse."),
        (["--format", "xml"], "--format must be one of raw, markdown, json, sse, not “xml”."),
        (["--effort=huge"], "--effort must be one of none, minimal,"),
        (["--\x1b[2J"], "llmtui has no option --?[2J."),
        (["-s", "\udcff"], "the value of -s is not UTF-8 text."),
    ],
)
def test_wrong_usage_is_one_sentence_that_names_the_flag(argv: list[str], said: str) -> None:
    """CHAT-7: exit 2."""
    assert refusal(*argv).startswith(said)


def test_a_value_may_begin_with_a_dash() -> None:
    assert chat("--seed", "-1", "-s", "-x-").last("seed") == "-1"
    assert chat("--system=--once").last("system") == "--once"


def test_a_long_word_is_shown_short() -> None:
    assert shown("x" * 100) == "x" * 60 + "…"


@pytest.mark.parametrize(
    ("argv", "place"),
    [
        (["history", "list"], 0),
        (["--config", "f", "history"], 2),
        (["--config=f", "-v", "keys"], 2),
        (["-m", "history"], None),
        (["--", "history"], None),
        (["-v"], None),
        (["-"], None),
    ],
)
def test_where_the_first_word_stands(argv: list[str], place: int | None) -> None:
    assert first_word([word for word in argv if word != "-"], CHAT_OPTIONS) == place


def test_text_is_utf_8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    monkeypatch.setattr(os, "fsencode", lambda value: value.encode("latin-1"))
    assert text("Ã¼", "the prompt") == "ü"  # UTF-8 typed under a Latin-1 locale
    assert text("ü", "the prompt") == "ü"  # Latin-1 typed under a Latin-1 locale


def test_undecodable_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="the prompt is not UTF-8 text"):
        text("a\udcff", "the prompt")


def test_the_table_has_no_option_twice() -> None:
    def check(options: tuple[Option, ...]) -> None:
        spellings = [spelling for option in options for spelling in (option.long, option.short) if spelling]
        assert len(spellings) == len(set(spellings))

    check(CHAT_OPTIONS)
    for command in COMMANDS:
        check(command.options)
        for action in command.actions:
            check(action.options)
