"""What is known of models: window and prices, looked up off the event loop once and then at hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import LlmtuiError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from llmtui.chat.session import ChatSession
    from llmtui.core.messages import ModelRef
    from llmtui.providers.base import ModelInfo


class Facts(NamedTuple):
    """Of one model; None is unknown. Prices in USD per million tokens."""

    window: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None


class ModelBook:
    """Answers at once from what it has learnt."""

    def __init__(self) -> None:
        self._facts: dict[ModelRef, Facts] = {}

    def window(self, model: ModelRef | None) -> int | None:
        """The context window in tokens."""
        return self._facts[model].window if model in self._facts else None

    def input_price(self, model: ModelRef | None) -> Decimal | None:
        return self._facts[model].input_price if model in self._facts else None

    def facts(self, model: ModelRef) -> Facts:
        return self._facts.get(model, Facts())

    def forget(self) -> None:
        """Prices have changed: everything is looked up anew."""
        self._facts.clear()

    async def learn(self, session: ChatSession, model: ModelRef) -> None:
        """Look one model up, in the lists that are at hand and the price table."""
        if model not in self._facts:
            await asyncio.to_thread(self._look_up, session, [(model, None)])

    async def learn_all(self, session: ChatSession, listed: Iterable[tuple[ModelRef, ModelInfo]]) -> None:
        """Look up what a list says."""
        await asyncio.to_thread(self._look_up, session, list(listed))

    def _look_up(self, session: ChatSession, wanted: Iterable[tuple[ModelRef, ModelInfo | None]]) -> None:
        directory = session.directory
        for model, info in wanted:
            try:
                price = directory.price(model)
                window = (info.context_window if info else None) or directory.window(model)
            except LlmtuiError:  # of no provider that exists
                continue
            self._facts[model] = Facts(window, price.input if price else None, price.output if price else None)
