"""The wire `openai`: what is asked of OpenAI and of the many that resemble it, and every way an answer comes and fails."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.events import (
    Finished,
    FinishReason,
    Identified,
    StreamEnded,
    StreamFailed,
    TextDelta,
    UsageReported,
)
from llmtui.core.messages import Attachment
from llmtui.core.usage import Usage
from llmtui.providers.openai import create
from tests.contract.pieces import (
    KEY,
    answer,
    failure,
    finished,
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

OFFICIAL = target("openai", "https://api.openai.com/v1", "openai")
LOCAL = target("openai", "http://127.0.0.1:8080", key="")
MISTRAL = target("openai", "https://api.mistral.ai/v1", "mistral")
ASKED = request("the-model")


def body(where: Any, asked: Any) -> dict[str, Any]:
    return dict(json.loads(create().chat(asked, where).body))


def events(data: bytes) -> list[StreamEvent]:
    return read(create(), data, ASKED, LOCAL)


def frame(content: str | None = None, finish: str | None = None, **more: Any) -> str:
    delta = {} if content is None else {"content": content}
    return json.dumps(
        {"id": "r1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    )


# ------------------------------------------------------------------------------------------------- requests


def test_the_request() -> None:
    """PRV-3: system prompt, history, settings; the key in its header and nowhere else."""
    asked = request(
        "gpt-4.1", system("Be brief."), user("Hi"), answer("Hello!"), user("And now?"),
        temperature=0.0, top_p=0.5, max_output_tokens=99, stop=("END", "STOP"), seed=7, conversation_id="c1",
    )  # fmt: skip
    wire = create().chat(asked, OFFICIAL)
    assert (wire.method, wire.url) == ("POST", "https://api.openai.com/v1/chat/completions")
    assert wire.headers["authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in wire.body
    assert wire.notes == ()
    assert json.loads(wire.body) == {
        "model": "gpt-4.1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "And now?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "temperature": 0.0,
        "top_p": 0.5,
        "max_completion_tokens": 99,
        "stop": ["END", "STOP"],
        "seed": 7,
        "prompt_cache_key": "c1",
    }


def test_a_compatible_server_gets_the_old_names_and_nothing_of_openais_own() -> None:
    """PRV-1."""
    asked = request(
        "llama3", system("S"), user("Hi"), max_output_tokens=9, reasoning_effort="low", conversation_id="c1"
    )
    wire = create().chat(asked, LOCAL)
    assert "authorization" not in wire.headers
    assert wire.url == "http://127.0.0.1:8080/v1/chat/completions"
    assert body(LOCAL, asked) == {
        "model": "llama3",
        "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 9,
        "reasoning_effort": "low",
    }


@pytest.mark.parametrize("model", ["gpt-5-mini", "gpt-5.6", "o3", "o4-mini", "openai/o3", "gpt-5-codex"])
def test_reasoning_models_refuse_what_they_are_not_sent(model: str) -> None:
    """PRV-3: left out with a note, never an error from the server."""
    asked = request(model, system("S"), user("Hi"), temperature=1.0, top_p=0.9, stop=("X",), reasoning_effort="high")
    sent = body(OFFICIAL, asked)
    assert not {"temperature", "top_p", "stop", "max_tokens"} & set(sent)
    assert sent["messages"][0]["role"] == "developer"
    assert sent["reasoning_effort"] == "high"
    notes = create().chat(asked, OFFICIAL).notes
    assert [note.split(": ")[0] for note in notes] == [
        f"{model} takes no {name}" for name in ("temperature", "top_p", "stop")
    ]


def test_such_a_model_behind_another_server() -> None:
    sent = body(LOCAL, request("openai/gpt-5-mini", system("S"), user("Hi"), max_output_tokens=5, stop=("X",)))
    assert (sent["max_completion_tokens"], sent["stop"], sent["messages"][0]["role"]) == (5, ["X"], "system")


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "chatgpt-4o-latest"])
def test_plain_models_take_no_effort(model: str) -> None:
    asked = request(model, reasoning_effort="low", temperature=0.5)
    wire = create().chat(asked, OFFICIAL)
    assert "reasoning_effort" not in json.loads(wire.body)
    assert json.loads(wire.body)["temperature"] == 0.5
    assert wire.notes == (f"{model} takes no reasoning effort: left out.",)
    assert "reasoning_effort" not in body(LOCAL, asked)


@pytest.mark.parametrize(
    ("where", "model", "effort", "sent"),
    [
        (OFFICIAL, "gpt-5", "max", "high"), (OFFICIAL, "gpt-5.2", "max", "xhigh"), (OFFICIAL, "gpt-5.6", "max", "max"),
        (OFFICIAL, "gpt-5", "none", "minimal"), (OFFICIAL, "gpt-5.1", "none", "none"), (OFFICIAL, "o3", "none", "low"),
        (OFFICIAL, "gpt-5.1", "minimal", "low"), (OFFICIAL, "gpt-5", "minimal", "minimal"),
        (LOCAL, "openai/gpt-5.1", "max", "high"), (LOCAL, "gpt-oss-20b", "max", "high"),
        (LOCAL, "gpt-oss-20b", "minimal", "low"), (LOCAL, "qwen3", "none", "none"), (MISTRAL, "magistral", "max", "max"),
    ],
)  # fmt: skip
def test_the_effort_is_a_word_that_the_model_knows(where: Any, model: str, effort: Any, sent: str) -> None:
    """PRV-3: each generation knows its own words, other vendors' servers the common ones."""
    assert body(where, request(model, reasoning_effort=effort))["reasoning_effort"] == sent


