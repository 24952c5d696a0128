"""Budgets: each limit with how full it is, raised from here; after a refusal first of all the ways out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from llmtui.chat.refusal import SHORT_ANSWER
from llmtui.core.admission import WayOut
from llmtui.core.budget import amount_of
from llmtui.core.cost import format_usd
from llmtui.core.errors import ConfigError
from llmtui.core.periods import until
from llmtui.core.sanitize import clean_line
from llmtui.tui.actions import conversations, settings
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from textual.app import ComposeResult

    from llmtui.core.budget import Gauge, Limit
    from llmtui.core.errors import BudgetExceeded
    from llmtui.core.messages import ModelRef
    from llmtui.tui.screens.chat import ChatScreen

TICK_S = 1.0
LEAVE, LIMIT, MODEL = "-leave", "limit ", "model "
"""What the rows' ids are, or begin with, that are no way out by its name."""
_NEXT = "Enter sends the message"


class BudgetScreen(Picker[None]):
    """Nothing is typed here, so that no word of a message is taken for a choice; the first row changes nothing."""

    TITLE_TEXT: ClassVar[str] = "Budgets"
    HINT: ClassVar[str] = "Enter takes · Esc closes"
    NOTHING: ClassVar[str] = "No limits are set; [budget] in the config sets them"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "pick", "Take", show=False)]
    DEFAULT_CSS = """
    BudgetScreen {
        & Input { display: none; }
        & Static { height: auto; padding: 0 0 0 2; color: $warning; }
    }
    """

    def __init__(self, chat: ChatScreen, refused: BudgetExceeded | None = None) -> None:
        super().__init__()
        self._chat, self._refused = chat, refused
        self._gauges: tuple[Gauge, ...] = ()
        self._input.disabled = True
        self._refusal = Static(id="refusal")
        self._refusal.display = refused is not None

    def compose(self) -> ComposeResult:
        yield from super().compose()
        if self._refused is not None:
            self.box.border_title = Content("Over budget: nothing was sent")

    def parts(self) -> ComposeResult:
        yield self._refusal
        yield from super().parts()

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._load, exclusive=True)  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once
        if self._refused is not None and self._refused.resets_at is not None:
            self.set_interval(TICK_S, self._tick)

    async def _load(self) -> None:
        if self._chat.session is not None:
            self._gauges = await self._chat.session.gauges(self._chat.talk.id or "")
            self.fill()

    def _tick(self) -> None:
        """Count down."""
        if [row.detail for row in self.rows()] != [row.detail for row in self.shown]:
            self.fill()

    def fill(self) -> None:
        if self._refused is not None:
            lines = Content(clean_line(self._refused.message)).wrap(max(10, self._list.size.width - 3))
            self.above = len(lines)
            self._refusal.update(Content("\n").join(lines))
        super().fill()

    # ------------------------------------------------------------------------------------------------ rows

    def rows(self) -> Sequence[Row]:
        ways = self._ways(self._refused) if self._refused is not None else []
        return [*ways, *(self._limit(number, gauge) for number, gauge in enumerate(self._gauges))]

    def _ways(self, refused: BudgetExceeded) -> list[Row]:
        rows = [Row(LEAVE, "Leave it", "the message stays in the prompt")]
        words = {
            WayOut.NEW_CONVERSATION: ("Take it to a new conversation", "/new"),
            WayOut.DROP_CONTEXT: ("Drop earlier messages", "/context"),
            WayOut.SUMMARISE: ("Summarise earlier messages", "/summarise"),
            WayOut.SHORTER_ANSWER: (f"A shorter answer, of {SHORT_ANSWER} tokens", f"/set max_tokens {SHORT_ANSWER}"),
        }
        for way in refused.ways:
            if way is WayOut.CHEAPER_MODEL:
                rows += [
                    Row(f"{MODEL}{each.model}", f"Ask {each.model}", f"at most {format_usd(each.usd)} there")
                    for each in refused.cheaper
                ]
            elif way is WayOut.WAIT and refused.resets_at is not None:
                moment = refused.resets_at
                rows.append(Row(LEAVE, "Wait until it resets", f"in {until(moment)}, {moment.astimezone():%a %H:%M}"))
            elif way in words:
                rows.append(Row(way, *words[way]))
        return rows

    def _limit(self, number: int, gauge: Gauge) -> Row:
        resets = f" · resets {gauge.resets_at.astimezone():%a %H:%M}" if gauge.resets_at else ""
        name = gauge.limit.name[:1].upper() + gauge.limit.name[1:]
        return Row(f"{LIMIT}{number}", f"{name}: raise it", f"{gauge.bar(10)} {gauge.text}{resets}", "›")

    # ------------------------------------------------------------------------------------------------ taking

    def action_pick(self) -> None:
        if self.current is not None:
            self.take(self.current)

    def take(self, row: Row) -> None:
        if row.id.startswith(LIMIT):
            self._ask(self._gauges[int(row.id.removeprefix(LIMIT))].limit)
            return
        self.dismiss(None)
        if doing := self._doing(row.id):
            self._chat.run_worker(doing, group="budget")

    def _doing(self, way: str) -> Awaitable[None] | None:
        chat = self._chat
        if way.startswith(MODEL) and self._refused is not None:
            wanted = way.removeprefix(MODEL)
            return self._use(next(each.model for each in self._refused.cheaper if str(each.model) == wanted))
        if way == WayOut.NEW_CONVERSATION:
            return self._anew()
        if way == WayOut.SHORTER_ANSWER:
            return self._shorter()
        names = {WayOut.DROP_CONTEXT: "context", WayOut.SUMMARISE: "summarise"}
        return chat.action_run(names[WayOut(way)]) if way in names else None

    async def _use(self, model: ModelRef) -> None:
        await self._chat.use_model(model)
        self._chat.say(f"{model} answers from here on. {_NEXT}")

    async def _anew(self) -> None:
        """What stands in the prompt goes along."""
        chat = self._chat
        text, attachments = chat.prompt.content()
        chat.prompt.clear()
        await conversations.new(chat, "")
        chat.prompt.fill(text, attachments)
        chat.say(f"A new conversation. {_NEXT}")

    async def _shorter(self) -> None:
        talk = self._chat.talk
        talk.settings = replace(talk.settings, max_output_tokens=SHORT_ANSWER)
        await settings.keep(self._chat, talk)
        self._chat.say(f"Answers here take {SHORT_ANSWER} tokens at most; /set max_tokens undoes it. {_NEXT}")

    def _ask(self, limit: Limit) -> None:
        from llmtui.tui.screens.ask_text import AskText

        unit = "in USD" if limit.unit == "usd" else "in tokens"
        question = f"{limit.name} is to be, {unit}. It holds until llmtui ends: the config keeps its own."

        def typed(text: str | None) -> None:
            if text:
                self.run_worker(self._raise(limit, text), group="budget")

        self.app.push_screen(AskText(question[:1].upper() + question[1:], value=f"{limit.amount:f}"), typed)

    async def _raise(self, limit: Limit, text: str) -> None:
        session = self._chat.session
        if session is None:
            return
        try:
            amount = amount_of(text, limit.unit)
        except ConfigError as error:
            self._chat.say(error.sentence, severity="warning")
            return
        session.gate.allow(limit, amount)
        await self._chat.budgets.refresh()
        await self._load()
        self._chat.say(f"Until llmtui ends: {limit._replace(amount=amount).name}")
