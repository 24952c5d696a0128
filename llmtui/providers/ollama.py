"""Ollama's own format: one JSON object a line, counts that are left out when they are 0, and an end that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse
from llmtui.core.messages import Role
from llmtui.providers._address import plain_root
from llmtui.providers._attachments import base64, pictures, text_with_files
from llmtui.providers._faults import status_error
from llmtui.providers._json import dump, parse_body, whole_characters
from llmtui.providers._model_list import tokens
from llmtui.providers._ollama_stream import OllamaDecoder
from llmtui.providers.base import ModelInfo, WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.errors import ProviderError
    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, Target

_THINK: dict[str, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "max",
}


class Ollama:
    """`/api/chat` and `/api/tags`."""

    wire = "ollama"

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        """The streaming request.

        Left to itself Ollama cuts the beginning of a conversation off without a word when it does not fit: both ways of
        doing so are switched off, so that it becomes the error it is.
        """
        settings = request.settings
        options = {
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "num_predict": settings.max_output_tokens,
            "stop": list(settings.stop) or None,
            "seed": settings.seed,
        }
        body: dict[str, Any] = {
            "model": request.model.name,
            "messages": [_message(message) for message in request.messages],
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": {name: value for name, value in options.items() if value is not None},
        }
        if settings.reasoning_effort is not None:
            body["think"] = _THINK[settings.reasoning_effort]
        return WireRequest("POST", f"{plain_root(target.base_url)}/api/chat", _headers(target), dump(body))

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        """A fresh decoder for the answer to one request (status 200)."""
        return OllamaDecoder(request, target)

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        """The error that a status other than 200 stands for."""
        return status_error(status, headers, body, request, target)

    def models(self, target: Target, page: str = "") -> WireRequest:
        """The request that lists what is installed: always a single page."""
        return WireRequest("GET", f"{plain_root(target.base_url)}/api/tags", _headers(target))

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        """The models that can chat, and no next page. Raise MalformedResponse on anything that is no list."""
        listing = parse_body(body)
        items = listing.get("models") if isinstance(listing, dict) else None
        if not isinstance(items, list):
            raise MalformedResponse(
                "The list of models is no list",
                advice="Check that base_url leads to Ollama.",
            )
        models = (_model(item) for item in items if isinstance(item, dict))
        return [model for model in models if model is not None], ""

    def windows(self, target: Target) -> WireRequest | None:
        """What is loaded now, and with which window: often a small part of what the model could have."""
        from llmtui.providers._loaded import place

        return WireRequest("GET", url, _headers(target)) if (url := place(target)) else None

    def parse_windows(self, body: bytes) -> Mapping[str, int]:
        from llmtui.providers._loaded import windows

        return windows(body)


def create() -> Ollama:
    """What the registry calls."""
    return Ollama()


def _headers(target: Target) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept": "application/x-ndjson, application/json"}
    if target.key:
        headers["authorization"] = f"Bearer {target.key.reveal()}"
    return headers | {name.lower(): value for name, value in target.headers.items()}


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": str(message.role), "content": text_with_files(message)}
    images = [base64(image) for image in pictures(message)] if message.role is Role.USER else []
    return said | {"images": images} if images else said


def _model(item: Mapping[str, Any]) -> ModelInfo | None:
    name = item.get("name") or item.get("model")
    capabilities = item.get("capabilities")
    known = isinstance(capabilities, list) and bool(capabilities)
    can = set(map(str, capabilities)) if isinstance(capabilities, list) else set()
    if not isinstance(name, str) or (known and "embedding" in can and "completion" not in can):
        return None
    details = item.get("details")
    return ModelInfo(
        name=whole_characters(name),
        context_window=tokens(details.get("context_length")) if isinstance(details, dict) else None,
        takes_images="vision" in can if known else None,
        reasons="thinking" in can if known else None,
    )