def test_newer_models_take_sampling_while_they_do_not_reason() -> None:
    """PRV-3: gpt-5.1 and later at effort none."""
    asked = request("gpt-5.1", temperature=0.5, reasoning_effort="none")
    assert body(OFFICIAL, asked)["temperature"] == 0.5
    assert "temperature" not in body(OFFICIAL, request("gpt-5.1", temperature=0.5))


def test_openai_takes_four_stops() -> None:
    wire = create().chat(request("gpt-4.1", stop=tuple("abcdef")), OFFICIAL)
    assert json.loads(wire.body)["stop"] == list("abcd")
    assert len(wire.notes) == 1


def test_mistral_refuses_to_be_asked_for_usage_and_names_the_seed_its_own_way() -> None:
    sent = body(MISTRAL, request("mistral-small-latest", seed=3))
    assert "stream_options" not in sent
    assert sent["random_seed"] == 3
    cached = body(MISTRAL, request("mistral-small-latest", conversation_id="c1"))
    assert cached["prompt_cache_key"] == "c1"


def test_pictures_and_files() -> None:
    """PRV-3: pictures as data URLs, text inlined under its name; an answer's are not sent back."""
    picture, note = Attachment("a.png", "image/png", b"\x89PNG"), Attachment("n.txt", "text/plain", b"noted")
    sent = body(LOCAL, request("m", user("What?", picture, note), user("", picture), user("T", note)))["messages"]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    assert sent[0]["content"] == [image, {"type": "text", "text": "File `n.txt`:\n```\nnoted\n```\n\nWhat?"}]
    assert sent[1]["content"] == [image]
    assert sent[2]["content"] == "File `n.txt`:\n```\nnoted\n```\n\nT"


def test_an_answer_without_text_is_left_out_and_a_broken_paste_is_sent() -> None:
    sent = body(LOCAL, request("m", user("a\ud800"), answer(""), user("b")))["messages"]
    assert [message["content"] for message in sent] == ["a\ufffd", "b"]


def test_the_configs_headers_go_before_ours() -> None:
    """PRV-7."""
    where = target("openai", "https://h.test", headers={"X-Team": "blue", "Authorization": "Basic x"})
    headers = create().chat(ASKED, where).headers
    assert (headers["x-team"], headers["authorization"]) == ("blue", "Basic x")
    assert "Authorization" not in headers


# ------------------------------------------------------------------------------------------------- answers


