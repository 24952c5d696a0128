"""Generation settings as people type them (`/set temperature 0.3`) and as conversations keep them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, get_args

from llmtui.core.errors import ConfigError
from llmtui.core.request import GenerationSettings, ReasoningEffort

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGES = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0)}
_FIELDS = {"max_tokens": "max_output_tokens", "effort": "reasoning_effort"}
NAMES = ("temperature", "top_p", "max_tokens", "effort", "stop", "seed")


def changed(settings: GenerationSettings, name: str, text: str) -> GenerationSettings:
    """The settings with one value set from text; without a text the provider's own choice returns.

    A `stop` is added to those before. Raise ConfigError with what is expected.
    """
    value: Any = None
    if name not in NAMES:
        raise ConfigError(f"there is no setting “{name}”", advice=f"There are {', '.join(NAMES)}.")
    if name == "stop":
        value = (*settings.stop, text) if text else ()
    elif not text:
        value = None
    elif name == "effort":
        value = text
        if text not in get_args(ReasoningEffort):
            raise ConfigError(f"effort is one of {', '.join(get_args(ReasoningEffort))}, not “{text}”")
    elif name in _RANGES:
        value = _within(name, text, *_RANGES[name])
    else:
        value = _whole(name, text, least=1 if name == "max_tokens" else -(2**63))
    return replace(settings, **{_FIELDS.get(name, name): value})


def _within(name: str, text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ConfigError(f"{name} is a number from {low:g} to {high:g}, not “{text}”")
    return number


def _whole(name: str, text: str, *, least: int) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) < 20 and least <= int(text) < 2**63:
        return int(text)
    raise ConfigError(f"{name} is a whole number{' above 0' if least > 0 else ''}, not “{text}”")


def from_stored(stored: Mapping[str, Any]) -> GenerationSettings:
    """The generation settings among those that a conversation keeps."""
    known = {field.name for field in fields(GenerationSettings)}
    found: dict[str, Any] = {
        name: tuple(value) if name == "stop" else value for name, value in stored.items() if name in known
    }
    return GenerationSettings(**found)


def to_stored(settings: GenerationSettings, system: str | None) -> dict[str, Any]:
    """What a conversation keeps of its settings and system prompt; what is not set is left out."""
    found = {field.name: getattr(settings, field.name) for field in fields(GenerationSettings)} | {"system": system}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value not in (None, ())
    }
