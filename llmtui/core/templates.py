"""Prompts with variables: `Explain {{topic}} to {{audience}}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w-]*)\s*\}\}")


def names_in(text: str) -> tuple[str, ...]:
    """The variables of a template, each once, in the order in which they come."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def fill(name: str, text: str, values: Mapping[str, str]) -> str:
    """The template with its variables filled in; what a value holds is not looked at again.

    `name` is the template's, for the message. Raise ConfigError when a variable is missing, or one is given that is not
    in it.
    """
    wanted = names_in(text)
    if missing := [each for each in wanted if each not in values]:
        example = " ".join(f"--var {each}=…" for each in missing)
        raise ConfigError(f"the template “{name}” needs {', '.join(missing)}", advice=f"Give {example}.")
    if unknown := [each for each in values if each not in wanted]:
        has = f"it has {', '.join(wanted)}" if wanted else "it has none"
        raise ConfigError(f"the template “{name}” has no variable “{unknown[0]}”; {has}")
    return _VARIABLE.sub(lambda found: values[found[1]], text)
