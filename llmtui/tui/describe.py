"""How messages and finished turns read on screen: labels, the line of figures, what failed and the ways out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from llmtui.chat.queueing import AWAY
from llmtui.core.cost import Resolution, format_usd
from llmtui.core.events import FinishReason
from llmtui.core.messages import MessageState, Role
from llmtui.core.sanitize import clean_line
from llmtui.tui.widgets.transcript_item import Action, Item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.cost import Cost
    from llmtui.core.errors import BudgetExceeded
    from llmtui.core.events import TurnResult
    from llmtui.core.messages import Message
    from llmtui.core.usage import Usage
    from llmtui.store.records import BookedAttempt

_ENDINGS = {
    FinishReason.LENGTH: "cut at the output limit (/continue)",
    FinishReason.CONTENT_FILTER: "stopped by the provider's content filter",
    FinishReason.CANCELLED: "stopped (/continue)",
    FinishReason.TRUNCATED: "cut off (/continue)",
}
_STATES = {
    MessageState.CANCELLED: FinishReason.CANCELLED,
    MessageState.TRUNCATED: FinishReason.TRUNCATED,
    MessageState.INTERRUPTED: FinishReason.TRUNCATED,
}
_REASONS = {str(reason) for reason in FinishReason}


def date_time(created_at: int) -> str:
    """Local date, hours and minutes of a moment in milliseconds since 1970."""
    return f"{datetime.fromtimestamp(created_at / 1000).astimezone():%Y-%m-%d %H:%M}"


def clock_time(created_at: int) -> str:
    """Local hours and minutes of a moment in milliseconds since 1970; the date too when it is another day."""
    if not created_at:
        return ""
    moment = datetime.fromtimestamp(created_at / 1000).astimezone()
    return f"{moment:%H:%M}" if moment.date() == datetime.now().astimezone().date() else f"{moment:%Y-%m-%d %H:%M}"


def cost_text(cost: Cost) -> str:
    """`$0.0123`; `~$0.0123` where it is an estimate; `?` where nobody knows."""
    if cost.amount is not None:
        return format_usd(cost.amount)
    if cost.estimate is not None:
        return f"~{format_usd(cost.estimate)}"
    return {Resolution.UNPRICED: "no price", Resolution.UNKNOWN: "cost ?"}.get(cost.resolution, "")


def metadata(result: TurnResult) -> tuple[str, ...]:
    """The line of figures under an answer, longest first; the shortest has tokens, cost and time."""
    mark = _ending(result.finish_reason)
    money = cost_text(result.cost)
    tokens, total = _tokens(result.usage)
    if result.usage is None and not result.content:
        total = ""  # nothing came, nothing was used
    took = f"{result.duration_s:.1f} s"
    first = "" if result.ttft_s is None else f"first token {result.ttft_s:.2f} s"
    speed = "" if result.tokens_per_second is None else f"{result.tokens_per_second:.0f} tok/s"
    return (
        _line(mark, *tokens, total, money, first, took, speed),
        _line(mark, *tokens[:2], total, money, took, speed),
        _line(mark, *tokens[:2], total, money, took),
        _line(mark, total, money, took),
        _line(mark[:1], total.replace(" total", " tok"), money, took),
    )


def compared(result: TurnResult) -> tuple[str, ...]:
    """The line of figures in a comparison, longest first: each has first token, speed, tokens and cost."""
    mark, money = _ending(result.finish_reason), cost_text(result.cost)
    tokens, total = _tokens(result.usage)
    ttft = "no token" if result.ttft_s is None else f"{result.ttft_s:.2f} s"
    speed = "" if result.tokens_per_second is None else f"{result.tokens_per_second:.0f} tok/s"
    short = total.replace(" total", " tok")
    return (
        _line(mark, f"first token {ttft}", speed, *tokens[:2], money, f"{result.duration_s:.1f} s"),
        _line(mark, f"first token {ttft}", speed, short, money),
        _line(mark[:1], ttft, speed.replace(" tok", ""), short, money),
    )


def stored_metadata(message: Message, booked: Sequence[BookedAttempt] = ()) -> tuple[str, ...]:
    """The line under an answer of an earlier session, longest first: how it ended and what the ledger says of it."""
    if message.role is not Role.ASSISTANT:
        return ()
    reason = _STATES.get(message.state)
    if reason is None and message.finish_reason in _REASONS:
        reason = FinishReason(message.finish_reason)
    mark = "✗ failed" if message.error else _ending(reason)
    if not booked:
        return (mark,) if reason in _ENDINGS and not message.error else ()
    last = booked[-1]
    money, (tokens, total) = cost_text(last.cost), _tokens(last.usage)
    total = total if last.usage or message.content else ""
    took = f"{last.duration_s:.1f} s"
    first = "" if last.ttft_s is None else f"first token {last.ttft_s:.2f} s"
    return (
        _line(mark, *tokens, total, money, first, took),
        _line(mark, *tokens[:2], total, money, took),
        _line(mark, total, money, took),
        _line(mark[:1], total.replace(" total", " tok"), money, took),
    )


def _ending(reason: FinishReason | None) -> str:
    return f"■ {_ENDINGS[reason]}" if reason in _ENDINGS else "✗ failed" if reason is FinishReason.ERROR else "✓"


def _tokens(usage: Usage | None) -> tuple[list[str], str]:
    if usage is None:
        return [], "tokens ?"
    about = "~" if usage.source == "estimate" else ""
    parts = [f"{about}{usage.input_tokens:,} in", f"{about}{usage.output_tokens:,} out"]
    if usage.cache_read_tokens:
        parts.append(f"{usage.cache_read_tokens:,} cached")
    if usage.reasoning_tokens:
        parts.append(f"{usage.reasoning_tokens:,} reasoning")
    return parts, f"{about}{usage.total_tokens:,} total"


def _line(mark: str, *parts: str) -> str:
    return f"{mark} " + " · ".join(part for part in parts if part)


def ways_out(kind: str, *, has_text: bool) -> tuple[Action, ...]:
    """The ways out of a failure of this kind, each also a slash command."""
    ways = []
    if has_text:
        ways.append(Action("Continue /continue", "continue"))
    ways.append(Action("Try again /retry", "retry"))
    ways.append(Action("Other model /model", "model"))
    if kind in AWAY and not has_text:
        ways.append(Action("Queue /queue", "queue"))
        ways.append(Action("Earlier answer /earlier", "earlier"))
    if kind in {"authentication", "permission"}:
        ways.insert(0, Action("Keys /keys", "keys"))
    if kind in {"budget", "context_too_long"}:
        ways.append(Action("New conversation /new", "new"))
        ways.append(Action("Context /context", "context"))
    return tuple(ways)


def ways_out_of_budget(error: BudgetExceeded, *, has_context: bool) -> tuple[Action, ...]:
    """The ways out of a refusal; the message stands in the prompt, to be sent again or made shorter."""
    ways = [
        Action(f"≤ {format_usd(each.usd)} {clean_line(each.model.name)}", "model", str(each.model))
        for each in error.cheaper[:2]
    ]
    ways.append(Action("Other model /model", "model"))
    ways.append(Action("New conversation /new", "new"))
    if has_context:
        ways.append(Action("Context /context", "context"))
        ways.append(Action("Summarise /summarise", "summarise"))
    ways.append(Action("All /budget", "budget"))
    return tuple(ways)


def item(message: Message, *, lines: tuple[str, ...] = (), sibling: tuple[int, int] = (1, 1)) -> Item:
    """A stored message as the transcript shows it."""
    ours = message.role is Role.USER
    text = message.content
    if message.attachments:
        names = "\n".join(f"⎘ {attachment.name}" for attachment in message.attachments)
        text = f"{text}\n\n{names}" if text else names
    label = "you" if ours else str(message.model or message.role)
    failed = message.state is MessageState.FAILED or message.error is not None
    return Item(
        id=message.id,
        role=message.role,
        label=label,
        text=text,
        time=clock_time(message.created_at),
        reasoning=message.reasoning,
        state=message.state,
        metadata=() if ours else lines,
        error=message.error or ("The answer failed." if failed and not ours else ""),
        sibling=sibling,
        excluded=message.excluded,
        pinned=message.pinned,
    )
