"""What a refusal tells a person to do (ROB-2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llmtui.chat.advice import missing_model, refused_key
from llmtui.core.messages import ModelRef
from tests.support.wire_server import Reply, WireServer, error_reply

if TYPE_CHECKING:
    from tests.unit.chat.conftest import OpenSession

MODELS = ["gpt-4o", "gpt-4o-mini", "o3", "claude-sonnet-4-5"]


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ("gpt-4o-mnii", "Did you mean gpt-4o-mini, gpt-4o? `llmtui models --provider acme` lists them all."),
        ("GPT-4O", "Did you mean gpt-4o, gpt-4o-mini? `llmtui models --provider acme` lists them all."),
        ("sonnet", "Did you mean claude-sonnet-4-5? `llmtui models --provider acme` lists them all."),
        ("zzz", "There are gpt-4o, gpt-4o-mini, o3, claude-sonnet-4-5."),
        ("o3", "as before"),
    ],
)
def test_rob_2_near_names(asked: str, advice: str) -> None:
    """ROB-2: a model that is not there: the names that are near, else what there is; none where it is listed."""
    assert missing_model(ModelRef("acme", asked), MODELS, "as before") == advice


def test_rob_2_without_a_list() -> None:
    assert missing_model(ModelRef("acme", "x"), [], "as before") == "as before"
    assert missing_model(ModelRef("custom", "x"), [], "as before") == "Check the model's name and base_url."


def test_rob_2_the_source_of_a_refused_key() -> None:
    """ROB-2: 401 and 403 name the key's source and how to replace it."""
    assert refused_key("acme", "keyring") == "The key came from the keyring. Replace it with “llmtui keys set acme”."
    assert refused_key("custom", "") == "Set LLMTUI_CUSTOM_API_KEY."
    assert refused_key("acme", "variable ACME_API_KEY").startswith("The key came from the variable ACME_API_KEY. Set")


async def test_rob_2_the_list_is_asked_for_when_a_model_is_missing(session: OpenSession) -> None:
    """ROB-2: 404 names near models although nobody has listed them yet."""
    missing = error_reply(404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}})
    listed = Reply(pieces=[json.dumps({"data": [{"id": "m1"}, {"id": "other"}]}).encode()], chunked=False)
    with WireServer() as server:
        server.replies(missing, listed)
        async with session(server.url) as chat:
            result = await chat.send("?", sink=lambda _: None)
            assert result.error is not None
            assert result.error.advice == "Did you mean m1?"
        assert [request.path for request in server.requests] == ["/v1/chat/completions", "/v1/models"]


async def test_rob_2_where_the_address_is_wrong_nobody_is_asked_for_a_list(session: OpenSession) -> None:
    """ROB-2: a 404 that says nothing of a model is not followed by another request."""
    with WireServer() as server:
        server.replies(error_reply(404, "<html><title>Not Found</title></html>"))
        async with session(server.url) as chat:
            result = await chat.send("?", sink=lambda _: None)
        assert result.error is not None
        assert result.error.kind == "not_found"
        assert len(server.requests) == 1


async def test_prv_5_another_address_has_another_list(session: OpenSession) -> None:
    """PRV-5: a list is kept with the address it is from: the next `--base-url` is not told of that server's models."""
    listed = Reply(pieces=[json.dumps({"data": [{"id": "m", "context_length": 123}]}).encode()], chunked=False)
    with WireServer() as first, WireServer() as second:
        first.replies(listed)
        async with session(first.url) as chat:
            await chat.list_models("custom", refresh=True)
            assert chat.directory.window(ModelRef("custom", "m")) == 123
        async with session(first.url) as chat:
            assert chat.directory.window(ModelRef("custom", "m")) == 123
        async with session(second.url) as chat:
            assert chat.directory.window(ModelRef("custom", "m")) is None
