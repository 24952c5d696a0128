"""The gate before a request: what it may cost at most, whether the budget has that left, and what a person must be asked.

The decision here is for people: it finds the output limit and the sentence. The ledger takes it again inside the
transaction that makes the reservation, so that two processes cannot both take the last dollar.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from llmtui.core.cost import to_nanos
from llmtui.core.errors import BudgetExceeded
from llmtui.core.reservation import Reservation, Unaffordable, input_bound, reserve
from llmtui.store.records import HardLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.compose import GuardQuestion
    from llmtui.chat.refusal import Refusal
    from llmtui.chat.runtime import Runtime
    from llmtui.config import BudgetConfig
    from llmtui.core.admission import ConfirmNeeded, Proposal
    from llmtui.core.budget import Gauge, Limit
    from llmtui.core.cost import Price
    from llmtui.core.messages import ModelRef
    from llmtui.core.request import ChatRequest
    from llmtui.store.database import Store


class Confirm(Protocol):
    """Asks a person, or stands in for one. True: send it."""

    async def __call__(self, question: ConfirmNeeded | GuardQuestion) -> bool: ...


class Admission(NamedTuple):
    """What a request was let through with."""

    output_limit: int | None = None
    """To be sent; None: none."""
    reserved_nanos: int = 0
    reserved_tokens: int = 0
    limits: tuple[HardLimit, ...] = ()
    day: str = ""
    notes: tuple[str, ...] = ()


class Gate:
    """Admits requests against the config's budget."""

    def __init__(self, budget: BudgetConfig, store: Store | None, *, priced: bool) -> None:
        """Without a store there is nothing that limits could be held against."""
        self._budget = budget
        self._store = store
        self._priced = priced
        """Whether to look a price up where no budget asks for it."""
        self._agreed: set[ModelRef] = set()
        """Models without a price that a person has let pass a hard budget: asked once (P33)."""
        self.has_limits = store is not None and any(
            (
                budget.conversation_usd, budget.daily_usd, budget.weekly_usd, budget.monthly_usd,
                budget.conversation_tokens, budget.daily_tokens, budget.weekly_tokens, budget.monthly_tokens,
            )
        )  # fmt: skip
        """Whether the config limits anything."""

    async def admit(
        self,
        runtime: Runtime,
        endpoint: Endpoint,
        request: ChatRequest,
        *,
        input_tokens: int,
        conversation_id: str,
        confirm: Confirm,
        exact: bool = False,
        agreed: bool = False,
    ) -> Admission:
        """Let the request through. Raise BudgetExceeded when it would exceed a hard limit, or a person said no.

        `exact`: the input was counted by the model's own tokenizer. `agreed`: this very request was let through before (a retry), and nobody is asked again.
        """
        asked = request.settings.max_output_tokens
        if endpoint.demo or not (self.has_limits or self._priced):
            return Admission(asked, day=self._today())
        bound = _bound(request, input_tokens, exact=exact)
        price = endpoint.price(bound)
        wanted = _Wanted(endpoint, request, bound, input_tokens, price)
        if not self.has_limits:
            return _admitted(wanted.worst_case(), (), day=self._today())
        return await self._within_limits(runtime, wanted, conversation_id, confirm, agreed=agreed)

    def _today(self) -> str:
        """The budget day where the config names a zone; "": the ledger takes the system's."""
        if not self._budget.time_zone:
            return ""
        from llmtui.core.periods import local_day

        return local_day(datetime.now(UTC), self._budget.time_zone)

    def allow(self, limit: Limit, amount: Decimal) -> None:
        """Let a limit be another amount from now on; the config keeps its own."""
        changed: dict[str, Any] = {limit.setting: amount if limit.unit == "usd" else int(amount)}
        self._budget = self._budget._replace(**changed)

    async def gauges(self, runtime: Runtime, conversation_id: str) -> tuple[Gauge, ...]:
        """How full each limit is now; empty without limits."""
        if not self.has_limits:
            return ()
        return (await runtime.call(lambda: self._look(conversation_id)))[1]

    def used(self, conversation_id: str) -> float:
        """The share of the fullest limit, reservations included: 1.0 is full. Reads the database where there are limits."""
        if not self.has_limits:
            return 0.0
        gauges = self._look(conversation_id)[1]
        return max((float(1 - gauge.left / gauge.limit.amount) for gauge in gauges), default=0.0)

    def _look(self, conversation_id: str) -> tuple[str, tuple[Gauge, ...], tuple[HardLimit, ...]]:
        """The budget day, the gauges, and the limits in the ledger's words. Reads the database."""
        from llmtui.core.budget import gauges_of, limits_of
        from llmtui.core.periods import Scope, local_day, period

        assert self._store is not None
        budget, ledger = self._budget, self._store.ledger
        day = local_day(datetime.now(UTC), budget.time_zone, not_before=ledger.latest_day())
        limits = limits_of(budget)
        spends, first_days = {}, {}
        for scope in {limit.scope for limit in limits}:
            span = period(scope, day, budget.time_zone, week_starts=budget.week_starts)
            if span is None:
                spends[scope] = ledger.spent(conversation_id=conversation_id)
            else:
                first_days[scope] = span.first_day
                spends[scope] = ledger.spent(first_day=span.first_day, last_day=span.last_day)
        gauges = gauges_of(limits, spends, day=day, settings=budget, conversation=conversation_id)
        hard = tuple(_hard(limit, first_days.get(limit.scope, "")) for limit in limits if limit.scope in Scope)
        return day, gauges, hard if budget.on_exceed == "block" else ()

    async def _within_limits(
        self, runtime: Runtime, wanted: _Wanted, conversation_id: str, confirm: Confirm, *, agreed: bool
    ) -> Admission:
        from llmtui.core.admission import ConfirmNeeded, Refused, decide
        from llmtui.core.budget import least_left

        day, gauges, hard = await runtime.call(lambda: self._look(conversation_id))
        is_hard = self._budget.on_exceed == "block"
        found = wanted.worst_case(
            usd_left=least_left(gauges, "usd") if is_hard else None,
            tokens_left=_whole(least_left(gauges, "tokens")) if is_hard else None,
        )
        worst = found.reservation if isinstance(found, Unaffordable) else found
        proposal = _proposal(worst, wanted.price, wanted.input_tokens)
        model = wanted.endpoint.ref
        decision = decide(gauges, proposal, confirm_at=self._budget.confirm_at, hard=is_hard, confirmed=agreed)
        if isinstance(decision, ConfirmNeeded) and decision.reason == "unpriced" and model in self._agreed:
            decision = decide(gauges, proposal, confirm_at=self._budget.confirm_at, hard=is_hard, confirmed=True)
        if isinstance(decision, Refused):
            refused = decision
            raise await runtime.call(lambda: wanted.refusal(worst).error(refused))
        notes: list[str] = []
        if isinstance(decision, ConfirmNeeded):
            if not await confirm(decision):
                raise BudgetExceeded(decision.sentence, advice=_DECLINED[decision.reason])
            if decision.reason == "unpriced":
                self._agreed.add(model)
            notes.append(decision.sentence)
        elif decision.over:
            from llmtui.chat.refusal import passed_over

            notes.append(passed_over(*decision.over[0]))
        if worst.budget_binds:
            notes.append(f"the budget leaves room for {worst.output_limit:,} tokens of answer")
        return _admitted(worst, hard, day=day, notes=tuple(notes))


