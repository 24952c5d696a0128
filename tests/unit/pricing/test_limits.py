"""Output limits that a provider will take, for models whose lists do not say them. P26."""

from __future__ import annotations

import pytest

from llmtui.pricing.limits import output_limit


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("gpt-4o-mini-2024-07-18", 16_384),
        ("openai/gpt-4.1-nano", 32_768),
        ("gpt-4-turbo", 4_096),
        ("gpt-5.5", 128_000),
        ("GPT-6-astra", 128_000),
        ("o3-mini", 100_000),
        ("anthropic/claude-sonnet-4.5", 32_000),
        ("claude-3-opus-latest", 4_096),
        ("gemini-2.5-pro", 65_536),
        ("llama3:8b", None),
        ("", None),
    ],
)
def test_the_most_particular_family_speaks(model: str, limit: int | None) -> None:
    assert output_limit(model) == limit
