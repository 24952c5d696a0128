"""How large a context window a local server has really given a model: less, as a rule, than the model could have.

The lists in the common format have the model's own maximum or nothing. llama.cpp says it in `/props`, LM Studio in the
list of its own API, Ollama in the list of what is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse
from llmtui.providers._address import plain_root
from llmtui.providers._json import parse_body, whole_characters
from llmtui.providers._model_list import tokens
from llmtui.providers._usage import part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmtui.providers.base import Target

_LM_STUDIO_PORT = ":1234"


def place(target: Target) -> str:
    """The address to ask; empty where there is none."""
    if not target.local or target.wire == "demo":
        return ""
    root = plain_root(target.base_url)
    if target.wire == "ollama":
        return f"{root}/api/ps"
    if target.name == "lmstudio" or root.endswith(_LM_STUDIO_PORT):
        return f"{root}/api/v0/models"
    return f"{root}/props"


def windows(body: bytes) -> dict[str, int]:
    """The windows that an answer of any of them names."""
    try:
        answer = parse_body(body)
    except MalformedResponse:
        return {}
    if not isinstance(answer, dict):
        return {}
    if size := tokens(part(answer, "default_generation_settings").get("n_ctx"), answer.get("n_ctx")):
        return {"": size}
    items = next((found for key in ("data", "models") if isinstance(found := answer.get(key), list)), [])
    return dict(_named(items))


def _named(items: list[Any]) -> Iterator[tuple[str, int]]:
    for item in items:
        if isinstance(item, dict) and (size := _size(item)):
            for key in ("id", "name", "model", "key"):
                if isinstance(name := item.get(key), str) and name:
                    yield whole_characters(name), size


def _size(item: Mapping[str, Any]) -> int | None:
    return tokens(item.get("loaded_context_length"), item.get("context_length"), item.get("max_context_length"))
