"""Budget days and when they begin: BUD-1, P31."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.errors import ConfigError
from llmtui.core.periods import Period, Scope, day_start, local_day, period, until

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_a_day_begins_at_local_midnight() -> None:
    """BUD-1."""
    assert local_day(utc(2026, 11, 20, 22, 59), BERLIN) == "2026-11-20"
    assert local_day(utc(2026, 11, 20, 23, 0), BERLIN) == "2026-11-21"
    assert local_day(utc(2026, 11, 20, 22, 59), "Pacific/Auckland") == "2026-11-21"


def test_days_are_23_and_25_hours_long_when_the_clocks_change() -> None:
    """BUD-1: DST both ways."""
    spring = day_start(date(2026, 3, 30), BERLIN) - day_start(date(2026, 3, 29), BERLIN)
    autumn = day_start(date(2026, 10, 26), BERLIN) - day_start(date(2026, 10, 25), BERLIN)
    assert (spring, autumn) == (timedelta(hours=23), timedelta(hours=25))
    for hour in range(26):
        moment = utc(2026, 10, 24, 22) + timedelta(hours=hour)
        assert local_day(moment, BERLIN) == ("2026-10-25" if hour < 25 else "2026-10-26")


def test_where_the_clocks_skip_midnight_the_day_begins_with_its_first_moment() -> None:
    """BUD-1: in São Paulo 2018-11-04 began at 01:00; the moment before belonged to the day before."""
    start = day_start(date(2018, 11, 4), "America/Sao_Paulo")
    assert start == utc(2018, 11, 4, 3)
    assert local_day(start, "America/Sao_Paulo") == "2018-11-04"
    assert local_day(start - timedelta(seconds=1), "America/Sao_Paulo") == "2018-11-03"


def test_periods_and_their_resets() -> None:
    """BUD-1: each shows when it resets."""
    day = "2026-11-20"  # a Friday
    assert period(Scope.DAY, day, BERLIN) == Period(day, day, utc(2026, 11, 20, 23))
    assert period(Scope.WEEK, day, BERLIN) == Period("2026-11-16", "2026-11-22", utc(2026, 11, 22, 23))
    assert period(Scope.WEEK, day, BERLIN, week_starts="sunday") == Period(
        "2026-11-15", "2026-11-21", utc(2026, 11, 21, 23)
    )
    assert period(Scope.MONTH, day, BERLIN) == Period("2026-11-01", "2026-11-30", utc(2026, 11, 30, 23))
    assert period(Scope.CONVERSATION, day, BERLIN) is None


def test_a_month_ends_where_the_year_does() -> None:
    assert period(Scope.MONTH, "2026-12-31", "UTC") == Period("2026-12-01", "2026-12-31", utc(2027, 1, 1))
    assert period(Scope.MONTH, "2028-02-29", "UTC") == Period("2028-02-01", "2028-02-29", utc(2028, 3, 1))


def test_the_day_never_goes_backwards() -> None:
    """P31: a clock that jumps back, or a journey westwards, books on the last day that the ledger has."""
    assert local_day(utc(2026, 11, 20, 12), "UTC", not_before="2026-11-21") == "2026-11-21"
    assert local_day(utc(2026, 11, 22, 12), "UTC", not_before="2026-11-21") == "2026-11-22"


def test_without_a_zone_it_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert local_day(utc(2026, 11, 20, 15)) == "2026-11-21"
        assert day_start(date(2026, 11, 21)) == utc(2026, 11, 20, 15)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "a\0b"])
def test_an_unknown_zone_is_one_clear_sentence(name: str) -> None:
    with pytest.raises(ConfigError, match="time zone"):
        local_day(utc(2026, 1, 1), name)


zones = st.sampled_from([BERLIN, "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "UTC"])


@given(at=st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)), zone=zones)
def test_every_moment_lies_in_its_day(at: datetime, zone: str) -> None:
    """P31: start of the day ≤ moment < reset, whatever the clocks do; days follow each other without a gap."""
    day = local_day(at, zone)
    span = period(Scope.DAY, day, zone)
    assert span is not None
    assert day_start(date.fromisoformat(day), zone) <= at < span.resets_at
    assert at.astimezone(ZoneInfo(zone)).date().isoformat() == day


@given(at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), hours=st.integers(-12, 14))
def test_the_moments_own_zone_does_not_matter(at: datetime, hours: int) -> None:
    assert local_day(at.astimezone(timezone(timedelta(hours=hours))), BERLIN) == local_day(at, BERLIN)


@given(day=st.dates(date(2000, 1, 1), date(2040, 1, 1)), starts=st.sampled_from(["monday", "sunday", "saturday"]))
def test_a_week_has_seven_days_and_holds_its_day(day: date, starts: str) -> None:
    span = period(Scope.WEEK, day.isoformat(), "UTC", week_starts=starts)
    assert span is not None
    assert span.first_day <= day.isoformat() <= span.last_day
    assert date.fromisoformat(span.last_day) - date.fromisoformat(span.first_day) == timedelta(days=6)
    assert date.fromisoformat(span.first_day).strftime("%A").lower() == starts


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (40, "40 s"), (725, "12 min 5 s"), (28_500, "7 h 55 min"), (2 * 86_400 + 7200, "2 d 2 h")],
)
def test_bud3_how_long_it_is_until_a_reset(seconds: int, said: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert until(now + timedelta(seconds=seconds), now) == said
