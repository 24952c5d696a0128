"""A turn: a question, its attempts, its answer, its bill. It knows no screen: it pushes events into a sink.

Everything that must survive is written before and after: the question, the answer's place and the attempt with its
reservation before the first byte goes out; the partial answer while it streams; text and bill in one transaction at the
end. Settling is synchronous (it puts a job on the writer's queue), so it works in a `finally`, on cancel and on quit.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from llmtui.chat.attempt import Attempt
from llmtui.chat.booking import book
from llmtui.chat.ledger_rows import opened, settled
from llmtui.chat.outcome import duration, filtered, judge, kept_answer, result_of
from llmtui.chat.partial import PartialBuffer
from llmtui.chat.retry import Retries
from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ContextTooLong,
    InputRefused,
    InvalidRequest,
    KeyNotFound,
    LlmtuiError,
    ModelNotFound,
    PermissionDenied,
    ProviderError,
    ServerError,
    StoreError,
    StreamBroken,
)
from llmtui.core.events import (
    AttemptOutcome,
    AttemptStarted,
    ChunkArrived,
    FallbackChosen,
    FinishReason,
    Noted,
    RetryScheduled,
    TurnResult,
    TurnSettled,
    TurnStarted,
)
from llmtui.core.messages import new_id
from llmtui.store.admission import LimitPassed
from llmtui.store.records import PendingLookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.breaker import CircuitBreaker
    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.control import TurnControl
    from llmtui.chat.plan import TurnPlan
    from llmtui.chat.recorder import Recorder
    from llmtui.chat.runtime import Runtime
    from llmtui.core.events import Sink, StreamChunk
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage
    from llmtui.providers.base import WireRequest
    from llmtui.store.records import AttemptOpening, HardLimit


CANCEL_PATIENCE_S = 5.0
"""How long a stop waits for the database; the sweep at the next start books what could not be written."""


class Turn:
    """One run of a plan. `run` returns the result for every ending; only a stop from outside is raised on."""

    def __init__(
        self,
        plan: TurnPlan,
        *,
        runtime: Runtime,
        recorder: Recorder,
        sink: Sink,
        control: TurnControl,
        breaker: CircuitBreaker,
    ) -> None:
        self._plan = plan
        self._runtime = runtime
        self._recorder = recorder
        self._sink = sink
        self._control = control
        self._breaker = breaker
        self.id = new_id()
        self._started = time.monotonic()
        self._outcomes: list[AttemptOutcome] = []
        self._warnings: list[str] = []
        self.attempt: Attempt | None = None
        """The newest one."""
        self.pending: list[PendingLookup] = []
        """What was booked as an estimate that the provider can be asked about."""
        self._attempt_id = ""
        self._attempt_started = 0.0
        self._open = False
        """An attempt's row is open and must be settled."""
        self._retries_of_turn = 0
        self._partial = PartialBuffer(recorder.flush) if recorder.keeps_text else None
        self._usage: Usage | None = None
        self._cost: Cost = NO_COST
        self._ref = plan.chain[0].ref

    # ------------------------------------------------------------------------------------------ the whole turn

    async def run(self) -> TurnResult:
        """Ask, retry, fall back, settle; the last event is TurnSettled."""
        plan = self._plan
        self._runtime.attach(self._control)
        self._sink(TurnStarted(self.id, plan.conversation_id, plan.user_message_id, plan.answer_message_id))
        for warning in plan.warnings:
            self._note(warning)
        error: LlmtuiError | None = None
        reason: FinishReason | None = None
        try:
            reason = await self._ask_chain()
        except LlmtuiError as failure:
            error = failure
        except BaseException:
            if not self._control.cancelled:  # the program is going away: settle without waiting, and let it go
                self._settle("cancelled", None, FinishReason.CANCELLED)
                raise
            self._runtime.absorb_cancel()
            reason = FinishReason.CANCELLED
        self._control.attach(None)  # nothing is left to be stopped: the bill is being written
        return await self._end(reason, error)

    async def _ask_chain(self) -> FinishReason:
        """The finish reason of the first candidate that answers; raises the last one's error."""
        chain = self._plan.chain
        too_small = -1  # the largest window that was too small for this context
        for position, candidate in enumerate(chain):
            rest = [each for each in chain[position + 1 :] if too_small < 0 or (each.window() or 0) > too_small]
            if too_small >= 0 and (candidate.window() or 0) <= too_small:
                continue
            self._ref = candidate.ref
            skipped_for = self._breaker.skips_for(candidate.ref.provider) if rest else 0.0
            if skipped_for:
                self._note(f"{candidate.ref.provider} keeps failing and is skipped for {skipped_for:.0f} s")
                continue
            try:
                resolve = candidate.resolve
                endpoint = resolve() if candidate.is_ready else await self._runtime.call(resolve)
                reason = await self._ask(endpoint)
            except LlmtuiError as error:
                self._breaker.failed(candidate.ref.provider, error)
                if isinstance(error, ContextTooLong):
                    too_small = max(too_small, candidate.window() or 0)
                    rest = [each for each in rest if (each.window() or 0) > too_small]
                if not rest or self._has_content or not (error.leads_on or isinstance(error, ContextTooLong)):
                    raise
                if self._outcomes == [] or self._outcomes[-1].model != candidate.ref:
                    self._outcomes.append(AttemptOutcome("", candidate.ref, error, 0.0))
                chosen = next((each for each in rest if not self._breaker.skips_for(each.ref.provider)), rest[-1]).ref
                self._sink(FallbackChosen(candidate.ref, error, chosen))
                told = f"{candidate.ref} failed ({error.message}); {chosen} was asked instead"
                if isinstance(error, AuthenticationFailed | PermissionDenied | ModelNotFound | KeyNotFound):
                    self._note(told, must_be_said=True)  # this will not mend itself
                else:
                    self._warnings.append(told)
                continue
            self._breaker.succeeded(candidate.ref.provider)
            return reason
        raise ServerError(
            "every model of the chain is being skipped after repeated failures", advice="Try again later."
        )

    async def _ask(self, endpoint: Endpoint) -> FinishReason:
        """One candidate with its retries; a setting that the server refuses by name is left out, with a note."""
        retries = Retries(self._plan.retry)
        request = replace(self._plan.request, model=endpoint.ref)
        is_first = True
        while True:
            try:
                return await self._attempt_once(endpoint, request, is_first=is_first)
            except ProviderError as error:
                is_first = False
                if endpoint.explain is not None:
                    await endpoint.explain(error, self._runtime.transport)
                if self._has_content:
                    raise
                if isinstance(error, InvalidRequest) and self.attempt is not None:
                    from llmtui.providers.registry import without_refused

                    # of what was sent, an output limit of the budget's included; what that one is, the gate says anew
                    if (allowed := without_refused(self.attempt.request, error)) is not None:
                        changed, note = allowed
                        asked = request.settings.max_output_tokens
                        request = replace(changed, settings=replace(changed.settings, max_output_tokens=asked))
                        self._note(note)
                        continue
                wait = retries.next_wait(error)
                if wait is None:
                    if error.retry_after_s:
                        error.advice = f"It asks to wait {duration(error.retry_after_s)}. {error.advice}".strip()
                    raise
                self._outcomes[-1] = self._outcomes[-1]._replace(wait_s=wait)
                self._sink(RetryScheduled(error, wait, retries.count, self._plan.retry.max_retries))
                self._retries_of_turn += 1
                await self._runtime.sleep(wait, self._control)

    @property
    def _has_content(self) -> bool:
        return self.attempt is not None and self.attempt.has_content

    # ------------------------------------------------------------------------------------------ one attempt

    async def _attempt_once(self, endpoint: Endpoint, request: ChatRequest, *, is_first: bool) -> FinishReason:
        try:
            attempt, wire = await self._admitted(endpoint, request, is_first=is_first, agreed=not is_first)
        except LimitPassed:  # another process was quicker: what is left now may do for a shorter answer
            attempt, wire = await self._admitted(endpoint, request, is_first=is_first, agreed=True)
        self._sink(AttemptStarted(self._attempt_id, endpoint.ref, len(self._outcomes) + 1))
        try:
            await attempt.run(self._runtime.transport, wire, self._plan.timeouts)
            reason = judge(attempt)
        except LlmtuiError as error:
            broke_off = isinstance(error, StreamBroken)
            finish = FinishReason.TRUNCATED if broke_off else FinishReason.ERROR
            if attempt.chunk_count:
                attempt.finish(finish)
            self._settle("truncated" if broke_off and attempt.opened else "failed", error, finish)
            raise
        attempt.finish(reason)
        try:
            if reason is not FinishReason.CONTENT_FILTER:
                await self._runtime.linger()
        finally:  # also when nobody comes back: what is complete has its bill
            self._settle("rejected" if self._control.rejected else "completed", None, reason)
        return reason

    async def _admitted(
        self, endpoint: Endpoint, request: ChatRequest, *, is_first: bool, agreed: bool
    ) -> tuple[Attempt, WireRequest]:
        """Let through by the budget, and written down: from here on it may be sent. Raise BudgetExceeded."""
        plan = self._plan
        admission = await plan.gate.admit(
            self._runtime,
            endpoint,
            request,
            input_tokens=plan.input_tokens,
            conversation_id=plan.conversation_id,
            confirm=plan.confirm,
            exact=plan.exact_for == endpoint.ref,
            agreed=agreed,
        )
        if admission.output_limit != request.settings.max_output_tokens:
            request = replace(request, settings=replace(request.settings, max_output_tokens=admission.output_limit))
        wire = endpoint.adapter.chat(request, endpoint.target)
        attempt = Attempt(endpoint, request, emit=self._emit, metadata=plan.metadata, live_cost=plan.live_cost)
        before, self.attempt, self._attempt_id = self.attempt, attempt, new_id()
        self._attempt_started = time.monotonic()
        opening = opened(
            plan,
            admission,
            endpoint,
            attempt_id=self._attempt_id,
            turn_id=self.id,
            number=len(self._outcomes) + 1,
        )
        self._open = True  # before the row is there: jobs keep their order, and a stop may come while it is written
        try:
            await self._store(opening, admission.limits)
        except LimitPassed:
            self.attempt, self._open = before, False
            raise
        if is_first:
            for note in wire.notes:
                self._note(note)
            for note in admission.notes:
                self._note(note, must_be_said=True)
        return attempt, wire

    async def _store(self, opening: AttemptOpening, limits: Sequence[HardLimit]) -> None:
        """Durable before the first byte; where nothing can be written any more, in memory, and said so (ROB-11)."""
        try:
            await self._runtime.wait(self._recorder.open(opening, limits))
        except StoreError:
            state = await self._runtime.wait(self._recorder.detach())
            self._note(state.sentence, must_be_said=True)
            await self._runtime.wait(self._recorder.open(opening, limits))

    def _emit(self, chunk: StreamChunk) -> None:
        self._sink(ChunkArrived(chunk))
        if self._partial is not None:
            self._partial.add(chunk.content, chunk.reasoning)

    # ------------------------------------------------------------------------------------------ the bill

    def _settle(self, state: str, error: LlmtuiError | None, finish: FinishReason) -> None:
        """Book the open attempt, once. Synchronous and quick: a job is put on the writer's queue."""
        attempt = self.attempt
        if not self._open or attempt is None:
            return
        if self._partial is not None:
            self._partial.discard()
        usage, cost = book(attempt, state=state, error=error, input_tokens=self._plan.input_tokens)
        if state != "failed" or attempt.has_content or cost.estimate is not None:
            self._usage, self._cost = usage, cost
        makes_no_sense = attempt.usage_was_nonsense or attempt.usage is not None
        if state == "completed" and cost.resolution is Resolution.UNKNOWN and makes_no_sense:
            said = f"{attempt.endpoint.ref.provider} reported a usage that cannot be: the cost is unknown"
            self._note(said, must_be_said=True)
        if cost.pending and attempt.response_id:
            ref, price = attempt.endpoint.ref, attempt.endpoint.price(usage.input_tokens if usage else 0)
            self.pending.append(PendingLookup(self._attempt_id, *ref, attempt.response_id, price))
        ends_turn = state in ("completed", "cancelled", "rejected", "truncated") or attempt.has_content
        self._recorder.settle(
            settled(
                self._plan,
                attempt,
                state=state,
                attempt_id=self._attempt_id,
                started=self._attempt_started,
                bill=(usage, cost),
                retries=self._retries_of_turn,
                waited_s=sum(outcome.wait_s for outcome in self._outcomes),
                finish=finish,
                error=error,
                answer=kept_answer(self._plan, attempt, self._ref, finish, error) if ends_turn else None,
            )
        )
        self._open = False  # only now: a signal in between settles again, which the ledger takes once
        self._outcomes.append(AttemptOutcome(self._attempt_id, attempt.endpoint.ref, error, 0.0))

    async def _end(self, reason: FinishReason | None, error: LlmtuiError | None) -> TurnResult:
        plan, attempt = self._plan, self.attempt
        finish = reason or (FinishReason.TRUNCATED if isinstance(error, StreamBroken) else FinishReason.ERROR)
        if reason is FinishReason.CANCELLED:
            if attempt is not None and self._open and attempt.chunk_count:
                attempt.finish(FinishReason.CANCELLED)
            self._settle("rejected" if self._control.rejected else "cancelled", None, FinishReason.CANCELLED)
        if reason is FinishReason.CONTENT_FILTER and error is None:
            error = filtered(attempt)
            self._outcomes[-1] = self._outcomes[-1]._replace(error=error)
        elif reason is FinishReason.LENGTH:
            self._note("the answer was cut at the output limit; continue it, or raise max tokens", must_be_said=True)
        # a question that was refused before anything was sent is not kept
        if not isinstance(error, BudgetExceeded | InputRefused) or attempt is not None:
            try:
                written = self._recorder.close(kept_answer(plan, attempt, self._ref, finish, error))
                if not await self._runtime.written(written, CANCEL_PATIENCE_S if self._control.cancelled else None):
                    self._note(
                        "another program holds the database: the next start will put this answer in order",
                        must_be_said=True,
                    )
            except StoreError as trouble:  # the answer is on the screen; that it is nowhere else must be said
                self._note(f"{trouble.sentence} This answer is not in the history", must_be_said=True)
        result = result_of(
            plan,
            attempt,
            turn_id=self.id,
            model=self._ref,
            finish=finish,
            bill=(self._usage, self._cost),
            duration_s=time.monotonic() - self._started,
            attempts=self._outcomes,
            warnings=self._warnings,
            error=error,
        )
        self._sink(TurnSettled(result))
        return result

    def _note(self, text: str, *, must_be_said: bool = False) -> None:
        self._warnings.append(text)
        self._sink(Noted(text, must_be_said))
