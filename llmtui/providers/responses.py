"""OpenAI Responses: items in, typed events out, reasoning that comes encrypted and goes back the same way.

Nothing is stored at the server (`store: false`), so what it would remember travels with the conversation: reasoning items
as `output_item.done` gave them, and the phase that newer models give to what they say before the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.events import FinishReason, Identified
from llmtui.core.messages import Role
from llmtui.providers._address import host_of
from llmtui.providers._attachments import data_url, pictures, text_with_files
from llmtui.providers._chat_usage import read_chat_usage
from llmtui.providers._faults import identified
from llmtui.providers._frames import FrameDecoder
from llmtui.providers._gpt import effort_word, gpt
from llmtui.providers._replay import keep, kept
from llmtui.providers._usage import UsageMeter, part
from llmtui.providers.openai import OpenAIChat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmtui.core.errors import ProviderError
    from llmtui.core.events import StreamEvent
    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, Target

WIRE = "openai-responses"
_MIN_OUTPUT = 16
_CUT = {"max_output_tokens": FinishReason.LENGTH, "content_filter": FinishReason.CONTENT_FILTER}
_ENDED = ("completed", "incomplete", "failed")
_FINAL = frozenset({"invalid_prompt", "data_residency_mismatch", "unsupported_value", "unsupported_parameter"})
"""Codes of a failed response, beside those about images, that asking again would not change."""


class Responses(OpenAIChat):
    """The adapter of the wire `openai-responses`."""

    wire = WIRE
    path = "responses"

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        return _Decoder(request, target)

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        error = super().error(status, headers, body, request, target)
        if status == 400 and "must be verified" in error.message:
            error.advice = (
                "OpenAI shows reasoning to verified organisations only: leave out the effort, or verify yours."
            )
        return error

    def body(self, request: ChatRequest, target: Target, notes: list[str]) -> dict[str, Any]:
        settings = request.settings
        body: dict[str, Any] = {
            "model": request.model.name,
            "input": [item for message in request.messages for item in _items(message, request)],
            "stream": True,
            "store": False,
        }
        system = "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM)
        if system.strip():
            body["instructions"] = system
        host = host_of(target.base_url)
        if host == "api.openai.com" or host.endswith(".openai.azure.com"):
            body["stream_options"] = {"include_obfuscation": False}  # padding against eavesdroppers
            if request.conversation_id:
                body["prompt_cache_key"] = request.conversation_id
        if settings.max_output_tokens:
            body["max_output_tokens"] = max(_MIN_OUTPUT, settings.max_output_tokens)
            if settings.max_output_tokens < _MIN_OUTPUT:
                notes.append(f"The Responses API takes a limit of {_MIN_OUTPUT} output tokens at least: that was sent.")
        _reasoning(request, body, notes)
        for name, value in (("stop text", settings.stop), ("seed", settings.seed)):
            if value not in {None, ()}:
                notes.append(f"The Responses API takes no {name}: left out.")
        return body


def _reasoning(request: ChatRequest, body: dict[str, Any], notes: list[str]) -> None:
    """Effort, what comes back of the reasoning, and the sampling that models take or do not take with it."""
    settings = request.settings
    model = gpt(request.model.name)
    effort = settings.reasoning_effort
    if effort and model.reasons is False:
        notes.append(f"{request.model.name} takes no reasoning effort: left out.")
    elif effort:
        word, note = effort_word(model, effort)
        # a summary only when somebody cares about reasoning: it is refused to organisations that are not verified
        body["reasoning"] = {"effort": word} if word == "none" else {"effort": word, "summary": "auto"}
        if note:
            notes.append(note)
    if model.reasons or "reasoning" in body:  # refused for models that do not reason
        body["include"] = ["reasoning.encrypted_content"]
    for name, value in (("temperature", settings.temperature), ("top_p", settings.top_p)):
        if value is not None and model.takes_sampling(effort):
            body[name] = value
        elif value is not None:
            notes.append(f"{request.model.name} takes no {name}: left out.")


def _items(message: Message, request: ChatRequest) -> Iterator[dict[str, Any]]:
    if message.role is Role.ASSISTANT:
        yield from _answer(message, request)
    elif message.role is Role.USER:
        text = text_with_files(message)
        images = [{"type": "input_image", "image_url": data_url(p), "detail": "auto"} for p in pictures(message)]
        yield {"role": "user", "content": [*images, *([{"type": "input_text", "text": text}] if text else [])]}


def _answer(message: Message, request: ChatRequest) -> Iterator[dict[str, Any]]:
    """An earlier answer: its reasoning items, each before the text it led to, and the text by phases."""
    text, done = message.content, 0
    thoughts: list[dict[str, Any]] = []
    for item, stored in kept(message, request, WIRE):
        if item.get("type") == "reasoning":
            thoughts.append(item)
            continue
        end = done + length if isinstance(length := item.get("length"), int) else done
        if done < end <= len(text) == stored.get("length"):  # else the text was cut, or goes on from another
            yield from thoughts
            yield _said(text[done:end], phase=item.get("phase"))
            thoughts, done = [], end
    if done < len(text):  # reasoning that nothing follows is refused, and has led to nothing
        yield from thoughts
        yield _said(text[done:])


def _said(text: str, phase: object = None) -> dict[str, Any]:
    item = {"role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]}
    return {**item, "phase": phase} if phase else item


class _Decoder(FrameDecoder):
    """Reads one answer."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        self._usage = UsageMeter(read_chat_usage)
        self._identity = Identified(None, None)
        self._thought_parts = 0
        self._length = 0  # characters of text, in all and since the last message item ended
        self._unmarked = 0
        self._kept: list[dict[str, Any]] = []
        self._called = False

    def _frame(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        match frame.get("type"):
            case "response.output_text.delta" | "response.refusal.delta":
                said = self._say(frame.get("delta"), out)
                self._length += said
                self._unmarked += said
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._think(frame.get("delta"), out)
            case "response.reasoning_summary_part.added":
                if self._thought_parts:
                    self._think("\n\n", out)
                self._thought_parts += 1
            case "response.output_item.done":
                self._item_done(part(frame, "item"))
            case "response.created" | "response.queued" | "response.in_progress":
                self._identify(part(frame, "response"), out)
            case "response.completed" | "response.incomplete":
                self._complete(part(frame, "response"), out)
            case "response.failed":
                self._fail(out, self._fault({"error": part(part(frame, "response"), "error")}))

    def _identify(self, response: Mapping[str, Any], out: list[StreamEvent]) -> None:
        known = Identified(*(v if isinstance(v := response.get(n), str) and v else None for n in ("id", "model")))
        if known not in {self._identity, Identified(None, None)}:
            self._identity = known
            out.append(identified(known, self._target))

    def _item_done(self, item: Mapping[str, Any]) -> None:
        """Collect what has to be sent again: encrypted reasoning, and phases with the length of their text."""
        self._called = self._called or item.get("type") == "function_call"
        if item.get("type") == "reasoning" and item.get("encrypted_content") and item.get("id"):
            fields = {name: item[name] for name in ("type", "id", "encrypted_content")}
            self._kept.append({**fields, "summary": item.get("summary") or []})
        elif item.get("type") == "message" and item.get("phase") and self._unmarked:
            self._kept.append({"type": "message", "phase": item["phase"], "length": self._unmarked})
            self._unmarked = 0

    def _complete(self, response: Mapping[str, Any], out: list[StreamEvent]) -> None:
        self._identify(response, out)
        items = [item for item in _list(response.get("output")) if isinstance(item, dict)]
        if not self._length:  # a server that sends no deltas
            for item in items:
                for piece in _list(item.get("content")):
                    if item.get("type") == "message" and isinstance(piece, dict):
                        self._length += self._say(piece.get("text") or piece.get("refusal"), out)
        out.extend(keep(self._request, WIRE, item, length=self._length) for item in self._kept)
        out += self._usage.report(response.get("usage"), text_seen=self._text_seen)
        cut = part(response, "incomplete_details").get("reason")
        if isinstance(cut, str) and cut:
            self._finish(out, _CUT.get(cut, FinishReason.STOP), cut)
        elif self._called or any(item.get("type") == "function_call" for item in items):
            self._finish(out, FinishReason.TOOL_CALLS, "completed")
        else:
            self._finish(out, FinishReason.STOP, "completed")
        self._end(out)

    def _fault(self, payload: object) -> ProviderError:
        """As of any wire; but some codes are final that would not look so."""
        error = part(payload, "error") or payload if isinstance(payload, dict) else payload
        if isinstance(error, dict) and ((code := str(error.get("code") or "")) in _FINAL or "image" in code):
            payload = {"error": {**error, "status_code": 400}}
        return super()._fault(payload)

    def _as_frames(self, whole: object) -> list[dict[str, Any]]:
        if not isinstance(whole, dict) or whole.get("object") != "response" or whole.get("status") not in _ENDED:
            return []
        return [{"type": f"response.{whole['status']}", "response": whole}]

    def _ending(self, out: list[StreamEvent]) -> None:
        out += self._usage.end(text_seen=self._text_seen)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def create() -> Responses:
    """What the registry calls."""
    return Responses()
