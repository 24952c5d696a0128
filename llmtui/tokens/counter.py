"""Counts tokens as a model's own tokenizer would, in a process of its own, without ever blocking the caller.

What cannot be counted exactly (no encoding known, vocabulary not there yet, the process gone twice) is estimated at once,
and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS
from llmtui.tokens import process
from llmtui.tokens.encodings import VOCABULARIES, encoding_for
from llmtui.tokens.process import Count, added_up, batches, cut, estimated
from llmtui.tokens.vocabulary import is_present

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_STARTS = 2


class TokenCounter:
    """Counts for one event loop. Starts its process when first needed; `close()` ends it."""

    def __init__(
        self, vocabularies: Path, *, timeout_s: float = 10.0, encodings: Mapping[str, str] | None = None
    ) -> None:
        """`vocabularies` is the folder that `vocabulary.folder()` names. `encodings` adds models by their exact name."""
        self._folder = vocabularies
        self._timeout_s = timeout_s
        self._encodings = encodings or {}
        self._lock = asyncio.Lock()
        self._process: Process | None = None
        self._starts_left = _STARTS
        self._present: set[str] = set()
        self._number = 0

    async def count(self, text: str, model: str) -> Count:
        """The tokens of one text."""
        return (await self.count_batch([text], model))[0]

    async def count_request(self, texts: Sequence[str], model: str) -> Count:
        """The input tokens of a request whose messages have these texts, with what the chat format adds."""
        counts = await self.count_batch(texts, model)
        tokens = sum(count.tokens + MESSAGE_TOKENS for count in counts) + REPLY_TOKENS
        return Count(tokens, all(count.exact for count in counts))

    async def count_batch(self, texts: Sequence[str], model: str) -> list[Count]:
        """The tokens of each text."""
        encoding = self._encodings.get(model) or encoding_for(model)
        if encoding is None or not await self._is_ready(encoding):
            return [estimated(text) for text in texts]
        pieces = [cut(text) for text in texts]
        counts: list[int] = []
        for batch in batches([piece for parts, _ in pieces for piece in parts]):
            answer = await self._ask(encoding, batch)
            if answer is None:
                return [estimated(text) for text in texts]
            counts += answer
        return added_up(pieces, counts)

    async def warm(self, model: str) -> bool:
        """Start the process and load the model's vocabulary ahead of time; True when counts will be exact."""
        return (await self.count("warm", model)).exact

    def vocabulary_arrived(self) -> None:
        """A vocabulary has been fetched: look for it, and forgive the process its failures."""
        self._starts_left = _STARTS

    async def close(self) -> None:
        """End the process."""
        async with self._lock:
            await self._stop()
            self._starts_left = 0

    async def _is_ready(self, encoding: str) -> bool:
        if not self._starts_left and self._process is None:
            return False
        if encoding in VOCABULARIES and encoding not in self._present:
            if not await asyncio.to_thread(is_present, encoding, self._folder):
                return False
            self._present.add(encoding)
        return True

    async def _ask(self, encoding: str, texts: Sequence[str]) -> list[int] | None:
        """One line to the process and one back; None when it cannot, even after a new start."""
        async with self._lock:
            self._number += 1
            line = json.dumps([self._number, encoding, list(texts)]).encode() + b"\n"
            while self._process is not None or self._starts_left:
                try:
                    async with asyncio.timeout(self._timeout_s):
                        return await self._exchange(line)
                except (OSError, ValueError, TypeError, EOFError, TimeoutError):
                    await self._stop()
            return None

    async def _exchange(self, line: bytes) -> list[int] | None:
        running = self._process or await self._start()
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(line)
        await running.stdin.drain()
        while answer := await running.stdout.readline():
            number, counts = json.loads(answer)
            if number == self._number:  # an older one is for a caller that was cancelled
                return counts if counts is None else [int(count) for count in counts]
        raise EOFError

    async def _start(self) -> Process:
        self._starts_left -= 1
        self._process = await asyncio.create_subprocess_exec(
            *process.command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a panic writes there, over the screen
            limit=2**20,
            env=process.environment(self._folder),
            **process.options(),
        )
        return self._process

    async def _stop(self) -> None:
        running, self._process = self._process, None
        if running is None:
            return
        assert running.stdin is not None
        running.stdin.close()
        if running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                running.kill()
        await running.wait()
