"""Guessing tokens from characters, and learning from reports: TOK-1."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.tokens.estimate import Calibration, estimate_request, estimate_tokens

PROSE = "Whoever streams an answer wants every word at once, counted and paid for to the last cent. " * 20
TEXTS = {
    "prose": PROSE,
    "code": Path(importlib.import_module("argparse").__file__ or "").read_text(encoding="utf-8")[:50_000],
    "json": '{"index":0,"content":"…","cost_usd":"0.0000075","tokens":3},' * 50,
    "chinese": "人工智能是计算机科学的一个分支，它企图了解智能的实质。" * 20,
    "japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 20,
    "korean": "대한민국의 수도는 서울특별시이며 인구는 약 천만 명이다. " * 20,
    "russian": "Все счастливые семьи похожи друг на друга, каждая несчастливая по-своему. " * 20,
    "german": "Künstliche Intelligenz ist ein Teilgebiet der Informatik und wächst schnell. " * 20,
    "emoji": "😀🎉👍🏽🚀❤️" * 20,
}


def test_about_4_characters_a_token() -> None:
    """TOK-1."""
    assert len(PROSE) / 4.6 < estimate_tokens(PROSE) < len(PROSE) / 3.6
    assert 21_000 < estimate_tokens("a" * 100_000) < 26_000


@given(text=st.text(max_size=300))
def test_no_text_is_0_and_any_other_more(text: str) -> None:
    """TOK-1: whatever the text, lone surrogates too."""
    assert estimate_tokens("") == 0
    assert estimate_tokens("\ud83d") == 1
    assert (estimate_tokens(text) > 0) == bool(text)


@given(text=st.text(alphabet=st.characters(), max_size=200), more=st.text(max_size=200))
def test_more_text_is_hardly_fewer_tokens(text: str, more: str) -> None:
    """Monotonic but for runs of blanks that become one where two texts meet."""
    assert estimate_tokens(text + more) >= estimate_tokens(text) - 1


def test_a_request_adds_what_the_chat_format_adds() -> None:
    """TOK-1: 4 tokens a message and 3 for the reply."""
    assert estimate_request(["", ""]) == 2 * 4 + 3
    assert estimate_request([PROSE]) == estimate_tokens(PROSE) + 7


@pytest.mark.parametrize("kind", TEXTS)
def test_it_is_near_the_real_count(kind: str, vocabularies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a third of o200k_base on prose, code, data and other scripts: what the reservation's margin rests on."""
    tiktoken = pytest.importorskip("tiktoken")
    monkeypatch.setitem(os.environ, "TIKTOKEN_CACHE_DIR", str(vocabularies))
    real = len(tiktoken.get_encoding("o200k_base").encode_ordinary(TEXTS[kind]))
    assert real / 1.35 < estimate_tokens(TEXTS[kind]) < real * 1.35


def test_calibration_learns_a_providers_way_of_counting() -> None:
    """TOK-1: calibrated by what the provider reports; the recent weighs more."""
    assert Calibration().apply(100) == 100
    learnt = Calibration().observe(100, 130)
    assert learnt.apply(1000) == 1300
    for _ in range(40):
        learnt = learnt.observe(1000, 900)
    assert learnt.apply(1000) == 901 or learnt.apply(1000) == 900


def test_calibration_ignores_what_cannot_be() -> None:
    assert Calibration().observe(0, 5) == Calibration().observe(5, 0) == Calibration().observe(-1, 5) == Calibration()


def test_calibration_never_goes_astray() -> None:
    assert Calibration().observe(1, 1000).factor == 4.0
    assert Calibration().observe(1000, 1).factor == 0.25
    assert Calibration().observe(1000, 1).apply(1) == 1
    assert Calibration().observe(1, 1000).apply(0) == 0


@given(reports=st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.3, 3.5)), min_size=1, max_size=30))
def test_calibration_stays_within_what_was_reported(reports: list[tuple[int, float]]) -> None:
    calibration = Calibration()
    factors = []
    for estimated, factor in reports:
        reported = max(1, round(estimated * factor))
        factors.append(reported / estimated)
        calibration = calibration.observe(estimated, reported)
    assert min(4.0, *factors) - 1e-9 <= calibration.factor <= min(4.0, max(factors)) + 1e-9
