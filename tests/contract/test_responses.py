"""The wire `openai-responses`: items in, typed events out, encrypted reasoning there and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.events import FinishReason, Identified, StreamEnded, StreamFailed, TextDelta
from llmtui.core.messages import Attachment
from llmtui.core.usage import Usage
from llmtui.providers.responses import create
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

RESPONSES = create()
HOME = target("openai-responses", "https://api.openai.com/v1")
ELSEWHERE = target("openai-responses", "http://localhost:1234")
GPT = request("gpt-5.6")
HELLO = '{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"Hello"}'


def events(*frames: str, asked: ChatRequest = GPT) -> list[StreamEvent]:
    return read(RESPONSES, sse(*frames), asked, HOME)


def terminal(kind: str, **response: Any) -> str:
    return json.dumps({"type": f"response.{kind}", "response": {"id": "resp_1", "model": "gpt-x", **response}})


def sent(asked: ChatRequest, where: Any = HOME) -> tuple[dict[str, Any], Any]:
    wire = RESPONSES.chat(asked, where)
    return json.loads(wire.body), wire


# ------------------------------------------------------------------------------------------------- the answer


def test_reasoning_answer() -> None:
    """STR-2, PRV-4: summaries apart from text, the usage of the terminal event, whatever way the bytes are split."""
    got = read(RESPONSES, stream("responses", "reasoning.sse"), GPT, HOME)
    assert got[0] == Identified("resp_1", "gpt-5.6-2026-05-01")
    assert sum(isinstance(event, Identified) for event in got) == 1
    assert reasoning(got) == "**Adding** numbers\n\nChecking"
    assert text(got) == "Ich rechne. Vier – 4️⃣."
    assert usage(got) == Usage(1000, 600, 100, 300, 250)
    assert finished(got) == (FinishReason.STOP, "completed", "")
    assert got[-1] == StreamEnded()


def test_what_is_stored_of_it() -> None:
    """PRV-3: reasoning from `output_item.done`, with its encrypted content and without its plain one; the phases."""
    stored = [kept["item"] for kept in opaque(read(RESPONSES, stream("responses", "reasoning.sse"), GPT, HOME))]
    assert [item["type"] for item in stored] == ["reasoning", "message", "reasoning", "message"]
    assert stored[0]["encrypted_content"] == "gAAA-whole-1"
    assert set(stored[0]) == {"type", "id", "summary", "encrypted_content"}
    assert stored[1] == {"type": "message", "phase": "commentary", "length": 12}


@pytest.mark.parametrize("name", ["mock-openai-responses-hello.http", "mock-openai-responses-reasoning.http"])
def test_independent_mock(shared: Path, name: str) -> None:
    """P19: an independent mock's answers; its zeros after text are unknown, its bare reasoning is not stored."""
    got = read(RESPONSES, shared_stream(shared, name), request("gpt-4o"), HOME)
    if "reasoning" in name:
        assert reasoning(got) == "First I think about it. Then I think about it again."
        assert text(got) == "The answer is 42."
    else:
        assert text(got) == "Hello from the rig. This answer is short and always the same."
    assert opaque(got) == []
    assert usage(got) is None
    assert got[-1] == StreamEnded()


@pytest.mark.parametrize(
    ("frame", "reason", "native"),
    [
        (terminal("completed", status="completed"), FinishReason.STOP, "completed"),
        (terminal("completed", output=[{"type": "function_call"}]), FinishReason.TOOL_CALLS, "completed"),
        (
            terminal("incomplete", incomplete_details={"reason": "max_output_tokens"}),
            FinishReason.LENGTH,
            "max_output_tokens",
        ),
        (
            terminal("incomplete", incomplete_details={"reason": "content_filter"}),
            FinishReason.CONTENT_FILTER,
            "content_filter",
        ),
        (terminal("incomplete", incomplete_details={"reason": "steered"}), FinishReason.STOP, "steered"),
        (terminal("incomplete", incomplete_details={"reason": "max_messages"}), FinishReason.STOP, "max_messages"),
    ],
)
def test_ends(frame: str, reason: FinishReason, native: str) -> None:
    """STR-3: every terminal event; no [DONE] is needed, and one is tolerated."""
    for frames in ((HELLO, frame), (HELLO, frame, "[DONE]"), ("[DONE]", HELLO, frame)):
        got = events(*frames)
        assert finished(got) == (reason, native, "")
        assert got[-1] == StreamEnded()


