"""The price table: which of a provider's models a name means, and what that model costs at a moment.

A look-up must not cost a command its start-up time, so the table is a line of JSON a provider and only the line that is
asked for is parsed. Names are matched as the table's source says, first match wins; a name it does not know stays
unknown, however much it looks like another.
"""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.cost import Price

if TYPE_CHECKING:
    from datetime import datetime

FORMAT = 1
"""The compact format this program reads."""
SHIPPED = os.path.join(os.path.dirname(__file__), "prices.jsonl")  # noqa: PTH118, PTH120 - pathlib costs start-up time

_ALIASES = {
    "gemini": "google",
    "vertex": "google",
    "xai": "x-ai",
    "grok": "x-ai",
    "mistralai": "mistral",
    "together-ai": "together",
    "together_ai": "together",
    "togetherai": "together",
    "fireworks-ai": "fireworks",
    "bedrock": "aws",
    "moonshot": "moonshotai",
    "kimi": "moonshotai",
    "z-ai": "zai",
    "zhipu": "zhipuai",
    "voyage": "voyageai",
}
_COMPACT_DATE = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class KnownModel(NamedTuple):
    """A model of the table."""

    id: str
    window: int | None
    """Tokens, as the source knows it."""
    prices: Any
    """As in the file: one price, or `[[when, price], …]`, later ones first; None where text has no price."""


class PriceTable:
    """A table as text; `date` is an ISO date, `source` says where it is from."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            head = json.loads(text.partition("\n")[0])
            if head["format"] != FORMAT:
                raise ValueError(f"format {head['format']}")
            self.date: str = head["date"]
            self.source: str = head["source"]
            self._urls: dict[str, str] = head["urls"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a price table of this program: {error}") from error
        self._sections: dict[str, dict[str, Any] | None] = {}

    @classmethod
    def load(cls, path: str = "") -> PriceTable:
        """The table in a file, or the one that ships with the program. Raise OSError or ValueError."""
        with open(path or SHIPPED, encoding="utf-8") as file:  # noqa: PTH123
            return cls(file.read())

    def provider_ids(self) -> list[str]:
        """Every provider in the table, by the source's names."""
        return re.findall(r'\n{"id":"([^"]+)"', self._text)

    def names(self, provider_id: str) -> list[str]:
        """The models of a provider that have a price, by the source's names."""
        section = self._section(provider_id)
        return [model["id"] for model in section["models"] if model["price"] is not None] if section else []

    def price_count(self) -> int:
        """How many models have a price."""
        return sum(
            model["price"] is not None
            for each in self.provider_ids()
            for model in (self._section(each) or {})["models"]
        )

    def provider_id(self, name: str, base_url: str = "") -> str | None:
        """The table's name for a provider: by its own name, else by the address it is asked at; None if unknown."""
        name = name.strip().lower()
        name = _ALIASES.get(name, name)
        if self._section(name) is not None:
            return name
        return next((known for pattern, known in self._urls.items() if base_url and re.match(pattern, base_url)), None)

    def find(self, provider_id: str, model: str) -> KnownModel | None:
        """The model that a provider means by a name, or None. `provider_id` as `provider_id()` gives it."""
        name = model.strip().lower()
        dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", name)  # routers write dates without dashes
        found = self._match(provider_id, name)
        return self._match(provider_id, dashed) if found is None and dashed != name else found

    def price(self, provider_id: str, model: str, *, at: datetime, input_tokens: int = 0) -> Price | None:
        """USD per million tokens of a request with so much input, sent at a moment (aware). None when not known."""
        known = self.find(provider_id, model)
        raw = None if known is None else _price_at(known.prices, at)
        return None if raw is None else self._price(raw, input_tokens)

    def _section(self, provider_id: str) -> dict[str, Any] | None:
        if provider_id not in self._sections:
            start = self._text.find(f'\n{{"id":{json.dumps(provider_id)},') + 1
            line = self._text[start : self._text.find("\n", start)] if start else "null"
            self._sections[provider_id] = json.loads(line)
        return self._sections[provider_id]

    def _match(self, provider_id: str, name: str) -> KnownModel | None:
        section = self._section(provider_id)
        if section is None:
            return None
        for each in (section, *map(self._section, section["fallback"])):
            for model in each["models"] if each else ():
                if _matches(model.get("match") or f"={model['id'].lower()}", name):
                    return KnownModel(model["id"], model.get("window"), model["price"])
        return None

    def _price(self, raw: dict[str, Any], input_tokens: int) -> Price:
        prices = {name: _tier(amount, input_tokens) for name, amount in raw.items()}
        return Price(
            input=prices["in"],
            output=prices["out"],
            cache_read=prices.get("read"),
            cache_write=prices.get("write"),
            reasoning=prices.get("reason"),
            request=prices.get("thousand_requests", Decimal(0)) / 1000,
            source="price_table",
            as_of=self.date,
        )


def _matches(clause: Any, name: str) -> bool:
    if isinstance(clause, list):
        return any(_matches(each, name) for each in clause)
    if isinstance(clause, dict):
        return all(_matches(each, name) for each in clause["all"])
    mark, value = clause[0], clause[1:]
    if mark == "=":
        return bool(name == value)
    if mark == "^":
        return name.startswith(value)
    if mark == "$":
        return name.endswith(value)
    if mark == "~":
        return value in name
    return re.search(value, name) is not None


def _price_at(prices: Any, at: datetime) -> dict[str, Any] | None:
    """Of several prices the last one that applies, else the first."""
    if not isinstance(prices, list):
        return prices  # type: ignore[no-any-return]
    from datetime import UTC

    moment = at.astimezone(UTC)
    chosen: dict[str, Any] | None = prices[0][1]
    for when, price in prices:
        if _applies(when, moment):
            chosen = price
    return chosen


def _applies(when: str, moment: datetime) -> bool:
    if not when:
        return True
    if ":" not in when:
        return moment.date().isoformat() >= when
    start, end = when.split("-")
    now = moment.time().isoformat()
    return start <= now < end if start <= end else now >= start or now < end


def _tier(amount: str | list[Any], input_tokens: int) -> Decimal:
    """The price of the highest threshold that the input exceeds; it holds for the whole request."""
    if isinstance(amount, str):
        return Decimal(amount)
    chosen = amount[0]
    for start, price in amount[1:]:
        if input_tokens > start:
            chosen = price
    return Decimal(chosen)
