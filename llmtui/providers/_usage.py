"""What providers report as usage, merged over the frames of a stream and brought into the one form of `core.usage`.

Counts are facts to be billed by, so nothing is guessed: a count that makes no sense makes the whole report unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.events import UsageReported
from llmtui.core.usage import MAX_TOKENS, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

_MAX_USD = 1_000_000


class Nonsense(ValueError):
    """A number that cannot be meant: negative, absurd, fractional, textual."""


def count(value: object) -> int:
    """A number of tokens; null is 0. Raise Nonsense for anything that is no count."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        whole = _whole(value)
        if whole is None:
            raise Nonsense(f"not a token count: {value!r:.40}")
        value = whole
    if not 0 <= value <= MAX_TOKENS:
        raise Nonsense("not a token count")
    return value


def _whole(value: object) -> int | None:
    """12.0 is 12: some servers know only one kind of number."""
    from decimal import Decimal

    if isinstance(value, float | Decimal) and 0 <= value <= MAX_TOKENS and value == int(value):
        return int(value)
    return None


def first_count(raw: Mapping[str, Any], *names: str) -> int:
    """The first of the named counts that is there and not null; else 0."""
    return count(next((value for name in names if (value := raw.get(name)) is not None), None))


def has_count(raw: Mapping[str, Any], *names: str) -> bool:
    """Whether one of the named counts is there and not null."""
    return any(raw.get(name) is not None for name in names)


def part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object; empty when it is missing, null or something else."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def usd(value: object) -> Decimal | None:
    """An amount of dollars as `parse_exact` read it; None when missing or senseless."""
    from decimal import Decimal

    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return None
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    return amount if amount.is_finite() and 0 <= amount <= _MAX_USD else None


def charged(value: object) -> Decimal | None:
    """What a server says that it charged; None where it says nothing, below 0 for a figure that cannot be meant: the counts
    beside it stand, and what they cost is unknown."""
    from decimal import Decimal

    if isinstance(value, dict):
        value = value.get("total_cost")
    if value is None:
        return None
    amount = usd(value)
    return Decimal(-1) if amount is None else amount


def make_usage(
    *, input_tokens: int, cache_read: int, cache_write: int, output: int, reasoning: int, cost: Decimal | None = None
) -> Usage:
    """A usage whose parts never exceed their whole. `input_tokens` includes the cached ones, `output` the reasoning."""
    read = min(cache_read, input_tokens)
    return Usage(
        input_tokens=input_tokens,
        cache_read_tokens=read,
        cache_write_tokens=min(cache_write, input_tokens - read),
        output_tokens=output,
        reasoning_tokens=min(reasoning, output),
        cost_usd=cost,
    )


class UsageMeter:
    """Collects one stream's usage reports. Field by field the latest value that is not null wins; nothing is added.

    `read` brings the merged raw object into a Usage, and raises Nonsense where it cannot.
    """

    __slots__ = ("_last", "_raw", "_read", "_zero")

    def __init__(self, read: Callable[[Mapping[str, Any]], Usage]) -> None:
        self._read = read
        self._raw: dict[str, Any] = {}
        self._last: UsageReported | None = None
        self._zero: UsageReported | None = None  # all zeros so far: believed only of an empty answer

    def report(self, raw: object, *, text_seen: bool) -> list[UsageReported]:
        """Take one frame's usage object; return the report that follows from it, nothing when it says nothing new."""
        if raw is None:
            return []
        usage: Usage | None = None
        if isinstance(raw, dict):
            _merge(self._raw, raw)
            try:
                usage = self._read(self._raw)
            except Nonsense:
                usage = None
        self._zero = None
        if usage is not None and not usage.total_tokens and not usage.cost_usd:
            if not text_seen:
                self._zero = UsageReported(usage)
                return []
            usage = None
        return self._say(UsageReported(usage))

    def end(self, *, text_seen: bool) -> list[UsageReported]:
        """At the end of the stream: zeros that came before any text are true of an empty answer, and of no other."""
        zero, self._zero = self._zero, None
        if zero is None:
            return []
        return self._say(UsageReported(None) if text_seen else zero)

    def _say(self, report: UsageReported) -> list[UsageReported]:
        if report == self._last:
            return []
        self._last = report
        return [report]


def _merge(into: dict[str, Any], raw: Mapping[str, Any], *, nested: bool = False) -> None:
    """Details are merged field by field too; whatever is nested deeper, no count stands there."""
    for name, value in raw.items():
        inner = into.get(name)
        if isinstance(value, dict) and isinstance(inner, dict) and not nested:
            _merge(inner, value, nested=True)
        elif value is not None:
            into[name] = dict(value) if isinstance(value, dict) else value
