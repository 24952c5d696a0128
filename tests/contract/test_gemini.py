"""The wire `gemini`: thoughts beside the text, cumulative usage, blocked prompts, and errors that are no events."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.cost import Price
from llmtui.core.events import FinishReason, Identified, StreamEnded, StreamFailed, TextDelta
from llmtui.core.messages import Attachment
from llmtui.core.usage import Usage
from llmtui.providers.gemini import create
from tests.contract.pieces import (
    KEY,
    answer,
    failure,
    finished,
    opaque,
    read,
    reasoning,
    request,
    shared_stream,
    sse,
    stream,
    system,
    target,
    text,
    usage,
    user,
)

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest

GEMINI = create()
HOME = target("gemini", "https://generativelanguage.googleapis.com/v1beta")
PRO = request("gemini-2.5-pro")
HELLO = '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"index":0}]}'


def events(*frames: str, asked: ChatRequest = PRO) -> list[StreamEvent]:
    return read(GEMINI, sse(*frames, end="\r\n"), asked, HOME)


def end(reason: str, **fields: Any) -> str:
    return json.dumps({"candidates": [{"finishReason": reason, "index": 0, **fields}]})


def sent(
    asked: ChatRequest, base_url: str = "https://generativelanguage.googleapis.com/v1beta"
) -> tuple[dict[str, Any], Any]:
    wire = GEMINI.chat(asked, target("gemini", base_url))
    return json.loads(wire.body), wire


# ------------------------------------------------------------------------------------------------- the answer


def test_thinking_answer() -> None:
    """STR-2, PRV-4: thoughts apart from text, the last usage alone, thoughts added to candidates and not twice."""
    got = read(GEMINI, stream("gemini", "thinking.sse"), PRO, HOME)
    assert got[0] == Identified("resp-abc", "gemini-2.5-pro")
    assert sum(isinstance(event, Identified) for event in got) == 1
    assert reasoning(got) == "**Adding**\n\nTwo and two."
    assert text(got) == "Vier – 4️⃣."
    assert usage(got) == Usage(1010, 600, 0, 50, 42)
    closing = finished(got)
    assert closing is not None
    assert (closing.reason, closing.native) == (FinishReason.STOP, "STOP")
    assert got[-1] == StreamEnded()


def test_worked_prices() -> None:
    """P17, P18: the worked figures of 200,000 and 200,001 tokens in."""
    low = Price(Decimal("1.25"), Decimal(10))
    assert low.cost(Usage(200_000, output_tokens=1000)) == Decimal("0.260")
    assert Price(Decimal("2.5"), Decimal(15)).cost(Usage(200_001, output_tokens=1000)) == Decimal("0.5150025")
    frame = '{"usageMetadata":{"promptTokenCount":200000,"candidatesTokenCount":400,"thoughtsTokenCount":600,"totalTokenCount":201000}}'
    used = usage(events(HELLO, end("STOP"), frame))
    assert used is not None
    assert low.cost(used) == Decimal("0.260")


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("CONTINUATION", FinishReason.LENGTH),
        *[
            (word, FinishReason.CONTENT_FILTER)
            for word in (
                "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
                "IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER", "MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED",
            )
        ],
        ("SOMETHING_NEW", FinishReason.STOP),
    ],
)  # fmt: skip
def test_finish_reasons(native: str, reason: FinishReason) -> None:
    """STR-3: every finish reason is mapped and kept in the provider's own word; the end of the connection ends it."""
    got = events(HELLO, end(native))
    closing = finished(got)
    assert closing is not None
    assert (closing.reason, closing.native) == (reason, native)
    assert got[-1] == StreamEnded()


@pytest.mark.parametrize(
    "native",
    [
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE", "OTHER",
    ],
)  # fmt: skip
def test_finish_reasons_that_are_failures(native: str) -> None:
    """ROB-7: an answer that the server gave up on is an error."""
    error = failure(events(HELLO, end(native, finishMessage="gave up")))
    assert error.code == native
    assert "gave up" in error.message
    assert error.is_retryable is (native != "MISSING_THOUGHT_SIGNATURE")


def test_unspecified_is_no_end() -> None:
    """STR-3: the enum's zero value is no finish reason."""
    assert finished(events(HELLO, end("FINISH_REASON_UNSPECIFIED"))) is None


