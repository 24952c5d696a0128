"""When the same model is asked again (ROB-1, ROB-2)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.chat.retry import Retries
from llmtui.core import errors
from llmtui.core.policy import RetryPolicy

if TYPE_CHECKING:
    from llmtui.core.errors import ProviderError


def waits(error: ProviderError, policy: RetryPolicy | None = None) -> list[float]:
    retries = Retries(policy or RetryPolicy(), jitter=lambda: 0.0)
    found = []
    while (wait := retries.next_wait(error)) is not None:
        found.append(wait)
    return found


def test_rob_1_waits_double_from_one_second() -> None:
    assert waits(errors.RateLimited("slow down")) == [1, 2, 4, 8, 16]


def test_rob_2_an_overloaded_server_is_left_alone_for_longer() -> None:
    assert waits(errors.Overloaded("busy", status=503)) == [1.5, 3, 6, 12, 24]


def test_rob_1_a_wait_is_capped() -> None:
    policy = RetryPolicy(max_retries=9, max_total_s=1000)
    assert waits(errors.ServerError("oops"), policy)[-4:] == [32, 32, 32, 32]


def test_rob_1_the_sum_of_waits_has_a_limit() -> None:
    assert waits(errors.ServerError("oops"), RetryPolicy(max_total_s=10)) == [1, 2, 4]


@pytest.mark.parametrize("asked", [None, 7.0])
def test_rob_1_jitter_does_not_go_beyond_the_sum(asked: float | None) -> None:
    """ROB-1: 60 s in all are 60 s, whatever is added to a wait."""
    retries = Retries(RetryPolicy(max_retries=20), jitter=lambda: 1.0)
    while retries.next_wait(errors.RateLimited("slow down", retry_after_s=asked)) is not None:
        assert retries.waited_s <= 60


def test_rob_1_retry_after_goes_before_our_own_wait() -> None:
    assert waits(errors.RateLimited("slow down", retry_after_s=7.5)) == [7.5] * 5


def test_rob_1_a_retry_after_beyond_the_limit_is_not_slept() -> None:
    assert waits(errors.RateLimited("slow down", retry_after_s=61)) == []


@pytest.mark.parametrize(
    "error",
    [
        errors.QuotaExhausted("no credit"),
        errors.AuthenticationFailed("bad key"),
        errors.PermissionDenied("no"),
        errors.ModelNotFound("no"),
        errors.InvalidRequest("no"),
        errors.ContextTooLong("no"),
        errors.TimedOut("late"),
        errors.MalformedResponse("what"),
        errors.ContentFiltered("no"),
    ],
    ids=lambda error: error.kind,
)
def test_rob_1_what_a_second_try_cannot_mend_is_not_retried(error: ProviderError) -> None:
    assert waits(error) == []


def test_the_provider_decides_when_it_says_so() -> None:
    assert waits(errors.RateLimited("no", should_retry=False)) == []
    assert len(waits(errors.InvalidRequest("once more", should_retry=True))) == 5


@given(
    jitters=st.lists(st.floats(0, 1), min_size=20, max_size=20),
    base=st.floats(0.01, 5),
    limit=st.integers(0, 8),
)
def test_rob_1_each_wait_is_at_least_half_as_long_again(jitters: list[float], base: float, limit: int) -> None:
    """ROB-1: jitter only adds, up to a quarter; the number of retries is exact."""
    policy = RetryPolicy(max_retries=limit, base_s=base, max_wait_s=1e9, max_total_s=1e12)
    left = iter(jitters)
    retries = Retries(policy, jitter=lambda: next(left))
    found = []
    while (wait := retries.next_wait(errors.ServerError("oops"))) is not None:
        found.append(wait)
    assert len(found) == limit
    for number, wait in enumerate(found):
        assert base * 2**number <= wait <= base * 2**number * 1.25 * (1 + 1e-9)
    for earlier, later in itertools.pairwise(found):
        assert later >= 1.5 * earlier
