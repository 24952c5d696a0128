"""OpenRouter: chat completions of many vendors, with their cost in the stream and a look-up of it after a cancel.

What differs from plain chat completions: reasoning comes twice, as text and in structured details that are wanted back;
the model list carries prices; and what a request cost can be asked for later by its generation id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import LlmtuiError, MalformedResponse
from llmtui.core.events import Finished
from llmtui.core.messages import Role
from llmtui.providers._address import api_root
from llmtui.providers._chat_stream import ChatDecoder
from llmtui.providers._chat_usage import read_chat_usage
from llmtui.providers._json import excerpt, parse_body, parse_exact, quote
from llmtui.providers._model_list import per_million, tokens
from llmtui.providers._outgoing import WORTH_CACHING
from llmtui.providers._replay import keep, kept
from llmtui.providers._usage import Nonsense, part
from llmtui.providers.base import ModelInfo, WireRequest
from llmtui.providers.openai import OpenAIChat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.events import StreamEvent
    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Decoder, Target

WIRE = "openrouter"
_ATTRIBUTION = {"http-referer": "https://github.com/llmtui/llmtui", "x-openrouter-title": "llmtui", "x-title": "llmtui"}
_WHOLE = frozenset({"text", "summary"})
"""Fields of a detail that arrive in pieces; of the others the latest value counts."""


class OpenRouter(OpenAIChat):
    """The adapter of the wire `openrouter`."""

    wire = WIRE
    knows_common_efforts = False  # it translates every word for every vendor

    def root(self, target: Target) -> str:
        return api_root(target.base_url, bare="api/v1")

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        return _Decoder(request, target)

    def headers(self, target: Target) -> dict[str, str]:
        """Which program asks, too; the config's own headers go before it."""
        return _ATTRIBUTION | super().headers(target)

    def body(self, request: ChatRequest, target: Target, notes: list[str]) -> dict[str, Any]:
        body = super().body(request, target, notes)
        if effort := body.pop("reasoning_effort", None):
            body["reasoning"] = {"effort": effort}
        if "anthropic/" in request.model.name and _comes_again(request):
            body["cache_control"] = {"type": "ephemeral"}  # the other vendors cache without being told
        return body

    def message(self, message: Message, request: ChatRequest, system_role: str) -> dict[str, Any]:
        written = super().message(message, request, system_role)
        if message.role is Role.ASSISTANT and (details := [item for item, _ in kept(message, request, WIRE)]):
            written["reasoning_details"] = details
        return written

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        page = parse_body(body)
        items = page.get("data") if isinstance(page, dict) else None
        if not isinstance(items, list):
            raise MalformedResponse("The server's list of models has no “data”", advice="Check base_url.")
        return [model for item in items if isinstance(item, dict) and (model := _model(item))], ""

    def generation_id(self, headers: Mapping[str, str]) -> str | None:
        """The headers name it while the model still thinks, when no event has come yet."""
        return headers.get("x-generation-id") or None

    def generation(self, target: Target, response_id: str) -> WireRequest:
        """The request that asks what an earlier request cost. Not ready for a while after it (404)."""
        from urllib.parse import quote

        return WireRequest(
            "GET", f"{self.root(target)}/generation?id={quote(response_id, safe='')}", self.headers(target)
        )

    def parse_generation(self, body: bytes) -> Usage | None:
        """What a request used and cost, as booked there; None while it is not known."""
        try:
            answer = parse_exact(body.decode("utf-8-sig", "replace"))
            data = part(answer, "data") if isinstance(answer, dict) else {}
            usage = read_chat_usage(_as_usage(data))
        except (LlmtuiError, Nonsense):
            return None
        return usage if usage.cost_usd is not None and usage.cost_usd >= 0 else None


def _comes_again(request: ChatRequest) -> bool:
    """Whether what is sent is worth caching: long enough, and a part of it has come before or will come again."""
    messages = request.messages
    system = sum(len(message.content) for message in messages if message.role is Role.SYSTEM)
    went_on = any(message.role is Role.ASSISTANT for message in messages)
    return system >= WORTH_CACHING or (went_on and sum(len(m.content) for m in messages) >= WORTH_CACHING)


