"""Every provider's errors, by status and in the stream, as one tree; and the wait they ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmtui.core import errors
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.request import ChatRequest
from llmtui.core.secret import Secret
from llmtui.providers._faults import status_error, stream_error
from llmtui.providers.base import Target

KEY = "sk-canary-0123456789abcdef"
TARGET = Target("acme", "openai", "https://api.acme.test/v1", Secret(KEY))
REQUEST = ChatRequest(ModelRef("acme", "big"), (Message(Role.USER, "hi"),))


def by_status(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> errors.ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status_error(status, headers or {}, raw, REQUEST, TARGET)


def openai(message: str = "", code: Any = None, kind: Any = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "expected", "retried"),
    [
        (400, errors.InvalidRequest, False), (401, errors.AuthenticationFailed, False), (402, errors.QuotaExhausted, False),
        (403, errors.PermissionDenied, False), (404, errors.ModelNotFound, False), (405, errors.InvalidRequest, False),
        (408, errors.ServerError, True), (409, errors.ServerError, True), (413, errors.InvalidRequest, False),
        (418, errors.InvalidRequest, False), (422, errors.InvalidRequest, False), (429, errors.RateLimited, True),
        (498, errors.Overloaded, True), (500, errors.ServerError, True), (502, errors.ServerError, True),
        (503, errors.Overloaded, True), (504, errors.ServerError, True), (524, errors.ServerError, True),
        (529, errors.Overloaded, True), (204, errors.MalformedResponse, False), (301, errors.MalformedResponse, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "body", [b"", b"<html><title>Oops</title>", b'{"error":', b"[]", b"null", b"7", b"\xff\xfe", b'""']
)
def test_by_status_whatever_the_body(
    status: int, expected: type[errors.ProviderError], retried: bool, body: bytes
) -> None:
    """ROB-2, ROB-8: the status decides where the body says nothing; no body is a crash."""
    error = by_status(status, body)
    assert type(error) is expected
    assert error.is_retryable is retried
    assert error.status == status
    assert (error.provider, error.model) == ("acme", "big")
    assert error.advice
    assert "\n" not in error.sentence


BODIES = [
    # OpenAI
    (429, openai("Slow.", "rate_limit_exceeded"), errors.RateLimited),
    (429, openai("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"), errors.QuotaExhausted),
    (429, openai("", "project_spend_limit_exceeded"), errors.QuotaExhausted),
    (429, openai("", "credit_balance_exhausted"), errors.QuotaExhausted),
    (400, openai("This model's maximum context length is 8192 tokens.", "context_length_exceeded"), errors.ContextTooLong),
    (400, openai("Unknown parameter: 'x'.", "unknown_parameter", "invalid_request_error"), errors.InvalidRequest),
    (400, openai("filtered", "content_filter"), errors.ContentFiltered),
    (401, openai("Incorrect API key provided", "invalid_api_key"), errors.AuthenticationFailed),
    (403, openai("Country not supported", "unsupported_country"), errors.PermissionDenied),
    (404, openai("The model `x` does not exist", "model_not_found"), errors.ModelNotFound),
    (503, openai("busy", "server_is_overloaded"), errors.Overloaded),
    # llama.cpp, vLLM, LM Studio, LiteLLM
    (400, {"error": {"code": 400, "type": "exceed_context_size_error", "message": "m", "n_ctx": 4096}}, errors.ContextTooLong),
    (503, {"error": {"code": 503, "type": "unavailable_error", "message": "Loading model"}}, errors.Overloaded),
    (400, {"object": "error", "message": "maximum context length is 4096", "type": "BadRequestError"}, errors.ContextTooLong),
    (422, {"detail": [{"loc": ["body", "temperature"], "msg": "must be below 2"}]}, errors.InvalidRequest),
    (404, {"detail": "Not Found"}, errors.ModelNotFound),
    (400, {"error": "Trying to keep the first 4097 tokens: number of tokens to keep from the initial prompt is greater "
                    "than the context length"}, errors.ContextTooLong),
    # xAI: a bad key is 400 and the error a string
    (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa**."}, errors.AuthenticationFailed),
    # Anthropic
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens"}}, errors.ContextTooLong),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}, errors.QuotaExhausted),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, errors.Overloaded),
    (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "m",
           "details": {"error_code": "enforced_spend_limit_reached"}}}, errors.QuotaExhausted),
    (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "m",
           "details": {"error_code": "ramp_limit_exceeded"}}}, errors.RateLimited),
    (413, {"type": "error", "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}, errors.InvalidRequest),
    # Gemini, also as a list of one
    (400, [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
            "details": [{"@type": "…/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}], errors.AuthenticationFailed),
    (400, {"error": {"code": 400, "message": "The input token count (1200000) exceeds the maximum number of tokens allowed",
           "status": "INVALID_ARGUMENT"}}, errors.ContextTooLong),
    (429, {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": [
           {"@type": "…QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]},
           {"@type": "…RetryInfo", "retryDelay": "12s"}]}}, errors.RateLimited),
    (429, {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": [
           {"@type": "…QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}]}}, errors.QuotaExhausted),
    # OpenRouter
    (402, {"error": {"code": 402, "message": "Insufficient credits"}}, errors.QuotaExhausted),
    (402, {"error": {"code": 402, "message": "m", "metadata": {"limit_source": "openrouter_in_flight_budget"}}}, errors.RateLimited),
    (403, {"error": {"code": 403, "message": "requires moderation", "metadata": {"reasons": ["x"]}}}, errors.ContentFiltered),
    (502, {"error": {"code": 502, "message": "Provider returned error", "metadata": {"raw": "boom"}}}, errors.ServerError),
    # Groq, Mistral, DeepSeek, Ollama
    (413, openai("Request too large on tokens per minute (TPM): Limit 6000", "rate_limit_exceeded", "tokens"), errors.InvalidRequest),
    (422, {"object": "error", "message": {"detail": []}, "type": "invalid_request_error"}, errors.InvalidRequest),
    (402, openai("Insufficient Balance"), errors.QuotaExhausted),
    (404, {"error": "model \"x\" not found, try pulling it first"}, errors.ModelNotFound),
    (401, {"error": "unauthorized", "signin_url": "https://…"}, errors.AuthenticationFailed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "expected"), BODIES)
def test_the_body_goes_before_the_status(status: int, body: Any, expected: type[errors.ProviderError]) -> None:
    """ROB-1, ROB-2: a quota is no rate limit, a context that is too long no bad request, a refused key is named as one."""
    assert type(by_status(status, body)) is expected


@pytest.mark.parametrize(
    ("payload", "expected", "status"),
    [
        (openai("m", 429), errors.RateLimited, 429),
        (openai("m", "429"), errors.RateLimited, 429),
        (openai("m", "server_error"), errors.ServerError, 500),
        (openai("m", None, "overloaded_error"), errors.Overloaded, 529),
        ({"error": {"code": 400, "message": "m", "type": "BadRequestError"}}, errors.InvalidRequest, 400),
        ({"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}, errors.Overloaded, 503),
        ({"error": "boom"}, errors.ServerError, None),
        ({"error": 'model "l" not found, try pulling it first'}, errors.ModelNotFound, None),
        ("boom", errors.ServerError, None),
        ({"error": True}, errors.ServerError, None),
        ({}, errors.ServerError, None),
        (None, errors.ServerError, None),
        ({"error": {"message": "The context length is exceeded"}}, errors.ContextTooLong, None),
        ({"type": "error", "code": "context_length_exceeded", "message": "m"}, errors.ContextTooLong, None),
    ],
)
def test_errors_inside_a_stream_are_of_the_same_kinds(
    payload: Any, expected: type[errors.ProviderError], status: int | None
) -> None:
    """ROB-7."""
    error = stream_error(payload, REQUEST, TARGET)
    assert (type(error), error.status) == (expected, status)
    assert "mid-stream" not in str(error)
    assert "in mid-stream" in str(stream_error(payload, REQUEST, TARGET, begun=True))


def test_the_key_is_scrubbed_by_value_and_the_message_cut() -> None:
    """CHAT-6: a server that echoes the key does not get it into our errors."""
    error = by_status(400, openai(f"bad header\n\x1b[31m Bearer {KEY} " + "x" * 5000))
    assert KEY not in error.sentence
    assert "[key]" in error.sentence
    assert len(error.sentence) < 600


def test_a_lone_surrogate_in_a_message_is_replaced() -> None:
    assert by_status(500, b'{"error":{"message":"a\\ud800b"}}').sentence.encode()


def test_request_ids_are_found() -> None:
    assert by_status(500, b"", {"x-request-id": "req_1"}).request_id == "req_1"
    assert by_status(500, {"type": "error", "error": {"message": "m"}, "request_id": "req_2"}).request_id == "req_2"


def test_the_provider_may_forbid_a_retry_but_never_demand_one() -> None:
    """ROB-2: 400 is never retried."""
    assert by_status(500, b"", {"x-should-retry": "false"}).is_retryable is False
    assert by_status(500, b"", {"x-should-retry": "true"}).is_retryable is True
    assert by_status(400, b"", {"x-should-retry": "true"}).is_retryable is False


def test_a_redirect_names_where_it_leads() -> None:
    assert "https://elsewhere.test/v1" in by_status(301, b"", {"location": "https://elsewhere.test/v1"}).sentence


def test_a_missing_key_and_a_refused_one_read_differently() -> None:
    keyless = status_error(401, {}, b"", REQUEST, Target("acme", "openai", "https://api.acme.test"))
    assert "wants a key" in keyless.sentence
    assert "refused the key" in by_status(401).sentence
    assert "llmtui keys set acme" in keyless.sentence


DATE = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        ({"retry-after": "7"}, "", 7.0),
        ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after": "0"}, "", 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:20 GMT", "date": DATE}, "", 20.0),
        ({"retry-after": "Friday, 20-Nov-26 12:00:20 GMT", "date": DATE}, "", 20.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT", "date": DATE}, "", 0.0),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "-3"}, "", None),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "6m0s"}, "", 360.0),
        ({}, "Please try again in 1.2s.", 1.2),
        ({}, "Please try again in 6m0s. Contact us", 360.0),
        ({}, "Please try again in 20ms.", 0.02),
        ({}, "Please retry after 20 seconds.", 20.0),
        ({}, "Too many requests", None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, "", 90.0),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1m30s"}, "", None),
        ({"x-ratelimit-reset-tokens": "6m0s"}, "", 360.0),
        ({"anthropic-ratelimit-tokens-remaining": "0", "date": DATE,
          "anthropic-ratelimit-tokens-reset": "2026-11-20T12:00:42Z"}, "", 42.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795176005000", "date": DATE}, "", 5.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795176005", "date": DATE}, "", 5.0),
    ],
)  # fmt: skip
def test_the_wait_that_is_asked_for(headers: dict[str, str], message: str, wait: float | None) -> None:
    """ROB-1: seconds, HTTP dates by the server's clock, milliseconds, Go durations, sentences, reset headers."""
    found = by_status(429, openai(message), headers).retry_after_s
    assert found is wait if wait is None else found == pytest.approx(wait)


