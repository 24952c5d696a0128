"""The wire `ollama`: one JSON object a line, counts left out when 0, and an end that says why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.events import Finished, FinishReason, Identified, StreamEnded, StreamFailed, UsageReported
from llmtui.core.messages import Attachment
from llmtui.core.usage import Usage
from llmtui.providers.ollama import create
from tests.contract.pieces import (
    KEY,
    answer,
    failure,
    finished,
    read,
    reasoning,
    request,
    shared_stream,
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

LOCAL = target("ollama", "http://localhost:11434", "ollama", key="", local=True)
ASKED = request("qwen3:8b")


def events(data: bytes) -> list[StreamEvent]:
    return read(create(), data, ASKED, LOCAL)


def lines(*frames: Any) -> bytes:
    return b"".join(json.dumps(frame).encode() + b"\n" for frame in frames)


def test_the_request() -> None:
    """PRV-3; overflow must be an error, never a silent cut."""
    picture, note = Attachment("a.png", "image/png", b"\x89PNG"), Attachment("n.txt", "text/plain", b"noted")
    asked = request(
        "qwen3:8b", system("S"), user("What?", picture, note), answer("That."), user("And?"),
        temperature=0.0, top_p=0.5, max_output_tokens=9, stop=("END",), seed=7, reasoning_effort="minimal",
    )  # fmt: skip
    wire = create().chat(asked, LOCAL)
    assert (wire.method, wire.url, wire.notes) == ("POST", "http://localhost:11434/api/chat", ())
    assert "authorization" not in wire.headers
    assert json.loads(wire.body) == {
        "model": "qwen3:8b",
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "File `n.txt`:\n```\nnoted\n```\n\nWhat?", "images": ["iVBORw=="]},
            {"role": "assistant", "content": "That."},
            {"role": "user", "content": "And?"},
        ],
        "stream": True,
        "truncate": False,
        "shift": False,
        "think": "low",
        "options": {"temperature": 0.0, "top_p": 0.5, "num_predict": 9, "stop": ["END"], "seed": 7},
    }


@pytest.mark.parametrize(
    ("effort", "think"), [("none", False), ("low", "low"), ("medium", "medium"), ("high", "high"), ("max", "max")]
)
def test_reasoning_effort(effort: str, think: bool | str) -> None:
    assert json.loads(create().chat(request("m", reasoning_effort=effort), LOCAL).body)["think"] == think


def test_ollamas_own_cloud_wants_a_key() -> None:
    where = target("ollama", "https://ollama.com/api", headers={"X-Team": "blue"})
    wire = create().chat(ASKED, where)
    assert wire.url == "https://ollama.com/api/chat"
    assert wire.headers["authorization"] == f"Bearer {KEY}"
    assert wire.headers["x-team"] == "blue"
    assert "think" not in json.loads(wire.body)


ANSWERS = [
    ("thinking", "Grüße\u0085, “世界” 🎉", "Let me think.", FinishReason.STOP, Usage(26, 0, 0, 298, 0)),
    ("length", "cut", "", FinishReason.LENGTH, Usage(26, 0, 0, 8, 0)),
    ("cached", "all cached", "", FinishReason.STOP, Usage(0, 0, 0, 8, 0)),
    ("tools", "", "", FinishReason.TOOL_CALLS, Usage(5, 0, 0, 8, 0)),
]


@pytest.mark.parametrize(("name", "said", "thought", "reason", "used"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_each_answer(name: str, said: str, thought: str, reason: FinishReason, used: Usage) -> None:
    """STR-2, PRV-4: split anywhere; a count that is left out is 0 (P19)."""
    seen = events(stream("ollama", f"{name}.ndjson"))
    assert seen[0] == Identified(None, "qwen3:8b")
    assert (text(seen), reasoning(seen), usage(seen)) == (said, thought, used)
    end = finished(seen)
    assert end is not None
    assert end.reason is reason
    assert isinstance(seen[-1], StreamEnded)


def test_loading_a_model_is_an_empty_answer() -> None:
    seen = events(stream("ollama", "load.ndjson"))
    assert seen[1:] == [Finished(FinishReason.STOP, "load"), StreamEnded()]


def test_an_error_in_mid_stream() -> None:
    """ROB-7."""
    seen = events(stream("ollama", "error.ndjson"))
    assert text(seen) == "half"
    assert type(failure(seen)) is errors.ServerError


def test_an_end_without_reason_and_counts_is_a_process_that_died() -> None:
    """STR-3."""
    seen = events(stream("ollama", "lost.ndjson"))
    assert text(seen) == "half"
    assert type(failure(seen)) is errors.ServerError


def test_an_old_server_gives_counts_and_no_reason() -> None:
    seen = events(lines({"message": {"content": "x"}}, {"done": True, "eval_count": 1, "prompt_eval_count": 2}))
    assert (finished(seen), usage(seen)) == (Finished(FinishReason.STOP, ""), Usage(2, 0, 0, 1, 0))


@pytest.mark.parametrize("counts", [{}, {"eval_count": 0}, {"eval_count": -1}, {"eval_count": "x"}])
def test_counts_that_cannot_be_are_unknown(counts: dict[str, Any]) -> None:
    """COST-2 (P19)."""
    seen = events(lines({"message": {"content": "x"}}, {"done": True, "done_reason": "stop", **counts}))
    assert usage(seen) is None


def test_a_stream_that_ends_without_done_has_no_finish_reason() -> None:
    """STR-3."""
    seen = events(lines({"message": {"content": "x"}}))
    assert finished(seen) is None
    assert not any(isinstance(event, StreamEnded | StreamFailed | UsageReported) for event in seen)


def test_the_last_line_counts_also_without_its_end() -> None:
    assert finished(events(lines({"done": True, "done_reason": "stop", "eval_count": 1})[:-1])) is not None


@pytest.mark.parametrize("data", [b"", b"\n\n", b'{"message":{"con', b"<html>\n", b"7\n", b'["a"]\n', b"\xff\xff\n"])
def test_what_is_no_answer(data: bytes) -> None:
    """ROB-7, ROB-8: cut off, a web page, nothing at all."""
    assert type(failure(events(data))) is errors.MalformedResponse


@pytest.mark.parametrize(
    "strange", [{}, {"message": None}, {"message": {"content": 7, "thinking": []}}, {"model": 7}, {"done": "yes"}]
)
def test_strange_lines_are_no_content_and_no_crash(strange: Any) -> None:
    """ROB-8."""
    assert text(events(lines({"message": {"content": "x"}}, strange, {"done": True, "done_reason": "stop"}))) == "x"


def test_an_answer_of_an_independent_server(shared: Path) -> None:
    """STR-2, PRV-1; its counts are all zero after text (P19)."""
    seen = events(shared_stream(shared, "mock-ollama-hello.http"))
    assert text(seen) == "Hello from the rig. This answer is short and always the same."
    assert (usage(seen), finished(seen)) == (None, Finished(FinishReason.STOP, "stop"))


def test_models() -> None:
    """PRV-5: what cannot chat is left out; nothing is guessed where a server says nothing."""
    listing = {
        "models": [
            {"name": "qwen3:8b", "details": {"context_length": 40960}, "capabilities": ["completion", "thinking"]},
            {"name": "llava:7b", "details": None, "capabilities": ["completion", "vision"]},
            {"model": "old:latest"},
            {"name": "nomic-embed-text", "capabilities": ["embedding"]},
            {"name": None},
            7,
        ]
    }
    models, page = create().parse_models(json.dumps(listing).encode())
    assert page == ""
    assert [(m.name, m.context_window, m.takes_images, m.reasons) for m in models] == [
        ("qwen3:8b", 40960, False, True),
        ("llava:7b", None, True, False),
        ("old:latest", None, None, None),
    ]
    assert create().models(LOCAL).url == "http://localhost:11434/api/tags"
    with pytest.raises(errors.MalformedResponse):
        create().parse_models(b"[]")


def test_errors_by_status() -> None:
    """ROB-2."""
    body = b'{"error":"model \\"x\\" not found, try pulling it first"}'
    assert type(create().error(404, {}, body, ASKED, LOCAL)) is errors.ModelNotFound


def test_a_model_that_is_missing_is_said_in_the_first_line() -> None:
    """ROB-7: of the kind that its status would make it, and not as if an answer had begun."""
    error = failure(read(create(), b'{"error":"model \\"l\\" not found, try pulling it first"}\n', ASKED, LOCAL))
    assert type(error) is errors.ModelNotFound
    assert not error.is_retryable
    assert "mid-stream" not in error.sentence
    assert "has no such model" in error.sentence


def test_the_window_that_is_loaded() -> None:
    """PRV-5: what Ollama has loaded a model with, which is less than the model's own maximum as a rule."""
    asked = create().windows(target("ollama", "http://localhost:11434", local=True))
    assert asked is not None
    assert asked.url == "http://localhost:11434/api/ps"
    loaded = {"models": [{"name": "llama3:latest", "model": "llama3:latest", "context_length": 4096}]}
    assert create().parse_windows(json.dumps(loaded).encode()) == {"llama3:latest": 4096}
    assert create().windows(target("ollama", "https://ollama.com")) is None
