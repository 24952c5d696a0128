"""The price table: names, dates, hours, thresholds. COST-1, COST-6."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from llmtui.pricing.convert import compact
from llmtui.pricing.table import PriceTable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def model(name: str, match: Any = None, **prices: Any) -> dict[str, Any]:
    return {"id": name, "match": match or {"equals": name}, "prices": prices or {"input_mtok": 1, "output_mtok": 2}}


def table(*models: dict[str, Any], **others: list[dict[str, Any]]) -> PriceTable:
    providers = [{"id": "maker", "api_pattern": r"https://api\.maker\.example", "models": list(models)}]
    providers += [{"id": name, "models": each, "fallback_model_providers": ["maker"]} for name, each in others.items()]
    return PriceTable(compact(providers, taken="2026-11-20", source="test"))


def found(prices: PriceTable, name: str, provider: str = "maker") -> str | None:
    known = prices.find(provider, name)
    return known.id if known else None


def test_names_match_as_the_source_says_and_the_first_wins() -> None:
    """COST-6: exact, beginning, end, part, pattern, any of, all of."""
    prices = table(
        model("exact"),
        model("begins", {"starts_with": "Pre-"}),
        model("ends", {"ends_with": "-tail"}),
        model("holds", {"contains": "middle"}),
        model("pattern", {"regex": r"^v\d+$"}),
        model("any", {"or": [{"equals": "one"}, {"equals": "two"}]}),
        model("all", {"and": [{"starts_with": "x"}, {"ends_with": "y"}]}),
        model("never", {"starts_with": "pre-"}),
    )
    names = {"EXACT": "exact", "pre-1": "begins", "a-tail": "ends", "amiddleb": "holds", "v12": "pattern", "two": "any"}
    assert {name: found(prices, name) for name in names} == names
    assert found(prices, "x-y") == "all"
    assert found(prices, "x") is None
    assert found(prices, "exactly") is None


def test_an_unknown_model_or_provider_stays_unknown() -> None:
    """COST-2: never a look-alike's price."""
    prices = PriceTable.load()
    assert prices.price("ollama", "deepseek-r1:8b", at=NOON) is None
    assert prices.provider_id("ollama") is None
    assert prices.provider_id("my-openai") is None
    assert prices.price("openai", "gpt-4o-of-the-future", at=NOON) is None
    assert prices.price("deepseek", "no-such-model", at=NOON) is None


def test_a_provider_is_known_by_its_name_or_its_address() -> None:
    prices = PriceTable.load()
    assert prices.provider_id("gemini") == "google"
    assert prices.provider_id("xAI ") == "x-ai"
    assert prices.provider_id("work", "https://api.openai.com/v1") == "openai"
    assert prices.provider_id("work", "https://llm.example.com/v1") is None
    assert prices.provider_id("openai", "http://127.0.0.1:4000/v1") == "openai"


def test_a_provider_that_sells_anothers_models_has_its_prices() -> None:
    prices = table(model("theirs"), shop=[model("own")])
    assert found(prices, "theirs", "shop") == "theirs"
    assert found(prices, "own", "maker") is None


def test_routers_write_dates_without_dashes() -> None:
    prices = table(model("m-2025-12-11"))
    assert found(prices, "m-20251211") == "m-2025-12-11"
    assert found(prices, "m-20259911") is None


def test_a_threshold_holds_for_the_whole_request_and_begins_above_it() -> None:
    """COST-1: Gemini's tier above 200k tokens applies to all of them."""
    tiers = {"base": 1, "tiers": [{"start": 500, "price": 4}, {"start": 200, "price": 2}]}
    prices = table(model("m", input_mtok=tiers, output_mtok=10))
    costs = [prices.price("maker", "m", at=NOON, input_tokens=count) for count in (200, 201, 500, 501)]
    assert [price.input for price in costs if price] == [1, 2, 2, 4]