def _as_usage(data: Mapping[str, Any]) -> dict[str, Any]:
    """A generation record as the usage object of a stream: the vendor's own token counts, else the normalised ones."""

    def counted(kind: str) -> object:
        native = data.get(f"native_tokens_{kind}")
        return data.get(f"tokens_{kind}") if native is None else native

    return {
        "prompt_tokens": counted("prompt"),
        "completion_tokens": counted("completion"),
        "prompt_tokens_details": {"cached_tokens": data.get("native_tokens_cached")},
        "completion_tokens_details": {"reasoning_tokens": data.get("native_tokens_reasoning")},
        "cost": data.get("total_cost"),
        "is_byok": data.get("is_byok"),
        "cost_details": {"upstream_inference_cost": data.get("upstream_inference_cost")},
    }


def _model(item: Mapping[str, Any]) -> ModelInfo | None:
    name = item.get("id")
    made = part(item, "architecture").get("output_modalities")
    if not isinstance(name, str) or not name or (isinstance(made, list) and "text" not in made):
        return None
    top, pricing = part(item, "top_provider"), part(item, "pricing")
    seen = part(item, "architecture").get("input_modalities")
    parameters = item.get("supported_parameters")
    return ModelInfo(
        name=name,
        context_window=tokens(item.get("context_length"), top.get("context_length")),
        max_output_tokens=tokens(top.get("max_completion_tokens")),
        takes_images="image" in seen if isinstance(seen, list) else None,
        reasons="reasoning" in parameters if isinstance(parameters, list) else None,
        input_price=per_million(pricing.get("prompt")),
        output_price=per_million(pricing.get("completion")),
        cache_read_price=per_million(pricing.get("input_cache_read")),
        cache_write_price=per_million(pricing.get("input_cache_write")),
        shutdown_date=str(item.get("expiration_date") or "")[:10],
        display_name=excerpt(item.get("name") or "", 80),
    )


class _Decoder(ChatDecoder):
    """Reads one answer."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        self._details: list[dict[str, Any]] = []
        self._native = ""

    def _choice(self, choice: Mapping[str, Any], out: list[StreamEvent]) -> None:
        native = choice.get("native_finish_reason")
        self._native = native if isinstance(native, str) else ""
        super()._choice(choice, out)

    def _delta(self, delta: Mapping[str, Any], out: list[StreamEvent]) -> None:
        details = delta.get("reasoning_details")
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, dict):
                self._collect(detail)
                if not delta.get("reasoning") and not delta.get("reasoning_content"):  # else the same text comes there
                    self._think(detail.get("text") or detail.get("summary"), out)
        super()._delta(delta, out)

    def _collect(self, detail: dict[str, Any]) -> None:
        """Put the pieces of a detail together again: same type and index, one after the other."""
        last = self._details[-1] if self._details else {}
        same = detail.get("type") == last.get("type") and detail.get("index") == last.get("index")
        if not same or "data" in detail:
            self._details.append(dict(detail))
            return
        for name, value in detail.items():
            if name in _WHOLE and isinstance(value, str) and isinstance(last.get(name), str):
                last[name] += value
            elif value is not None:
                last[name] = value

    def _stop(self, reason: str, out: list[StreamEvent]) -> None:
        """Before the end: the details, as a whole, where one of them is signed or encrypted. A router's pick of a model
        may be another one next time, which could not read them."""
        sealed = any(detail.get("signature") or detail.get("data") for detail in self._details)
        if sealed and not self._request.model.name.startswith("openrouter/"):
            out.extend(keep(self._request, WIRE, detail) for detail in self._details)
        super()._stop(reason, out)
        if self._native and isinstance(out[-1], Finished):
            out[-1] = out[-1]._replace(native=quote(self._native, self._target, 60))


def create() -> OpenRouter:
    """What the registry calls."""
    return OpenRouter()
