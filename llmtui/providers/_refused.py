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
    r"|extra inputs|only the default|invalid (?:parameter|argument)|does ?n.t support|cannot be (?:used|set)",
    re.IGNORECASE,
)


def without_refused(request: ChatRequest, error: ProviderError) -> tuple[ChatRequest, str] | None:
    """The request without the setting that a 400 names as not taken, and a note for the reader; None for other errors."""
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
    return None