SERVERS: list[tuple[str, str, str, FinishReason, Usage | None]] = [
    ("openai", "Grüße, “世界” 🎉\n\tEnd\u2028.", "", FinishReason.STOP, Usage(2006, 1920, 0, 300, 128)),
    ("vllm", "42", "Let me see.", FinishReason.STOP, Usage(11, 0, 0, 6, 0)),
    ("llamacpp-timings", "Yes.", "Hm. ", FinishReason.STOP, Usage(42, 30, 0, 7, 0)),
    ("groq", "Hi", "thinking", FinishReason.STOP, Usage(18, 0, 0, 9, 0)),
    ("deepseek", "Then that.", "First this.", FinishReason.STOP, Usage(100, 64, 0, 20, 12)),
    ("mistral", "Voilà tout.", "Ponder this.", FinishReason.LENGTH, Usage(5, 0, 0, 7, 0)),
    ("xai", "OK", "Hmm", FinishReason.STOP, Usage(32, 8, 0, 269, 260, cost_usd=Decimal("0.01585"))),
    ("together", "Fine", "", FinishReason.STOP, Usage(3, 0, 0, 1, 0)),
    ("router-cost", "a", "", FinishReason.STOP, Usage(10, 0, 0, 2, 0, cost_usd=Decimal("0.3"))),
    ("refusal", "I can’t help with that.", "", FinishReason.STOP, Usage(9, 0, 0, 7, 0)),
]


@pytest.mark.parametrize(("name", "said", "thought", "reason", "used"), SERVERS, ids=[row[0] for row in SERVERS])
def test_each_server(name: str, said: str, thought: str, reason: FinishReason, used: Usage | None) -> None:
    """STR-2, PRV-1, PRV-4: the rows of the table of compatible servers, however the network splits them."""
    seen = events(stream("openai", f"{name}.sse"))
    assert (text(seen), reasoning(seen), usage(seen)) == (said, thought, used)
    end = finished(seen)
    assert end is not None
    assert end.reason is reason
    assert isinstance(seen[-1], StreamEnded)
    assert seen[0] == Identified("chatcmpl-1", "the-model")


FAILURES = [
    ("vllm-error", "Half", errors.ServerError, 500),
    ("lmstudio-error", "", errors.ContextTooLong, None),
    ("groq-error", "Hi", errors.ServerError, None),
    ("deepseek-busy", "A", errors.Overloaded, None),
]


@pytest.mark.parametrize(("name", "said", "kind", "status"), FAILURES, ids=[row[0] for row in FAILURES])
def test_errors_under_status_200(name: str, said: str, kind: type[errors.ProviderError], status: int | None) -> None:
    """ROB-7: an error is an error, `[DONE]` after it changes nothing."""
    seen = events(stream("openai", f"{name}.sse"))
    error = failure(seen)
    assert (type(error), error.status, error.provider, error.model) == (kind, status, "acme", "the-model")
    assert text(seen) == said
    assert finished(seen) is None


def test_azure_begins_with_a_frame_that_says_nothing() -> None:
    seen = events(stream("openai", "azure.sse"))
    assert seen[0] == Identified("chatcmpl-1", "the-model")
    assert (text(seen), finished(seen)) == ("Hi", Finished(FinishReason.CONTENT_FILTER, "content_filter"))


def test_emoji_that_a_server_cut_in_two_are_whole_again() -> None:
    """STR-2: and what is half for ever becomes U+FFFD, which every database takes."""
    seen = events(stream("openai", "surrogates.sse"))
    assert text(seen) == "a🎉b\ufffd c 😀"


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("stop", "stop"), ("eos", "stop"), ("length", "length"), ("max_tokens", "length"), ("model_length", "length"),
        ("content_filter", "content_filter"), ("tool_calls", "tool_calls"), ("function_call", "tool_calls"), ("strange", "stop"),
    ],
)  # fmt: skip
def test_finish_reasons(native: str, reason: str) -> None:
    """STR-3: any word is an explicit end."""
    assert finished(events(sse(frame("x"), frame(None, native), "[DONE]"))) == Finished(FinishReason(reason), native)


@pytest.mark.parametrize("native", ["error", "abort", "network_error"])
def test_finish_reasons_that_are_failures(native: str) -> None:
    """ROB-7."""
    assert type(failure(events(sse(frame("x"), frame(None, native), "[DONE]")))) is errors.ServerError


