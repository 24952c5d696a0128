"""Settings as typed and as kept."""

from __future__ import annotations

import pytest

from llmtui.core.errors import ConfigError
from llmtui.core.request import GenerationSettings
from llmtui.core.tuning import changed, from_stored, to_stored

ALL = GenerationSettings(0.5, 0.9, 100, ("a", "b"), -7, "high")


def test_what_is_kept_comes_back() -> None:
    stored = to_stored(ALL, "Be kind.")
    assert stored["stop"] == ["a", "b"]
    assert from_stored(stored | {"role": "x"}) == ALL
    assert to_stored(GenerationSettings(), None) == {}


def test_each_setting_is_set_by_its_name_and_unset_without_a_value() -> None:
    settings = GenerationSettings()
    for name, text in (
        ("temperature", "0.5"), ("top_p", "0.9"), ("max_tokens", "100"), ("stop", "a"), ("stop", "b"), ("seed", "-7"), ("effort", "high"),
    ):  # fmt: skip
        settings = changed(settings, name, text)
    assert settings == ALL
    for name in ("temperature", "top_p", "max_tokens", "stop", "seed", "effort"):
        settings = changed(settings, name, "")
    assert settings == GenerationSettings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temperature", "hot"), ("temperature", "nan"), ("temperature", "2.1"), ("top_p", "-1"), ("max_tokens", "0"), ("max_tokens", "-5"),
        ("max_tokens", "1.5"), ("seed", "x"), ("seed", "9" * 30), ("effort", "huge"), ("colour", "red"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=name):
        changed(GenerationSettings(), name, text)
