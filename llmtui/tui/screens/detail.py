"""What is known of one message: when, who, how it ended, tokens, cost, times, and each attempt with its error and wait."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmtui.core.sanitize import clean
from llmtui.tui.describe import cost_text
from llmtui.tui.screens.picker import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult

    from llmtui.core.context import Breakdown
    from llmtui.core.cost import Cost
    from llmtui.core.events import TurnResult
    from llmtui.core.messages import Message
    from llmtui.core.usage import Usage
    from llmtui.store.records import BookedAttempt


class DetailScreen(ModalScreen[None]):
    """A table of names and figures: of this session's turn, else of what the ledger says."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close", show=False)]
    DEFAULT_CSS = """
    DetailScreen {
        align: center middle;
        & > VerticalScroll {
            width: 90%; max-width: 78; height: auto; max-height: 90%; background: $panel; border: round $accent;
            padding: 0 1; border-title-color: $accent; border-subtitle-color: $muted; scrollbar-size-vertical: 1;
        }
    }
    DetailScreen.-narrow > VerticalScroll { width: 100%; }
    """

    def __init__(
        self,
        message: Message,
        result: TurnResult | None,
        booked: Sequence[BookedAttempt] = (),
        parts: Breakdown | None = None,
    ) -> None:
        super().__init__()
        self._facts = [(name, clean(value)) for name, value in facts(message, result, booked, parts) if value]

    def compose(self) -> ComposeResult:
        box = VerticalScroll(Static())
        box.border_title = Content("Details")
        yield box

    def on_resize(self) -> None:
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        """Names at the left, values beside them, or below them where it is narrow; what is too long hangs."""
        text, box = self.query_one(Static), self.query_one(VerticalScroll)
        box.border_subtitle = Content(fitting("↑ ↓ scroll · Esc closes", box.size.width - 6))
        indent, width = max(len(name) for name, _ in self._facts) + 2, max(10, text.size.width)
        lines: list[Content] = []
        for name, value in self._facts:
            if width < 2 * indent:
                lines.append(Content(name).stylize("$muted"))
                lines += [Content.assemble("  ", line) for line in Content(value).wrap(width - 2)]
                continue
            first, *rest = Content(value).wrap(width - indent) or [Content("")]
            lines.append(Content.assemble(Content(f"{name:<{indent}}").stylize("$muted"), first))
            lines += [Content.assemble(" " * indent, line) for line in rest]
        text.update(Content("\n").join(lines))


def facts(
    message: Message,
    result: TurnResult | None,
    booked: Sequence[BookedAttempt] = (),
    parts: Breakdown | None = None,
) -> Iterator[tuple[str, str]]:
    """Names and values; an empty value is not known. `parts` is where the input came from, estimated."""
    moment = datetime.fromtimestamp(message.created_at / 1000).astimezone()
    yield "From", str(message.model or "you")
    yield "Time", f"{moment:%Y-%m-%d %H:%M:%S}" if message.created_at else ""
    yield "Ended", str(message.finish_reason or message.state)
    yield "Length", f"{len(message.content):,} characters"
    yield "Attachments", ", ".join(attachment.name for attachment in message.attachments)
    yield "Context", "left out" if message.excluded else "pinned" if message.pinned else ""
    if result is not None:
        yield from _figures(result.usage, result.cost, result.ttft_s, result.duration_s, parts)
        yield "Price", _price(booked)
        yield "Speed", "" if result.tokens_per_second is None else f"{result.tokens_per_second:.1f} tokens/s"
        for number, attempt in enumerate(result.attempts, 1):
            outcome = attempt.error.sentence if attempt.error else "answered"
            yield f"Attempt {number}", f"{attempt.model}: {outcome}{_waited(attempt.wait_s)}"
    elif booked:
        last = booked[-1]
        yield from _figures(last.usage, last.cost, last.ttft_s, last.duration_s, parts)
        yield "Price", _price(booked)
        for number, each in enumerate(booked, 1):
            yield f"Attempt {number}", f"{each.model}: {each.error_message or 'answered'}{_waited(each.wait_s)}"


def _waited(seconds: float) -> str:
    return f" Waited {seconds:.1f} s." if seconds else ""


def _price(booked: Sequence[BookedAttempt]) -> str:
    """What the answer was booked with, and how old that price is."""
    price = booked[-1].price if booked else None
    if price is None:
        return ""
    cached = "" if price.cache_read is None else f", {price.cache_read} from cache"
    of = f" ({price.as_of})" if price.as_of else ""
    return f"{price.input} in, {price.output} out{cached}, USD per million{of}"


def _figures(
    usage: Usage | None, cost: Cost, ttft_s: float | None, duration_s: float, parts: Breakdown | None
) -> Iterator[tuple[str, str]]:
    if usage is not None:
        about = "estimated" if usage.source == "estimate" else "reported by the provider"
        yield "Input", f"{usage.input_tokens:,} tokens ({about})"
        if parts is not None:
            for name, tokens in zip(("system", "earlier", "question", "attachments"), parts, strict=True):
                yield f"  {name}", f"~{tokens:,}" if tokens else ""
        yield "  from cache", f"{usage.cache_read_tokens:,}" if usage.cache_read_tokens else ""
        yield "  to cache", f"{usage.cache_write_tokens:,}" if usage.cache_write_tokens else ""
        yield "Output", f"{usage.output_tokens:,} tokens"
        if usage.reasoning_tokens:
            yield "  answer", f"{usage.output_tokens - usage.reasoning_tokens:,}"
            yield "  reasoning", f"{usage.reasoning_tokens:,}"
    pending = " (the provider's own figure is awaited)" if cost.pending else ""
    origin = {"price_table": "the price table", "config": "the config's price", "provider": "the provider's own figure"}
    yield "Cost", cost_text(cost) + (f", {origin[cost.source]}" if cost.source else "") + pending
    yield "First token", "" if ttft_s is None else f"{ttft_s:.3f} s"
    yield "Duration", f"{duration_s:.2f} s"
