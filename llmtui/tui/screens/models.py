"""Choosing the model: every provider's, with window and prices, for this conversation or as the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from llmtui.core.cost import format_usd
from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import ModelRef
from llmtui.core.sanitize import clean_line
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.session import ChatSession
    from llmtui.providers.base import ModelInfo
    from llmtui.tui.screens.chat import ChatScreen


class ModelScreen(Picker[None]):
    """Shows what is known at once, and what the providers say as soon as they have said it."""

    TITLE_TEXT: ClassVar[str] = "Model"
    HINT: ClassVar[str] = "Enter for this conversation · Ctrl+D also as the default · Ctrl+R asks again · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "take_default", "Also as the default", show=False, priority=True),
        Binding("ctrl+r,alt+r", "reload", "Ask the providers again", show=False),
    ]

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._models: list[tuple[ModelRef, ModelInfo]] = []
        self._keys: dict[str, str] = {}

    def on_mount(self) -> None:
        super().on_mount()
        self.action_reload(refresh=False)

    def action_reload(self, refresh: bool = True) -> None:  # noqa: FBT001, FBT002 - an action's argument
        async def load() -> None:
            await self._load(refresh=refresh)

        self.run_worker(load, exclusive=True)  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    async def _load(self, *, refresh: bool) -> None:
        session = self._chat.session
        if session is None:
            return
        try:
            self._keys = {
                status.name: status.key_source or ("local" if status.local else "no key")
                for status in await self._chat.providers()
            }
            if not refresh:
                cached = [
                    (status.name, session.directory.lists.cached(status.name))
                    for status in await self._chat.providers()
                ]
                await self._show([(ModelRef(name, info.name), info) for name, infos in cached for info in infos])
            self._say("asking the providers …")
            prices = await self._refresh_prices(session) if refresh else []
            found = await session.list_models(refresh=refresh)
            local = set(session.directory.local_servers())  # one that does not run is no news
            failed = [f"{name}: {error.message}" for name, error in session.list_errors.items() if name not in local]
            failed += prices
            await self._show([*found, *await session.list_models("demo")])
        except LlmtuiError as error:
            failed = [error.sentence]
        self._say("; ".join(failed))

    async def _refresh_prices(self, session: ChatSession) -> list[str]:
        """What kept the price table from being brought up to date, if anything did."""
        try:
            await session.refresh_prices()
        except LlmtuiError as error:
            return [f"the prices are those from before: {error.message}"]
        self._chat.models.forget()
        return []

    async def _show(self, models: list[tuple[ModelRef, ModelInfo]]) -> None:
        if self._chat.session is not None:
            self._models = models
            await self._chat.models.learn_all(self._chat.session, models)
            self.fill()

    def _say(self, text: str) -> None:
        self.box.border_title = Content(f"Model — {clean_line(text)}" if text else "Model")

    def rows(self) -> Sequence[Row]:
        now = self._chat.current_model
        listed = dict(self._models)
        if now is not None and now not in listed:
            return [
                Row(str(now), str(now), "chosen now", "●"),
                *(self._row(model, info) for model, info in listed.items()),
            ]
        return sorted(
            (self._row(model, info) for model, info in listed.items()), key=lambda row: row.mark, reverse=True
        )

    def matching(self, query: str) -> Sequence[Row]:
        found = list(super().matching(query))
        typed = query.strip()
        if not any(row.id == typed for row in found) and "/" in typed.strip("/"):
            found.append(Row(typed, typed, "as typed"))
        return found

    def _row(self, model: ModelRef, info: ModelInfo) -> Row:
        facts = self._chat.models.facts(model)
        said = []
        if facts.window:
            said.append(f"{facts.window // 1000:,}k")
        if facts.input_price is not None and facts.output_price is not None:
            said.append(f"{format_usd(facts.input_price)} in {format_usd(facts.output_price)} out")
        if info.takes_images:
            said.append("images")
        if info.reasons:
            said.append("reasons")
        if key := self._keys.get(model.provider):
            said.append(key)
        return Row(str(model), str(model), " · ".join(said), "●" if model == self._chat.current_model else "")

    def take(self, row: Row) -> None:
        self._use(row, default=False)

    def action_take_default(self) -> None:
        if self.current is not None:
            self._use(self.current, default=True)

    def _use(self, row: Row, *, default: bool) -> None:
        self.dismiss(None)
        self._chat.run_worker(self._chat.use_model(ModelRef.parse(row.id), default=default))
