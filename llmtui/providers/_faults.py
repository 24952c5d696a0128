"""From what a server says about an error, by status or inside a 200 stream, to one of ours.

Servers agree on little: an object under `error`, a bare string, a flat object, a list of one, a web page of a proxy on the
way. `read_fault` takes the facts out of any of them; `_classify.py` decides by code, type, status and, last, words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.providers._json import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmtui.core.errors import ProviderError
    from llmtui.core.events import Identified
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Target


class Fault(NamedTuple):
    """What a server said; everything may be missing."""

    message: str = ""
    words: frozenset[str] = frozenset()
    """Its codes, types and reasons, in lower case, whatever field they stood in."""
    code: str = ""
    """The most telling of them, as the server wrote it."""
    status: int | None = None
    """A status that the body names, or that its words stand for."""
    request_id: str | None = None
    retry_after_s: float | None = None
    headers: Mapping[str, str] = {}
    """Those of the upstream provider, which a router puts into its body; names in lower case."""


def status_error(
    status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
) -> ProviderError:
    """The error that a status other than 200 stands for. Header names are lower case; the body may be anything."""
    from llmtui.core.errors import MalformedResponse
    from llmtui.providers._classify import classify
    from llmtui.providers._json import parse_body

    try:
        fault = read_fault(parse_body(body), target)
    except MalformedResponse:
        fault = _plain(body, target)
    return classify(fault, status=status, headers=headers, request=request, target=target)


def stream_error(payload: object, request: ChatRequest | None, target: Target, *, begun: bool = False) -> ProviderError:
    """The error that an object inside a 200 stream (or body) stands for: the same kinds as by status.

    `begun`: the answer's text had begun before it.
    """
    from llmtui.providers._classify import classify

    fault = read_fault(payload, target)
    return classify(fault, status=None, headers={}, request=request, target=target, begun=begun)


def identified(known: Iterable[str | None], target: Target) -> Identified:
    """The event of an answer's id and model: it is kept, and a server may echo a key there too."""
    from llmtui.core.events import Identified

    return Identified(*(word and target.scrub(word) for word in known))


def broken_frame(error: ProviderError, request: ChatRequest | None, target: Target) -> ProviderError:
    """An error that a parser raised, with the provider and the model it happened at."""
    error.provider = target.name
    error.model = request.model.name if request else ""
    return error


def read_fault(payload: object, target: Target) -> Fault:
    """The facts of an error body, in any of the shapes that are known, without the target's secrets."""
    if isinstance(payload, list) and payload:
        payload = payload[0]
    if isinstance(payload, str):
        return Fault(quote(payload, target))
    if not isinstance(payload, dict):
        return Fault()
    outer: dict[str, Any] = payload
    inner = outer.get("error") or outer.get("errors") or outer.get("detail") or outer
    said = inner.get("message") if isinstance(inner, dict) else None
    if isinstance(said, dict) and said.get("detail"):  # Mistral's refusal of a field, within its own envelope
        inner = said["detail"]
    if isinstance(inner, list) and inner:
        inner = inner[0]
    if isinstance(inner, str):
        inner = {"message": inner, "code": outer.get("code"), "type": outer.get("type"), "status": outer.get("status")}
    if not isinstance(inner, dict):
        return Fault(quote(inner, target))
    return _read(inner, outer, target)


def _read(error: Mapping[str, Any], outer: Mapping[str, Any], target: Target) -> Fault:
    details = _objects(error.get("details"))
    metadata = next(iter(_objects(error.get("metadata"))), {})
    sources: list[Mapping[str, Any]] = [error, metadata, *details]
    words = [
        value
        for source in sources
        for name in ("code", "type", "status", "reason", "error_code", "error_type", "limit_source")
        if isinstance(value := source.get(name), str) and value
    ]
    message = next(
        (text for name in ("message", "msg", "error", "detail") if isinstance(text := error.get(name), str) and text),
        "",
    )
    where = error.get("loc")
    if isinstance(where, list) and where:  # the field that a validator means
        message = f"{'.'.join(str(part) for part in where if part != 'body')}: {message}"
    if isinstance(raw := metadata.get("raw"), str) and raw and len(message) < 40:
        message = f"{message}: {raw}"  # a router's "Provider returned error" says nothing, what it wraps does
    violations = " ".join(str(item.get("quotaId", "")) for d in details for item in _objects(d.get("violations")))
    if "perday" in violations.lower():
        words.append("daily_quota")
    ids = (outer.get("request_id"), error.get("request_id"))
    return Fault(
        message=quote(message, target),
        words=frozenset(word.lower() for word in words),
        code=quote(words[0], target, 80) if words else "",
        status=_status(error.get("code"), error.get("status_code"), error.get("status"), outer.get("code")),
        request_id=next((quote(i, target, 80) for i in ids if isinstance(i, str) and i), None),
        retry_after_s=_retry_delay(sources),
        headers={
            str(name).lower(): str(value)
            for held in _objects(metadata.get("headers"))
            for name, value in held.items()
            if isinstance(value, str | int)
        },
    )


def _plain(body: bytes, target: Target) -> Fault:
    """A body that is no JSON: plain words are a message, a web page is only its title."""
    text = target.scrub(body.decode("utf-8", "replace").strip())[:4096]
    if not text.startswith("<"):
        return Fault(quote(text, target))
    lower = text.lower()
    start = lower.find("<title>")
    end = lower.find("</title>")
    title = f" titled “{text[start + 7 : end].strip()}”" if 0 <= start < end else ""
    return Fault(quote(f"a web page{title}", target))


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list, or the object itself."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def _status(*values: object) -> int | None:
    for value in values:
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _retry_delay(sources: list[Mapping[str, Any]]) -> float | None:
    """Gemini's RetryInfo (`retryDelay: "12s"`), and the fields that others put into the body."""
    from llmtui.providers._waiting import seconds

    for source in sources:
        for name in ("retryDelay", "retry_after", "retry_after_seconds"):
            if (wait := seconds(source.get(name))) is not None:
                return wait
    return None
