"""What the status bar shows, as values, and the text each figure becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from llmtui.core.cost import format_usd
from llmtui.core.sanitize import clean_line

if TYPE_CHECKING:
    from decimal import Decimal

BAR_CELLS = 10
_SPARKS = "▁▂▃▄▅▆▇█"


class Allowance(NamedTuple):
    """Something used up to a limit: a budget, or the model's window."""

    label: str
    used: str
    limit: str
    share: float
    """0.0 to 1.0 and beyond."""
    note: str = ""
    """When it resets, near the limit."""
    at_least: bool = False
    """Something is not counted: the true figure is higher."""


class Status(NamedTuple):
    """One moment of the chat."""

    state: str = "starting"
    level: str = ""
    """Theme colour of the state: empty, `success`, `warning`, `error`, `accent`."""
    model: str = ""
    speeds: tuple[float, ...] = ()
    """Tokens per second of the last moments, oldest first; empty when nothing streams."""
    chat_tokens: int = 0
    tokens_estimated: bool = False
    chat: Allowance | None = None
    cost: Decimal | None = None
    cost_estimated: bool = False
    cost_incomplete: bool = False
    """Some answer's cost is not known: the true figure is higher; nothing at all is known when it is 0 besides."""
    budget: Allowance | None = None
    alerts: tuple[str, ...] = ()
    demo: bool = False


class Part(NamedTuple):
    """One figure of the bar, and the action a click on it asks for."""

    text: Content
    action: str = ""


def parts(status: Status) -> list[Part]:
    """The figures from left to right; the most important stand left, since the right end is dropped first."""
    found = [Part(_styled(status.state, status.level))]
    if status.demo:
        found[0] = Part(Content.assemble("demo · ", found[0].text))
    if status.model:
        found.append(Part(Content(clean_line(status.model)), "model"))
    if status.speeds:
        found.append(Part(Content(f"{sparkline(status.speeds)} {status.speeds[-1]:.0f} tok/s")))
    if status.chat is not None:
        found.append(Part(_allowance(status.chat), "context"))
    elif status.chat_tokens:
        found.append(Part(Content(f"chat {'~' if status.tokens_estimated else ''}{status.chat_tokens:,}"), "context"))
    if status.cost is not None:
        mark = "≥ " if status.cost_incomplete else "~" if status.cost_estimated else ""
        is_unknown = status.cost_incomplete and not status.cost
        found.append(Part(Content("cost ?" if is_unknown else mark + format_usd(status.cost)), "usage"))
    if status.budget is not None:
        found.append(Part(_allowance(status.budget), "usage"))
    many = len(status.alerts)
    found.append(
        Part(_styled(f"⚠ {many} alert{'s' if many > 1 else ''}", "warning"), "usage") if many else Part(Content("✓"))
    )
    return found


def fitting(found: list[Part], width: int, gap: int = 3) -> list[Part]:
    """As many figures as fit from the left."""
    kept, used = found[:1], found[0].text.cell_length
    for part in found[1:]:
        used += gap + part.text.cell_length
        if used > width:
            break
        kept.append(part)
    return kept


def sparkline(values: tuple[float, ...]) -> str:
    """Bars as high as the values, against the highest."""
    top = max(values) or 1.0
    return "".join(_SPARKS[min(len(_SPARKS) - 1, int(value / top * (len(_SPARKS) - 1)))] for value in values)


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A share as a bar of characters."""
    full = max(0, min(cells, round(share * cells)))
    return "█" * full + "░" * (cells - full)


def level(share: float) -> str:
    """The colour of a share of a limit: green, yellow from 75 %, orange from 90 %, red at the limit."""
    for limit, name in ((1.0, "error"), (0.9, "caution"), (0.75, "warning")):
        if share >= limit:
            return name
    return "success"


def _allowance(allowance: Allowance) -> Content:
    mark = "≥ " if allowance.at_least else ""
    text = Content(f"{allowance.label} {mark}{allowance.used}/{allowance.limit} ")
    shown = _styled(f"{bar(allowance.share)} {allowance.share * 100:.0f} %", level(allowance.share))
    return Content.assemble(text, shown, f" {allowance.note}" if allowance.note else "")


def _styled(text: str, colour: str) -> Content:
    return Content(text).stylize(f"${colour}") if colour else Content(text)
