"""Budgets on screen: the gauge in the status bar, each warning once, the question near a limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from llmtui.core.budget import Mark, level_of, new_levels, warning
from llmtui.core.periods import Scope
from llmtui.tui.status import Allowance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.compose import GuardQuestion
    from llmtui.chat.session import ChatSession
    from llmtui.core.admission import ConfirmNeeded
    from llmtui.core.budget import Gauge
    from llmtui.core.errors import BudgetExceeded
    from llmtui.tui.screens.chat import ChatScreen

_LABELS = {Scope.CONVERSATION: "chat", Scope.DAY: "today", Scope.WEEK: "week", Scope.MONTH: "month"}


class Budgets:
    """How full the limits were when last asked."""

    def __init__(self, chat: ChatScreen) -> None:
        self._chat = chat
        self._told: frozenset[Mark] = frozenset()
        self.conversation: Allowance | None = None
        """The conversation's limit in tokens, else in money."""
        self.fullest: Allowance | None = None
        """The limit by day, week or month that is nearest to its end."""
        self.alerts: tuple[str, ...] = ()
        """What of the last 24 hours is worth a warning, as sentences."""
        self.refused: BudgetExceeded | None = None
        """What was refused and still stands in the prompt."""

    @staticmethod
    def _look(session: ChatSession, gauges: Sequence[Gauge]) -> tuple[str, ...]:
        from llmtui.core.alerts import alerts_of

        recent = session.store.analytics.recent()
        late = recent.latency.ttft_p95
        return alerts_of(
            session.config.alerts,
            requests=recent.requests,
            error_rate=recent.error_rate,
            ttft_p95_s=None if late is None else late / 1000,
            rate_limits_per_hour=recent.rate_limits_per_hour,
            gauges=gauges,
        )

    async def refresh(self) -> None:
        """Ask anew, and warn of what has been reached."""
        session = self._chat.session
        if session is None:
            return
        gauges = await session.gauges(self._chat.talk.id or "")
        self.alerts = await asyncio.to_thread(self._look, session, gauges)
        warn_at = session.config.budget.warn_at
        own = [gauge for gauge in gauges if gauge.limit.scope is Scope.CONVERSATION]
        periods = [gauge for gauge in gauges if gauge.limit.scope is not Scope.CONVERSATION]
        own.sort(key=lambda gauge: gauge.limit.unit != "tokens")
        self.conversation = _allowance(own[0], warn_at) if own else None
        self.fullest = _allowance(max(periods, key=lambda gauge: gauge.fraction), warn_at) if periods else None
        news, self._told = new_levels(gauges, warn_at, self._told)
        for gauge, level in news:
            self._chat.say(warning(gauge, level), severity="error" if level >= 1 else "warning")
        self._chat.refresh_status()

    async def confirm(self, question: ConfirmNeeded | GuardQuestion) -> bool:
        """Ask before a message that comes near a limit, has no price, or that the guard stopped; waits for the answer."""
        from llmtui.tui.screens.confirm import Confirm

        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - a screen's callback
            if not answer.done():
                answer.set_result(bool(yes))

        self._chat.app.push_screen(Confirm(question.sentence, yes="Send", no="Cancel"), answered)
        return await answer


def _allowance(gauge: Gauge, warn_at: tuple[float, ...]) -> Allowance:
    near = level_of(gauge, warn_at) >= max(warn_at, default=1.0)
    resets = f"resets {gauge.resets_at.astimezone():%a %H:%M}" if near and gauge.resets_at else ""
    show = gauge.limit.show
    return Allowance(
        _LABELS[gauge.limit.scope],
        show(gauge.used).removesuffix(" tokens"),
        show(gauge.limit.amount).removesuffix(" tokens"),
        gauge.fraction,
        resets,
        at_least=bool(gauge.uncounted) and gauge.limit.unit == "usd",
    )
