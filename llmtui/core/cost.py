"""Money: exact amounts in Decimal, nano-dollars as integers where they are stored, and how people read them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
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
    reasoning: Decimal | None = None
    """Of reasoning tokens, where a provider charges them otherwise than the rest of the output."""
    request: Decimal = Decimal(0)
    """USD for each request, whatever its tokens."""

    def cost(self, usage: Usage) -> Decimal:
        """The cost of a usage in USD, exact: cached and cache-write tokens are priced once, reasoning is in output."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        thought = 0 if self.reasoning is None else min(usage.reasoning_tokens, usage.output_tokens)
        tokens = (
            usage.uncached_input_tokens * self.input
            + usage.cache_read_tokens * read
            + usage.cache_write_tokens * write
            + (usage.output_tokens - thought) * self.output
            + thought * (self.reasoning or 0)
        )
        return tokens / _MILLION + self.request

    def worst_case(self, input_tokens: int, output_tokens: int) -> Decimal:
        """The most that so many tokens can cost, in USD: input at its dearest kind, output likewise."""
        dearest_input = max(self.input, self.cache_read or 0, self.cache_write or 0)
        dearest_output = max(self.output, self.reasoning or 0)
        return (input_tokens * dearest_input + output_tokens * dearest_output) / _MILLION + self.request

    @property
    def is_zero(self) -> bool:
        """Costs nothing, whatever is asked."""
        return self.worst_case(1, 1) == 0


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
    """Whole nano-dollars to USD, without trailing zeros."""
    whole, rest = divmod(nanos, NANO)
    return (nanos * _NANO_STEP).normalize() if rest else Decimal(whole)


def round_to_nanos(amount: Decimal) -> Decimal:
    """USD as the ledger will hold it: the one rounding on the way from tokens to a row."""
    return from_nanos(to_nanos(amount))


def round_up_to_nanos(amount: Decimal) -> Decimal:
    """USD for a reservation, which must never be below what it stands for."""
    return from_nanos(int((amount * NANO).to_integral_value(ROUND_CEILING)))


def provider_total(cost: Decimal | None, upstream: Decimal | None, *, own_key: bool | None) -> Decimal | None:
    """What a router's answer says was charged, in USD, of its own `cost` and the upstream provider's.

    `own_key`: whether the upstream key was the user's; None where the frame does not say. With the user's own key `cost`
    is the router's fee alone, and so it is where nothing is said and the two differ. None: not known.
    """
    if cost is None or (own_key is True and upstream is None):
        return None
    if own_key is False or upstream is None or (own_key is None and upstream == cost):
        return cost
    return cost + upstream


def format_usd(amount: Decimal) -> str:
    """For people: cents from $1 on, four decimals below, two significant digits below a cent; a true zero is $0.00."""
    if amount == 0:
        return "$0.00"
    sign, size = ("-", -amount) if amount < 0 else ("", amount)
    if round(size, 4) >= 1:
        return f"{sign}${size:,.2f}"
    two_digits = round(size, 1 - size.adjusted())
    if two_digits >= Decimal("0.01"):
        return f"{sign}${size:.4f}"
    return f"{sign}${two_digits:.{1 - two_digits.adjusted()}f}"
