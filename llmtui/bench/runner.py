"""Sends the requests, so many at a time, each as a turn of its own that is booked as a benchmark."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.bench.anatomy import dissect
from llmtui.bench.plan import OUTPUT_TOKENS, Sample
from llmtui.bench.tap import Tap, tapped
from llmtui.chat.breaker import CircuitBreaker
from llmtui.chat.candidate import Candidate
from llmtui.chat.control import TurnControl
from llmtui.chat.gate import Gate
from llmtui.chat.plan import TurnPlan
from llmtui.chat.recorder import LedgerRecorder
from llmtui.chat.turn import Turn
from llmtui.core.errors import BudgetExceeded, StreamBroken
from llmtui.core.events import FinishReason
from llmtui.core.messages import Message, Role, new_id
from llmtui.core.policy import RetryPolicy
from llmtui.core.request import ChatRequest, GenerationSettings
from llmtui.core.reservation import input_bound
from llmtui.tokens.estimate import estimate_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.runtime import Runtime
    from llmtui.config import BudgetConfig
    from llmtui.core.events import TurnEvent, TurnResult
    from llmtui.core.policy import Timeouts
    from llmtui.store.database import Store

_NO_RETRY = RetryPolicy(max_retries=0)


class Purse:
    """What the run may still cost: spent and set aside together never pass the limit."""

    def __init__(self, limit: Decimal | None) -> None:
        self._limit = limit
        self._spent = Decimal(0)
        self._set_aside = Decimal(0)
        self.is_empty = False
        """A request was not sent because it might have passed the limit."""

    def most(self, endpoint: Endpoint, prompt: str) -> Decimal:
        """The most that a request can cost. Raise BudgetExceeded where nobody can know."""
        if self._limit is None or endpoint.demo:
            return Decimal(0)
        size = len(prompt.encode("utf-8", "surrogatepass"))
        bound = input_bound(size, estimate_request([prompt]), messages=1)
        price = endpoint.price(bound)
        if price is None:
            raise BudgetExceeded(
                f"{endpoint.ref} has no known price, so --max-cost cannot be held",
                advice=f'Give it one in the config: [prices."{endpoint.ref}"].',
            )
        return price.worst_case(bound, OUTPUT_TOKENS)

    def take(self, most: Decimal) -> bool:
        """Set the most aside; False, and the purse is empty, when it might pass the limit."""
        if self._limit is not None and self._spent + self._set_aside + most > self._limit:
            self.is_empty = True
            return False
        self._set_aside += most
        return True

    def settle(self, most: Decimal, result: TurnResult) -> None:
        """What was set aside becomes what it cost; where that is not known it stays the most."""
        self._set_aside -= most
        cost = result.cost
        known = cost.amount if cost.amount is not None else cost.estimate
        if known is not None:
            self._spent += known
        elif result.error is None:
            self._spent += most


class Runner:
    """Runs requests until they are done, the purse is empty or somebody stops it."""

    def __init__(self, store: Store, runtime: Runtime, timeouts: Timeouts, budget: BudgetConfig, purse: Purse) -> None:
        self._store = store
        self._runtime = runtime
        self._timeouts = timeouts
        self._gate = Gate(budget, None, priced=True)
        self._purse = purse
        self._controls: set[TurnControl] = set()
        self.stopped = False

    def stop(self) -> None:
        """Send nothing more and stop what is under way; each is settled."""
        self.stopped = True
        for control in list(self._controls):
            control.cancel()

    async def run(
        self, endpoint: Endpoint, prompt: str, count: int, concurrency: int, done: Callable[[Sample], None]
    ) -> tuple[list[Sample], float]:
        """So many requests, at most so many at a time; the samples as they ended, and the seconds it all took."""
        samples: list[Sample] = []
        most = self._purse.most(endpoint, prompt)
        left = iter(range(count))
        begun = time.monotonic()

        async def work() -> None:
            for _ in left:
                if self.stopped or not self._purse.take(most):
                    return
                sample = await self._one(endpoint, prompt, most)
                samples.append(sample)
                done(sample)

        await asyncio.gather(*(work() for _ in range(min(count, concurrency))))
        return samples, time.monotonic() - begun

    async def _one(self, endpoint: Endpoint, prompt: str, most: Decimal) -> Sample:
        tap = Tap()
        listened = endpoint._replace(adapter=tapped(endpoint.adapter, tap))
        control = TurnControl()
        turn = Turn(
            TurnPlan(
                request=ChatRequest(
                    endpoint.ref,
                    (Message(Role.USER, prompt),),
                    GenerationSettings(max_output_tokens=OUTPUT_TOKENS),
                ),
                chain=[Candidate(endpoint.ref, lambda: listened)],
                timeouts=self._timeouts,
                retry=_NO_RETRY,
                conversation_id="",
                user_message_id="",
                answer_message_id=new_id(),
                input_tokens=estimate_request([prompt]),
                gate=self._gate,
                confirm=_yes,
                purpose="bench",
            ),
            runtime=self._runtime,
            recorder=LedgerRecorder(self._store),
            sink=_nobody,
            control=control,
            breaker=CircuitBreaker(_NO_RETRY),
        )
        self._controls.add(control)
        try:
            # a task of its own: what stops this request must not stop the one after it
            result = await asyncio.create_task(turn.run())
        finally:
            self._controls.discard(control)
        self._purse.settle(most, result)
        return _sample(result, turn, tap, endpoint.target.wire)


async def _yes(question: object) -> bool:  # noqa: ARG001 (a Confirm)
    return True


def _nobody(_event: TurnEvent) -> None:
    """Nobody watches: what is measured is heard at the decoder."""


def _sample(result: TurnResult, turn: Turn, tap: Tap, wire: str) -> Sample:
    attempt, error = turn.attempt, result.error
    cancelled = result.finish_reason is FinishReason.CANCELLED
    sent_at = attempt.sent_at if attempt else 0.0
    duration = tap.last_at - sent_at if tap.last_at is not None else result.duration_s
    ended = error is None or isinstance(error, StreamBroken)
    return Sample(
        ok=error is None and not cancelled,
        cancelled=cancelled,
        error_kind=error.kind if error else "",
        error_message=error.message if error else "",
        ttft_s=tap.content_at[0] - sent_at if tap.content_at else None,
        duration_s=duration,
        gaps_s=tuple(later - earlier for earlier, later in zip(tap.content_at, tap.content_at[1:], strict=False)),
        tokens_per_second=result.tokens_per_second,
        usage=attempt.usage if attempt else None,
        usage_is_nonsense=attempt is not None and attempt.usage_was_nonsense,
        text=result.content,
        reasoned=bool(result.reasoning),
        anatomy=dissect(bytes(tap.raw), wire, whole=ended and not cancelled and not tap.is_cut) if tap.raw else None,
        cost=result.cost,
    )
