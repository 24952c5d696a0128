"""Messages from lines (CHAT-2 as far as it goes without a screen)."""

from __future__ import annotations

import os
from typing import Any

import pytest

from llmtui.core.errors import ConfigError
from llmtui.plain.keyboard import DumbTerminal, Lines, Piped, Terminal, find_readline, read_message


class FakeReadline:
    """As much of the module as is used."""

    def __init__(self) -> None:
        self.history: list[str] = []
        self.inserted: list[str] = []
        self.hook: Any = None
        self.completer: Any = None

    def set_completer(self, completer: Any) -> None:
        self.completer = completer

    def set_completer_delims(self, text: str) -> None:
        assert text == " "

    def parse_and_bind(self, text: str) -> None:
        assert text == "tab: complete"

    def add_history(self, text: str) -> None:
        self.history.append(text)

    def insert_text(self, text: str) -> None:
        self.inserted.append(text)

    def set_startup_hook(self, hook: Any) -> None:
        self.hook = hook


def piped(data: bytes) -> Piped:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return Piped(Lines(reader, lambda fd: None), echo=lambda text: None)


def test_lines_come_out_of_bytes_in_any_pieces() -> None:
    source = piped(b"\xef\xbb\xbfone\r\n\ntwo")
    assert [source.line("") for _ in range(4)] == ["one", "", "two", None]


@pytest.mark.parametrize(
    ("typed", "messages"),
    [
        (b"a\\\nb\n", ["a\nb"]),
        (b"a\\\\\nb\n", ["a\\\\", "b"]),
        (b'"""a\nb\n"""\nc\n', ["a\nb", "c"]),
        (b'  """x"""\n', ["x"]),
        (b"a\\\n", ["a"]),
    ],
)
def test_messages_of_several_lines(typed: bytes, messages: list[str]) -> None:
    source = piped(typed)
    found = []
    while (message := read_message(source)) is not None:
        found.append(message)
    assert found == messages


def test_a_descriptor_that_cannot_be_read_is_a_sentence() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    os.close(reader)
    with pytest.raises(ConfigError, match="stdin cannot be read"):
        Lines(reader, lambda fd: None).next()


def test_a_dumb_terminal_is_prompted_and_goes_on_after_an_end() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"caf\xc3\xa9 \xff\n")
    os.close(writer)
    shown: list[str] = []
    source = DumbTerminal(Lines(reader, lambda fd: None), show=shown.append)
    assert source.line("you: ") == "café \ufffd"
    assert source.line("you: ") is None
    assert shown == ["you: ", "you: "]


def test_readline_gets_the_history_the_words_and_the_text_to_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    module = FakeReadline()
    terminal = Terminal(module, words=["/usage", "/undo", "/help"], earlier=["first", "two\nlines"])
    assert module.history == ["first", "two lines"]
    assert [terminal._complete("/u", number) for number in range(3)] == ["/undo ", "/usage ", None]
    assert terminal._complete("", 0) is None

    def typed(prompt: str) -> str:
        if module.hook:
            module.hook()
        return prompt + "text\udcff"

    monkeypatch.setattr("builtins.input", typed)
    assert terminal.line("new: ", "old") == "new: text\ufffd"
    assert module.inserted == ["old"]
    assert module.hook is None


@pytest.mark.parametrize("error", [EOFError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")], ids=["end", "bytes"])
def test_readline_at_its_end_and_with_what_is_no_text(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def typed(prompt: str) -> str:
        raise error

    monkeypatch.setattr("builtins.input", typed)
    terminal = Terminal(FakeReadline(), words=[], earlier=[])
    if isinstance(error, EOFError):
        assert terminal.line("") is None
    else:
        with pytest.raises(ConfigError, match="not UTF-8"):
            terminal.line("")


def test_a_dumb_terminal_has_no_readline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert find_readline() is None
