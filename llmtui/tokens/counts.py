"""What texts count for a model, at once: the tokenizer's count where it is known already, else a calibrated estimate.

Counting exactly takes a process and a moment; drawing a screen and sending a question must not wait for it. So counts are
learnt ahead (`learn`) and looked up (`of`). How a provider's reports compare with the estimates is kept in the cache
folder, so that estimates start from what was learnt before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.paths import write_private
from llmtui.tokens.encodings import VOCABULARIES, encoding_for
from llmtui.tokens.estimate import Calibration, estimate_tokens
from llmtui.tokens.process import Count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from llmtui.core.messages import ModelRef
    from llmtui.tokens.counter import TokenCounter

FILE_NAME = "calibration.json"
_MOST = 4096
"""Texts whose counts are remembered."""
_NEWS = 0.02
"""A factor that changes by less is not written: the file is for the next start."""


class Counts:
    """Counts for one session. Without a `counter` everything is an estimate."""

    def __init__(self, cache: Path, counter: TokenCounter | None = None) -> None:
        self._cache = cache
        self._counter = counter
        self._known: dict[tuple[str, str], int] = {}
        self._ready: set[str] = set()
        """Encodings whose tokenizer has been prepared: only these are ever waited for."""
        self.learnt = 0
        """Grows when something that was an estimate has become exact."""
        self._calibrations: dict[str, Calibration] | None = None
        self._kept: dict[str, float] = {}
        """Factors as they stand in the file."""

    @property
    def is_prepared(self) -> bool:
        """Some model's tokenizer is ready."""
        return bool(self._ready)

    def of(self, text: str, model: ModelRef | None) -> Count:
        """The tokens of a text for a model (None: of no model in particular). Quick, and never blocks."""
        if not text:
            return Count(0, True)
        encoding = encoding_for(model.name) if model and self._known else None
        if encoding is not None and (known := self._known.get((encoding, text))) is not None:
            return Count(known, True)
        estimate = estimate_tokens(text)
        return Count(self.calibration(model.provider).apply(estimate) if model else estimate, False)

    async def learn(self, texts: Iterable[str], model: ModelRef, *, within_s: float = 5.0) -> None:
        """Have the tokenizer count what it has not counted yet, if it is prepared and does so in time."""
        encoding = encoding_for(model.name) if self._ready else None
        if self._counter is None or encoding not in self._ready:
            return
        assert encoding is not None
        new = [text for text in dict.fromkeys(texts) if text and (encoding, text) not in self._known]
        if not new:
            return
        import asyncio

        try:
            async with asyncio.timeout(within_s):
                counts = await self._counter.count_batch(new, model.name)
        except TimeoutError:
            return
        self._known |= {(encoding, text): count.tokens for text, count in zip(new, counts, strict=True) if count.exact}
        self.learnt += 1
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]

    async def prepare(self, model: ModelRef, get: Callable[[str, int], Awaitable[bytes]]) -> bool:
        """Have the model's tokenizer ready, its vocabulary fetched if need be by `get`; True when counts will be exact."""
        encoding = encoding_for(model.name)
        if self._counter is None or encoding is None:
            return False
        if not await self._counter.warm(model.name):
            from llmtui.tokens.vocabulary import fetch, folder

            if encoding not in VOCABULARIES or not await fetch(encoding, folder(self._cache), get):
                return False
            self._counter.vocabulary_arrived()
            if not await self._counter.warm(model.name):
                return False
        self._ready.add(encoding)
        return True

    async def close(self) -> None:
        """End the counting process."""
        if self._counter is not None:
            await self._counter.close()

    # ------------------------------------------------------------------------------------------ calibration

    def calibration(self, provider: str) -> Calibration:
        """What is known of a provider's counts; reads its file the first time."""
        if self._calibrations is None:
            self._calibrations = self._load()
            self._kept = {name: each.factor for name, each in self._calibrations.items()}
        return self._calibrations.get(provider, Calibration())

    def observe(self, provider: str, estimated: int, reported: int) -> bool:
        """A provider has reported the input of a request that was estimated (uncalibrated); True: worth keeping."""
        found = self.calibration(provider).observe(estimated, reported)
        assert self._calibrations is not None
        self._calibrations[provider] = found
        return abs(found.factor - self._kept.get(provider, 1.0)) > _NEWS

    def keep(self) -> None:
        """Write the calibrations for the next start. Blocks; what cannot be written is learnt again."""
        found = dict(self._calibrations or {})
        try:
            write_private(self._cache / FILE_NAME, json.dumps(found).encode())
        except (OSError, LlmtuiError):
            return
        self._kept = {name: each.factor for name, each in found.items()}

    def _load(self) -> dict[str, Calibration]:
        try:
            raw = json.loads((self._cache / FILE_NAME).read_bytes())
            found = {str(name): Calibration(float(pair[0]), float(pair[1])) for name, pair in raw.items()}
        except (OSError, ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
            return {}
        return {name: each for name, each in found.items() if 0 < each.estimated < 1e12 and 0 < each.reported < 1e12}
