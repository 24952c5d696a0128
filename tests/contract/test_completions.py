"""The wire `openai-completions`: a conversation as one prompt, and text that stands beside its finish reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.events import FinishReason, Identified, StreamEnded
from llmtui.core.messages import Attachment
from llmtui.core.usage import Usage
from llmtui.providers.completions import create
from tests.contract.pieces import (
    answer,
    failure,
    finished,
    read,
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

    from llmtui.core.request import ChatRequest

COMPLETIONS = create()
HOME = target("openai-completions", "http://localhost:8000")
BASE = request("base-7b")


def sent(asked: ChatRequest) -> tuple[dict[str, Any], Any]:
    wire = COMPLETIONS.chat(asked, HOME)
    return json.loads(wire.body), wire


def test_answer_of_vllm() -> None:
    """STR-2, PRV-1: text, usage in a chunk of its own, the terminal mark."""
    got = read(COMPLETIONS, stream("completions", "vllm.sse"), BASE, HOME)
    assert got[0] == Identified("cmpl-1", "base-7b")
    assert text(got) == " Vier – 4️⃣."
    assert usage(got) == Usage(12, 8, 0, 6)
    assert finished(got) == (FinishReason.STOP, "stop", "")
    assert got[-1] == StreamEnded()


def test_independent_server(shared: Path) -> None:
    """STR-2: an independent server's stream: no usage, cut at its limit."""
    got = read(COMPLETIONS, shared_stream(shared, "fakeai-completions.http"), BASE, HOME)
    assert text(got) == "Greetings! How may I be of servi"
    assert finished(got) == (FinishReason.LENGTH, "length", "")
    assert got[-1] == StreamEnded()


def test_cut_off_and_done_alone() -> None:
    """STR-3: neither the end of the connection nor [DONE] alone is an end with a reason."""
    piece = '{"choices":[{"index":0,"text":"Hi","finish_reason":null}]}'
    for frames in ((piece,), (piece, "[DONE]")):
        got = read(COMPLETIONS, sse(*frames), BASE, HOME)
        assert text(got) == "Hi"
        assert finished(got) is None


def test_errors() -> None:
    """ROB-7, ROB-2: in the stream as by status."""
    broken = '{"error":{"message":"engine died","type":"InternalServerError","param":null,"code":500}}'
    assert isinstance(failure(read(COMPLETIONS, sse(broken, "[DONE]"), BASE, HOME)), errors.ServerError)
    body = b'{"object":"error","message":"This model\'s maximum context length is 2048 tokens.","type":"BadRequestError","code":400}'
    assert isinstance(COMPLETIONS.error(400, {}, body, BASE, HOME), errors.ContextTooLong)


def test_hostile_shapes() -> None:
    """ROB-8: a text of another type neither crashes nor appears."""
    odd = '{"choices":[{"index":0,"text":{"a":1}},{"index":0,"text":5},{"index":1,"text":"other"},7]}'
    got = read(
        COMPLETIONS, sse(odd, '{"choices":[{"index":0,"text":"ok","finish_reason":"stop"}]}', "[DONE]"), BASE, HOME
    )
    assert text(got) == "ok"


def test_lone_question() -> None:
    """PRV-1: a lone question is the prompt itself, so that a base model goes on from it."""
    body, wire = sent(request("base-7b", user("Once upon a time")))
    assert wire.url == "http://localhost:8000/v1/completions"
    assert body == {
        "model": "base-7b",
        "prompt": "Once upon a time",
        "max_tokens": 2048,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_conversation() -> None:
    """PRV-1, PRV-3: a transcript that ends where the answer belongs, and stops at the next speaker."""
    asked = request(
        "base-7b", system("Be brief."), user("Hi"), answer("Hello."), user("Again"),
        temperature=0.5, top_p=0.9, max_output_tokens=64, stop=("END",), seed=7,
    )  # fmt: skip
    body, wire = sent(asked)
    assert body["prompt"] == "Be brief.\n\nUser: Hi\n\nAssistant: Hello.\n\nUser: Again\n\nAssistant:"
    assert body["stop"] == ["\nUser:", "END"]
    assert (body["max_tokens"], body["temperature"], body["top_p"], body["seed"]) == (64, 0.5, 0.9, 7)
    assert wire.notes == ()


def test_dropped_parameters() -> None:
    """PRV-3: pictures, effort and a fifth stop text are left out with a note each; text files are in the prompt."""
    picture = Attachment("a.png", "image/png", b"\x89PNG")
    notes = Attachment("notes.txt", "text/plain", b"remember")
    asked = request(
        "base-7b", user("What?", picture, notes), answer("x"), user("y"), stop=tuple("abcd"), reasoning_effort="high"
    )
    body, wire = sent(asked)
    assert len(wire.notes) == 3
    assert body["stop"] == ["\nUser:", "a", "b", "c"]
    assert "remember" in body["prompt"]
    assert "reasoning_effort" not in body


@pytest.mark.parametrize("senseless", [-1, "many"])
def test_senseless_usage_is_unknown(senseless: object) -> None:
    """P19: a count that cannot be meant makes the usage unknown."""
    frames = (
        '{"choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]}',
        json.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": senseless}}),
    )
    assert usage(read(COMPLETIONS, sse(*frames, "[DONE]"), BASE, HOME)) is None