def test_cut_off() -> None:
    """STR-3: without a terminal event there is no end."""
    got = events(HELLO)
    assert finished(got) is None
    assert StreamEnded() not in got


def test_refusal_in_words() -> None:
    """STR-3: a refusal that the model words itself is its answer."""
    got = events('{"type":"response.refusal.delta","delta":"I cannot."}', terminal("completed"))
    assert text(got) == "I cannot."
    assert finished(got) == (FinishReason.STOP, "completed", "")


def test_reasoning_text() -> None:
    """STR-1: open models send their reasoning itself."""
    got = events('{"type":"response.reasoning_text.delta","delta":"Hm."}', HELLO, terminal("completed"))
    assert reasoning(got) == "Hm."


def test_server_without_deltas() -> None:
    """STR-2: where no delta came, the text of the terminal event is the answer, once."""
    output = [
        {"type": "reasoning"},
        {"type": "message", "content": [{"type": "output_text", "text": "All at once."}, None]},
    ]
    assert text(events(terminal("completed", output=output))) == "All at once."
    assert text(events(HELLO, terminal("completed", output=output))) == "Hello"


def test_usage_of_an_incomplete_answer() -> None:
    """PRV-4: an answer cut at its limit is billed, and says by how much."""
    got = events(
        HELLO,
        terminal(
            "incomplete",
            incomplete_details={"reason": "max_output_tokens"},
            usage={"input_tokens": 5, "output_tokens": 9},
        ),
    )
    assert usage(got) == Usage(5, 0, 0, 9)


def test_empty_answer() -> None:
    """STR-3: a proper end without text; its zeros are true."""
    got = events(terminal("completed", usage={"input_tokens": 0, "output_tokens": 0}))
    assert usage(got) == Usage()
    assert got[-1] == StreamEnded()


# ------------------------------------------------------------------------------------------------- errors in the stream

FAILURES = [
    ("server_error", "The server had an error", errors.ServerError, True),
    ("rate_limit_exceeded", "Rate limit reached. Please try again in 2.5s.", errors.RateLimited, True),
    ("slow_down", "slow", errors.RateLimited, True),
    ("server_is_overloaded", "busy", errors.Overloaded, True),
    ("insufficient_quota", "You exceeded your current quota", errors.QuotaExhausted, False),
    ("credit_balance_exhausted", "x", errors.QuotaExhausted, False),
    ("invalid_prompt", "Invalid prompt", errors.InvalidRequest, False),
    ("data_residency_mismatch", "x", errors.InvalidRequest, False),
    ("image_too_large", "x", errors.InvalidRequest, False),
    ("invalid_base64_image", "x", errors.InvalidRequest, False),
    ("bio_policy", "x", errors.ContentFiltered, False),
    ("misalignment_policy_violation", "x", errors.ContentFiltered, False),
    ("context_length_exceeded", "Your input exceeds the context window of this model.", errors.ContextTooLong, False),
]


@pytest.mark.parametrize(("code", "message", "expected", "again"), FAILURES)
@pytest.mark.parametrize("flat", [True, False])
def test_failures(code: str, message: str, expected: type[errors.ProviderError], again: bool, flat: bool) -> None:
    """ROB-7: the flat `error` event and the nested one of `response.failed`, each code as its status would be."""
    said = {"code": code, "message": message, "param": None}
    frame = (
        json.dumps({"type": "error", "sequence_number": 3, **said})
        if flat
        else terminal("failed", error=said, usage=None)
    )
    error = failure(events(HELLO, frame))
    assert type(error) is expected
    assert error.is_retryable is again
    assert error.code == code
    assert message in error.message