def test_tool_call() -> None:
    """STR-3: STOP with a function call is tool_calls."""
    call = '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"eA=="}]}}]}'
    got = events(call, end("STOP"))
    closing = finished(got)
    assert closing is not None
    assert closing.reason is FinishReason.TOOL_CALLS
    assert opaque(got) == []


def test_why_it_was_filtered() -> None:
    """STR-11: what the provider says about a filter is passed on: its message, else the categories that blocked."""
    ratings = [{"category": "HARM_CATEGORY_HARASSMENT", "blocked": True}, {"category": "HARM_CATEGORY_HATE"}, None]
    closing = finished(events(HELLO, end("SAFETY", safetyRatings=ratings)))
    assert closing is not None
    assert closing.explanation == "HARM_CATEGORY_HARASSMENT"
    closing = finished(events(HELLO, end("SAFETY", finishMessage="Not this.", safetyRatings=ratings)))
    assert closing is not None
    assert closing.explanation == "Not this."


def test_blocked_prompt() -> None:
    """STR-3: a prompt that was blocked has no candidates, is a content filter, and may have been billed."""
    blocked = (
        '{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","blockReasonMessage":"no"},'
        '"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"modelVersion":"g"}'
    )
    got = events(blocked)
    closing = finished(got)
    assert closing is not None
    assert closing == (FinishReason.CONTENT_FILTER, "PROHIBITED_CONTENT", "no")
    assert text(got) == ""
    assert usage(got) == Usage(7)
    assert got[-1] == StreamEnded()


def test_cut_off() -> None:
    """STR-3: a stream that ends without a finish reason has no end."""
    got = events(HELLO, HELLO)
    assert text(got) == "HelloHello"
    assert finished(got) is None
    assert StreamEnded() not in got


def test_empty_answer() -> None:
    """STR-3: a proper end without text is an empty answer; its zeros are true."""
    got = events('{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}')
    assert text(got) == ""
    assert usage(got) == Usage(4)
    assert got[-1] == StreamEnded()


# ------------------------------------------------------------------------------------------------- usage


def test_missing_candidates_count() -> None:
    """P19: where the count of candidates is left out, the total still tells it."""
    frame = '{"usageMetadata":{"promptTokenCount":10,"thoughtsTokenCount":5,"totalTokenCount":45}}'
    assert usage(events(HELLO, end("STOP"), frame)) == Usage(10, 0, 0, 35, 5)


@pytest.mark.parametrize("senseless", [-1, "many", 1.5, 10**12])
def test_senseless_usage_is_unknown(senseless: object) -> None:
    """P19: a count that cannot be meant makes the usage unknown."""
    frame = json.dumps({"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": senseless}})
    assert usage(events(HELLO, end("STOP"), frame)) is None


def test_cached_never_exceeds_the_prompt() -> None:
    """P17: a cached count beyond the prompt is clamped."""
    frame = '{"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":99,"candidatesTokenCount":1}}'
    assert usage(events(HELLO, end("STOP"), frame)) == Usage(10, 10, 0, 1)


def test_zeros_after_text_are_unknown(shared: Path) -> None:
    """P19: all zeros after text, as an independent mock sends them."""
    got = read(GEMINI, shared_stream(shared, "mock-gemini-hello.http"), PRO, HOME)
    assert text(got) == "Hello from the rig. This answer is short and always the same."
    assert usage(got) is None
    assert got[-1] == StreamEnded()


# ------------------------------------------------------------------------------------------------- errors in the stream


def test_raw_json_error() -> None:
    """ROB-7: an error appended as pretty-printed JSON, without `data:`, is found, and its wait with it."""
    got = read(GEMINI, stream("gemini", "raw-error.sse"), PRO, HOME)
    error = failure(got)
    assert isinstance(error, errors.Overloaded)
    assert error.retry_after_s == 7
    assert text(got) == "Well"


def test_raw_json_error_is_found_before_the_connection_ends() -> None:
    """ROB-3: it need not wait for the end of the connection, once a blank line ends it."""
    decoder = GEMINI.decoder(PRO, HOME)
    seen = decoder.feed(stream("gemini", "raw-error.sse") + b"\r\n")
    assert isinstance(seen[-1], StreamFailed)


@pytest.mark.parametrize(
    "wrapped",
    [
        b'data: {"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}\n\n',
        b'data: [{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]\n\n',
        b'[{\n  "error": {\n    "code": 429,\n    "message": "slow",\n    "status": "RESOURCE_EXHAUSTED"\n  }\n}\n]\n',
        b'{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}',
    ],
)
def test_forms_of_an_error(wrapped: bytes) -> None:
    """ROB-7: as an event, in a list of one, raw and pretty, raw and short."""
    error = failure(read(GEMINI, sse(HELLO) + wrapped, PRO, HOME))
    assert isinstance(error, errors.RateLimited)
    assert isinstance(failure(read(GEMINI, wrapped, PRO, HOME)), errors.RateLimited)


