"""What a one-shot run writes to stdout: the answer in one of the formats, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import re
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO

from llmtui.core.events import ChunkArrived, FinishReason
from llmtui.once.signals import Interrupted

if TYPE_CHECKING:
    from llmtui.chat.control import TurnControl
    from llmtui.core.events import TurnEvent, TurnResult
    from llmtui.core.sanitize import Cleaner

_SURROGATES = re.compile("[\ud800-\udfff]")


def encode(text: str) -> bytes:
    """UTF-8 whatever the locale; half a surrogate pair becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text).encode()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; a stream that is closed has none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


class Pipe:
    """Stdout as bytes. When nobody reads any more, or the disk is full, it stops the turn and says so once."""

    def __init__(self, stream: BinaryIO, control: TurnControl) -> None:
        self._stream = stream
        self._control = control
        self.closed = False
        """The reader has gone away."""
        self.error: OSError | None = None
        """Writing failed for another reason."""

    @property
    def failed(self) -> bool:
        return self.closed or self.error is not None

    def write(self, data: bytes) -> None:
        """Write and flush; after a failure a no-op."""
        if self.failed or not data:
            return
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            self.closed = True
        else:
            self.error = error
        self._discard_rest()
        if not self._control.cancelled:
            self._control.cancel()
            raise Interrupted

    def _discard_rest(self) -> None:
        """What is still buffered goes nowhere: or the interpreter would try once more at its end, and complain."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class Output(Protocol):
    """A format."""

    @property
    def is_deferred(self) -> bool:
        """Nothing is shown before the answer is complete."""
        ...

    def event(self, event: TurnEvent) -> None:
        """Called for each event of the turn, in order."""
        ...

    def end(self, result: TurnResult) -> int:
        """Called once, when the turn is settled; returns the exit code the output itself asks for (0 as a rule)."""
        ...


class RawOutput:
    """The text exactly as the model sent it, as it arrives; one newline at the end if the text has none."""

    def __init__(self, pipe: Pipe, *, stream: bool, to_terminal: bool) -> None:
        self._pipe = pipe
        self._stream = stream
        self._cleaner: Cleaner | None = None
        self._last = ""
        if to_terminal:
            from llmtui.core.sanitize import Cleaner

            self._cleaner = Cleaner()

    @property
    def is_deferred(self) -> bool:
        return not self._stream

    def event(self, event: TurnEvent) -> None:
        if self._stream and type(event) is ChunkArrived:
            text = event.chunk.content
            if text:
                self._last = text
                self._pipe.write(encode(self._cleaner.feed(text) if self._cleaner else text))

    def end(self, result: TurnResult) -> int:
        if not self._stream and result.content:
            self._last = result.content
            self._pipe.write(encode(self._cleaner.feed(self._last) if self._cleaner else self._last))
        is_answer = result.error is None and result.finish_reason is not FinishReason.CANCELLED
        if not self._last.endswith("\n") and (self._last or is_answer):
            self._pipe.write(b"\n")  # an empty answer, too, ends its line
        return 0


class JsonOutput:
    """One object a line (or an event): each chunk as it arrives, then the summary."""

    def __init__(self, pipe: Pipe, *, stream: bool, sse: bool, to_terminal: bool) -> None:
        self._pipe = pipe
        self._stream = stream
        self._sse = sse
        self._to_terminal = to_terminal

    @property
    def is_deferred(self) -> bool:
        return not self._stream

    def event(self, event: TurnEvent) -> None:
        if self._stream and type(event) is ChunkArrived:
            self._object(event.chunk.to_json())

    def _object(self, text: str) -> None:
        if self._to_terminal:  # JSON itself escapes less than a terminal obeys
            from llmtui.core.sanitize import clean

            text = clean(text)
        self._pipe.write(encode(f"data: {text}\n\n" if self._sse else text + "\n"))

    def end(self, result: TurnResult) -> int:
        self._object(json.dumps(result.to_dict(), ensure_ascii=False, separators=(",", ":")))
        if self._sse:
            self._pipe.write(b"data: [DONE]\n\n")
        return 0


class ExtractOutput:
    """Only a code block of the answer, when it is complete."""

    is_deferred = True

    def __init__(self, pipe: Pipe, which: str, *, to_terminal: bool) -> None:
        self._pipe = pipe
        self._which = which
        self._to_terminal = to_terminal
        self.found = False

    def event(self, event: TurnEvent) -> None:
        """Nothing is printed before the answer is complete."""

    def end(self, result: TurnResult) -> int:
        from llmtui.render.text import code_blocks

        blocks = code_blocks(result.content)
        if not blocks:
            return 1
        self.found = True
        text = blocks[0 if self._which == "first" else -1]
        if self._to_terminal:
            from llmtui.core.sanitize import clean

            text = clean(text)
        self._pipe.write(encode(text if text.endswith("\n") else text + "\n"))
        return 0
