"""Which parameter a server has just refused: what no table of models can know beforehand, its 400 says.

Nothing was generated and nothing is billed then, so the request can be made again without it, with a note.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from llmtui.core.errors import InvalidRequest
from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from llmtui.core.errors import ProviderError
    from llmtui.core.request import ChatRequest

_NAMES: dict[str, str] = {
    # how servers call it → the setting
    "reasoning_effort": "reasoning_effort",
    "reasoning.effort": "reasoning_effort",
    "reasoningeffort": "reasoning_effort",
    "thinking": "reasoning_effort",
    "think": "reasoning_effort",
    "temperature": "temperature",
    "top_p": "top_p",
    "topp": "top_p",
    "stop_sequences": "stop",
    "stopsequences": "stop",
    "stop": "stop",
    "random_seed": "seed",
    "seed": "seed",
}
_REFUSAL = re.compile(
    r"unsupported|not support|unrecognized|unknown|not (?:allowed|permitted|available)|deprecated|unexpected"
    r"|extra inputs|only the default|invalid (?:parameter|argument)|does ?n.t support|cannot be (?:used|set)"
    r"|must be one of|input should be '|extra fields",
    re.IGNORECASE,
)


_FIELDS = {
    # a field of ours that is no setting → what the reader should know
    "stream_options": "does not say in a stream how many tokens were used",
    "prompt_cache_key": "takes no hint for its cache",
    "max_tokens": "calls the output limit max_completion_tokens",
    "max_completion_tokens": "calls the output limit max_tokens",
}
_LIMITS = ("max_tokens", "max_completion_tokens")


def without_refused(request: ChatRequest, error: ProviderError) -> tuple[ChatRequest, str] | None:
    """The request without what a 400 names as not taken, and a note for the reader; None for other errors."""
    if not isinstance(error, InvalidRequest) or not _REFUSAL.search(error.message):
        return None
    said = error.message.partition(": ")[2].lower()
    for name, setting in _NAMES.items():
        unset = getattr(GenerationSettings(), setting)
        if getattr(request.settings, setting) != unset and re.search(rf"\b{re.escape(name)}\b", said):
            settings = replace(request.settings, **{setting: unset})
            return replace(
                request, settings=settings
            ), f"{request.model} takes no {setting.replace('_', ' ')}: left out."
    # the one that is named first is the refused one; the other limit may be recommended instead of it
    named = sorted((at, name) for name in _FIELDS if (at := _place(name, said)) >= 0)
    if not named or named[0][1] in request.refused:
        return None
    name = named[0][1]
    if name in _LIMITS and not (request.settings.max_output_tokens and request.refused.isdisjoint(_LIMITS)):
        return None
    return replace(request, refused=request.refused | {name}), f"{request.model} {_FIELDS[name]}."


def _place(name: str, text: str) -> int:
    found = re.search(rf"\b{re.escape(name)}\b", text)
    return found.start() if found else -1
