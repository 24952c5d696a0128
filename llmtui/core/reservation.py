"""The most a request can use and cost, found before it is sent, and the output limit that keeps it there.

What a budget admits is this worst case, so that what is spent and reserved together never exceeds it, whatever the model
does. Tokens are whole numbers, money is USD as Decimal.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.cost import round_up_to_nanos

if TYPE_CHECKING:
    from llmtui.core.cost import Price

MIN_OUTPUT_TOKENS = 1024
"""A budget that affords less output than this refuses the request: an answer cut so short helps nobody."""
IMAGE_TOKENS = 1600
"""What an image takes as a rule; for estimates."""
IMAGE_BOUND = 6000
"""What one takes at most at the usual providers; for reservations."""
_FRAME_BYTES = 16
"""What a chat format adds to each message, and once for the reply, at most."""


class Reservation(NamedTuple):
    """What is set aside for a request until its bill is known."""

    input_tokens: int
    """At most."""
    output_limit: int | None
    """The output limit to send; None: send none."""
    usd: Decimal | None
    """At most, rounded up to the nano-dollar; None without a price."""
    tokens: int
    """Input and output, at most."""
    budget_binds: bool = False
    """The budget is what makes the output limit so small: to be told."""


class Unaffordable(NamedTuple):
    """Not even a short answer fits what the budget has left."""

    usd_short: Decimal
    """By how much money; 0 where it is not money that is short."""
    tokens_short: int
    reservation: Reservation
    """What the shortest useful answer would take."""


def input_bound(utf8_bytes: int, estimate: int, *, messages: int, exact: int | None = None, images: int = 0) -> int:
    """The most input tokens that a request can have.

    `utf8_bytes` and `estimate` (calibrated) are of the text of all its messages; `exact` is the tokenizer's count where
    there is one. Without it no token is shorter than a byte, and an estimate is hardly ever a third too low.
    """
    if exact is not None:
        return exact + images * IMAGE_BOUND
    whole = utf8_bytes + _FRAME_BYTES * (messages + 1)
    guessed = (3 * estimate + 1) // 2 + 200
    return min(whole, guessed) + images * IMAGE_BOUND


def reserve(
    price: Price | None,
    input_tokens: int,
    *,
    asked: int | None = None,
    model_limit: int | None = None,
    room: int | None = None,
    usd_left: Decimal | None = None,
    tokens_left: int | None = None,
    default_limit: int = 8192,
    limit_demanded: bool = False,
) -> Reservation | Unaffordable:
    """The worst case of a request with at most `input_tokens`, within what the hard budgets have left.

    The output limit is the smallest of what was `asked`, the model's limit, the `room` left in its window and what the
    budget affords. The room is the window less the input as it is estimated: the window is no bill, and the highest input
    would leave no room where there is plenty. With `usd_left` or `tokens_left` (None: no hard budget of that kind) one is
    always sent; without, only what was asked or where the provider demands one. `default_limit` stands in where a model's
    own limit is not known, so that no provider is sent more than it takes. With a money budget and no `price` no money is reserved: whoever lets
    such a request pass has asked first.
    """
    ceiling = model_limit if model_limit is not None or asked is not None else default_limit
    wanted = max(1, min(limit for limit in (asked, ceiling, room) if limit is not None))
    has_money_limit = usd_left is not None and price is not None and not price.is_zero
    if not has_money_limit and tokens_left is None:
        sent = wanted if limit_demanded or asked is not None else None
        return _reservation(price, input_tokens, wanted, sent=sent)
    affordable = wanted
    if has_money_limit:
        assert usd_left is not None
        assert price is not None
        affordable = min(affordable, _affordable_output(price, input_tokens, usd_left))
    if tokens_left is not None:
        affordable = min(affordable, tokens_left - input_tokens)
    least = min(wanted, MIN_OUTPUT_TOKENS)
    if affordable < least:
        needed = _reservation(price, input_tokens, least, sent=least)
        usd_short = Decimal(0) if usd_left is None or needed.usd is None else max(Decimal(0), needed.usd - usd_left)
        return Unaffordable(usd_short, 0 if tokens_left is None else max(0, needed.tokens - tokens_left), needed)
    return _reservation(price, input_tokens, affordable, sent=affordable, binds=affordable < wanted)


def _reservation(
    price: Price | None, input_tokens: int, output_tokens: int, *, sent: int | None, binds: bool = False
) -> Reservation:
    usd = None if price is None else round_up_to_nanos(price.worst_case(input_tokens, output_tokens))
    return Reservation(input_tokens, sent, usd, input_tokens + output_tokens, budget_binds=binds)


def _affordable_output(price: Price, input_tokens: int, usd_left: Decimal) -> int:
    """The most output tokens whose worst case is within the money; below 0 where the input alone is not."""
    rest = usd_left - price.worst_case(input_tokens, 0)
    each = price.worst_case(0, 1) - price.worst_case(0, 0)
    if rest < 0:
        return -1
    if each == 0:
        return 10**9
    most = int(rest / each)
    # rounding up to whole nano-dollars may cost the last token
    while most > 0 and round_up_to_nanos(price.worst_case(input_tokens, most)) > usd_left:
        most -= 1
    return most
