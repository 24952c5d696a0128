"""Our look-up against genai-prices itself, the source of the shipped table: every model, thousands of random usages.

genai-prices is a development dependency and never imported by the program. COST-1, COST-6, P17, P18.
"""

from __future__ import annotations

import importlib.metadata
import random
import runpy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmtui.core.usage import Usage
from llmtui.pricing.convert import compact
from llmtui.pricing.table import PriceTable

genai_prices = pytest.importorskip("genai_prices", reason="genai-prices, a development dependency, is not installed")

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "make_prices.py"


@pytest.fixture(scope="module")
def table() -> PriceTable:
    """What the script makes of the installed version, which may be newer than the shipped table."""
    if not SCRIPT.exists():
        pytest.skip("the script that makes the price table is not part of this tree")
    return PriceTable(compact(runpy.run_path(str(SCRIPT))["published"](), taken="2026-11-20", source="judge"))


def names_of(clause: Any) -> list[str]:
    """Names that a matching clause is about, and some that miss it narrowly."""
    from genai_prices import types

    match clause:
        case types.ClauseOr(or_=inner) | types.ClauseAnd(and_=inner):
            return [name for each in inner for name in names_of(each)]
        case types.ClauseEquals(equals=text):
            return [text, f"{text}-2", text.upper()]
        case types.ClauseStartsWith(starts_with=text):
            return [text, f"{text}-20251211", f"x{text}"]
        case types.ClauseEndsWith(ends_with=text):
            return [f"maker/{text}", f"{text}x"]
        case types.ClauseContains(contains=text):
            return [f"a-{text}-b"]
    return []


def usages(dice: random.Random, count: int) -> list[Usage]:
    made = []
    edges = [0, 1, 100_000, 100_001, 128_001, 200_000, 200_001, 272_000, 272_001, 512_001]
    for _ in range(count):
        total = dice.choice([dice.choice(edges), dice.randint(0, 2_000), dice.randint(0, 1_200_000)])
        read = dice.randint(0, total) if dice.random() < 0.6 else 0
        write = dice.randint(0, total - read) if dice.random() < 0.4 else 0
        output = dice.randint(0, 70_000)
        made.append(Usage(total, read, write, output, dice.randint(0, output) if dice.random() < 0.5 else 0))
    return made


def test_agrees_with_genai_prices_on_every_model_it_knows(table: PriceTable) -> None:
    """COST-1: the same model for every name, the same Decimal for every usage, at any time of any day."""
    from genai_prices import Usage as TheirUsage
    from genai_prices.data import providers

    dice = random.Random(20261120)
    compared = priced = 0
    for provider in providers:
        names = {name for model in provider.models for name in (model.id, *names_of(model.match))}
        for name in sorted(names):
            theirs = provider.find_model(name, all_providers=providers)
            ours = table.find(provider.id, name)
            assert (ours.id if ours else None) == (theirs.id if theirs else None), f"{provider.id}/{name}"
            compared += 1
            if theirs is None:
                assert table.price(provider.id, name, at=datetime.now(UTC)) is None
                continue
            assert ours is not None
            assert ours.window == (theirs.context_window or None)
            for usage in usages(dice, 2):
                at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=dice.randint(0, 4 * 365 * 86_400))
                price = table.price(provider.id, name, at=at, input_tokens=usage.input_tokens)
                their_price = theirs.get_prices(at)
                if their_price.input_mtok is None or their_price.output_mtok is None:
                    assert price is None
                    continue
                assert price is not None
                their_usage = TheirUsage(
                    input_tokens=usage.input_tokens,
                    cache_read_tokens=usage.cache_read_tokens,
                    cache_write_tokens=usage.cache_write_tokens,
                    output_tokens=usage.output_tokens,
                    output_reasoning_tokens=usage.reasoning_tokens,
                )
                judged = theirs.calc_price(their_usage, provider, genai_request_timestamp=at)
                assert price.cost(usage) == judged.total_price, f"{provider.id}/{name} {usage} {at}"
                priced += 1
    assert compared > 5_000
    assert priced > 10_000


def test_the_shipped_table_is_what_the_script_makes(table: PriceTable) -> None:
    """Nobody edits it by hand, and nobody forgets to make it anew after an upgrade of genai-prices."""
    shipped = PriceTable.load()
    if shipped.source != f"genai-prices {importlib.metadata.version('genai-prices')}":
        pytest.skip(f"the shipped table is from {shipped.source}, another version is installed")
    assert shipped._text.partition("\n")[2] == table._text.partition("\n")[2]


def test_genai_prices_reads_no_cost_where_we_say_unknown(table: PriceTable) -> None:
    """The one place where we differ: without a price its total is 0, ours is not known. COST-2."""
    from genai_prices.data import providers

    provider = next(each for each in providers if each.id == "github-copilot")
    theirs = provider.find_model("gpt-4o")
    assert theirs is not None
    judged = theirs.calc_price(genai_prices.Usage(input_tokens=10, output_tokens=5), provider)
    assert judged.total_price == Decimal(0)
    assert table.price("github-copilot", "gpt-4o", at=datetime.now(UTC)) is None