def test_error_after_the_finish_reason() -> None:
    """ROB-7: an error after the finish reason still fails the answer."""
    data = sse(HELLO, end("STOP")) + b'{"error":{"code":500,"message":"x","status":"INTERNAL"}}\n'
    assert isinstance(failure(read(GEMINI, data, PRO, HOME)), errors.ServerError)


@pytest.mark.parametrize("rubbish", ['{"candidates":[{', "[1]", "null", '"text"'])
def test_malformed_frame(rubbish: str) -> None:
    """ROB-7: a frame that is no JSON object is a malformed response."""
    assert isinstance(failure(events(HELLO, rubbish)), errors.MalformedResponse)


@pytest.mark.parametrize("body", [b"", b"<html><title>Proxy</title></html>", b"Not found\n"])
def test_no_stream_at_all(body: bytes) -> None:
    """ROB-8: a web page or nothing is one clear error."""
    assert isinstance(failure(read(GEMINI, body, PRO, HOME)), errors.MalformedResponse)


def test_hostile_shapes() -> None:
    """ROB-8: known fields of unknown types neither crash nor appear."""
    odd = [
        '{"candidates":5,"usageMetadata":[],"responseId":9}',
        '{"candidates":[5]}',
        '{"candidates":[{"content":{"parts":{"text":"x"}}}]}',
        '{"candidates":[{"content":{"parts":[5,{"text":5},{"thought":true,"text":[]},{"thoughtSignature":7}]},"finishReason":3}]}',
        '{"promptFeedback":7}',
        '{"promptFeedback":{"blockReason":{}}}',
        "{}",
    ]
    got = events(*odd, HELLO, end("STOP"))
    assert text(got) == "Hello"
    assert not [event for event in got if isinstance(event, StreamFailed)]


# ------------------------------------------------------------------------------------------------- errors by status


@pytest.mark.parametrize(
    ("code", "status", "message", "details", "expected"),
    [
        (400, "INVALID_ARGUMENT", "Unknown field", [], errors.InvalidRequest),
        (400, "FAILED_PRECONDITION", "User location is not supported", [], errors.InvalidRequest),
        (
            400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
            [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
            errors.AuthenticationFailed,
        ),
        (
            400, "INVALID_ARGUMENT", "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
            [], errors.ContextTooLong,
        ),
        (401, "UNAUTHENTICATED", "no", [], errors.AuthenticationFailed),
        (402, "", "pay", [], errors.QuotaExhausted),
        (403, "PERMISSION_DENIED", "no", [], errors.PermissionDenied),
        (404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta", [], errors.ModelNotFound),
        (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", [], errors.RateLimited),
        (500, "INTERNAL", "An internal error has occurred", [], errors.ServerError),
        (503, "UNAVAILABLE", "The model is overloaded", [], errors.Overloaded),
        (504, "DEADLINE_EXCEEDED", "late", [], errors.ServerError),
    ],
)  # fmt: skip
@pytest.mark.parametrize("listed", [False, True])
def test_errors_by_status(
    code: int, status: str, message: str, details: list[Any], expected: type[errors.ProviderError], listed: bool
) -> None:
    """ROB-2: each status with its envelope, bare or in a list of one."""
    body: Any = {"error": {"code": code, "message": message, "status": status, "details": details}}
    error = GEMINI.error(code, {}, json.dumps([body] if listed else body).encode(), PRO, HOME)
    assert type(error) is expected


def limited(quota: str, delay: str = "") -> errors.ProviderError:
    details: list[Any] = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}]
    if delay:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    said = "You exceeded your current quota, please check your plan and billing details."
    body = {"error": {"code": 429, "message": said, "status": "RESOURCE_EXHAUSTED", "details": details}}
    return GEMINI.error(429, {}, json.dumps(body).encode(), PRO, HOME)


def test_quota_of_the_minute_and_of_the_day() -> None:
    """ROB-1: Google says “quota” of both; the minute's is a rate limit with a wait, the day's is exhausted."""
    minute = limited("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "12.5s")
    assert isinstance(minute, errors.RateLimited)
    assert minute.retry_after_s == 12.5
    day = limited("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "40s")
    assert isinstance(day, errors.QuotaExhausted)
    assert not day.is_retryable


# ------------------------------------------------------------------------------------------------- the request


def test_plain_request() -> None:
    """PRV-1, PRV-3: address without a key in it, roles, system prompt, settings."""
    asked = request(
        "gemini-2.0-flash", system("Be brief."), user("Hi"), answer("Hello."), user("Again"),
        temperature=0.5, top_p=0.9, max_output_tokens=100, stop=("END",), seed=7,
    )  # fmt: skip
    body, wire = sent(asked)
    assert (
        wire.url
        == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse"
    )
    assert wire.headers["x-goog-api-key"] == KEY
    assert KEY not in wire.url
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "Hi"}]},
        {"role": "model", "parts": [{"text": "Hello."}]},
        {"role": "user", "parts": [{"text": "Again"}]},
    ]
    assert body["generationConfig"] == {
        "temperature": 0.5, "topP": 0.9, "maxOutputTokens": 100, "stopSequences": ["END"], "seed": 7,
    }  # fmt: skip
    assert wire.notes == ()