def test_wait_in_a_failure() -> None:
    """ROB-1: the wait that a sentence names."""
    said = {"code": "rate_limit_exceeded", "message": "Rate limit reached. Please try again in 2.5s."}
    assert failure(events(terminal("failed", error=said))).retry_after_s == 2.5


def test_failures_without_facts() -> None:
    """ROB-8: a failure that says nothing is a server error."""
    for frame in ('{"type":"response.failed"}', '{"type":"error"}', '{"type":"error","error":{"message":"boom"}}'):
        assert isinstance(failure(events(frame)), errors.ServerError)


@pytest.mark.parametrize("rubbish", ['{"type":"resp', "[1]", "7"])
def test_malformed_frame(rubbish: str) -> None:
    """ROB-7: a frame that is no JSON object is a malformed response."""
    assert isinstance(failure(events(HELLO, rubbish)), errors.MalformedResponse)


@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"id":"resp_1","object":"response"}'])
def test_no_stream_at_all(body: bytes) -> None:
    """ROB-8: a web page, nothing, or an answer in one piece that has no proper end is one clear error."""
    assert isinstance(failure(read(RESPONSES, body, GPT, HOME)), errors.MalformedResponse)


def test_hostile_shapes() -> None:
    """ROB-8: known fields of unknown types neither crash nor appear."""
    odd = [
        '{"type":"response.created","response":5}',
        '{"type":"response.created","response":{"id":{},"model":[1]}}',
        '{"type":"response.output_item.done","item":[]}',
        '{"type":"response.output_item.done","item":{"type":"reasoning","encrypted_content":5,"id":[]}}',
        '{"type":"response.output_item.done","item":{"type":"reasoning","encrypted_content":"x","id":"r","summary":null}}',
        '{"type":"response.output_item.done","item":{"type":"message","phase":7}}',
        '{"type":"response.output_text.delta","delta":{"text":"x"}}',
        '{"type":["response.completed"]}',
        "{}",
    ]
    got = events(*odd, HELLO, terminal("completed", output=5, usage="lots", incomplete_details=3))
    assert text(got) == "Hello"
    assert usage(got) is None
    assert not [event for event in got if isinstance(event, StreamFailed)]


# ------------------------------------------------------------------------------------------------- the request


def test_plain_request() -> None:
    """PRV-1, PRV-3: address, headers, items; nothing is stored at the server."""
    asked = request(
        "gpt-4.1",
        system("Be brief."),
        user("Hi"),
        answer("Hello."),
        user("Again"),
        conversation_id="c1",
        temperature=0.5,
        top_p=0.9,
        max_output_tokens=100,
    )
    body, wire = sent(asked)
    assert (wire.method, wire.url) == ("POST", "https://api.openai.com/v1/responses")
    assert wire.headers["authorization"] == f"Bearer {KEY}"
    assert body == {
        "model": "gpt-4.1",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Hello.", "annotations": []}]},
            {"role": "user", "content": [{"type": "input_text", "text": "Again"}]},
        ],
        "instructions": "Be brief.",
        "stream": True,
        "store": False,
        "stream_options": {"include_obfuscation": False},
        "prompt_cache_key": "c1",
        "max_output_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
    }
    assert wire.notes == ()


def test_other_servers_get_nothing_special() -> None:
    """PRV-1: a compatible server is sent neither cache keys nor stream options."""
    body, wire = sent(request("qwen3", conversation_id="c1"), ELSEWHERE)
    assert wire.url == "http://localhost:1234/v1/responses"
    assert set(body) == {"model", "input", "stream", "store"}


SUMMARY = {"summary": "auto"}


