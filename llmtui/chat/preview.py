"""What a question would send and cost at most, without sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.chat.gate import Admission, Gate
from llmtui.core.errors import LlmtuiError

if TYPE_CHECKING:
    from llmtui.chat.plan import TurnPlan
    from llmtui.chat.runtime import Runtime
    from llmtui.config.values import BudgetConfig
    from llmtui.core.request import ChatRequest
    from llmtui.store.database import Store


class Preview(NamedTuple):
    """What would be sent."""

    request: ChatRequest
    input_tokens: int
    """Estimated."""
    admission: Admission
    notes: tuple[str, ...]
    error: LlmtuiError | None
    """Why it would have been refused."""
    is_priced: bool = False
    """The highest possible cost is known."""


async def preview(plan: TurnPlan, runtime: Runtime, budget: BudgetConfig, store: Store) -> Preview:
    """Whether the plan would be let through; nothing is sent, nothing is written."""
    error: LlmtuiError | None = None
    priced = False
    admission, notes = Admission(plan.request.settings.max_output_tokens), tuple[str, ...]()
    try:
        endpoint = await runtime.call(plan.chain[0].resolve)
        notes = endpoint.adapter.chat(plan.request, endpoint.target).notes
        priced = endpoint.price(plan.input_tokens) is not None
        for ledger in (None, store):  # without limits first: what a refused request would cost is told too
            admission = await Gate(budget, ledger, priced=True).admit(
                runtime,
                endpoint,
                plan.request,
                input_tokens=plan.input_tokens,
                conversation_id=plan.conversation_id,
                confirm=plan.confirm,
                exact=plan.exact_for == plan.chain[0].ref,
            )
    except LlmtuiError as failure:
        error = failure
    return Preview(plan.request, plan.input_tokens, admission, notes, error, priced)
