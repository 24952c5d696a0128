"""Everything the plain chat says: whole lines, never a cursor moved, never a line drawn twice.

On a terminal all is cleaned of what it would obey. Elsewhere an answer is written exactly as it came, line by line.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, BinaryIO

from llmtui.core.sanitize import Cleaner, clean, clean_line

if TYPE_CHECKING:
    from collections.abc import Callable


class Voice:
    """Stdout. May be used from any thread."""

    def __init__(self, stream: BinaryIO, *, terminal: bool, abandoned: Callable[[], None]) -> None:
        """`abandoned` is called in the main thread when nothing can be written any more; it may raise."""
        self._stream = stream
        self._terminal = terminal
        self._abandoned = abandoned
        self._lock = threading.RLock()
        self._cleaner = Cleaner()
        self._unfinished = ""
        """What of an answer's last line waits for its end (not on a terminal)."""
        self._mid_line = False
        self.closed = False
        """The reader has gone away."""
        self.error: OSError | None = None
        """Writing failed for another reason."""

    @property
    def failed(self) -> bool:
        return self.closed or self.error is not None

    def line(self, text: str) -> None:
        """One announcement, on a line of its own."""
        with self._lock:
            self._write(("\n" if self._mid_line else "") + clean_line(text) + "\n")
            self._mid_line = False
        self._check()

    def block(self, text: str) -> None:
        """Lines that belong together: a message, a document."""
        with self._lock:
            self.end_text()
            self._write((clean(text) if self._terminal else text).removesuffix("\n") + "\n")
        self._check()

    def prompt(self, text: str) -> None:
        """What stands before a line that is typed."""
        with self._lock:
            self._write(text)
        self._check()

    def text(self, piece: str) -> None:
        """A piece of an answer, as it arrives."""
        with self._lock:
            if self._terminal:
                self._write(self._cleaner.feed(piece))
                self._mid_line = not piece.endswith("\n")
            else:
                whole, newline, rest = (self._unfinished + piece).rpartition("\n")
                self._unfinished = rest
                self._write(whole + newline)
        self._check()

    def obeys(self, sequence: str) -> bool:
        """Have the terminal do something that shows nothing; False where it cannot, or stdout is none."""
        if not sequence or not self._terminal or os.environ.get("TERM", "dumb") == "dumb":
            return False
        with self._lock:
            self._write(sequence)
        self._check()
        return True

    def end_text(self) -> None:
        """The answer is over: its last line ends here."""
        with self._lock:
            rest, self._unfinished = self._unfinished, ""
            self._write(rest + ("\n" if rest or self._mid_line else ""))
            self._mid_line = False
            self._cleaner = Cleaner()
        self._check()

    def _write(self, text: str) -> None:
        if self.failed or not text:
            return
        try:
            self._stream.write(encoded(text))
            self._stream.flush()
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                self.closed = True
            else:
                self.error = error
            with contextlib.suppress(OSError, ValueError):  # or the interpreter would try once more at its end
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)

    def _check(self) -> None:
        if self.failed and threading.current_thread() is threading.main_thread():
            self._abandoned()


def encoded(text: str) -> bytes:
    """UTF-8 whatever the locale; half a surrogate pair becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
