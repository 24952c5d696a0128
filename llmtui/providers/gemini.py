"""Google Gemini: unnamed frames of candidates, cumulative usage, thoughts beside the text, errors that are no events.

Thought signatures may sit on any part of an answer. They are stored with the place they stood at, so that the parts can be
put together again when the conversation goes on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import InvalidRequest, MalformedResponse, ProviderError, ServerError
from llmtui.core.events import FinishReason, Identified
from llmtui.core.messages import Role
from llmtui.providers._address import api_root
from llmtui.providers._attachments import base64, pictures, text_with_files
from llmtui.providers._faults import identified, status_error
from llmtui.providers._frames import FrameDecoder
from llmtui.providers._gemini_thinking import thinking_config
from llmtui.providers._json import excerpt, parse_body, quote
from llmtui.providers._model_list import tokens
from llmtui.providers._outgoing import headers, post
from llmtui.providers._replay import keep, kept
from llmtui.providers._usage import UsageMeter, first_count, has_count, make_usage, part
from llmtui.providers.base import ModelInfo, WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.events import StreamEvent
    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Target

WIRE = "gemini"
_MAX_STOPS = 5
_FINISH_REASONS = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "CONTINUATION": FinishReason.LENGTH,
}
"""Any other word that is in neither of the two sets below is an explicit end too, and counts as `stop`."""
_FILTERED = re.compile(
    r"SAFETY|RECITATION|LANGUAGE|BLOCKLIST|PROHIBITED_CONTENT|SPII|IMAGE_\w+|MODEL_ARMOR|ESCALATION|PUP_LIMITED_DISABLED"
)
_FAILED = re.compile(r"MALFORMED_\w+|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE|OTHER")


class Gemini:
    """The adapter of the wire `gemini`."""

    wire = WIRE

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        notes: list[str] = []
        body: dict[str, Any] = {"contents": _contents(request)}
        system = "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM)
        if system.strip():
            body["systemInstruction"] = {"parts": [{"text": system}]}
        if config := _generation_config(request, notes):
            body["generationConfig"] = config
        name = _path(request.model.name)
        url = f"{_root(target)}/{name}:streamGenerateContent?alt=sse"
        return post(url, _headers(target), body, notes)

    def decoder(self, request: ChatRequest, target: Target) -> _Decoder:
        return _Decoder(request, target)

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        return status_error(status, headers, body, request, target)

    def models(self, target: Target, page: str = "") -> WireRequest:
        from urllib.parse import quote

        token = f"&pageToken={quote(page, safe='')}" if page else ""
        return WireRequest("GET", f"{_root(target)}/models?pageSize=1000{token}", _headers(target))

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        page = parse_body(body)
        items = page.get("models") if isinstance(page, dict) else None
        if not isinstance(items, list):
            raise MalformedResponse("The server's list of models has no “models”", advice="Check base_url.")
        models = [model for item in items if isinstance(item, dict) and (model := _model(item))]
        following = page.get("nextPageToken")
        return models, following if isinstance(following, str) else ""


def _root(target: Target) -> str:
    return api_root(target.base_url, "v1beta")


def _headers(target: Target) -> dict[str, str]:
    return headers(target, x_goog_api_key=target.key.reveal() if target.key else "")


def _path(model: str) -> str:
    from urllib.parse import quote

    return quote(model if "/" in model else f"models/{model}", safe="/")


def _generation_config(request: ChatRequest, notes: list[str]) -> dict[str, Any]:
    settings = request.settings
    stops = list(settings.stop)
    if len(stops) > _MAX_STOPS:
        notes.append(f"Gemini takes at most {_MAX_STOPS} stop texts: the rest is left out.")
    thought = thinking_config(request.model.name, settings.reasoning_effort, settings.max_output_tokens)
    if thought.note:
        notes.append(thought.note)
    config = {
        "temperature": settings.temperature,
        "topP": settings.top_p,
        "maxOutputTokens": settings.max_output_tokens,
        "stopSequences": stops[:_MAX_STOPS] or None,
        "seed": settings.seed,
        "thinkingConfig": thought.config or None,
    }
    return {name: value for name, value in config.items() if value is not None}


def _contents(request: ChatRequest) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        answers = message.role is Role.ASSISTANT
        parts = _answer(message, request) if answers else _question(message)
        role = "model" if answers else "user"
        if parts and contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        elif parts:
            contents.append({"role": role, "parts": parts})
    return contents


def _question(message: Message) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [
        {"inlineData": {"mimeType": picture.media_type, "data": base64(picture)}} for picture in pictures(message)
    ]
    text = text_with_files(message)
    return [*parts, {"text": text}] if text else parts


def _answer(message: Message, request: ChatRequest) -> list[dict[str, Any]]:
    """The answer's text, cut where signatures stood, each on the part it came with."""
    text = message.content
    if not text:
        return []
    parts: list[dict[str, Any]] = []
    done = 0
    for item, stored in kept(message, request, WIRE):
        start, end, signature = item.get("start"), item.get("end"), item.get("thoughtSignature")
        if stored.get("length") != len(text) or not isinstance(start, int) or not isinstance(end, int):
            return [{"text": text}]  # not the text that was signed: it was cut, or goes on from another
        if start > done:
            parts.append({"text": text[done:start]})
        parts.append({"text": text[start:end], "thoughtSignature": signature})
        done = end
    return [*parts, {"text": text[done:]}] if done < len(text) else parts


