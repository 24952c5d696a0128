"""How each generation of Gemini models is asked to think: by a budget of tokens (2.5) or by a level (3 and later).

The server refuses the one where it knows the other, and both where a model cannot think, or cannot stop.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from llmtui.core.request import ReasoningEffort

_NAME = re.compile(r"gemini-(\d+)(?:\.(\d+))?-")
_OTHER_KINDS = re.compile(r"image|tts|audio|live|embedding|computer-use|robotics")
_BUDGETS = {"minimal": 512, "low": 2_048, "medium": 8_192, "high": 16_384, "max": 24_576}
_LEVELS = {"low": "LOW", "medium": "MEDIUM", "high": "HIGH", "max": "HIGH"}
_LAST_WITH_MINIMAL = (3, 6)
_MIN_PRO_BUDGET = 128
_NO_THOUGHT = "This model does not reason: the reasoning effort was left out."
_NO_STOP = "This model always reasons: it is asked for its lowest effort instead of none."


class ThinkingConfig(NamedTuple):
    """`thinkingConfig`, empty where it must not be sent, and what the reader should know."""

    config: dict[str, Any]
    note: str = ""


def thinking_config(model: str, effort: ReasoningEffort | None, max_output_tokens: int | None) -> ThinkingConfig:
    """What to send for an effort. Thoughts count among the output tokens: a budget leaves half of them for the answer."""
    name = model.lower().rpartition("/")[2]
    version = _version(name)
    if version is None or version < (2, 5):
        return ThinkingConfig({}, _NO_THOUGHT if effort not in {None, "none"} else "")
    lite, pro = "lite" in name, "pro" in name
    if effort is None:
        return ThinkingConfig(
            {} if lite else {"includeThoughts": True}
        )  # asked of one that does not think, it is an error
    if version >= (3, 0):
        return _level(version, effort, lite=lite, pro=pro)
    if effort == "none":
        if pro:
            return ThinkingConfig({"thinkingBudget": _MIN_PRO_BUDGET}, _NO_STOP)
        return ThinkingConfig({"thinkingBudget": 0})
    budget = _BUDGETS[effort]
    if max_output_tokens:
        budget = max(_MIN_PRO_BUDGET if pro else 512, min(budget, max_output_tokens // 2))
    return ThinkingConfig({"thinkingBudget": budget, "includeThoughts": True})


def _level(version: tuple[int, int], effort: ReasoningEffort, *, lite: bool, pro: bool) -> ThinkingConfig:
    if effort in {"none", "minimal"}:
        minimal = not pro and (lite or version <= _LAST_WITH_MINIMAL)
        config: dict[str, Any] = {"thinkingLevel": "MINIMAL" if minimal else "LOW"}
        return ThinkingConfig(config, _NO_STOP if effort == "none" else "")
    level = _LEVELS[effort]
    if pro and version == (3, 0) and level == "MEDIUM":  # knows low and high only
        level = "HIGH"
    return ThinkingConfig({"thinkingLevel": level, "includeThoughts": True})


def _version(name: str) -> tuple[int, int] | None:
    """None for a model that is no Gemini, or one for pictures or speech; an alias without a version is the newest."""
    if not name.startswith("gemini-") or _OTHER_KINDS.search(name):
        return None
    match = _NAME.match(name)
    return (int(match[1]), int(match[2] or 0)) if match else (99, 0)