@pytest.mark.parametrize(
    ("model", "effort", "expected", "noted"),
    [
        ("gpt-5.6", None, None, False),
        ("gpt-5.6", "none", {"effort": "none"}, False),
        ("gpt-5.6", "minimal", {"effort": "low", **SUMMARY}, False),
        ("gpt-5.6", "max", {"effort": "max", **SUMMARY}, False),
        ("gpt-5.4-mini", "max", {"effort": "xhigh", **SUMMARY}, False),
        ("gpt-5.1", "max", {"effort": "high", **SUMMARY}, False),
        ("gpt-5", "minimal", {"effort": "minimal", **SUMMARY}, False),
        ("gpt-5-mini", "none", {"effort": "minimal", **SUMMARY}, True),
        ("gpt-5-pro", "low", {"effort": "high", **SUMMARY}, True),
        ("gpt-5-pro", "high", {"effort": "high", **SUMMARY}, False),
        ("gpt-5.3-codex", "none", {"effort": "low", **SUMMARY}, True),
        ("o3", "max", {"effort": "high", **SUMMARY}, False),
        ("o4-mini", "none", {"effort": "low", **SUMMARY}, True),
        ("gpt-4o", "high", None, True),
        ("gpt-5-chat-latest", "high", None, True),
        ("gpt-oss:20b", "minimal", {"effort": "minimal", **SUMMARY}, False),
    ],
)
def test_effort(model: str, effort: Any, expected: dict[str, Any] | None, noted: bool) -> None:
    """PRV-3: each generation knows its own words; the nearest is sent, and a note where it means something else."""
    body, wire = sent(request(model, reasoning_effort=effort))
    assert body.get("reasoning") == expected
    assert bool(wire.notes) is noted


@pytest.mark.parametrize(
    ("model", "included"),
    [
        ("gpt-5.6", True),
        ("o3", True),
        ("codex-mini-latest", True),
        ("gpt-4o", False),
        ("gpt-5-chat-latest", False),
        ("qwen3", False),
    ],
)
def test_encrypted_reasoning_is_asked_for_where_it_exists(model: str, included: bool) -> None:
    """PRV-3: asked of a model that does not reason it would be an error of the server."""
    assert (sent(request(model))[0].get("include") == ["reasoning.encrypted_content"]) is included


@pytest.mark.parametrize(
    ("model", "effort", "taken"),
    [
        ("gpt-5.6", None, False),
        ("gpt-5.6", "none", True),
        ("gpt-5", "none", False),
        ("o3", None, False),
        ("gpt-4o", None, True),
        ("qwen3", "low", True),
    ],
)
def test_sampling(model: str, effort: Any, taken: bool) -> None:
    """PRV-3: reasoning models take no temperature, except where they do not reason."""
    body, wire = sent(request(model, temperature=0.5, top_p=0.9, reasoning_effort=effort))
    assert ("temperature" in body, "top_p" in body) == (taken, taken)
    assert sum("temperature" in note or "top_p" in note for note in wire.notes) == (0 if taken else 2)


def test_dropped_parameters() -> None:
    """PRV-3: this wire has neither stop texts nor a seed, and a least limit."""
    body, wire = sent(request("gpt-4o", stop=("END",), seed=0, max_output_tokens=5))
    assert not {"stop", "seed"} & set(body)
    assert body["max_output_tokens"] == 16
    assert len(wire.notes) == 3


def test_attachments() -> None:
    """PRV-3: pictures as data URLs, text files inside the text."""
    picture = Attachment("a.png", "image/png", b"\x89PNG")
    notes = Attachment("notes.txt", "text/plain", b"remember")
    parts = sent(request("gpt-4o", user("What?", picture, notes)))[0]["input"][0]["content"]
    assert parts[0] == {"type": "input_image", "image_url": "data:image/png;base64,iVBORw==", "detail": "auto"}
    assert parts[1]["type"] == "input_text"
    assert "remember" in parts[1]["text"]


# ------------------------------------------------------------------------------------------------- reasoning sent again