def dated(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_the_last_price_that_applies_counts_else_the_first() -> None:
    """COST-1: dated and off-peak prices, in UTC whatever the request's zone."""

    def price(amount: int) -> dict[str, int]:
        return {"input_mtok": amount, "output_mtok": 0}

    night = {"start_time": "16:30:00Z", "end_time": "02:30:00+02:00"}
    raw = model("m") | {
        "prices": [
            {"prices": price(1)},
            {"constraint": {"start_date": "2026-01-01"}, "prices": price(2)},
            {"constraint": night, "prices": price(3)},
        ]
    }
    prices = table(raw)

    def at(moment: datetime) -> Decimal | None:
        got = prices.price("maker", "m", at=moment)
        return got.input if got else None

    assert at(dated(2025, 12, 31, 12)) == 1
    assert at(dated(2026, 1, 1, 12)) == 2
    assert at(dated(2026, 1, 1, 16, 30)) == 3
    assert at(dated(2026, 1, 1, 0, 29, 59)) == 3
    assert at(dated(2026, 1, 1, 0, 30)) == 2
    assert at(datetime.fromisoformat("2026-01-01T18:30:00+02:00")) == 3


def test_by_day_hours_that_do_not_pass_midnight_apply_between_them() -> None:
    hours = {"start_time": "01:00:00", "end_time": "04:00:00"}
    raw = model("m") | {
        "prices": [
            {"constraint": {"start_date": "2030-01-01"}, "prices": {"input_mtok": 7, "output_mtok": 7}},
            {"constraint": hours, "prices": {"input_mtok": 5, "output_mtok": 5}},
        ]
    }
    price = table(raw).price("maker", "m", at=dated(2026, 5, 1, 3, 59, 59))
    assert price is not None
    assert price.input == 5
    fallback = table(raw).price("maker", "m", at=dated(2026, 5, 1, 4))
    assert fallback is not None
    assert fallback.input == 7  # none applies: the first


def test_a_model_without_a_price_for_text_both_ways_has_none() -> None:
    """COST-2: an embedding model's output is not free, it is not known."""
    prices = table(model("embed", input_mtok=1), model("nothing") | {"prices": {}})
    assert prices.price("maker", "embed", at=NOON) is None
    assert prices.price("maker", "nothing", at=NOON) is None
    assert found(prices, "nothing") == "nothing"


def test_fees_and_reasoning_prices_are_read() -> None:
    prices = table(model("m", input_mtok=1, output_mtok=8, output_reasoning_mtok=3, requests_kcount=12))
    price = prices.price("maker", "m", at=NOON)
    assert price is not None
    assert (price.reasoning, price.request) == (Decimal(3), Decimal("0.012"))


def test_the_shipped_table_says_its_date_source_and_licence() -> None:
    """COST-6: with its date shown."""
    prices = PriceTable.load()
    assert datetime.fromisoformat(prices.date).year >= 2026
    assert prices.source.startswith("genai-prices ")
    known = prices.find("anthropic", "claude-haiku-4-5")
    assert known is not None
    assert known.window == 200_000
    assert prices.price_count() > 2000


def test_every_shipped_pattern_is_lower_case_where_names_are() -> None:
    """Names are compared in lower case: a clause with a capital letter could never match."""
    prices = PriceTable.load()

    def clauses(match: Any) -> list[str]:
        if isinstance(match, str):
            return [match]
        return [clause for each in (match["all"] if isinstance(match, dict) else match) for clause in clauses(each)]

    for provider in prices.provider_ids():
        section = prices._section(provider)
        assert section is not None
        for each in section["models"]:
            for clause in clauses(each.get("match", "=")):
                assert clause[0] == "/" or clause == clause.lower()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "nonsense", '{"format":99,"date":"2026-01-01","source":"","urls":{}}\n']
)
def test_a_file_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a price table"):
        PriceTable(text)


def test_one_look_up_parses_one_provider_and_imports_nothing_heavy() -> None:
    """The table must not cost `--once` its start: no pydantic, no HTTP, no asyncio; one line of JSON is parsed."""
    code = (
        "import sys, json, datetime\n"
        "from llmtui.pricing.table import PriceTable\n"
        "table = PriceTable.load()\n"
        "table.price('openai', 'gpt-4o', at=datetime.datetime.now(datetime.UTC))\n"
        "print(json.dumps([sorted(table._sections), sorted(set(sys.modules) & "
        "{'asyncio', 'pydantic', 'httpx', 'logging', 'genai_prices', 'importlib.resources'})]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [["openai"], []]
