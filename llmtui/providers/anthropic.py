"""Anthropic's Messages: typed events, usage in two places, thinking that is signed and wanted back.

The newest version of the API knows no temperature; where one is asked for and the model still takes it, the request is
made in the first version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse
from llmtui.core.events import FinishReason, Identified, UsageReported
from llmtui.providers._address import api_root
from llmtui.providers._anthropic_messages import WIRE, conversation, mark_cache, size
from llmtui.providers._claude import default_limit, generation, sampling, thinking
from llmtui.providers._faults import identified, status_error
from llmtui.providers._frames import FrameDecoder
from llmtui.providers._json import parse_body
from llmtui.providers._model_list import tokens
from llmtui.providers._outgoing import headers, post
from llmtui.providers._replay import keep
from llmtui.providers._usage import UsageMeter, first_count, has_count, make_usage, part
from llmtui.providers.base import ModelInfo, WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.errors import ProviderError
    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Target

_NEWEST = "2026-10-21"
_WITH_SAMPLING = "2023-06-01"

_STOP_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "pause_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}


class Anthropic:
    """The adapter of the wire `anthropic`."""

    wire = WIRE

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        model = generation(request.model.name)
        settings = request.settings
        system, messages, _ = conversation(request)
        limit = settings.max_output_tokens or default_limit(model, settings.reasoning_effort, size(messages))
        thought = thinking(model, settings.reasoning_effort, limit)
        sampled = sampling(model, settings, thinks=thought.on)
        notes = list(sampled.notes)
        if settings.seed is not None:
            notes.append("Anthropic takes no seed: it was left out.")
        stops = [stop for stop in settings.stop if stop.strip()]
        if len(stops) < len(settings.stop):
            notes.append("Anthropic takes no stop text of blanks only: it was left out.")
        if thought.note:
            notes.append(thought.note)
        body = {"model": request.model.name, "max_tokens": limit, "messages": messages, "stream": True}
        if system.strip():
            body["system"] = [{"type": "text", "text": system}]
        if stops:
            body["stop_sequences"] = stops
        mark_cache(body)
        version = _WITH_SAMPLING if sampled.fields else _NEWEST
        return post(
            f"{api_root(target.base_url)}/messages",
            _headers(target, version),
            {**body, **sampled.fields, **thought.fields},
            notes,
        )

    def decoder(self, request: ChatRequest, target: Target) -> _Decoder:
        return _Decoder(request, target)

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        error = status_error(status, headers, body, request, target)
        if (
            status == 400
            and "thinking" in error.message
            and ("signature" in error.message or "modified" in error.message)
        ):
            error.advice = "It no longer takes its own earlier reasoning: start a new conversation, or switch models."
        return error

    def models(self, target: Target, page: str = "") -> WireRequest:
        from urllib.parse import quote

        after = f"&after_id={quote(page, safe='')}" if page else ""
        return WireRequest("GET", f"{api_root(target.base_url)}/models?limit=1000{after}", _headers(target, _NEWEST))

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        page = parse_body(body)
        items = page.get("data") if isinstance(page, dict) else None
        if not isinstance(items, list):
            raise MalformedResponse("The server's list of models has no “data”", advice="Check base_url.")
        models = [_model(item) for item in items if isinstance(item, dict) and _text(item.get("id"))]
        last = page.get("last_id")
        return models, last if page.get("has_more") is True and isinstance(last, str) else ""


def _headers(target: Target, version: str) -> dict[str, str]:
    return headers(target, x_api_key=target.key.reveal() if target.key else "", anthropic_version=version)


def _model(item: Mapping[str, Any]) -> ModelInfo:
    abilities = part(item, "capabilities")
    return ModelInfo(
        name=item["id"],
        context_window=tokens(item.get("max_input_tokens")),
        max_output_tokens=tokens(item.get("max_tokens")),
        takes_images=_ability(abilities.get("image_input")),
        reasons=_ability(abilities.get("thinking")),
        shutdown_date=str(item.get("retires_at") or "")[:10],
        display_name=str(item.get("display_name") or ""),
    )


def _ability(value: object) -> bool | None:
    """Said as a bool, or as an object with `supported`."""
    if isinstance(value, dict):
        value = value.get("supported")
    return value if isinstance(value, bool) else None


class _Decoder(FrameDecoder):
    """Reads one answer."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        self._usage = UsageMeter(_read_usage)
        self._blocks: dict[int, dict[str, Any]] = {}
        self._output_known = False
        self._digest = ""

    def _frame(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        match frame.get("type"):
            case "content_block_delta":
                self._delta(frame, out)
            case "content_block_start":
                block = dict(part(frame, "content_block"))
                self._blocks[_index(frame)] = block
                self._say(block.get("text"), out)
                self._think(block.get("thinking"), out)
            case "content_block_stop":
                self._block_done(self._blocks.pop(_index(frame), {}), out)
            case "message_start":
                message = part(frame, "message")
                identity = Identified(_text(message.get("id")), _text(message.get("model")))
                out += [identified(identity, self._target)] if any(identity) else []
                # its count of output tokens is a placeholder: the true one comes with message_delta
                known = {name: value for name, value in part(message, "usage").items() if name != "output_tokens"}
                out += self._usage.report(known or None, text_seen=self._text_seen)
            case "message_delta":
                usage = part(frame, "usage")
                self._output_known = self._output_known or has_count(usage, "output_tokens")
                out += self._usage.report(usage or None, text_seen=self._text_seen)
                self._stop(part(frame, "delta"), out)
            case "message_stop":
                if not self._finished:
                    self._finish(out, FinishReason.STOP)
                self._end(out)

    def _delta(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        delta = part(frame, "delta")
        match delta.get("type"):
            case "text_delta":
                self._say(delta.get("text"), out)
            case "thinking_delta":
                self._collect(frame, delta, "thinking")
                self._think(delta.get("thinking"), out)
            case "signature_delta":
                self._collect(frame, delta, "signature")

    def _collect(self, frame: Mapping[str, Any], delta: Mapping[str, Any], name: str) -> None:
        block = self._blocks.get(_index(frame))
        piece = delta.get(name)
        if block is not None and isinstance(piece, str):
            block.setdefault("pieces", {}).setdefault(name, []).append(piece)

    def _block_done(self, block: dict[str, Any], out: list[StreamEvent]) -> None:
        """Store thinking that can be sent again: signed, or encrypted as a whole."""
        pieces = block.get("pieces", {})
        thought, signature = (
            "".join([_text(block.get(n)) or "", *pieces.get(n, ())]) for n in ("thinking", "signature")
        )
        if block.get("type") == "thinking" and signature:
            item = {"type": "thinking", "thinking": thought, "signature": signature}
        elif block.get("type") == "redacted_thinking" and _text(block.get("data")):
            item = {"type": "redacted_thinking", "data": block["data"]}
        else:
            return
        self._digest = self._digest or conversation(self._request).digest
        out.append(keep(self._request, WIRE, item, prefix=self._digest))

    def _stop(self, delta: Mapping[str, Any], out: list[StreamEvent]) -> None:
        reason = delta.get("stop_reason")
        if isinstance(reason, str) and reason:
            details = part(delta, "stop_details")
            why = [said for name in ("category", "explanation") if (said := _text(details.get(name)))]
            self._finish(out, _STOP_REASONS.get(reason, FinishReason.STOP), reason, ": ".join(why))

    def _as_frames(self, whole: object) -> list[dict[str, Any]]:
        if not isinstance(whole, dict) or whole.get("type") != "message" or not _text(whole.get("stop_reason")):
            return []
        blocks = whole.get("content")
        frames: list[dict[str, Any]] = [{"type": "message_start", "message": whole}]
        for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
            frames.append({"type": "content_block_start", "index": index, "content_block": block})
            frames.append({"type": "content_block_stop", "index": index})
        return [
            *frames,
            {"type": "message_delta", "delta": whole, "usage": whole.get("usage")},
            {"type": "message_stop"},
        ]

    def _ending(self, out: list[StreamEvent]) -> None:
        if self._output_known:
            out += self._usage.end(text_seen=self._text_seen)
        else:
            out.append(UsageReported(None))


def _read_usage(raw: Mapping[str, Any]) -> Usage:
    read, write = first_count(raw, "cache_read_input_tokens"), first_count(raw, "cache_creation_input_tokens")
    return make_usage(
        input_tokens=first_count(raw, "input_tokens") + read + write,
        cache_read=read,
        cache_write=write,
        output=first_count(raw, "output_tokens"),
        reasoning=first_count(part(raw, "output_tokens_details"), "thinking_tokens"),
    )


def _index(frame: Mapping[str, Any]) -> int:
    index = frame.get("index")
    return index if isinstance(index, int) else 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def create() -> Anthropic:
    """What the registry calls."""
    return Anthropic()