def test_the_end_is_the_finish_reason_not_the_mark() -> None:
    """STR-3: `[DONE]` alone or a closed connection is no proper end; a finish reason without `[DONE]` is one."""
    assert finished(events(sse(frame("x"), "[DONE]"))) is None
    assert isinstance(events(sse(frame("x"), "[DONE]"))[-1], StreamEnded)
    cut = events(sse(frame("x")))
    assert (finished(cut), cut[-1]) == (None, TextDelta("x"))
    whole = events(sse(frame("x", "stop")))
    assert finished(whole) == Finished(FinishReason.STOP, "stop")
    assert not any(isinstance(event, StreamFailed) for event in whole)


def test_nothing_after_the_mark_counts() -> None:
    seen = events(sse(frame("x", "stop"), "[DONE]", frame("y"), '{"error": "late"}'))
    assert (text(seen), seen[-1]) == ("x", StreamEnded())


def test_an_error_after_the_finish_reason_still_fails_the_answer() -> None:
    """ROB-7."""
    seen = events(sse(frame("x", "stop"), '{"error": {"message": "m", "code": 502}}'))
    assert type(failure(seen)) is errors.ServerError


def test_a_connection_that_drops_after_the_finish_reason_fails_nothing() -> None:
    """ROB-7: half a usage frame at the end of the connection."""
    seen = events(sse(frame("x", "stop")) + b'data: {"choices":[],"usa')
    assert finished(seen) is not None
    assert not any(isinstance(event, StreamFailed) for event in seen)


@pytest.mark.parametrize(
    "data",
    [
        b'data: {"choices":[{"index":0,"delta":{"content":"lost',
        b'data: {"choices":[{"index":0,"delta":{"content":"lost\n\ndata: [DONE]\n\n',
        b"data: pardon?\n\n",
        b'data: "text"\n\n',
        b"data: [1,2]\n\n",
        b"data: NaN\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
    ids=[
        "cut by the end",
        "cut in mid-stream",
        "words",
        "a string",
        "a list",
        "NaN",
        "too deep",
    ],
)
def test_a_frame_that_cannot_be_read_is_an_error_not_skipped(data: bytes) -> None:
    """ROB-7, ROB-8: after what could be read."""
    decoder = create().decoder(ASKED, LOCAL)
    seen = [*decoder.feed(sse(frame("kept")) + data), *decoder.close()]
    assert type(failure(seen)) is errors.MalformedResponse
    assert text(seen) == "kept"


def test_the_last_frame_counts_also_without_a_blank_line() -> None:
    seen = events(sse(frame("x")) + f"data: {frame('y', 'stop')}".encode())
    assert (text(seen), finished(seen)) == ("xy", Finished(FinishReason.STOP, "stop"))


@pytest.mark.parametrize(
    "strange",
    [
        "{}", '{"choices":null}', '{"choices":[]}', '{"choices":{}}', '{"choices":[null,1]}', '{"choices":[{}]}',
        '{"choices":[{"index":0,"delta":null}]}', '{"choices":[{"index":0,"delta":[]}]}', '{"choices":[{"index":[],"delta":{"content":"n"}}]}'.replace("[]", "1"),
        '{"choices":[{"delta":{"content":7,"reasoning":{"a":1},"refusal":[]}}]}', '{"choices":[{"delta":{"content":[1,{"text":5}]}}]}',
        '{"choices":[{"delta":{"content":[{"thinking":[7]}]}}]}', '{"choices":[{"delta":{},"finish_reason":7}]}',
        '{"choices":[{"delta":{},"finish_reason":"null"}]}', '{"x_groq":7,"timings":7}', '{"id":7,"model":[]}',
        '{"choices":[{"index":1,"delta":{"content":"another choice"}}]}', '{"error":null}', '{"error":false}',
    ],
)  # fmt: skip
def test_strange_frames_are_no_content_and_no_crash(strange: str) -> None:
    """ROB-8."""
    seen = events(sse(frame("x"), strange, frame("y", "stop"), "[DONE]"))
    assert (text(seen), finished(seen)) == ("xy", Finished(FinishReason.STOP, "stop"))


def test_events_of_a_servers_own_are_ignored() -> None:
    """ROB-8: named, and not even JSON."""
    seen = events(b"event: ping\ndata: pong\n\n" + sse(frame("x", "stop")) + b"event: message\ndata: [DONE]\n\n")
    assert (text(seen), seen[-1]) == ("x", StreamEnded())


def test_an_error_event_in_plain_words() -> None:
    error = failure(events(sse(frame("x")) + b"event: error\ndata: the cat is on the keyboard\n\n"))
    assert "the cat is on the keyboard" in str(error)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"error": {"message": "You are rate limited", "code": 429}}', errors.RateLimited),
        (b'{\n  "error": {\n    "message": "overloaded",\n    "type": "overloaded_error"\n  }\n}\n', errors.Overloaded),
        (b"<!doctype html>\n<html>\n<title>Gateway</title>\n\n<p>nope</p>", errors.MalformedResponse),
        (b"Internal Server Error", errors.MalformedResponse),
        (b"", errors.MalformedResponse),
        (b": only comments\n\n: more\n\n", errors.MalformedResponse),
        (b"\x00\xff\xfe" * 100, errors.MalformedResponse),
    ],
    ids=["JSON error", "pretty JSON error", "a web page", "words", "nothing", "comments", "bytes"],
)
def test_a_body_that_is_no_stream(data: bytes, kind: type[errors.ProviderError]) -> None:
    """STR-3, ROB-8: a 200 without an event is an error, and says what came instead."""
    assert type(failure(events(data))) is kind