def test_least_request() -> None:
    """PRV-3: what is not asked for is not sent."""
    assert sent(request("gemma-3-27b-it"))[0] == {"contents": [{"role": "user", "parts": [{"text": "Hello?"}]}]}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-pro", "/models/gemini-2.5-pro:"),
        ("models/gemini-2.5-pro", "/models/gemini-2.5-pro:"),
        ("tunedModels/my model", "/tunedModels/my%20model:"),
        ("a?key=b", "/models/a%3Fkey%3Db:"),
    ],
)
def test_model_names_in_the_path(model: str, path: str) -> None:
    """PRV-1: a name cannot change the address."""
    assert path in sent(request(model))[1].url


@pytest.mark.parametrize("base", ["https://x.test", "https://x.test/v1beta/", "https://x.test/v1beta/v1beta"])
def test_base_url_is_put_right(base: str) -> None:
    """PRV-7: a missing or doubled version part."""
    assert sent(PRO, base)[1].url.startswith("https://x.test/v1beta/models/")


def test_too_many_stops() -> None:
    """PRV-3: at most five, with a note."""
    body, wire = sent(request("gemini-2.5-pro", stop=tuple("abcdef")))
    assert body["generationConfig"]["stopSequences"] == list("abcde")
    assert len(wire.notes) == 1


THOUGHTS = {"includeThoughts": True}


@pytest.mark.parametrize(
    ("model", "effort", "limit", "config", "noted"),
    [
        ("gemini-2.5-pro", None, None, THOUGHTS, False),
        ("gemini-2.5-flash-lite", None, None, None, False),
        ("gemini-2.5-flash", "none", None, {"thinkingBudget": 0}, False),
        ("gemini-2.5-pro", "none", None, {"thinkingBudget": 128}, True),
        ("gemini-2.5-flash", "minimal", None, {"thinkingBudget": 512, **THOUGHTS}, False),
        ("gemini-2.5-pro", "max", None, {"thinkingBudget": 24_576, **THOUGHTS}, False),
        ("gemini-2.5-pro", "high", 1000, {"thinkingBudget": 500, **THOUGHTS}, False),
        ("gemini-2.5-flash", "high", 100, {"thinkingBudget": 512, **THOUGHTS}, False),
        ("gemini-3-pro-preview", "low", None, {"thinkingLevel": "LOW", **THOUGHTS}, False),
        ("gemini-3-pro-preview", "medium", None, {"thinkingLevel": "HIGH", **THOUGHTS}, False),
        ("gemini-3.1-pro-preview", "medium", None, {"thinkingLevel": "MEDIUM", **THOUGHTS}, False),
        ("gemini-3.1-pro-preview", "none", None, {"thinkingLevel": "LOW"}, True),
        ("gemini-3-flash", "minimal", None, {"thinkingLevel": "MINIMAL"}, False),
        ("gemini-3.8-flash", "minimal", None, {"thinkingLevel": "LOW"}, False),
        ("gemini-3.5-flash-lite", "none", None, {"thinkingLevel": "MINIMAL"}, True),
        ("gemini-flash-latest", "max", None, {"thinkingLevel": "HIGH", **THOUGHTS}, False),
        ("gemini-2.0-flash", "high", None, None, True),
        ("gemini-2.0-flash", "none", None, None, False),
        ("gemini-2.5-flash-image", "low", None, None, True),
        ("gemma-3", "low", None, None, True),
    ],
)
def test_effort(model: str, effort: Any, limit: int | None, config: dict[str, Any] | None, noted: bool) -> None:
    """PRV-3: a budget for 2.5, a level from 3 on, nothing where a model would refuse it."""
    body, wire = sent(request(model, reasoning_effort=effort, max_output_tokens=limit))
    assert body.get("generationConfig", {}).get("thinkingConfig") == config
    assert bool(wire.notes) is noted