def history(said: str, stored: list[Any], model: str = "gpt-5.6", **origin: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = sent(request(model, user("2 + 2?"), answer(said, *stored), user("more"), **origin))[
        0
    ]["input"]
    return items[1:-1]


def test_reasoning_goes_back_as_it_came() -> None:
    """PRV-3: each reasoning item before the text it led to, each text with its phase, after a round through JSON."""
    stored = json.loads(json.dumps(opaque(read(RESPONSES, stream("responses", "reasoning.sse"), GPT, HOME))))
    items = history("Ich rechne. Vier – 4️⃣.", stored)
    assert [item.get("type") or item["phase"] for item in items] == [
        "reasoning",
        "commentary",
        "reasoning",
        "final_answer",
    ]
    assert items[0]["summary"][1] == {"type": "summary_text", "text": "Checking"}
    assert items[1]["content"] == [{"type": "output_text", "text": "Ich rechne. ", "annotations": []}]
    assert items[3]["content"][0]["text"] == "Vier – 4️⃣."


def test_reasoning_without_its_text_is_left_out() -> None:
    """ROB-2: the server refuses reasoning that nothing follows, so an answer without text takes none with it."""
    stored = opaque(read(RESPONSES, stream("responses", "reasoning.sse"), GPT, HOME))
    assert history("", stored) == []
    assert history("Vier.", [*stored[:1], {"wire": "openai-responses", "item": 5}])[0]["type"] == "reasoning"


def test_phases_are_those_of_the_text_they_came_with() -> None:
    """STR-9: a text that was cut, or that goes on from another, is sent whole, without phases, after its reasoning."""
    stored = opaque(read(RESPONSES, stream("responses", "reasoning.sse"), GPT, HOME))
    for said in ("Ich re", "Before. Ich rechne. Vier – 4️⃣."):
        items = history(said, stored)
        assert [item.get("type") for item in items] == ["reasoning", "reasoning", None]
        assert items[2] == {"role": "assistant", "content": [{"type": "output_text", "text": said, "annotations": []}]}


def test_bare_reasoning_is_not_stored() -> None:
    """ROB-2: without encrypted content the server could not find it again; a cut stream leaves nothing behind."""
    bare = '{"type":"response.output_item.done","item":{"type":"reasoning","id":"rs_9","summary":[]}}'
    assert opaque(events(bare, HELLO, terminal("completed"))) == []
    whole = '{"type":"response.output_item.done","item":{"type":"reasoning","id":"rs_9","encrypted_content":"x"}}'
    assert len(opaque(events(whole, HELLO, terminal("completed")))) == 1
    assert opaque(events(whole, HELLO)) == []


def test_reasoning_of_another_model_is_left_out() -> None:
    """ROB-5: after a change of model or provider nothing of the other's state is sent."""
    stored = opaque(read(RESPONSES, stream("responses", "reasoning.sse"), GPT, HOME))
    for items in (history("Four.", stored, "gpt-5.4"), history("Four.", stored, provider="azure")):
        assert items == [
            {"role": "assistant", "content": [{"type": "output_text", "text": "Four.", "annotations": []}]}
        ]


# ------------------------------------------------------------------------------------------------- the rest


def test_errors_by_status_and_models() -> None:
    """ROB-2, PRV-5: as for chat completions, which share the server."""
    body = b'{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}'
    assert isinstance(RESPONSES.error(401, {}, body, GPT, HOME), errors.AuthenticationFailed)
    too_long = b'{"error":{"message":"Your input exceeds the context window","type":"invalid_request_error","code":"context_length_exceeded"}}'
    assert isinstance(RESPONSES.error(400, {}, too_long, GPT, HOME), errors.ContextTooLong)
    assert RESPONSES.models(HOME).url == "https://api.openai.com/v1/models"
    models, following = RESPONSES.parse_models(b'{"data":[{"id":"gpt-5.6"}]}')
    assert ([model.name for model in models], following) == (["gpt-5.6"], "")


def test_organisation_that_is_not_verified() -> None:
    """STR-11: what to do about a refusal that the request's own wish for a summary caused."""
    said = "Your organization must be verified to generate reasoning summaries."
    body = json.dumps({"error": {"message": said, "param": "reasoning.summary", "code": "unsupported_value"}}).encode()
    error = RESPONSES.error(400, {}, body, GPT, HOME)
    assert isinstance(error, errors.InvalidRequest)
    assert "leave out the effort" in error.advice


def test_first_text_is_not_held_back() -> None:
    """STR-4: a frame that is complete gives its text at once."""
    assert RESPONSES.decoder(GPT, HOME).feed(sse(HELLO)) == [TextDelta("Hello")]