def test_a_whole_answer_in_one_json_object() -> None:
    """A server that does not stream answers all the same."""
    whole = {"id": "r", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "All."}, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 1, "completion_tokens": 2}}  # fmt: skip
    seen = events(json.dumps(whole, indent=1).encode())
    assert (text(seen), usage(seen), finished(seen)) == (
        "All.",
        Usage(1, 0, 0, 2, 0),
        Finished(FinishReason.STOP, "stop"),
    )


def test_an_empty_answer_is_an_answer() -> None:
    """STR-3, P13: zeros are true of it."""
    seen = events(sse(frame("", "stop"), '{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}', "[DONE]"))
    assert (text(seen), usage(seen), finished(seen)) == ("", Usage(), Finished(FinishReason.STOP, "stop"))


@pytest.mark.parametrize(
    "report",
    ["{}", '{"prompt_tokens":-1,"completion_tokens":2}', '{"prompt_tokens":0,"completion_tokens":0}', '"many"'],
)
def test_usage_that_makes_no_sense_is_unknown(report: str) -> None:
    """COST-2 (P19)."""
    assert usage(events(sse(frame("x", "stop"), f'{{"choices":[],"usage":{report}}}', "[DONE]"))) is None


def test_zeros_before_the_text_are_unknown_when_nothing_better_comes() -> None:
    """P19: a server that puts empty usage on its first chunk."""
    zeros = '{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}'
    assert usage(events(sse(zeros, frame("x", "stop"), "[DONE]"))) is None
    assert usage(events(sse(zeros, frame("x", "stop")))) is None


def test_the_final_frame_sent_twice_changes_nothing() -> None:
    """P9."""
    last = '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}'
    seen = events(sse(frame("x", "stop"), frame(None, "stop"), last, last, "[DONE]"))
    assert [event for event in seen if isinstance(event, UsageReported)] == [UsageReported(Usage(3, 0, 0, 2, 0))]
    assert finished(seen) == Finished(FinishReason.STOP, "stop")


def test_usage_inside_the_choice() -> None:
    """PRV-4: where Moonshot puts it."""
    inside = '{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":2,"cost":0.1}}]}'
    assert usage(events(sse(frame("x"), inside, "[DONE]"))) == Usage(3, 0, 0, 2, 0, cost_usd=Decimal("0.1"))


