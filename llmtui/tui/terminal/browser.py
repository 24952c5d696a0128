"""What is different when the terminal is a page of `llmtui serve`: the end of a chat, its output, and the browser's own keys."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver

KEPT_KEYS = frozenset({"ctrl+n", "ctrl+t", "ctrl+w", "ctrl+q", "ctrl+r", "f5", "f11", "f12"})
"""A new window or tab, closing, quitting, reloading, the whole screen, the tools: what browsers do themselves, at least
when the terminal has not the focus. They may work here; they are not offered."""


def reaches(app: App[Any], key: str) -> bool:
    """Whether a key can be offered: no browser is between the reader and the program, or it lets the key through."""
    return not (app.is_web and key.strip() in KEPT_KEYS)


def offered(app: App[Any], hint: str) -> str:
    """A line of keys as it can be offered: the dialogs also take Alt where a browser keeps Ctrl."""
    return re.sub(r"\bCtrl\+([NTR])\b", r"Alt+\1", hint) if app.is_web else hint


def tell_page(app: App[Any], sentence: str) -> None:
    """Have the page show a sentence of ours where it is seen from another tab."""
    write_meta = getattr(app._driver, "write_meta", None)  # noqa: SLF001 - only Textual's web driver has it
    if write_meta is not None:
        write_meta({"type": "notify", "sentence": sentence})


def with_orderly_end(driver: type[Driver]) -> type[Driver]:
    """The web driver class, told apart by its packets: a page that goes has the app settle and leave.

    Textual's own quits at once, which cuts an answer off before its bill; goes deaf at the end of its input; and writes
    packets from two threads at a time, where a pipe takes a long one in pieces.
    """
    if not hasattr(driver, "write_meta"):
        return driver

    class Orderly(driver):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            self._writing = threading.Lock()
            self._is_cut_off = False
            self._write = self._write_whole

        def start_application_mode(self) -> None:
            super().start_application_mode()
            if not self._mouse:  # which Textual turns on without asking
                self._disable_mouse_support()

        def _write_whole(self, packet: bytes) -> None:
            with self._writing:
                rest = memoryview(packet)
                while rest and not self._is_cut_off:
                    try:
                        rest = rest[os.write(self.fileno, rest) :]
                    except OSError:  # the server is gone; what remains is to settle
                        self._is_cut_off = True

        def run_input_thread(self) -> None:
            super().run_input_thread()
            if not self.exit_event.is_set():
                self._leave()

        def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
            if packet_type == "quit":
                self._leave()
            else:
                super().on_meta(packet_type, payload)

        def _leave(self) -> None:
            app: Any = self._app
            app.call_later(app.leave, 0)

    return Orderly
