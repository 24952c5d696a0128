"""A setting that a server refuses is found in what it says, and left out."""

from __future__ import annotations

import json

import pytest

from llmtui.core.errors import ServerError
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.request import ChatRequest, GenerationSettings
from llmtui.providers._faults import status_error
from llmtui.providers._refused import without_refused
from llmtui.providers.base import Target
from llmtui.providers.openai import create

TARGET = Target("acme", "openai", "https://h.test")
SET = GenerationSettings(temperature=0.5, top_p=0.9, stop=("X",), seed=3, reasoning_effort="high", max_output_tokens=9)
REQUEST = ChatRequest(ModelRef("acme", "m"), (Message(Role.USER, "hi"),), SET)


@pytest.mark.parametrize(
    ("message", "setting"),
    [
        (
            "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) is supported.",
            "temperature",
        ),
        ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"),
        ("Unrecognized request argument supplied: reasoning_effort", "reasoning_effort"),
        ("Model grok-4 does not support parameter reasoningEffort.", "reasoning_effort"),
        ('"m" does not support thinking', "reasoning_effort"),
        ("Argument not supported on this model: stop", "stop"),
        ("random_seed: Extra inputs are not permitted", "seed"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("`reasoning_effort` must be one of `low`, `medium`, or `high`", "reasoning_effort"),
    ],
)
def test_the_setting_is_left_out_with_a_note(message: str, setting: str) -> None:
    """PRV-3: a parameter that a provider does not take is dropped with a visible note."""
    error = status_error(400, {}, json.dumps({"error": {"message": message}}).encode(), REQUEST, TARGET)
    found = without_refused(REQUEST, error)
    assert found is not None
    changed, note = found
    left = {name for name in SET.__slots__ if getattr(changed.settings, name) != getattr(SET, name)}
    assert left == {setting}
    assert note.startswith("acme/m takes no ")
    assert without_refused(changed, error) is None


@pytest.mark.parametrize(
    "message",
    [
        "messages: text content blocks must be non-empty",
        "temperature must be below 2",
        "unsupported image",
    ],
)
def test_other_refusals_are_left_alone(message: str) -> None:
    error = status_error(400, {}, json.dumps({"error": {"message": message}}).encode(), REQUEST, TARGET)
    assert without_refused(REQUEST, error) is None


def test_other_errors_are_left_alone() -> None:
    assert without_refused(REQUEST, ServerError("acme failed: unsupported temperature")) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (
            {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                                  "Use 'max_completion_tokens' instead."}},
            "max_tokens",
        ),
        ({"error": {"message": "Unrecognized request argument supplied: max_completion_tokens"}}, "max_completion_tokens"),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"],
                      "msg": "Extra inputs are not permitted"}]}, "stream_options"),
        ({"object": "error", "type": "invalid_request_error", "message": {"detail": [
            {"type": "extra_forbidden", "loc": ["body", "prompt_cache_key"], "msg": "Extra inputs are not permitted"}
        ]}}, "prompt_cache_key"),
    ],
)  # fmt: skip
def test_a_field_of_ours_is_not_sent_again(body: object, field: str) -> None:
    """PRV-1, PRV-3: what is no setting of the user's is left out too, or called by its other name, once."""
    error = status_error(422, {}, json.dumps(body).encode(), REQUEST, TARGET)
    found = without_refused(REQUEST, error)
    assert found is not None
    changed, note = found
    assert (changed.refused, changed.settings) == (frozenset({field}), SET)
    assert note.startswith("acme/m ")
    assert without_refused(changed, error) is None
    sent = json.loads(create().chat(changed, TARGET).body)
    assert field not in sent
    assert 9 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))  # the output limit is never dropped
