"""Counts and costs as the providers report them, and what cannot be meant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from llmtui.core.events import UsageReported
from llmtui.core.usage import Usage
from llmtui.providers._chat_usage import read_chat_usage, read_timings
from llmtui.providers._usage import Nonsense, UsageMeter, count, usd


def usage(input_tokens: int, read: int, write: int, output: int, reasoning: int, cost: str | None = None) -> Usage:
    return Usage(input_tokens, read, write, output, reasoning, "provider", None if cost is None else Decimal(cost))


READ = [
    ("OpenAI", {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
                "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 5}}, usage(100, 40, 10, 20, 5)),
    ("details null", {"prompt_tokens": 1, "completion_tokens": 9, "total_tokens": 10, "prompt_tokens_details": None,
                      "completion_tokens_details": None, "input_tokens": None}, usage(1, 0, 0, 9, 0)),
    ("DeepSeek", {"prompt_tokens": 100, "completion_tokens": 20, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
     usage(100, 64, 0, 20, 0)),
    ("DeepSeek without a sum", {"completion_tokens": 20, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
     usage(100, 64, 0, 20, 0)),
    ("xAI, reasoning outside", {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35,
                                "completion_tokens_details": {"reasoning_tokens": 20}}, usage(10, 0, 0, 25, 20)),
    ("reasoning inside", {"prompt_tokens": 10, "completion_tokens": 25, "total_tokens": 35,
                          "completion_tokens_details": {"reasoning_tokens": 20}}, usage(10, 0, 0, 25, 20)),
    ("xAI's ticks", {"prompt_tokens": 10, "completion_tokens": 5, "cost_in_usd_ticks": 33_750_000}, usage(10, 0, 0, 5, 0, "0.003375")),
    ("more cached than read", {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 90,
     "cache_write_tokens": 3}}, usage(10, 10, 0, 5, 0)),
    ("Moonshot", {"prompt_tokens": 100, "completion_tokens": 2, "cached_tokens": 40}, usage(100, 40, 0, 2, 0)),
    ("vLLM's own name", {"prompt_tokens": 100, "completion_tokens": 2, "num_cached_tokens": 40}, usage(100, 40, 0, 2, 0)),
    ("Mistral", {"prompt_tokens": 100, "completion_tokens": 2, "prompt_token_details": {"cached_tokens": 40}},
     usage(100, 40, 0, 2, 0)),
    ("the newer names", {"input_tokens": 7, "output_tokens": 3}, usage(7, 0, 0, 3, 0)),
    ("only the input and a total", {"prompt_tokens": 7, "total_tokens": 10}, usage(7, 0, 0, 3, 0)),
    ("whole floats", {"prompt_tokens": 7.0, "completion_tokens": Decimal("3.0")}, usage(7, 0, 0, 3, 0)),
    ("a router's cost", {"prompt_tokens": 1, "completion_tokens": 1, "cost": Decimal("0.0001675")}, usage(1, 0, 0, 1, 0, "0.0001675")),
    ("the user's own key", {"prompt_tokens": 1, "completion_tokens": 1, "cost": Decimal("0.001"), "is_byok": True,
     "cost_details": {"upstream_inference_cost": Decimal("0.02")}}, usage(1, 0, 0, 1, 0, "0.021")),
    ("the router's key", {"prompt_tokens": 1, "completion_tokens": 1, "cost": Decimal("0.02"), "is_byok": False,
     "cost_details": {"upstream_inference_cost": Decimal("0.02")}}, usage(1, 0, 0, 1, 0, "0.02")),
    ("the router's key, another upstream cost", {"prompt_tokens": 1, "completion_tokens": 1, "cost": Decimal("0.02"), "is_byok": False,
     "cost_details": {"upstream_inference_cost": Decimal("0.03")}}, usage(1, 0, 0, 1, 0, "0.02")),
    ("nobody says, they differ", {"prompt_tokens": 1, "completion_tokens": 1, "cost": Decimal("0.001"),
     "cost_details": {"upstream_inference_cost": Decimal("0.02")}}, usage(1, 0, 0, 1, 0, "0.021")),
    ("nobody says, they agree", {"prompt_tokens": 1, "completion_tokens": 1, "cost": Decimal("0.02"),
     "cost_details": {"upstream_inference_cost": Decimal("0.02")}}, usage(1, 0, 0, 1, 0, "0.02")),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_each_dialect(raw: dict[str, Any], expected: Usage) -> None:
    """PRV-4, COST-1 (P15, P17, P18): normalised, and nothing counted twice."""
    assert read_chat_usage(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        {}, {"total_tokens": 9}, {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": "12", "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1}, {"prompt_tokens": 10**12, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1}, {"prompt_tokens": [1], "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": float("inf")}, {"prompt_tokens": 1, "completion_tokens": float("nan")},
        {"prompt_tokens": 1, "completion_tokens": 1, "is_byok": True, "cost": None},
        {"prompt_tokens": 1, "completion_tokens": 1, "is_byok": True, "cost": Decimal("0.1"), "cost_details": None},
    ],
)  # fmt: skip
def test_nonsense_is_unknown_never_zero(raw: dict[str, Any]) -> None:
    """COST-2 (P16, P19)."""
    with pytest.raises(Nonsense):
        read_chat_usage(raw)


@pytest.mark.parametrize("cost", [-1, "0.01", "abc", float("nan"), Decimal("Infinity"), 10**12, True])
def test_a_cost_that_cannot_be_leaves_the_counts_and_is_no_cost(cost: Any) -> None:
    """P19: the bill takes a cost below 0 for unknown."""
    found = read_chat_usage({"prompt_tokens": 2, "completion_tokens": 3, "cost": cost})
    assert (found.input_tokens, found.output_tokens, found.cost_usd) == (2, 3, Decimal(-1))


def test_a_cost_in_parts_is_taken_as_a_whole() -> None:
    """P14: Perplexity breaks its charge down; an object without a total says nothing."""
    raw = {"prompt_tokens": 1, "completion_tokens": 1, "cost": {"request_cost": 1, "total_cost": Decimal("0.006")}}
    assert read_chat_usage(raw).cost_usd == Decimal("0.006")
    assert read_chat_usage({**raw, "cost": {}}).cost_usd is None


def test_counts_and_amounts() -> None:
    assert count(None) == 0
    assert [usd(value) for value in (None, True, "1", -1, 10**9, float("nan"), 1)] == [None] * 6 + [Decimal(1)]


def test_timings_of_llamacpp() -> None:
    raw = read_timings({"cache_n": 30, "prompt_n": 12, "predicted_n": 7, "predicted_ms": 1.5})
    assert raw is not None
    assert read_chat_usage(raw) == usage(42, 30, 0, 7, 0)
    assert read_timings({"prompt_ms": 3}) is None
    assert read_timings({"predicted_n": 1, "prompt_n": "x"}) is None


def reports(*frames: tuple[Any, bool]) -> list[Usage | None]:
    meter = UsageMeter(read_chat_usage)
    said = [event for raw, text_seen in frames for event in meter.report(raw, text_seen=text_seen)]
    said += meter.end(text_seen=frames[-1][1])
    assert all(isinstance(event, UsageReported) for event in said)
    return [event.usage for event in said]


def test_frames_are_merged_field_by_field_and_never_added() -> None:
    """PRV-4 (P8): cumulative values on every chunk, details in one of them only."""
    assert reports(
        ({"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 4}}, True),
        ({"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": None}, True),
        ({"completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": None}}, True),
    ) == [usage(10, 4, 0, 1, 0), usage(10, 4, 0, 2, 0), usage(10, 4, 0, 3, 0)]  # fmt: skip


def test_a_frame_sent_twice_changes_nothing() -> None:
    """P9."""
    frame = ({"prompt_tokens": 10, "completion_tokens": 3}, True)
    assert reports(frame, frame, (None, True)) == [usage(10, 0, 0, 3, 0)]


def test_zeros_are_believed_only_of_an_empty_answer() -> None:
    """P13, P19: all zeros after text is unknown."""
    zeros = {"prompt_tokens": 0, "completion_tokens": 0}
    assert reports((zeros, True)) == [None]
    assert reports((zeros, False), (None, True)) == [None]
    assert reports((zeros, False)) == [usage(0, 0, 0, 0, 0)]
    assert reports((zeros, False), ({"prompt_tokens": 5, "completion_tokens": 2}, True)) == [usage(5, 0, 0, 2, 0)]


@pytest.mark.parametrize("raw", [{}, "many", [], 7, {"prompt_tokens": "x"}])
def test_a_report_that_is_none(raw: Any) -> None:
    """P19."""
    assert reports((raw, True)) == [None]
