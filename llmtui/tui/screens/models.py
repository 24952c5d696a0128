"""Choosing the model: every provider's, with window and prices, for this conversation or as the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from llmtui.core.cost import format_usd
from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import ModelRef
from llmtui.core.sanitize import clean_line
from llmtui.providers.base import ModelInfo
from llmtui.tui.screens import key_entry
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmtui.chat.session import ChatSession
    from llmtui.tui.screens.chat import ChatScreen


PASTE = "key "
"""What the id of a row begins with that asks for a provider's key."""


class ModelScreen(Picker[None]):
    """Shows what is known at once, and what the providers say as soon as they have said it."""

    TITLE_TEXT: ClassVar[str] = "Model"
    HINT: ClassVar[str] = "Enter takes it here · Ctrl+D also as the default · Ctrl+R asks again · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "take_default", "Also as the default", show=False, priority=True),
        Binding("ctrl+r,alt+r", "reload", "Ask the providers again", show=False),
        Binding("f2", "leave", "Close", show=False),
    ]

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._models: list[tuple[ModelRef, ModelInfo]] = []
        self._keys: dict[str, str] = {}
        self._keyless: list[str] = []
        """Providers that cannot be asked before they have a key."""
        self._used: dict[ModelRef, int] = {}
        """Places of the models used lately, the newest first."""
        self._is_asking = True

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
        self._is_asking = True
        try:
            statuses = await self._chat.providers()
            self._keys = {
                status.name: "built in"
                if status.name == "demo"
                else status.key_source or ("local" if status.local else status.key_words)
                for status in statuses
                if status.is_usable
            }
            self._keyless = [status.name for status in statuses if not status.is_usable]
            if self._chat.library is not None:
                self._used = {model: place for place, model in enumerate(await self._chat.library.models_used())}
            if not refresh:
                cached = [(status.name, session.directory.lists.cached(status.name)) for status in statuses]
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
        self._is_asking = False
        self._say("; ".join(failed))
        self.fill()

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
        said = " — ".join(filter(None, (self.TITLE_TEXT, clean_line(text))))
        self.box.border_title = Content(said)

    @property
    def nothing(self) -> str:
        return "Asking the providers …" if self._is_asking else self.NOTHING

    def rows(self) -> Sequence[Row]:
        """What is chosen now, then what was used lately, then the rest as the providers list it; then what lacks a key."""
        now = self._chat.current_model
        listed = dict(self._models)
        known = [self._row(model, info) for model, info in listed.items()]
        if now is not None and now not in listed:
            known.append(self._row(now, ModelInfo(now.name)))
        never = len(self._used)
        places = {str(model): place for model, place in self._used.items()}
        known.sort(key=lambda row: -1 if row.id == str(now) else places.get(row.id, never))
        return [*known, *self._without_keys()]

    def _without_keys(self) -> Sequence[Row]:
        return [Row(f"{PASTE}{name}", f"{name}/…", "no key: Enter pastes one", "○") for name in self._keyless]

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
        if row.id.startswith(PASTE):
            self._ask_key(row.id.removeprefix(PASTE), self.action_reload)
            return
        try:
            model = ModelRef.parse(row.id)
        except LlmtuiError as error:
            self._say(error.sentence)
            return
        if model.provider in self._keyless:
            self._ask_key(model.provider, lambda: self._choose(model, default=default))
        else:
            self._choose(model, default=default)

    def _ask_key(self, provider: str, then: Callable[[], object]) -> None:
        """The key comes first; what was wanted of its provider is done when it is there."""
        key_entry.ask_for(self._chat, provider, self._chat.say, then)

    def _choose(self, model: ModelRef, *, default: bool) -> None:
        self.dismiss(None)
        self._chat.run_worker(self._chat.use_model(model, default=default))