def test_an_event_of_absurd_size_is_refused() -> None:
    """ROB-8."""
    decoder = create().decoder(ASKED, LOCAL)
    seen = [event for _ in range(300) for event in decoder.feed(b"data: " + b"x" * 65536)]
    assert type(failure(seen)) is errors.MalformedResponse


INDEPENDENT = [
    ("fakeai-chat.http", "Greetings! How may I be of service?", Usage(1, 0, 0, 9, 0), "stop"),
    ("mock-openai-chat-hello.http", "Hello from the rig. This answer is short and always the same.", Usage(3, 0, 0, 16, 0), "stop"),
    ("litellm-chat-via-openai.http", "Hello from the rig. This answer is short and always the same.",
     Usage(3, 0, 0, 16, 0, cost_usd=Decimal("0.0001675")), "stop"),
    ("mock-openrouter-keepalive.http", "Answer after a keepalive comment.", Usage(4, 0, 0, 9, 0), "stop"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "used", "reason"), INDEPENDENT, ids=[row[0] for row in INDEPENDENT])
def test_answers_of_independent_servers(shared: Path, name: str, said: str, used: Usage, reason: str) -> None:
    """STR-2, PRV-1."""
    seen = events(shared_stream(shared, name))
    assert (text(seen), usage(seen), finished(seen)) == (said, used, Finished(FinishReason(reason), reason))


def test_an_independent_server_without_usage(shared: Path) -> None:
    """P11."""
    seen = events(shared_stream(shared, "llamacpp-chat.http"))
    assert not any(isinstance(event, UsageReported) for event in seen)
    assert finished(seen) == Finished(FinishReason.LENGTH, "length")


def test_markdown_of_an_independent_server_is_byte_for_byte(shared: Path) -> None:
    """STR-2."""
    data = shared_stream(shared, "mock-openai-chat-markdown.http")
    payloads = [json.loads(line[6:]) for line in data.decode().split("\n") if line.startswith("data: {")]
    expected = "".join(c["delta"].get("content", "") for payload in payloads for c in payload["choices"])
    assert text(events(data)) == expected
    assert "```" in expected


# ------------------------------------------------------------------------------------------------- models


def test_model_lists() -> None:
    """PRV-5: the same list in a dozen spellings; what cannot chat is left out."""
    listing = {
        "object": "list",
        "data": [
            {"id": "gpt-5-mini", "object": "model", "shutdown_date": "2027-01-14"},
            {"id": "text-embedding-3-large"}, {"id": "whisper-1"}, {"id": "gpt-4o-realtime-preview"}, {"id": "gpt-image-1"},
            {"id": "vllm", "max_model_len": 32768},
            {"id": "groq", "context_window": 131072, "max_completion_tokens": 8192},
            {"id": "mistral", "max_context_length": 128000, "capabilities": {"completion_chat": True, "vision": True}},
            {"id": "mistral-embed", "capabilities": {"completion_chat": False}},
            {"id": "llamacpp", "meta": {"n_ctx_train": 4096}}, {"id": "loading", "meta": None},
            {"id": "together", "type": "chat", "context_length": 8192, "display_name": "To\ngether"}, {"id": "tts", "type": "audio"},
            {"id": "odd", "context_length": -3, "max_model_len": True}, {"id": None}, "text", {"id": ""},
        ],
    }  # fmt: skip
    models, page = create().parse_models(json.dumps(listing).encode())
    assert page == ""
    assert [(model.name, model.context_window) for model in models] == [
        ("gpt-5-mini", None), ("vllm", 32768), ("groq", 131072), ("mistral", 128000), ("llamacpp", 4096), ("loading", None),
        ("together", 8192), ("odd", None),
    ]  # fmt: skip
    by_name = {model.name: model for model in models}
    assert by_name["gpt-5-mini"].shutdown_date == "2027-01-14"
    assert by_name["groq"].max_output_tokens == 8192
    assert by_name["mistral"].takes_images is True
    assert by_name["together"].display_name == "To gether"
    assert [m.name for m in create().parse_models(b'[{"id":"a"},{"name":"b"}]')[0]] == ["a", "b"]
    assert [m.name for m in create().parse_models(b'{"models":[{"key":"c"}]}')[0]] == ["c"]
    request_of_it = create().models(OFFICIAL)
    assert (request_of_it.method, request_of_it.url, request_of_it.body) == (
        "GET",
        "https://api.openai.com/v1/models",
        b"",
    )


