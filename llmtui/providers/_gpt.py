"""What each generation of OpenAI's models takes: whether it reasons, by which words it is told how much, and sampling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from llmtui.core.request import ReasoningEffort

_REASONING = re.compile(r"(?:o\d|codex|gpt-(?:(\d{1,2})(?:\.(\d{1,2}))?))(?![\w.])")
_NO_REASONING = re.compile(r"gpt-[34]|chatgpt|gpt-[\d.]+.*chat|davinci|babbage")


class Gpt(NamedTuple):
    """What a model's name tells."""

    reasons: bool | None
    """None: not one of OpenAI's, so nobody knows."""
    version: tuple[int, int] = (0, 0)
    """(5, 1) for gpt-5.1; (0, 0) where the name has none."""
    variant: str = ""
    """`pro` and `codex` take fewer efforts than their generation."""

    def takes_sampling(self, effort: ReasoningEffort | None) -> bool:
        """Whether temperature and top_p are accepted at this effort."""
        return not self.reasons or (effort == "none" and self.version >= (5, 1))


def gpt(model: str) -> Gpt:
    """What a model's name tells, with or without a vendor before it."""
    name = model.lower().rpartition("/")[2]
    if _NO_REASONING.match(name):
        return Gpt(reasons=False)
    match = _REASONING.match(name)
    if match is None:
        return Gpt(reasons=None)
    variant = next((v for v in ("codex", "pro") if v in name), "")
    return Gpt(reasons=True, version=(int(match[1] or 0), int(match[2] or 0)), variant=variant)


def effort_word(model: Gpt, effort: ReasoningEffort) -> tuple[str, str]:
    """The nearest word for an effort that the model takes, and a note where it means something else."""
    if not model.reasons:
        return effort, ""
    if model.variant == "pro" and model.version < (5, 2):
        return "high", "" if effort == "high" else "This model reasons at high effort only: that was asked for."
    if effort == "none" and (model.version < (5, 1) or model.variant == "codex"):
        word = "minimal" if model.version == (5, 0) and not model.variant else "low"
        return word, f"This model always reasons: effort {word} was asked for instead of none."
    if effort == "minimal" and (model.version != (5, 0) or model.variant):
        return "low", ""
    if effort == "max" and model.version < (5, 6):
        return ("xhigh" if model.version >= (5, 2) else "high"), ""
    return effort, ""


def common_effort(effort: ReasoningEffort) -> str:
    """The nearest of the words that every server knows which knows any."""
    return {"minimal": "low", "max": "high"}.get(effort, effort)
