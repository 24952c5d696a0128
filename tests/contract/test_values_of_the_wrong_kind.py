"""Every value of every frame, list and error body replaced by one of another kind: nothing of it may crash the reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.errors import LlmtuiError, MalformedResponse
from llmtui.providers.base import LooksUp
from llmtui.providers.registry import adapter
from tests.contract.pieces import STREAMS, request, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WIRES = {
    "anthropic": "anthropic",
    "completions": "openai-completions",
    "gemini": "gemini",
    "ollama": "ollama",
    "openai": "openai",
    "openrouter": "openrouter",
    "responses": "openai-responses",
}
FILES = [file for folder in WIRES for file in sorted((STREAMS / folder).glob("*.*")) if file.suffix != ".md"]
ODD = (None, True, -1, 1.5, "", "x\ud800", [None], {"a": 1}, 10**30, float("nan"))


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from paths(value[key], (*path, key))


def put(value: Any, path: tuple[Any, ...], new: object) -> Any:
    """A copy with another value at a place."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


def mutants(value: Any) -> Iterator[tuple[str, bytes]]:
    for number, path in enumerate(paths(value)):
        for odd in (ODD[number % len(ODD)], ODD[(number * 7 + 3) % len(ODD)]):
            yield f"{odd!r} at {path}", json.dumps(put(value, path, odd)).encode()


def frames_of(file: Path) -> list[Any]:
    found = []
    for line in file.read_bytes().splitlines():
        try:
            found.append(json.loads(line.removeprefix(b"data:")))
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_rob_8_in_a_stream(file: Path) -> None:
    """ROB-8: whatever stands in a frame, the decoder raises nothing."""
    speaks, asked, where = adapter(WIRES[file.parent.name]), request("m"), target("any", "http://localhost:1", key="")
    frames = [json.dumps(frame).encode() for frame in frames_of(file)]
    before, after = (b"", b"\n") if file.suffix == ".ndjson" else (b"data: ", b"\n\n")
    for number, frame in enumerate(frames):
        for what, changed in mutants(json.loads(frame)):
            decoder = speaks.decoder(asked, where)
            stream = [*frames[:number], changed, *frames[number + 1 :]]
            try:
                decoder.feed(b"".join(before + each + after for each in stream))
                decoder.close()
            except Exception as error:
                raise AssertionError(f"frame {number}: {what}") from error


LISTS: list[tuple[str, Any]] = [
    ("openai", {"data": [{"id": "a", "meta": {"n_ctx_train": 3}, "capabilities": {"vision": True},
                          "pricing": {"input": 1, "output": 2}, "display_name": "x", "shutdown_date": "y"}]}),
    ("openrouter", {"data": [{"id": "a", "name": "n", "architecture": {"input_modalities": ["text"]},
                              "pricing": {"prompt": "0.1", "completion": "1"}, "top_provider": {"context_length": 3},
                              "supported_parameters": ["reasoning"], "expiration_date": "x"}]}),
    ("anthropic", {"data": [{"id": "a", "display_name": "x", "capabilities": {"thinking": {"supported": True}},
                             "max_input_tokens": 4, "retires_at": "x"}], "has_more": True, "last_id": "x"}),
    ("gemini", {"models": [{"name": "models/x", "displayName": "y", "inputTokenLimit": 4, "thinking": True,
                            "supportedGenerationMethods": ["generateContent"]}], "nextPageToken": "x"}),
    ("ollama", {"models": [{"name": "x", "details": {"context_length": 4}, "capabilities": ["completion"]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "listing"), LISTS, ids=[wire for wire, _ in LISTS])
def test_rob_8_in_a_list_of_models(wire: str, listing: Any) -> None:
    """ROB-8, PRV-5: an entry that makes no sense is left out or half known; a model always has a name."""
    for what, changed in mutants(listing):
        try:
            models, page = adapter(wire).parse_models(changed)
        except MalformedResponse:
            continue
        except Exception as error:
            raise AssertionError(what) from error
        assert isinstance(page, str), what
        assert all(model.name for model in models), what


ERROR = {
    "error": {
        "message": "m", "type": "t", "code": 1, "loc": ["body", "x"],
        "details": [{"reason": "r", "retryDelay": "1s", "violations": [{"quotaId": "PerDay"}]}],
        "metadata": {"raw": "x", "headers": {"a": "b"}, "limit_source": "y"},
    },
    "request_id": "q",
}  # fmt: skip


@pytest.mark.parametrize("status", [400, 429, 500])
def test_rob_8_in_an_error(status: int) -> None:
    """ROB-8: an error's body may hold anything; it stays the one sentence that can be written anywhere."""
    asked, where = request("m"), target("any", "http://localhost:1", key="")
    for body in (ERROR, {"detail": [ERROR["error"]]}, {"object": "error", "message": {"detail": [ERROR["error"]]}}):
        for what, changed in mutants(body):
            error = adapter("openai").error(status, {}, changed, asked, where)
            assert isinstance(error, LlmtuiError), what
            assert error.sentence.encode(), what
            assert json.dumps(error.to_dict()), what


def test_rob_8_in_a_look_up() -> None:
    """ROB-8: a generation record that makes no sense is one that is not known."""
    record = {"data": {"total_cost": 0.1, "is_byok": False, "native_tokens_prompt": 3, "native_tokens_completion": 4}}
    speaks = adapter("openrouter")
    assert isinstance(speaks, LooksUp)
    for what, changed in mutants(record):
        found = speaks.parse_generation(changed)
        assert found is None or found.cost_usd is not None, what