@pytest.mark.parametrize(
    ("pricing", "prices"),
    [
        ({"hourly": 0, "input": 0.18, "output": 0.59, "base": 0}, (Decimal("0.18"), Decimal("0.59"))),
        ({"prompt": "0.00000015", "completion": "0.0000006"}, (Decimal("0.15"), Decimal("0.6"))),
        ({"input": 0, "output": 0, "hourly": 3}, (None, None)),
        ({"input": "free", "output": -1}, (None, None)),
        ({"prompt": "-1", "completion": "-1"}, (None, None)),
        ("none", (None, None)),
    ],
)
def test_prices_in_a_list_of_models(pricing: object, prices: tuple[Decimal | None, Decimal | None]) -> None:
    """PRV-5: dollars a million tokens as numbers (Together), dollars a token as strings (routers)."""
    model = create().parse_models(json.dumps([{"id": "m", "pricing": pricing}]).encode())[0][0]
    assert (model.input_price, model.output_price) == prices


WINDOWS = [
    ("llamacpp", "http://127.0.0.1:8080", "http://127.0.0.1:8080/props",
     {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 1}, {"": 4096}),
    ("lmstudio", "http://127.0.0.1:1234/v1", "http://127.0.0.1:1234/api/v0/models",
     {"data": [{"id": "a", "max_context_length": 131072, "loaded_context_length": 4096}, {"id": "b", "max_context_length": 8192}]},
     {"a": 4096, "b": 8192}),
    ("box", "http://127.0.0.1:1234", "http://127.0.0.1:1234/api/v0/models",
     {"models": [{"key": "a", "max_context_length": 131072}]}, {"a": 131072}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "base_url", "url", "said", "sizes"), WINDOWS, ids=[row[0] for row in WINDOWS])
def test_the_window_that_is_loaded(name: str, base_url: str, url: str, said: object, sizes: dict[str, int]) -> None:
    """PRV-5: a server on this machine says in another place what it has really loaded; others are not asked."""
    asked = create().windows(target("openai", base_url, name, local=True))
    assert asked is not None
    assert (asked.method, asked.url) == ("GET", url)
    assert create().parse_windows(json.dumps(said).encode()) == sizes
    assert create().windows(target("openai", base_url, name)) is None


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b'{"data":7}', b'{"data":[null,{"id":3}]}', b'{"n_ctx":-1}'])
def test_what_says_nothing_of_a_window(data: bytes) -> None:
    assert create().parse_windows(data) == {}


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"error":"x"}', b"7", b'{"data":{}}'])
def test_what_is_no_list_of_models(data: bytes) -> None:
    with pytest.raises(errors.MalformedResponse):
        create().parse_models(data)


def test_errors_by_status_carry_where_they_came_from() -> None:
    """ROB-2."""
    error = create().error(401, {"x-request-id": "req_9"}, b'{"error":{"code":"invalid_api_key"}}', ASKED, OFFICIAL)
    assert (type(error), error.provider, error.request_id) == (errors.AuthenticationFailed, "openai", "req_9")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000], ids=lambda n: n[:9])
def test_a_number_that_is_none_leaves_the_usage_unknown_and_the_answer_whole(number: str) -> None:
    """P19."""
    counts = f'{{"choices":[],"usage":{{"prompt_tokens":{number},"completion_tokens":3}}}}'
    seen = events(sse(frame("a whole"), frame(" answer", "stop"), counts, "[DONE]"))
    assert (text(seen), seen[-1]) == ("a whole answer", StreamEnded())
    assert usage(seen) is None
    cost = f'{{"choices":[],"usage":{{"prompt_tokens":2,"completion_tokens":3,"cost":{number}}}}}'
    counted = usage(events(sse(frame("an answer", "stop"), cost, "[DONE]")))
    assert counted == Usage(2, output_tokens=3, cost_usd=Decimal(-1)), "which the bill takes for unknown"
