"""What each generation of Claude models takes: sampling, thinking and its switch, the longest answer.

The server refuses a request for a setting that the model named in it does not know, so this has to be known beforehand.
A name without a version (`claude-opus-latest`) is taken for the newest; a name that is no Claude's (other vendors speak
this wire too) for a model that takes sampling and thinking budgets, as the wire's first version had them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from llmtui.core.request import GenerationSettings, ReasoningEffort

_NEW = re.compile(r"claude-([a-z]+)-(\d+)(?:[-.](\d{1,2}))?(?!\d)")
_OLD = re.compile(r"claude-(\d)(?:[-.](\d))?(?:-([a-z]+))?")

_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "max": 24576}
_MIN_BUDGET = 1024
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "max": "max"}


class Generation(NamedTuple):
    """A model's family and version: `("opus", (4, 7))`; the family is empty where the name is no Claude's."""

    family: str
    version: tuple[int, int]

    @property
    def takes_sampling(self) -> bool:
        """Whether temperature and top_p other than the defaults are accepted (by the older version of the API)."""
        return self.version < (4, 7)

    @property
    def takes_both_samplings(self) -> bool:
        """Whether temperature and top_p may stand in one request."""
        return self.version < (4, 1)

    @property
    def thinks_adaptively(self) -> bool:
        return self.version >= (4, 6)

    @property
    def thinks_by_default(self) -> bool:
        """Without being asked to; then the text of it is sent only when that is asked for."""
        return self.version >= (5, 0)

    @property
    def thinks_always(self) -> bool:
        """Whether thinking cannot be switched off."""
        return self.family in {"fable", "mythos"} or (self.family == "opus" and self.version >= (5, 5))

    @property
    def context_window(self) -> int:
        return 1_000_000 if self.version >= (4, 6) else 200_000

    @property
    def output_limit(self) -> int:
        """Tokens of the longest answer that may be asked for."""
        if not self.family:
            return 8_192
        if self.version >= (4, 6):
            return 128_000
        if self.family == "opus" and self.version >= (4, 0):
            return 64_000 if self.version >= (4, 5) else 32_000
        if self.version >= (3, 7):
            return 64_000
        return 8_192 if self.version >= (3, 5) else 4_096


def generation(model: str) -> Generation:
    """The generation that a model's name tells."""
    name = model.lower()
    if match := _NEW.search(name):
        return Generation(match[1], (int(match[2]), int(match[3] or 0)))
    if match := _OLD.search(name):
        return Generation(match[3] or "claude", (int(match[1]), int(match[2] or 0)))
    if match := re.search(r"claude-([a-z]+)", name):
        return Generation(match[1], (99, 0))
    return Generation("", (4, 0))


def default_limit(model: Generation, effort: ReasoningEffort | None, prompt_chars: int) -> int:
    """Output tokens when nobody says how many: the server wants a number, and counts it against the window."""
    wanted = 64_000 if effort in {"high", "max"} else 32_000
    room = model.context_window - prompt_chars // 3
    return min(wanted, model.output_limit, max(4_096, room))


class Sampling(NamedTuple):
    """What a request says about temperature and top_p."""

    fields: dict[str, float]
    notes: list[str]


def sampling(model: Generation, settings: GenerationSettings, *, thinks: bool) -> Sampling:
    """Temperature and top_p as far as the model takes them; what is dropped or changed is noted."""
    asked = {"temperature": settings.temperature, "top_p": settings.top_p}
    fields = {name: value for name, value in asked.items() if value is not None}
    names = " and no ".join(fields)
    if fields and not model.takes_sampling:
        return Sampling({}, [f"This model takes no {names}: left out."])
    if fields and thinks:
        return Sampling({}, [f"A Claude model that reasons takes no {names}: left out."])
    notes = []
    if len(fields) > 1 and not model.takes_both_samplings:
        notes.append("This model takes temperature or top_p, not both: top_p was left out.")
        del fields["top_p"]
    if fields.get("temperature", 0) > 1:
        notes.append("Anthropic's temperature ends at 1, which was sent.")
        fields["temperature"] = 1.0
    return Sampling(fields, notes)


class Thinking(NamedTuple):
    """What a request says about thinking."""

    fields: dict[str, Any]
    """Of the request's body."""
    note: str = ""
    on: bool = False
    """Whether it was switched on here; then sampling must be left alone."""


def thinking(model: Generation, effort: ReasoningEffort | None, max_tokens: int) -> Thinking:
    """How to ask this model for this effort, within so many output tokens (thinking counts among them)."""
    if effort is None:
        if model.thinks_by_default:  # the same as leaving it out, except that a summary of it is sent
            return Thinking({"thinking": {"type": "adaptive", "display": "summarized"}}, on=True)
        return Thinking({})
    if effort == "none":
        return _off(model)
    if model.thinks_adaptively:
        mode = {"type": "adaptive"}
        if model.version >= (4, 7):
            mode["display"] = "summarized"
        return Thinking({"thinking": mode, "output_config": {"effort": _EFFORTS[effort]}}, on=True)
    if model.family and model.version < (3, 7):
        return Thinking({}, "This model does not reason: the reasoning effort was left out.")
    budget = max(_MIN_BUDGET, min(_BUDGETS[effort], max_tokens // 2))
    if budget >= max_tokens:
        return Thinking({}, f"An answer of {max_tokens:,} tokens leaves no room to reason: the effort was left out.")
    return Thinking({"thinking": {"type": "enabled", "budget_tokens": budget}}, on=True)


def _off(model: Generation) -> Thinking:
    if model.thinks_always:
        note = "This model always reasons: it is asked for its lowest effort instead of none."
        mode = {"type": "adaptive", "display": "summarized"}
        return Thinking({"thinking": mode, "output_config": {"effort": "low"}}, note, on=True)
    if model.family == "sonnet" and model.version >= (5, 5):
        return Thinking({"thinking": {"type": "between_tools"}})
    return Thinking({"thinking": {"type": "disabled"}} if model.thinks_by_default else {})
