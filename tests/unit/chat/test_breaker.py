"""A provider that keeps failing is skipped for a while (ROB-5)."""

from __future__ import annotations

from llmtui.chat.breaker import CircuitBreaker
from llmtui.core.errors import AuthenticationFailed, ServerError
from llmtui.core.policy import RetryPolicy


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rob_5_three_failures_in_a_row_open_it_and_time_closes_it() -> None:
    clock = Clock()
    breaker = CircuitBreaker(RetryPolicy(), clock=clock)
    for _ in range(2):
        breaker.failed("acme", ServerError("oops"))
    assert breaker.skips_for("acme") == 0
    breaker.failed("acme", ServerError("oops"))
    assert breaker.skips_for("acme") == 60
    assert breaker.skips_for("other") == 0
    clock.now += 60
    assert breaker.skips_for("acme") == 0


def test_rob_5_a_success_forgets_the_failures() -> None:
    breaker = CircuitBreaker(RetryPolicy(), clock=Clock())
    for _ in range(2):
        breaker.failed("acme", ServerError("oops"))
    breaker.succeeded("acme")
    breaker.failed("acme", ServerError("oops"))
    assert breaker.skips_for("acme") == 0


def test_rob_5_a_refused_key_says_nothing_about_the_server() -> None:
    breaker = CircuitBreaker(RetryPolicy(), clock=Clock())
    for _ in range(9):
        breaker.failed("acme", AuthenticationFailed("bad key"))
    assert breaker.skips_for("acme") == 0
