"""Turns genai-prices' published data into the compact form that ships with the program, one line of JSON a provider.

The script that makes the shipped file and the refresh on request both go through here, so they cannot differ. Kept per
model: how its names are matched, its context window, and what a token of text costs (input, output, cache read and
write, reasoning where it differs, a fee per request). Left out: audio, images, batch and priority prices, tools.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT = 1
"""Of the compact file; a reader refuses any other."""

_KEYS = {
    "input_mtok": "in",
    "output_mtok": "out",
    "cache_read_mtok": "read",
    "cache_write_mtok": "write",
    "output_reasoning_mtok": "reason",
    "requests_kcount": "thousand_requests",
}
_MARKS = {"equals": "=", "starts_with": "^", "ends_with": "$", "contains": "~", "regex": "/"}


def compact(providers: Sequence[Mapping[str, Any]], *, taken: str, source: str) -> str:
    """The compact file's text. `taken` is an ISO date; raise ValueError where the data is not what we know."""
    urls: dict[str, str] = {}
    for provider in providers:
        if provider.get("api_pattern"):
            urls.setdefault(_checked_regex(provider["api_pattern"]), provider["id"])
    header = {
        "format": FORMAT,
        "date": date.fromisoformat(taken).isoformat(),
        "source": source,
        "licence": "MIT; prices collected by the genai-prices project, © Pydantic Services Inc. and contributors",
        "urls": urls,
    }
    return "".join(_line(each) for each in [header, *map(_provider, providers)])


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _provider(raw: Mapping[str, Any]) -> dict[str, Any]:
    models = [_model(model) for model in raw.get("models", ())]
    return {"id": str(raw["id"]), "fallback": list(raw.get("fallback_model_providers") or ()), "models": models}


def _model(raw: Mapping[str, Any]) -> dict[str, Any]:
    window = raw.get("context_window")
    entry: dict[str, Any] = {"id": str(raw["id"])}
    match = _match(raw["match"])
    if match != "=" + entry["id"].lower():
        entry["match"] = match
    if isinstance(window, int) and window > 0:
        entry["window"] = window
    prices = raw.get("prices")
    if isinstance(prices, list) and prices:
        entry["price"] = [[_when(each.get("constraint")), _price(each["prices"])] for each in prices]
    else:
        entry["price"] = _price(prices or {})
    return entry


def _match(raw: Mapping[str, Any]) -> Any:
    """A clause as one string with a mark in front; a list for any of several, `{"all": […]}` for all of several."""
    ((kind, value),) = raw.items()
    if kind == "or":
        return [_match(clause) for clause in value]
    if kind == "and":
        return {"all": [_match(clause) for clause in value]}
    if kind == "regex":
        return _MARKS[kind] + _checked_regex(value)
    return _MARKS[kind] + str(value).lower()


def _checked_regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the price data has a pattern that is no regular expression: {pattern!r}") from error
    return pattern


def _when(constraint: Mapping[str, Any] | None) -> str:
    """Always "", from a day on "2026-03-13", between two times of the day "16:30-00:30"; all UTC."""
    if constraint is None:
        return ""
    if "start_date" in constraint:
        return date.fromisoformat(str(constraint["start_date"])).isoformat()
    return f"{_utc_time(constraint['start_time'])}-{_utc_time(constraint['end_time'])}"


def _utc_time(text: str) -> str:
    moment = time.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = datetime.combine(date(1970, 1, 2), moment).astimezone(UTC).time()
    return moment.isoformat("minutes" if not moment.second else "seconds")


def _price(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where text in or text out has no price: such a model's cost is not known."""
    price = {short: _amount(raw[key]) for key, short in _KEYS.items() if raw.get(key) is not None}
    return price if "in" in price and "out" in price else None


def _amount(raw: Any) -> str | list[Any]:
    """A price as a string, or `[base, [above, price], …]` where a threshold of input tokens changes it."""
    if isinstance(raw, dict):
        tiers = sorted((int(tier["start"]), _number(tier["price"])) for tier in raw["tiers"])
        return [_number(raw["base"]), *([start, price] for start, price in tiers)]
    return _number(raw)


def _number(raw: Any) -> str:
    try:
        value = Decimal(str(raw))
    except InvalidOperation as error:
        raise ValueError(f"the price data has a price that is no number: {raw!r}") from error
    if not value.is_finite() or value < 0:
        raise ValueError(f"the price data has an impossible price: {raw!r}")
    return format(value, "f")