def test_a_wait_in_the_body() -> None:
    """ROB-1: Gemini's RetryInfo."""
    body = {
        "error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m", "details": [{"retryDelay": "12.5s"}]}
    }
    assert by_status(429, body).retry_after_s == 12.5
    assert stream_error(body, REQUEST, TARGET).retry_after_s == 12.5


def test_a_wait_in_headers_that_a_router_puts_into_its_body() -> None:
    """ROB-1: OpenRouter's limits of free models."""
    held = {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795176005000"}
    body = {"error": {"code": 429, "message": "m", "metadata": {"headers": held, "provider_name": None}}}
    assert by_status(429, body, {"date": DATE}).retry_after_s == pytest.approx(5.0)
    assert by_status(429, body, {"date": DATE, "retry-after": "2"}).retry_after_s == 2.0


def test_a_proxy_that_wants_a_password() -> None:
    """PRV-7, ROB-2: 407 is the proxy's, and asking again would not help."""
    error = by_status(407)
    assert isinstance(error, errors.ConnectionFailed)
    assert (error.is_retryable, error.leads_on) == (False, True)
    assert "the proxy on the way wants a name and a password" in error.message


def test_only_what_is_retried_has_a_wait() -> None:
    assert by_status(400, b"", {"retry-after": "7"}).retry_after_s is None
