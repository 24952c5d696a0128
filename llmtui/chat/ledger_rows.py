"""The ledger's rows as a turn knows them: what an attempt is opened as, and what it becomes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llmtui.core.topics import topic_of
from llmtui.store.records import AttemptOpening, Settlement

if TYPE_CHECKING:
    from llmtui.chat.attempt import Attempt
    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.gate import Admission
    from llmtui.chat.plan import TurnPlan
    from llmtui.core.cost import Cost
    from llmtui.core.errors import LlmtuiError
    from llmtui.core.events import FinishReason
    from llmtui.core.messages import Message
    from llmtui.core.usage import Usage

_ABOUT_SOMETHING = {"chat", "compare"}
"""Purposes of requests that somebody asked a question with."""


def opened(
    plan: TurnPlan, admission: Admission, endpoint: Endpoint, *, attempt_id: str, turn_id: str, number: int
) -> AttemptOpening:
    """The row that stands before the first byte goes out, with its reservation."""
    return AttemptOpening(
        id=attempt_id,
        turn_id=turn_id,
        number=number,
        conversation_id=plan.conversation_id,
        message_id=plan.answer_message_id,
        model=endpoint.ref,
        purpose=plan.purpose,
        demo=endpoint.demo,
        started_at=int(time.time() * 1000),
        reserved_nanos=admission.reserved_nanos,
        reserved_tokens=admission.reserved_tokens,
        # what the sweep estimates by, should this process die: a budget counts on it
        price=endpoint.price(plan.input_tokens) if plan.live_cost or plan.gate.has_limits else None,
        estimated_input_tokens=plan.input_tokens,
        metadata=plan.metadata,
        day=admission.day,
        sent=True,
    )


def settled(
    plan: TurnPlan,
    attempt: Attempt,
    *,
    state: str,
    attempt_id: str,
    started: float,
    bill: tuple[Usage | None, Cost],
    retries: int,
    waited_s: float,
    finish: FinishReason,
    error: LlmtuiError | None,
    answer: Message | None,
) -> Settlement:
    """What the row becomes. `started` is monotonic seconds; `answer` is there when the attempt ends its turn."""
    usage, cost = bill
    return Settlement(
        attempt_id=attempt_id,
        state=state,
        ended_at=int(time.time() * 1000),
        usage=usage,
        cost=cost,
        price=attempt.endpoint.price(usage.input_tokens) if usage else None,
        answered_by=attempt.answered_by,
        response_id=attempt.response_id,
        ttft_s=attempt.ttft_s,
        duration_s=time.monotonic() - started,
        chunk_count=attempt.chunk_count,
        retries=retries,
        wait_s=waited_s,
        finish_reason=finish,
        error_kind=error.kind if error else None,
        error_message=error.message if error else None,
        status=getattr(error, "status", None),
        topic=topic_of(attempt.request.messages) if plan.purpose in _ABOUT_SOMETHING else "",
        answer=answer,
    )
