"""Money: exact amounts in Decimal, nano-dollars as integers where they are stored, and how people read them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from llmtui.core.usage import Usage

NANO = 10**9
_MILLION = Decimal(10**6)
_NANO_STEP = Decimal("0.000000001")


class Resolution(StrEnum):
    """What is known of an attempt's cost."""

    RESOLVED = "resolved"  # the provider's own figure, or reported usage × a known price
    UNPRICED = "unpriced"  # usage known, no price
    UNKNOWN = "unknown"  # no usage
    NONE = "none"  # nothing was accepted, so there is nothing to bill


CostSource = Literal["provider", "price_table", "config"]


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens. Cache prices that are None are as input (a cache write of one hour: as a cache write)."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    source: CostSource = "price_table"
    as_of: str = ""
    """The date of the table it is from, ISO 8601."""

    def cost(self, usage: Usage) -> Decimal:
        """The cost of a usage in USD, exact: cached and cache-write tokens are priced once, reasoning is in output."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        return (
            usage.uncached_input_tokens * self.input
            + usage.cache_read_tokens * read
            + usage.cache_write_tokens * write
            + usage.output_tokens * self.output
        ) / _MILLION


@dataclass(frozen=True, slots=True)
class Cost:
    """What an attempt or a turn costs. A confirmed amount and an estimate are never mixed."""

    amount: Decimal | None
    """Confirmed USD; None unless resolved."""
    resolution: Resolution
    source: CostSource | None = None
    estimate: Decimal | None = None
    """USD that may be billed and is not confirmed."""
    pending: bool = False
    """The estimate will be replaced by the provider's own look-up."""


NO_COST = Cost(None, Resolution.NONE)


def to_nanos(amount: Decimal) -> int:
    """USD to whole nano-dollars, half-even."""
    return int((amount * NANO).to_integral_value(ROUND_HALF_EVEN))


def from_nanos(nanos: int) -> Decimal:
    """Whole nano-dollars to USD, without trailing zeros beyond need."""
    return (Decimal(nanos) * _NANO_STEP).normalize() if nanos else Decimal(0)


def format_usd(amount: Decimal) -> str:
    """For people: cents from $1 on, four decimals below, two significant digits below a cent; a true zero is $0.00."""
    if amount == 0:
        return "$0.00"
    sign, size = ("-", -amount) if amount < 0 else ("", amount)
    if size >= 1:
        return f"{sign}${size:,.2f}"
    if size >= Decimal("0.01"):
        return f"{sign}${size:.4f}"
    places = 1 - size.adjusted()
    return f"{sign}${size:.{places}f}"
