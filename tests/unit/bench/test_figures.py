"""Seven figures, a server's counters, and the verdicts made from them (CHAT-10)."""

from __future__ import annotations

from typing import Any

from llmtui.bench.anatomy import Anatomy
from llmtui.bench.checks import judge, usage_deviation
from llmtui.bench.metrics import growth, read_metrics
from llmtui.bench.plan import Counted, Measured, Sample, Server
from llmtui.bench.report import as_dict, as_text, has_failed
from llmtui.bench.run import Outcome
from llmtui.bench.spread import Spread, spread
from llmtui.bench.tap import LARGEST, Tap
from llmtui.core.cost import NO_COST
from llmtui.core.messages import ModelRef
from llmtui.core.usage import Usage

FINE = Sample(
    ok=True, cancelled=False, error_kind="", error_message="", ttft_s=0.1, duration_s=1.0, gaps_s=(0.2,), tokens_per_second=10.0,
    usage=Usage(9, 0, 0, 100), usage_is_nonsense=False, text="text", reasoned=False,
    anatomy=Anatomy(5, frozenset(), frozenset(), {}), cost=NO_COST,
)  # fmt: skip
FAILED = FINE._replace(ok=False, error_kind="timeout", error_message="late", usage=None, anatomy=None, ttft_s=None)
WELL = Server(("ok", "health: fine"), ("ok", "model list: 1 model"), frozenset({"m"}))


def found(*samples: Sample, counted: Counted | None = None) -> Measured:
    return Measured(ModelRef("p", "m"), "openai", "chat", "http://x/v1", samples, 2.0, counted)


def marks(*samples: Sample, server: Server = WELL, counted: Counted | None = None) -> dict[str, str]:
    return {check.name: check.mark for check in judge(found(*samples, counted=counted), server)}


def test_the_seven_figures() -> None:
    assert spread([]) is None
    assert spread(range(1, 101)) == Spread(1, 50.5, 50, 90, 95, 99, 100)
    assert spread([3.0]) == Spread(*[3.0] * 7)


def test_success_is_judged_by_its_share() -> None:
    assert marks(FINE)["success"] == "ok"
    assert marks(*[FINE] * 19, FAILED)["success"] == "warn"
    assert marks(*[FINE] * 18, FAILED)["success"] == "fail"
    assert marks()["success"] == "warn"
    assert marks(FINE, FAILED._replace(cancelled=True))["success"] == "ok"


def test_a_first_token_outside_its_duration_fails() -> None:
    assert marks(FINE)["times"] == "ok"
    assert marks(FINE._replace(ttft_s=1.5))["times"] == "fail"
    assert marks(FINE._replace(ttft_s=-0.1))["times"] == "fail"
    assert marks(FINE._replace(ttft_s=None))["times"] == "warn"


def test_usage_is_held_against_our_own_count_sample_by_sample() -> None:
    exact = Counted(9, (100, 50), exact=True)
    assert usage_deviation([FINE, FINE], None) is None
    assert usage_deviation([FINE, FINE], exact) == (0 + (50 - 4) / 50) / 2
    assert usage_deviation([FINE], Counted(9, (None,), exact=True)) is None
    assert marks(FINE, counted=Counted(9, (100,), exact=True))["usage"] == "ok"
    assert marks(FINE, counted=Counted(9, (80,), exact=True))["usage"] == "warn"
    assert marks(FINE, counted=Counted(9, (80,), exact=False))["usage"] == "ok"
    assert marks(FINE, FINE._replace(usage=None))["usage"] == "warn"


def test_each_answer_is_compared_with_its_own_count() -> None:
    short = FINE._replace(usage=Usage(9, 0, 0, 50))
    assert usage_deviation([FINE, short], Counted(9, (100, 50), exact=True)) == 0
    assert usage_deviation([short, FINE], Counted(9, (100, 50), exact=True)) != 0


def test_a_cancelled_sample_does_not_shift_the_comparison() -> None:
    stopped = FINE._replace(ok=False, cancelled=True)
    assert usage_deviation([stopped, FINE], Counted(9, (None, 100), exact=True)) == 0


def test_the_server_s_counters_by_many_names() -> None:
    text = """# TYPE x counter
llamacpp:prompt_tokens_total 5
llamacpp:tokens_predicted_total 7
vllm:time_to_first_token_seconds_bucket{le="0.1"} 4
sglang:time_to_first_token_seconds_sum{a="b c"} 1.5 1700000000
ttft_seconds_count 3
http_request_duration_seconds_sum 9
http_request_duration_seconds_count 3
requests_total{code="200"} 2
requests_total{code="500"} 1
broken line here
odd abc
gone NaN
"""
    assert read_metrics(text) == {
        "input_tokens": 5, "output_tokens": 7, "ttft_sum": 1.5, "ttft_count": 3, "duration_sum": 9, "duration_count": 3, "requests": 3,
    }  # fmt: skip
    assert read_metrics("<html>") is None
    assert growth({"a": 1, "b": 5}, {"a": 3, "b": 2, "c": 4}) == {"a": 2, "c": 4}


def test_counters_that_differ_and_clocks_that_cannot_be_are_warnings() -> None:
    theirs = {
        "requests": 2.0,
        "output_tokens": 100.0,
        "ttft_sum": 1.0,
        "ttft_count": 1.0,
        "duration_sum": 0.5,
        "duration_count": 1.0,
    }
    checks = [check for check in judge(found(FINE), WELL._replace(metrics=theirs)) if check.name == "metrics"]
    assert [check.mark for check in checks] == ["warn", "ok", "warn", "ok"]
    assert "others may use it too" in checks[0].sentence


def test_the_report_ends_with_a_verdict() -> None:
    good = Outcome((found(FINE),), (WELL,), None, out_of_money=False)
    assert as_text(good).endswith("✓ 6 passed, 0 to look at, 0 failed\n")
    assert not has_failed(good)
    nothing = Outcome((), (), 2, out_of_money=True)
    assert "stopped early" in as_text(nothing)
    assert "--max-cost" in as_text(nothing)
    assert not has_failed(nothing)
    bad = Outcome((found(FAILED, FAILED._replace(cancelled=True)),), (WELL,), None, out_of_money=False)
    assert has_failed(bad)
    result: dict[str, Any] = as_dict(bad)["results"][0]
    assert (result["failed"], result["cancelled"], result["ttft_ms"], result["errors"]) == (1, 1, None, {"timeout": 1})
    assert "first token, ms              –" in as_text(bad)


def test_an_answer_that_is_too_large_is_not_kept_whole() -> None:
    tap = Tap()
    tap.take(b"x" * (LARGEST - 1))
    assert not tap.is_cut
    tap.take(b"yz")
    assert (len(tap.raw), tap.is_cut) == (LARGEST, True)
