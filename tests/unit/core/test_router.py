"""`auto`: PRV-9."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.errors import ConfigError
from llmtui.core.messages import ModelRef
from llmtui.core.router import BUILT_IN, Tier, route, tier_of
from llmtui.pricing.table import PriceTable


class Settings(NamedTuple):
    simple: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()
    complex: tuple[str, ...] = ()


TIERS = Settings(("a/small", "b/small"), ("a/middle", "b/middle"), ("a/large", "b/large"))
HARD = "Design and analyse a lock-free queue. Prove that it is linearizable.\n```c\nint x;\n```"


def everyone(provider: str) -> bool:
    return bool(provider)


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("What is the capital of France?", Tier.SIMPLE),
        ("hello", Tier.SIMPLE),
        ("Translate “good night” to Danish", Tier.SIMPLE),
        ("Write a short letter to my landlord about the heating.", Tier.STANDARD),
        ("Give me three ideas for a garden party with my neighbours.", Tier.STANDARD),
        ("What is wrong here?\n```python\nprint(x)\n```", Tier.STANDARD),
        ("Refactor this:\n```python\nprint(x)\n```", Tier.COMPLEX),
        ("Prove the theorem of Pythagoras and derive the law of cosines.", Tier.COMPLEX),
        (HARD, Tier.COMPLEX),
        ("Tell me more about this. " * 100, Tier.COMPLEX),
    ],
)
def test_the_tier_follows_the_questions_complexity(text: str, tier: Tier) -> None:
    assert tier_of(text)[0] is tier


def test_attachments_make_a_question_harder() -> None:
    assert tier_of("What is this?", attachments=1)[0] is Tier.STANDARD


def test_it_says_which_and_why() -> None:
    """PRV-9."""
    chosen = route(HARD, TIERS, everyone)
    assert chosen.model == ModelRef("a", "large")
    assert chosen.tier is Tier.COMPLEX
    assert chosen.reason == "complex: code, asks for reasoning"
    assert route("hello", TIERS, everyone).reason == "simple: short question"


def test_the_first_with_a_key_wins() -> None:
    """PRV-9: never a provider without a key."""
    assert route(HARD, TIERS, lambda provider: provider == "b").model == ModelRef("b", "large")


def test_with_little_budget_left_it_takes_a_smaller_one() -> None:
    """PRV-9: by the query's complexity and the budget left."""
    tiers = {used: route(HARD, TIERS, everyone, budget_used=used).tier for used in (0.7, 0.75, 0.9, 1.2)}
    assert tiers == {0.7: Tier.COMPLEX, 0.75: Tier.STANDARD, 0.9: Tier.SIMPLE, 1.2: Tier.SIMPLE}
    assert "complex needed, 80 % of a budget is used" in route(HARD, TIERS, everyone, budget_used=0.8).reason
    assert route("hello", TIERS, everyone, budget_used=0.95).reason == "simple: short question"


def test_an_empty_tier_is_stood_in_for_by_the_nearest_the_cheaper_first() -> None:
    no_middle = TIERS._replace(standard=())
    chosen = route("Give me three ideas for a party.", no_middle, everyone)
    assert chosen.model == ModelRef("a", "small")
    assert chosen.reason.endswith("no standard model has a key")
    assert route("hello", Settings(complex=("a/large",)), everyone).model == ModelRef("a", "large")


def test_without_any_key_it_is_one_clear_sentence() -> None:
    with pytest.raises(ConfigError, match="no model whose provider has a key"):
        route("hello", TIERS, lambda _: False)


def test_an_entry_that_is_no_model_is_named() -> None:
    with pytest.raises(ConfigError, match="“nonsense” is not a model"):
        route("hello", Settings(simple=("nonsense",)), everyone)


def test_without_a_config_it_has_models_of_its_own_and_all_have_a_price() -> None:
    assert route("hello", Settings(), lambda provider: provider == "anthropic").model.provider == "anthropic"
    table, now = PriceTable.load(), datetime.now(UTC)
    for names in BUILT_IN.values():
        for name in names:
            ref = ModelRef.parse(name)
            provider = table.provider_id(ref.provider)
            assert provider is not None
            assert table.price(provider, ref.name, at=now) is not None, name


@given(
    text=st.text(max_size=500),
    keys=st.sets(st.sampled_from("abc")),
    tiers=st.lists(st.lists(st.sampled_from(["a/x", "b/y", "c/z"]), max_size=3), min_size=3, max_size=3),
    used=st.floats(0, 2),
)
def test_never_a_provider_without_a_key(text: str, keys: set[str], tiers: list[list[str]], used: float) -> None:
    """PRV-9: whatever the question, the config and the budget."""
    settings = Settings(*(tuple(names) for names in tiers))
    try:
        chosen = route(text, settings, lambda provider: provider in keys, budget_used=used)
    except ConfigError:
        usable = any(name[0] in keys for names in tiers for name in names)
        assert not usable
        return
    assert chosen.model.provider in keys
    assert any(str(chosen.model) in names for names in tiers)
    assert chosen.reason.startswith(f"{chosen.tier}: ")
