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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from llmtui.core.events import TurnResult
    from llmtui.core.messages import Message


class DetailScreen(ModalScreen[None]):
    """A table of names and figures. The figures of earlier sessions stand in the ledger (`llmtui usage`)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close", show=False)]
    DEFAULT_CSS = """
    DetailScreen {
        align: center middle;
        & > VerticalScroll {
            width: 90%; max-width: 78; height: auto; max-height: 90%; background: $panel; border: round $accent;
            padding: 0 1; border-title-color: $accent; border-subtitle-color: $muted;
        }
    }
    """

    def __init__(self, message: Message, result: TurnResult | None) -> None:
        super().__init__()
        self._message, self._result = message, result

    def compose(self) -> ComposeResult:
        rows = [(name, clean(value)) for name, value in facts(self._message, self._result) if value]
        widest = max(len(name) for name, _ in rows)
        lines = [Content.assemble(Content(f"{name:<{widest + 2}}").stylize("$muted"), value) for name, value in rows]
        box = VerticalScroll(Static(Content("\n").join(lines)))
        box.border_title = Content("Details")
        box.border_subtitle = Content("Esc closes")
        yield box


def facts(message: Message, result: TurnResult | None) -> Iterator[tuple[str, str]]:
    """Names and values; an empty value is not known."""
    moment = datetime.fromtimestamp(message.created_at / 1000).astimezone()
    yield "From", str(message.model or "you")
    yield "Time", f"{moment:%Y-%m-%d %H:%M:%S}" if message.created_at else ""
    yield "Ended", str(message.finish_reason or message.state)
    yield "Length", f"{len(message.content):,} characters"
    yield "Attachments", ", ".join(attachment.name for attachment in message.attachments)
    yield "Context", "left out" if message.excluded else "pinned" if message.pinned else ""
    if result is None:
        return
    if (usage := result.usage) is not None:
        about = "estimated" if usage.source == "estimate" else "reported by the provider"
        yield "Input", f"{usage.input_tokens:,} tokens ({about})"
        yield "  from cache", f"{usage.cache_read_tokens:,}" if usage.cache_read_tokens else ""
        yield "  to cache", f"{usage.cache_write_tokens:,}" if usage.cache_write_tokens else ""
        yield "Output", f"{usage.output_tokens:,} tokens"
        yield "  reasoning", f"{usage.reasoning_tokens:,}" if usage.reasoning_tokens else ""
    pending = " (the provider's own figure is awaited)" if result.cost.pending else ""
    origin = {"price_table": "the price table", "config": "the config's price", "provider": "the provider's own figure"}
    yield "Cost", cost_text(result.cost) + (f", {origin[result.cost.source]}" if result.cost.source else "") + pending
    yield "First token", "" if result.ttft_s is None else f"{result.ttft_s:.3f} s"
    yield "Duration", f"{result.duration_s:.2f} s"
    yield "Speed", "" if result.tokens_per_second is None else f"{result.tokens_per_second:.1f} tokens/s"
    for number, attempt in enumerate(result.attempts, 1):
        outcome = attempt.error.sentence if attempt.error else "answered"
        waited = f" Waited {attempt.wait_s:.1f} s." if attempt.wait_s else ""
        yield f"Attempt {number}", f"{attempt.model}: {outcome}{waited}"
