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
        "unsupported: max_tokens",
    ],
)
def test_other_refusals_are_left_alone(message: str) -> None:
    error = status_error(400, {}, json.dumps({"error": {"message": message}}).encode(), REQUEST, TARGET)
    assert without_refused(REQUEST, error) is None


def test_other_errors_are_left_alone() -> None:
    assert without_refused(REQUEST, ServerError("acme failed: unsupported temperature")) is None