def test_attachments() -> None:
    """PRV-3: pictures as inline data, text files inside the text."""
    picture = Attachment("a.png", "image/png", b"\x89PNG")
    notes = Attachment("notes.txt", "text/plain", b"remember")
    parts = sent(request("gemini-2.5-pro", user("What?", picture, notes)))[0]["contents"][0]["parts"]
    assert parts[0] == {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
    assert "remember" in parts[1]["text"]
    assert parts[1]["text"].endswith("What?")


def test_same_roles_are_joined() -> None:
    """PRV-3: an empty answer between two questions leaves one turn of the user."""
    contents = sent(request("gemini-2.5-pro", user("a"), answer(""), user("b")))[0]["contents"]
    assert contents == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]


# ------------------------------------------------------------------------------------------------- signatures sent again


def test_signatures_go_back_to_their_place() -> None:
    """PRV-3: after a round through the store each signature stands on the part it came with."""
    stored = json.loads(json.dumps(opaque(read(GEMINI, stream("gemini", "thinking.sse"), PRO, HOME))))
    again = request("gemini-2.5-pro", user("2 + 2?"), answer("Vier – 4️⃣.", *stored), user("more"))
    assert sent(again)[0]["contents"][1]["parts"] == [
        {"text": "Vier – "},
        {"text": "4️⃣", "thoughtSignature": "c2lnLTE="},
        {"text": "."},
        {"text": "", "thoughtSignature": "c2lnLTI="},
    ]
    cut = request("gemini-2.5-pro", user("2 + 2?"), answer("Vier", *stored), user("more"))
    assert sent(cut)[0]["contents"][1]["parts"] == [{"text": "Vier"}]
    longer = request("gemini-2.5-pro", user("2 + 2?"), answer("Also: Vier – 4️⃣.", *stored), user("more"))
    assert sent(longer)[0]["contents"][1]["parts"] == [{"text": "Also: Vier – 4️⃣."}]
    other = request("gemini-3.1-pro", user("2 + 2?"), answer("Vier – 4️⃣.", *stored), user("more"))
    assert sent(other)[0]["contents"][1]["parts"] == [{"text": "Vier – 4️⃣."}]


# ------------------------------------------------------------------------------------------------- models


def test_model_list() -> None:
    """PRV-5: pages, windows, and only models that can chat."""
    wire = GEMINI.models(HOME)
    assert wire.url == "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000"
    assert wire.headers["x-goog-api-key"] == KEY
    page = {
        "models": [
            {
                "name": "models/gemini-2.5-pro", "displayName": "Gemini 2.5 Pro", "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536, "supportedGenerationMethods": ["generateContent", "countTokens"], "thinking": True,
            },
            {"name": "models/text-embedding-004", "supportedGenerationMethods": ["embedContent"]},
            {"displayName": "no name"},
            {"name": "models/odd", "supportedGenerationMethods": 5, "displayName": None},
        ],
        "nextPageToken": "a/b",
    }  # fmt: skip
    models, following = GEMINI.parse_models(json.dumps(page).encode())
    assert [model.name for model in models] == ["gemini-2.5-pro", "odd"]
    pro = models[0]
    assert (pro.context_window, pro.max_output_tokens, pro.reasons) == (1_048_576, 65_536, True)
    assert pro.display_name == "Gemini 2.5 Pro"
    assert GEMINI.models(HOME, following).url.endswith("?pageSize=1000&pageToken=a%2Fb")
    assert GEMINI.parse_models(b'{"models":[]}') == ([], "")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data":[]}'])
def test_model_list_that_is_none(body: bytes) -> None:
    """ROB-8: anything else is one clear error."""
    with pytest.raises(errors.MalformedResponse):
        GEMINI.parse_models(body)


def test_first_text_is_not_held_back() -> None:
    """STR-4: a frame that is complete gives its text at once."""
    assert GEMINI.decoder(PRO, HOME).feed(sse(HELLO)) == [TextDelta("Hello")]
