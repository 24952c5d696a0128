"""Which error a fault is. Codes go before the status, and words of a message are only the last resort."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core import errors
from llmtui.providers._json import quote
from llmtui.providers._waiting import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.request import ChatRequest
    from llmtui.providers._faults import Fault
    from llmtui.providers.base import Target

_TOO_LONG = frozenset(
    {"context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "string_above_max_length"}
)
_TOO_LONG_WORDS = re.compile(
    r"context (?:length|window|size|limit)|maximum context|prompt is too long|input (?:is )?too long"
    r"|input length and .?max_tokens.? exceed|(?:input|prompt) token count.*exceeds|exceeds? the (?:available )?context"
    r"|number of tokens to keep from the initial prompt|reduce the length of the (?:messages|prompt)"
    r"|prompt has too many tokens|too large for model with \d+ maximum",
    re.IGNORECASE,
)
_QUOTA = frozenset(
    {
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded", "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded", "billing_hard_limit_reached", "billing_not_active", "enforced_spend_limit_reached",
        "billing_error", "payment_required", "insufficient_balance", "insufficient_credits", "daily_quota", "quota_exceeded",
    }
)  # fmt: skip
_QUOTA_WORDS = re.compile(
    r"credit balance is too low|insufficient (?:balance|credits?|funds)|exceeded your current quota|specified api usage limits"
    r"|used all available credits",
    re.IGNORECASE,
)
_BAD_KEY = frozenset(
    {"invalid_api_key", "api_key_invalid", "authentication_error", "unauthenticated", "missing_api_key"}
)
_BAD_KEY_WORDS = re.compile(
    r"(?:incorrect|invalid|missing|expired) (?:api|x-api)[ -]?key|api key (?:not valid|expired)|no api key",
    re.IGNORECASE,
)
_FILTERED = frozenset(
    {
        "content_filter", "content_policy_violation", "responsibleaipolicyviolation", "bio_policy", "refusal",
        "misalignment_policy_violation", "moderation_blocked", "content_filtered", "data_inspection_failed",
    }
)  # fmt: skip
_FILTERED_WORDS = re.compile(
    r"content management policy|flagged by (?:our )?moderation|requires moderation|content policy", re.IGNORECASE
)
_NO_MODEL = frozenset({"model_not_found", "model_not_available", "model_not_supported"})
_NO_MODEL_WORDS = re.compile(r"\bmodel\b.{0,200}\b(?:not found|does not exist)|\bno such model\b", re.IGNORECASE)
_NO_SUCH_NAME = re.compile(r"\binvalid model name\b|\bnot a valid model (?:id|name)\b", re.IGNORECASE)
"""How OpenRouter and LiteLLM say it, with a 400."""
_LATER = frozenset({"openrouter_in_flight_budget", "ramp_limit_exceeded"})
"""Codes under which a status that is final elsewhere is only a matter of waiting."""

_MEANS = {
    "rate_limit_error": 429, "rate_limit_exceeded": 429, "rate_limited": 429, "slow_down": 429, "resource_exhausted": 429,
    "too_many_requests": 429, "tokens": 429, "requests": 429,
    "overloaded_error": 529, "overloaded": 529, "provider_overloaded": 529, "server_is_overloaded": 503,
    "service_unavailable_error": 503, "service_unavailable": 503, "unavailable": 503, "unavailable_error": 503,
    "provider_unavailable": 503, "loading_model": 503, "capacity_exceeded": 503,
    "api_error": 500, "server_error": 500, "internal": 500, "internal_error": 500, "internal_server_error": 500,
    "internalservererror": 500, "timeout_error": 504, "timeout": 504, "deadline_exceeded": 504,
    "authentication_error": 401, "unauthenticated": 401, "permission_error": 403, "permission_denied": 403,
    "not_found_error": 404, "notfounderror": 404, "not_found": 404, "model_not_found": 404,
    "invalid_request_error": 400, "invalid_argument": 400, "failed_precondition": 400, "badrequesterror": 400,
    "invalid_prompt": 400, "request_too_large": 413, "billing_error": 402, "payment_required": 402,
}  # fmt: skip
"""The status that a word stands for, where an error comes inside a stream and has no status of its own."""


class _Verdict(NamedTuple):
    kind: type[errors.ProviderError]
    what: str
    """What happened, after the provider's name."""
    advice: str


def classify(
    fault: Fault,
    *,
    status: int | None,
    headers: Mapping[str, str],
    request: ChatRequest | None,
    target: Target,
    begun: bool = False,
) -> errors.ProviderError:
    """The error, with everything the server said about it; no secret of the target's appears in it."""
    if status is None:
        status = fault.status or next((code for word, code in _MEANS.items() if word in fault.words), None)
    kind, what, advice = _verdict(fault, status, headers, target)
    said = f": {fault.message}" if fault.message else ""
    where = " in mid-stream" if begun else ""
    number = f" ({status})" if status else ""
    message = f"{target.name} {what}{where}{number}{said}"
    wait = retry_after({**fault.headers, **headers}, fault.message, fault.retry_after_s) if kind.retryable else None
    return kind(
        target.scrub(message),
        advice=advice,
        provider=target.name,
        model=request.model.name if request else "",
        status=status,
        code=fault.code,
        request_id=_request_id(headers, target) or fault.request_id,
        retry_after_s=wait,
        should_retry=_should_retry(kind, headers, status),
    )


