"""Has the next request counted by the model's own tokenizer while it is being typed, so that Enter waits for nothing."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from llmtui.tui import context, figures

if TYPE_CHECKING:
    from llmtui.core.messages import ModelRef
    from llmtui.tui.screens.chat import ChatScreen

PAUSE_S = 0.15
"""Since the last key."""


class Counting:
    """Counts ahead, in the background."""

    def __init__(self, chat: ChatScreen) -> None:
        self._chat = chat

    def prepare(self, model: ModelRef) -> None:
        """Another model answers from now on: have its tokenizer ready."""
        self._chat.run_worker(partial(self._prepare, model), group="tokenizer", exclusive=True)  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    def ahead(self) -> None:
        """What the next request sends has changed."""
        session = self._chat.session
        if session is not None and session.counts.is_prepared:
            self._chat.run_worker(self._count, group="counting", exclusive=True)  # type: ignore[arg-type]  # likewise

    async def _prepare(self, model: ModelRef) -> None:
        session = self._chat.session
        if session is not None and await session.prepare_counting(model):
            self.ahead()

    async def _count(self) -> None:
        await asyncio.sleep(PAUSE_S)
        chat, model = self._chat, self._chat.current_model
        if chat.session is None or model is None or chat.talk.live is not None:
            return
        counts, before = chat.session.counts, chat.session.counts.learnt
        await counts.learn(context.texts(chat), model)
        if counts.learnt != before:
            chat.prompt.show_estimate(figures.estimate(chat, len(chat.prompt.text)))
