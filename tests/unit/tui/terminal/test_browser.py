"""Textual's web driver, made orderly: whole packets, the end of the page as an end of the chat (CHAT-9)."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any

import pytest

from llmtui.tui.terminal import with_orderly_end


class App:
    """Notes what it is asked to call."""

    def __init__(self) -> None:
        self.called: list[tuple[Any, ...]] = []

    def leave(self, code: int) -> None: ...

    def call_later(self, what: Any, *args: Any) -> None:
        self.called.append((what.__name__, *args))


class WebDriver:
    """As much of Textual's as is leaned on."""

    def __init__(self, fileno: int) -> None:
        self.fileno = fileno
        self._app = App()
        self.exit_event = threading.Event()
        self.heard: list[str] = []

    def write_meta(self, data: dict[str, object]) -> None: ...

    def run_input_thread(self) -> None: ...

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        self.heard.append(packet_type)


@pytest.fixture
def pipe() -> Any:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(end)


def orderly(fileno: int) -> Any:
    kind: Any = with_orderly_end(WebDriver)  # type: ignore[arg-type]
    return kind(fileno)


def test_packets_of_two_threads_do_not_mix(pipe: tuple[int, int]) -> None:
    """CHAT-9: a pipe takes a long packet in pieces."""
    driver = orderly(pipe[1])
    letters, size, count = "ab", 200_000, 5
    threads = [
        threading.Thread(target=lambda letter=letter: [driver._write(letter.encode() * size) for _ in range(count)])
        for letter in letters
    ]
    for thread in threads:
        thread.start()
    got = b""
    while len(got) < len(letters) * size * count:
        got += os.read(pipe[0], 1 << 20)
    for thread in threads:
        thread.join()
    assert {got[start : start + size] for start in range(0, len(got), size)} == {b"a" * size, b"b" * size}


def test_a_server_that_is_gone_is_no_crash(pipe: tuple[int, int]) -> None:
    driver = orderly(pipe[1])
    os.close(pipe[0])
    driver._write(b"x" * 100)
    driver._write(b"y")


def test_quit_and_the_end_of_input_leave_the_app(pipe: tuple[int, int]) -> None:
    """CHAT-9, STR-9: `leave` settles what streams; Textual's own way would not."""
    driver = orderly(pipe[1])
    driver.on_meta("quit", {})
    driver.run_input_thread()
    assert driver._app.called == [("leave", 0), ("leave", 0)]
    assert driver.heard == []
    driver.on_meta("resize", {})
    assert driver.heard == ["resize"]
    driver.exit_event.set()
    driver.run_input_thread()
    assert len(driver._app.called) == 2  # it is ending already


def test_other_drivers_stay_as_they_are() -> None:
    assert with_orderly_end(App) is App  # type: ignore[arg-type, comparison-overlap]


def test_textuals_web_driver_has_what_is_leaned_on() -> None:
    """A new Textual that breaks this says so here."""
    import inspect

    from textual.drivers.web_driver import WebDriver as Real

    source = inspect.getsource(Real)
    for relied_on in ('self._write(b"M', "self.fileno", "exit_event", '"quit"', "run_input_thread", "__GANGLION__"):
        assert relied_on in source