def _verdict(fault: Fault, status: int | None, headers: Mapping[str, str], target: Target) -> _Verdict:
    words, said = fault.words, fault.message
    rate = status == 429 or "per minute" in said.lower()
    if words & _TOO_LONG or (not rate and _TOO_LONG_WORDS.search(said)):
        return _Verdict(
            errors.ContextTooLong, "says that the conversation does not fit the model's window",
            "Start a new conversation, take out or summarise older messages, or choose a model with a larger window.",
        )  # fmt: skip
    if words & _LATER:
        return _Verdict(errors.RateLimited, "asks to slow down", "Wait a little, or choose another model with -m.")
    # Google says “exceeded your current quota” of the minute's quota too; the day's is told by its name
    if words & _QUOTA or status == 402 or ("resource_exhausted" not in words and _QUOTA_WORDS.search(said)):
        return _Verdict(
            errors.QuotaExhausted, "reports that the quota or credit is used up",
            "Top it up at the provider, or choose another model with -m.",
        )  # fmt: skip
    if words & _BAD_KEY or status == 401 or (status in {400, 403} and _BAD_KEY_WORDS.search(said)):
        return _Verdict(
            errors.AuthenticationFailed, "refused the key" if target.key else "wants a key", _new_key(target)
        )
    if words & _FILTERED or (status in {400, 403} and _FILTERED_WORDS.search(said)):
        return _Verdict(
            errors.ContentFiltered,
            "blocked this by its content policy",
            "Rephrase the message, or choose another model.",
        )
    # inside a stream Ollama gives neither code nor status, only the sentence
    if words & _NO_MODEL or status == 404 or (status is None and _NO_MODEL_WORDS.search(said)):
        return _missing(fault, target)
    if status == 400 and _NO_SUCH_NAME.search(said):
        return _missing(fault, target)
    return _by_status(status, headers, target)


def _by_status(status: int | None, headers: Mapping[str, str], target: Target) -> _Verdict:
    if status == 403:
        return _Verdict(
            errors.PermissionDenied, "does not allow this",
            f"Check what the key may do at the provider, or set another one with: llmtui keys set {target.name}",
        )  # fmt: skip
    if status == 429:
        return _Verdict(
            errors.RateLimited, "limits the rate of requests", "Wait a little, or choose another model with -m."
        )
    if status in {503, 529, 498}:
        return _Verdict(errors.Overloaded, "is overloaded", "Try again later, or choose another model with -m.")
    if status is None or status >= 500 or status in {408, 409}:
        return _Verdict(errors.ServerError, "failed", "Try again, or choose another model with -m.")
    if status == 407:
        return _Verdict(
            errors.ConnectionFailed,
            "cannot be reached: the proxy on the way wants a name and a password",
            "Write them into the proxy's address: http://NAME:PASSWORD@host:3128.",
        )
    if status == 413:
        return _Verdict(
            errors.InvalidRequest,
            "says that the request is too large",
            "Send less at once: fewer or smaller attachments.",
        )
    if status >= 400:
        return _Verdict(errors.InvalidRequest, "refused the request", "Check the model's name and the settings.")
    if status >= 300:
        location = quote(headers.get("location", ""), target, 200)
        return _Verdict(
            errors.MalformedResponse, "answered with a redirect, which is not followed",
            f"Put the address it leads to into base_url: {location}" if location else "Check base_url.",
        )  # fmt: skip
    return _Verdict(
        errors.MalformedResponse,
        "answered with a status that means no answer",
        "Check that base_url leads to a model server.",
    )


def _missing(fault: Fault, target: Target) -> _Verdict:
    about_model = "model" in fault.message.lower() or fault.words & _NO_MODEL or "not_found_error" in fault.words
    if about_model:
        return _Verdict(
            errors.ModelNotFound,
            errors.ModelNotFound.ABOUT_MODEL,
            f"See what there is: llmtui models --provider {target.name}",
        )
    return _Verdict(errors.ModelNotFound, "knows no such address or model", "Check base_url and the model's name.")


def _new_key(target: Target) -> str:
    return f"Set {'another' if target.key else 'one'} with: llmtui keys set {target.name}"


def _request_id(headers: Mapping[str, str], target: Target) -> str | None:
    found = next((id_ for name in ("x-request-id", "request-id", "x-generation-id") if (id_ := headers.get(name))), "")
    return target.scrub(found)[:120] or None


def _should_retry(kind: type[errors.ProviderError], headers: Mapping[str, str], status: int | None) -> bool | None:
    """The provider's own word, where it makes us more careful; it never makes a final error one to be repeated."""
    no = status == 407 or headers.get("x-should-retry", "").strip().lower() == "false"
    return False if kind.retryable and no else None