_DECLINED = {
    "near": "Nothing was sent.",
    "unpriced": "Nothing was sent. Give the model a price under [prices] in the config, or choose another one.",
}


class _Wanted(NamedTuple):
    """A request that asks to be let through."""

    endpoint: Endpoint
    request: ChatRequest
    bound: int
    """Its input tokens, at most."""
    input_tokens: int
    """The same, estimated."""
    price: Price | None

    def worst_case(
        self, *, usd_left: Decimal | None = None, tokens_left: int | None = None
    ) -> Reservation | Unaffordable:
        from llmtui.pricing.limits import output_limit

        is_limited = usd_left is not None or tokens_left is not None
        window = self.endpoint.window() if is_limited else None
        return reserve(
            self.price,
            self.bound,
            asked=self.request.settings.max_output_tokens,
            model_limit=self.endpoint.max_output_tokens or output_limit(self.endpoint.ref.name),
            room=None if window is None else window - self.input_tokens,
            usd_left=usd_left,
            tokens_left=tokens_left,
        )

    def refusal(self, worst: Reservation) -> Refusal:
        from llmtui.chat.refusal import Refusal

        output = worst.tokens - worst.input_tokens
        return Refusal(self.request, self.bound, output, self.price, self.endpoint.others)


def _admitted(
    found: Reservation | Unaffordable, limits: tuple[HardLimit, ...], *, day: str = "", notes: tuple[str, ...] = ()
) -> Admission:
    worst = found.reservation if isinstance(found, Unaffordable) else found
    nanos = 0 if worst.usd is None else to_nanos(worst.usd)
    return Admission(worst.output_limit, nanos, worst.tokens, limits, day, notes)


def _bound(request: ChatRequest, estimate: int, *, exact: bool = False) -> int:
    if exact:
        return input_bound(0, 0, messages=0, exact=estimate)
    texts: Sequence[str] = [message.content for message in request.messages]
    files = [item for message in request.messages for item in message.attachments]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    size += sum(len(item.data) for item in files if not item.is_image)
    replayed = [len(json.dumps(item, default=str)) for message in request.messages for item in message.opaque]
    size += sum(replayed)
    estimate += sum(length // 2 for length in replayed)  # signatures and encrypted state: hardly two characters a token
    return input_bound(size, estimate, messages=len(texts), images=sum(item.is_image for item in files))


def _proposal(worst: Reservation, price: Price | None, input_tokens: int) -> Proposal:
    from llmtui.core.admission import Proposal

    output = min(worst.tokens - worst.input_tokens, 500)  # what an ordinary answer takes
    expected = price.worst_case(input_tokens, output) if price else Decimal(0)
    return Proposal(worst.usd, worst.tokens, expected, input_tokens + output)


def _hard(limit: Limit, first_day: str) -> HardLimit:
    if limit.unit == "usd":
        return HardLimit(limit.scope.value, first_day, nanos=to_nanos(limit.amount))
    return HardLimit(limit.scope.value, first_day, tokens=int(limit.amount))


def _whole(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount)
