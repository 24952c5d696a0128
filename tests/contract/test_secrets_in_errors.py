"""SEC: whatever a server echoes and wherever a message is cut, no piece of a key is in what leaves a provider's file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import ProviderError
from llmtui.core.events import Finished, Identified, StreamFailed
from llmtui.core.secret import Secret
from llmtui.providers.base import Target
from llmtui.providers.registry import WIRES, adapter
from tests.contract.pieces import request

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk-canary-0123456789abcdef"
GATEWAY = "gateway-4711-secret"
TOKEN = "token-of-another-kind"
ASKED = request("the-model")
HOME = Target(
    "acme",
    "openai",
    "https://h.test",
    Secret(KEY),
    headers={"x-gateway": GATEWAY, "x-other": f"Bearer {TOKEN}", "x-n": "1"},
)
PADDINGS = (0, *range(40, 125, 4), *range(260, 305, 4))
"""Characters before the key: so it stands across every place where a text is cut."""


def pieces_of_keys(text: object) -> list[str]:
    said = str(text)
    return [secret for secret in (KEY, GATEWAY, TOKEN) if secret[:8] in said or secret[-8:] in said]


def echoes() -> Iterator[str]:
    for secret in (KEY, GATEWAY, TOKEN):
        for padding in PADDINGS:
            yield "x" * padding + secret


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "form",
    [
        "%s",
        "data: %s\n\n",
        'data: {"x": "%s\n\n',
        'data: "%s"\n\n',
        '{"error": "%s"}\n',
        'data: {"error": {"message": "%s", "code": "%s", "request_id": "%s"}}\n\n',
        'data: {"type": "error", "error": {"message": "%s", "type": "%s"}}\n\n',
        'event: error\ndata: %s\n\n',
        'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "%s", "native_finish_reason": "%s"}]}\n\n',
        'data: {"candidates": [{"finishReason": "OTHER", "finishMessage": "%s"}]}\n\n',
        'data: {"candidates": [{"finishReason": "SAFETY", "finishMessage": "%s"}]}\n\n',
        'data: {"promptFeedback": {"blockReason": "%s", "blockReasonMessage": "%s"}}\n\n',
        'data: {"type": "message_delta", "delta": {"stop_reason": "%s", "stop_details": {"explanation": "%s"}}}\n\n',
        'data: {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "%s"}}}\n\n',
        '{"done": true, "done_reason": "%s"}\n',
        '{"model": "%s"}\n',
        'data: {"id": "%s", "model": "%s", "responseId": "%s", "modelVersion": "%s"}\n\n',
        'data: {"type": "message_start", "message": {"id": "%s", "model": "%s"}}\n\n',
        'data: {"type": "response.created", "response": {"id": "%s", "model": "%s"}}\n\n',
    ],
)  # fmt: skip
def test_inside_a_stream(wire: str, form: str) -> None:
    for echo in echoes():
        decoder = adapter(wire).decoder(ASKED, HOME)
        for event in [*decoder.feed(form.replace("%s", echo).encode()), *decoder.close()]:
            if isinstance(event, StreamFailed):
                error = event.error
                assert isinstance(error, ProviderError)
                assert not pieces_of_keys((error.sentence, error.code, error.request_id))
            elif isinstance(event, Finished):
                assert not pieces_of_keys((event.native, event.explanation))
            elif isinstance(event, Identified):
                assert not pieces_of_keys(event)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("status", [204, 302, 400, 401, 404, 429, 500])
def test_by_status(wire: str, status: int) -> None:
    for echo in echoes():
        bodies = (
            echo,
            f"<html><title>{echo}</title>",
            " " * 4080 + echo,
            json.dumps(echo),
            json.dumps({"error": echo}),
            json.dumps({"error": {"message": f"no\n {echo}", "code": echo, "type": echo}, "request_id": echo}),
            json.dumps({"error": {"message": "m", "metadata": {"raw": echo}}}),
            json.dumps([{"detail": [{"msg": echo}]}]),
        )
        headers = {"location": f"https://h.test/?k={echo}", "x-request-id": echo, "retry-after": echo}
        for body in bodies:
            error = adapter(wire).error(status, headers, body.encode(), ASKED, HOME)
            assert not pieces_of_keys((error.sentence, error.code, error.request_id))


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("body", [KEY, f'"{KEY}"', f"<html>{KEY}", f'{{"a": "{KEY}"}}'])
def test_in_a_list_of_models(wire: str, body: str) -> None:
    with pytest.raises(ProviderError) as caught:
        adapter(wire).parse_models(body.encode())
    assert not pieces_of_keys(caught.value.sentence)


def test_short_and_harmless_header_values_stay() -> None:
    """`x-n: 1` is no secret, and an error that counts to 1 stays readable."""
    error = adapter("openai").error(400, {}, b'{"error": "1 of 1"}', ASKED, HOME)
    assert "1 of 1" in error.sentence
