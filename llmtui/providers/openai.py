"""OpenAI Chat Completions, and the many servers that speak it: what is sent, and how their model lists are read.

Only OpenAI itself is known well enough to be told what it may refuse; to any other server the plain old names are sent,
which all of them take. A parameter that a model turns out not to take is found by `_refused.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.messages import Role
from llmtui.providers._address import api_root, host_of
from llmtui.providers._attachments import data_url, pictures, text_with_files
from llmtui.providers._chat_stream import ChatDecoder
from llmtui.providers._faults import status_error
from llmtui.providers._gpt import common_effort, effort_word, gpt
from llmtui.providers._json import dump
from llmtui.providers._model_list import parse_model_list
from llmtui.providers.base import WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.errors import ProviderError
    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, ModelInfo, Target

_MAX_STOPS = 4
_MISTRAL = "api.mistral.ai"


class OpenAIChat:
    """Chat Completions. A dialect overrides `body`, `message` or `headers`."""

    wire = "openai"
    path = "chat/completions"
    knows_common_efforts = True
    """What models of other vendors are told is one of the words that all of them know."""

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        """The streaming request. Parameters the provider does not take are left out, with a note."""
        notes: list[str] = []
        body = self.body(request, target, notes)
        return WireRequest("POST", f"{self.root(target)}/{self.path}", self.headers(target), dump(body), tuple(notes))

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        """A fresh decoder for the answer to one request (status 200)."""
        return ChatDecoder(request, target)

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        """The error that a status other than 200 stands for."""
        return status_error(status, headers, body, request, target)

    def models(self, target: Target, page: str = "") -> WireRequest:
        """The request that lists the provider's models: always a single page."""
        return WireRequest("GET", f"{self.root(target)}/models", self.headers(target))

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        """The models, and no next page. Raise MalformedResponse on anything that is no list."""
        return parse_model_list(body), ""

    def windows(self, target: Target) -> WireRequest | None:
        """What a server on this machine has loaded is said elsewhere."""
        from llmtui.providers._loaded import place

        return WireRequest("GET", url, self.headers(target)) if (url := place(target)) else None

    def parse_windows(self, body: bytes) -> Mapping[str, int]:
        from llmtui.providers._loaded import windows

        return windows(body)

    def root(self, target: Target) -> str:
        return api_root(target.base_url)

    def headers(self, target: Target) -> dict[str, str]:
        """Content type, authorisation, and the config's own headers, which go before ours."""
        headers = {"content-type": "application/json", "accept": "text/event-stream, application/json"}
        if target.key:
            headers["authorization"] = f"Bearer {target.key.reveal()}"
        return headers | {name.lower(): value for name, value in target.headers.items()}

    def body(self, request: ChatRequest, target: Target, notes: list[str]) -> dict[str, Any]:
        """The request's JSON object; what is left out is said in `notes`."""
        host = host_of(target.base_url)
        official = host == "api.openai.com" or host.endswith(".openai.azure.com")
        role = "developer" if official and gpt(request.model.name).reasons else "system"
        body: dict[str, Any] = {
            "model": request.model.name,
            "messages": self.messages(request, role),
            "stream": True,
        }
        if host != _MISTRAL:  # always sends usage, and refuses to be asked for it
            body["stream_options"] = {"include_usage": True}
        if official:
            body["stream_options"]["include_obfuscation"] = (
                False  # padding against eavesdroppers: bytes without content
            )
        if request.conversation_id and (official or host == _MISTRAL):
            body["prompt_cache_key"] = request.conversation_id
        self._settings(request, body, notes, official=official, host=host)
        return {name: value for name, value in body.items() if name not in request.refused}

    def _settings(
        self, request: ChatRequest, body: dict[str, Any], notes: list[str], *, official: bool, host: str
    ) -> None:
        settings, name = request.settings, request.model.name
        model = gpt(name)
        stop = list(settings.stop)
        if official and len(stop) > _MAX_STOPS:
            notes.append(f"OpenAI takes at most {_MAX_STOPS} stop texts: the rest is left out.")
            stop = stop[:_MAX_STOPS]
        limits = (
            ["max_completion_tokens", "max_tokens"]
            if official or model.reasons
            else ["max_tokens", "max_completion_tokens"]
        )
        fields: dict[str, Any] = {
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            next((limit for limit in limits if limit not in request.refused), limits[0]): settings.max_output_tokens,
            "stop": stop or None,
            "random_seed" if host == _MISTRAL else "seed": settings.seed,
            "reasoning_effort": settings.reasoning_effort,
        }
        untaken = [] if model.takes_sampling(settings.reasoning_effort) else ["temperature", "top_p"]
        untaken += ["stop"] if official and model.reasons else []
        refused = [field for field in untaken if fields.pop(field) is not None]
        notes.extend(f"{name} takes no {field}: left out." for field in refused)
        effort = settings.reasoning_effort
        if effort and model.reasons:
            fields["reasoning_effort"], note = effort_word(model, effort)
            notes += [note] if note else []
        elif effort and model.reasons is False:
            del fields["reasoning_effort"]
            notes.append(f"{name} takes no reasoning effort: left out.")
        elif effort and self.knows_common_efforts and host != _MISTRAL:
            fields["reasoning_effort"] = common_effort(effort)
        body.update({field: value for field, value in fields.items() if value is not None})

    def messages(self, request: ChatRequest, system_role: str) -> list[dict[str, Any]]:
        """The conversation, oldest first; an answer without any text says nothing and is left out."""
        return [
            self.message(message, request, system_role)
            for message in request.messages
            if message.role is not Role.ASSISTANT or message.content
        ]

    def message(self, message: Message, request: ChatRequest, system_role: str) -> dict[str, Any]:
        """One message: plain text, or parts where pictures come with it."""
        text = text_with_files(message)
        if message.role is Role.ASSISTANT:
            return {"role": "assistant", "content": text}
        if message.role is Role.SYSTEM:
            return {"role": system_role, "content": text}
        images = pictures(message)
        if not images:
            return {"role": "user", "content": text}
        parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": data_url(image)}} for image in images]
        return {"role": "user", "content": [*parts, {"type": "text", "text": text}] if text else parts}


def create() -> OpenAIChat:
    """What the registry calls."""
    return OpenAIChat()
