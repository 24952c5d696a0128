"""Makes llmtui/pricing/prices.jsonl from the installed genai-prices package (a development dependency).

Run it after upgrading genai-prices: `python scripts/make_prices.py`. Nothing of the package is needed at run time.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genai_prices import types
from genai_prices.data import providers

from llmtui.pricing.convert import compact

TARGET = Path(__file__).parent.parent / "llmtui" / "pricing" / "prices.jsonl"

_CLAUSES = {
    types.ClauseEquals: "equals",
    types.ClauseStartsWith: "starts_with",
    types.ClauseEndsWith: "ends_with",
    types.ClauseContains: "contains",
    types.ClauseRegex: "regex",
}


def published() -> list[dict[str, Any]]:
    """The package's data in the shape in which its project publishes it as JSON."""
    return [
        {
            "id": provider.id,
            "api_pattern": provider.api_pattern,
            "fallback_model_providers": provider.fallback_model_providers,
            "models": [_model(model) for model in provider.models],
        }
        for provider in providers
    ]


def _model(model: types.ModelInfo) -> dict[str, Any]:
    prices: Any
    if isinstance(model.prices, list):
        prices = [{"constraint": _constraint(each.constraint), "prices": _price(each.prices)} for each in model.prices]
    else:
        prices = _price(model.prices)
    return {"id": model.id, "match": _clause(model.match), "context_window": model.context_window, "prices": prices}


def _clause(clause: Any) -> dict[str, Any]:
    if isinstance(clause, types.ClauseOr):
        return {"or": [_clause(each) for each in clause.or_]}
    if isinstance(clause, types.ClauseAnd):
        return {"and": [_clause(each) for each in clause.and_]}
    name = _CLAUSES[type(clause)]
    return {name: getattr(clause, name)}


def _constraint(constraint: Any) -> dict[str, str] | None:
    if constraint is None:
        return None
    if isinstance(constraint, types.StartDateConstraint):
        return {"start_date": constraint.start_date.isoformat()}
    return {"start_time": constraint.start_time.isoformat(), "end_time": constraint.end_time.isoformat()}


def _price(price: types.ModelPrice) -> dict[str, Any]:
    return {key: _amount(value) for key, value in vars(price).items() if value is not None}


def _amount(value: Any) -> Any:
    if isinstance(value, types.TieredPrices):
        tiers = [{"start": tier.start, "price": str(tier.price)} for tier in value.tiers]
        return {"base": str(value.base), "tiers": tiers}
    return str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", default=datetime.now(UTC).date().isoformat(), help="the day the prices were taken")
    version = importlib.metadata.version("genai-prices")
    text = compact(published(), taken=parser.parse_args().date, source=f"genai-prices {version}")
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name}: {len(text) / 1024:.0f} KiB, {text.count(chr(10)) - 1} providers")  # noqa: T201


if __name__ == "__main__":
    main()
