"""What to do about a refusal: which key was refused and how to replace it, which models there are instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from llmtui.chat.roster import CUSTOM
from llmtui.keys import own_variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.messages import ModelRef

NAMES_S = 3.0
"""How long a provider's list is waited for after it has said that it has no such model."""
_NEAR = 3
_FEW = 5


def refused_key(provider: str, source: str) -> str:
    """`source` is where the key came from, "" for no key at all."""
    if provider == CUSTOM and not source:
        return f"Set {own_variable(CUSTOM)}."
    where = f"The key came from the {source}. " if source else ""
    if source.startswith("variable"):
        return f"{where}Set that variable anew, or unset it and use “llmtui keys set {provider}”."
    return f"{where}Replace it with “llmtui keys set {provider}”."


def missing_model(asked: ModelRef, names: Sequence[str], otherwise: str) -> str:
    """The names that are near, else the few that there are; `otherwise` where the provider lists none, or this one too."""
    if not names or asked.name in names:
        return "Check the model's name and base_url." if asked.provider == CUSTOM else otherwise
    by_lower = {name.lower(): name for name in names}
    near = [by_lower[name] for name in difflib.get_close_matches(asked.name.lower(), by_lower, n=_NEAR)]
    near = near or [name for name in names if asked.name.lower() in name.lower()][:_NEAR]
    all_of_them = "" if asked.provider == CUSTOM else f" `llmtui models --provider {asked.provider}` lists them all."
    if near:
        return f"Did you mean {', '.join(near)}?{all_of_them}"
    few = f"{', '.join(names[:_FEW])}{' …' if len(names) > _FEW else ''}"
    return f"There are {few}.{all_of_them if len(names) > _FEW else ''}"