class _Decoder(FrameDecoder):
    """Reads one answer."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        self._usage = UsageMeter(_read_usage)
        self._identity = Identified(None, None)
        self._length = 0
        self._tool_call = False
        self._signed: list[dict[str, Any]] = []

    def _frame(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        known = Identified(
            self._identity.response_id or _word(frame.get("responseId")),
            self._identity.model or _word(frame.get("modelVersion")),
        )
        if known != self._identity:
            self._identity = known
            out.append(identified(known, self._target))
        candidates = frame.get("candidates")
        first = candidates[0] if isinstance(candidates, list) and candidates else None
        candidate: Mapping[str, Any] = first if isinstance(first, dict) else {}
        parts = part(candidate, "content").get("parts")
        for piece in parts if isinstance(parts, list) else ():
            if isinstance(piece, dict):
                self._part(piece, out)
        out += self._usage.report(frame.get("usageMetadata"), text_seen=self._text_seen)
        self._stop(candidate, part(frame, "promptFeedback"), out)

    def _part(self, piece: Mapping[str, Any], out: list[StreamEvent]) -> None:
        if piece.get("thought") is True:
            self._think(piece.get("text"), out)
            return
        start = self._length
        self._length += self._say(piece.get("text"), out)
        self._tool_call = self._tool_call or "functionCall" in piece
        signature = _word(piece.get("thoughtSignature"))
        if signature and "functionCall" not in piece:
            self._signed.append({"thoughtSignature": signature, "start": start, "end": self._length})

    def _stop(self, candidate: Mapping[str, Any], feedback: Mapping[str, Any], out: list[StreamEvent]) -> None:
        blocked = _word(feedback.get("blockReason"))
        if blocked and not candidate:
            why = _word(feedback.get("blockReasonMessage")) or _categories(feedback)
            self._finish(out, FinishReason.CONTENT_FILTER, blocked, why)
        reason = _word(candidate.get("finishReason"))
        if not reason or reason == "FINISH_REASON_UNSPECIFIED" or self._finished:
            return
        out.extend(keep(self._request, WIRE, place, length=self._length) for place in self._signed)
        why = _word(candidate.get("finishMessage")) or ""
        if _FAILED.fullmatch(reason):
            self._fail(out, _broken_off(self._target, self._request.model.name, reason, why))
        elif _FILTERED.fullmatch(reason):
            self._finish(out, FinishReason.CONTENT_FILTER, reason, why or _categories(candidate))
        elif self._tool_call and reason == "STOP":
            self._finish(out, FinishReason.TOOL_CALLS, reason)
        else:
            self._finish(out, _FINISH_REASONS.get(reason, FinishReason.STOP), reason, why)

    def _as_frames(self, whole: object) -> list[dict[str, Any]]:
        pieces = whole if isinstance(whole, list) else [whole]
        return [
            piece
            for piece in pieces
            if isinstance(piece, dict) and ("candidates" in piece or "promptFeedback" in piece)
        ]

    def _ending(self, out: list[StreamEvent]) -> None:
        out += self._usage.end(text_seen=self._text_seen)


def _broken_off(target: Target, model: str, reason: str, why: str) -> ProviderError:
    ours = reason == "MISSING_THOUGHT_SIGNATURE"
    return (InvalidRequest if ours else ServerError)(
        f"{target.name} broke the answer off: {quote(f'{reason} ({why})' if why else reason, target)}",
        advice="Start a new conversation." if ours else "Try again, or choose another model with -m.",
        provider=target.name,
        model=model,
        code=quote(reason, target, 80),
    )


def _categories(rated: Mapping[str, Any]) -> str:
    """The safety categories that blocked."""
    ratings = rated.get("safetyRatings")
    return ", ".join(
        str(rating.get("category"))
        for rating in (ratings if isinstance(ratings, list) else ())
        if isinstance(rating, dict) and rating.get("blocked") is True
    )


def _read_usage(raw: Mapping[str, Any]) -> Usage:
    prompt = first_count(raw, "promptTokenCount") + first_count(raw, "toolUsePromptTokenCount")
    thoughts = first_count(raw, "thoughtsTokenCount")
    output = first_count(raw, "candidatesTokenCount", "responseTokenCount") + thoughts
    if not has_count(raw, "candidatesTokenCount", "responseTokenCount"):  # left out now and then; the total is not
        output = max(thoughts, first_count(raw, "totalTokenCount") - prompt)
    return make_usage(
        input_tokens=prompt,
        cache_read=first_count(raw, "cachedContentTokenCount"),
        cache_write=0,
        output=output,
        reasoning=thoughts,
    )


def _model(item: Mapping[str, Any]) -> ModelInfo | None:
    name = _word(item.get("name"))
    methods = item.get("supportedGenerationMethods")
    if name is None or (
        isinstance(methods, list) and not {"generateContent", "streamGenerateContent"} & set(map(str, methods))
    ):
        return None
    thinking = item.get("thinking")
    return ModelInfo(
        name=name.removeprefix("models/"),
        context_window=tokens(item.get("inputTokenLimit")),
        max_output_tokens=tokens(item.get("outputTokenLimit")),
        reasons=thinking if isinstance(thinking, bool) else None,
        display_name=excerpt(item.get("displayName") or "", 80),
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def create() -> Gemini:
    """What the registry calls."""
    return Gemini()
