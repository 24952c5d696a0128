"""How a turn's ending reads: the answer as it is kept, and the errors that only an ending shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.errors import ContentFiltered, ServerError, StreamBroken
from llmtui.core.events import FinishReason, TurnResult
from llmtui.core.messages import Message, MessageState, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.attempt import Attempt
    from llmtui.chat.plan import TurnPlan
    from llmtui.core.cost import Cost
    from llmtui.core.errors import LlmtuiError
    from llmtui.core.events import AttemptOutcome
    from llmtui.core.messages import ModelRef
    from llmtui.core.usage import Usage

_STATES = {
    FinishReason.CANCELLED: MessageState.CANCELLED,
    FinishReason.TRUNCATED: MessageState.TRUNCATED,
    FinishReason.ERROR: MessageState.FAILED,
}


def kept_answer(
    plan: TurnPlan, attempt: Attempt | None, ref: ModelRef, finish: FinishReason, error: LlmtuiError | None
) -> Message:
    """The answer as it is kept."""
    return Message(
        role=Role.ASSISTANT,
        content=plan.prefix + ("".join(attempt.text) if attempt else ""),
        id=plan.answer_message_id,
        parent_id=plan.user_message_id,
        reasoning="".join(attempt.reasoning) if attempt else "",
        opaque=tuple(attempt.opaque) if attempt else (),
        model=ref,
        state=_STATES.get(finish, MessageState.COMPLETE),
        finish_reason=finish,
        error=error.sentence if error else None,
    )


def judge(attempt: Attempt) -> FinishReason:
    """The finish reason of an answer whose stream ended without an error; raises where it is none."""
    ref, finished = attempt.endpoint.ref, attempt.finished
    facts = {"provider": ref.provider, "model": ref.name, "status": 200}
    if finished is None:
        raise StreamBroken(
            f"{ref.provider} ended the answer without saying that it was complete",
            advice="Continue from here, or regenerate.",
            **facts,  # type: ignore[arg-type]
        )
    if finished.reason is FinishReason.ERROR:
        raise ServerError(
            f"{ref.provider} gave up in the middle of the answer"
            + (f" ({finished.native})" if finished.native else ""),
            advice="Try again, or choose another model.",
            **facts,  # type: ignore[arg-type]
        )
    return finished.reason


def filtered(attempt: Attempt | None) -> ContentFiltered:
    """What the provider's filter did, as an error."""
    finished = attempt.finished if attempt else None
    why = finished.explanation or finished.native if finished else ""
    ref = attempt.endpoint.ref if attempt else None
    return ContentFiltered(
        f"{ref.provider if ref else 'the provider'}'s content filter stopped the answer" + (f" ({why})" if why else ""),
        advice="Rephrase the question, or choose another model.",
        provider=ref.provider if ref else "",
        model=ref.name if ref else "",
        status=200,
    )


def duration(seconds: float) -> str:
    """For people: `40 s`, `12 min`, `1.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def result_of(
    plan: TurnPlan,
    attempt: Attempt | None,
    *,
    turn_id: str,
    model: ModelRef,
    finish: FinishReason,
    bill: tuple[Usage | None, Cost],
    duration_s: float,
    attempts: Sequence[AttemptOutcome],
    warnings: Sequence[str],
    error: LlmtuiError | None,
) -> TurnResult:
    """All that a turn has to tell at its end; `attempt` is the newest one."""
    usage, cost = bill
    return TurnResult(
        turn_id=turn_id,
        conversation_id=plan.conversation_id,
        user_message_id=plan.user_message_id,
        answer_message_id=plan.answer_message_id,
        model=model,
        content="".join(attempt.text) if attempt else "",
        reasoning="".join(attempt.reasoning) if attempt else "",
        finish_reason=finish,
        usage=usage,
        cost=cost,
        ttft_s=attempt.ttft_s if attempt else None,
        duration_s=duration_s,
        tokens_per_second=attempt.tokens_per_second(usage.output_tokens) if attempt and usage else None,
        chunk_count=attempt.chunk_count if attempt else 0,
        attempts=tuple(attempts),
        warnings=tuple(warnings),
        error=error,
    )
