"""Servers on this machine are found at once, whatever one of them does (PRV-6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llmtui.chat import model_lists
from llmtui.core.errors import KeyNotFound
from llmtui.core.messages import ModelRef
from tests.support.wire_server import HANG, Reply, WireServer, error_reply

if TYPE_CHECKING:
    from tests.unit.chat.conftest import OpenSession

LISTED = {
    "data": [{"id": "a", "context_length": 9, "pricing": {"input": 1, "output": 2}}, {"id": "b", "context_length": 5}]
}
NOBODY = "http://127.0.0.1:1"


def listing(*names: str) -> Reply:
    return Reply(pieces=[json.dumps({"data": [{"id": name} for name in names]}).encode()], chunked=False)


def config(**urls: str) -> str:
    names = ("ollama", "lmstudio", "llamacpp", "vllm")
    return "".join(f'[providers.{name}]\nbase_url = "{urls.get(name, NOBODY)}"\n' for name in names)


async def test_prv_6_all_are_asked_at_once(session: OpenSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """PRV-6: one that keeps silent holds nobody up; the others are listed from then on without being asked."""
    monkeypatch.setattr(model_lists, "_LOCAL_S", 0.3)
    with WireServer() as silent, WireServer() as first, WireServer() as second:
        silent.replies(Reply(before=[HANG]))
        first.replies(listing("a", "b"))
        second.replies(listing("c"))
        settings = config(ollama=silent.url, lmstudio=first.url, vllm=second.url)
        async with session(config=f'model = "demo/steady"\n{settings}') as chat:
            found = await chat.find_local()
            assert found == [ModelRef("lmstudio", "a"), ModelRef("lmstudio", "b"), ModelRef("vllm", "c")]
            assert [info.name for info in chat.directory.lists.cached("vllm")] == ["c"]


async def test_prv_6_the_default_where_there_is_no_key(session: OpenSession) -> None:
    """PRV-6: without a key the first model of the first that answers."""
    with WireServer() as server:
        server.replies(listing("tiny", "large"))
        async with session(config=config(llamacpp=server.url)) as chat:
            assert chat.default_model == ModelRef("llamacpp", "tiny")


async def test_prv_6_a_key_that_cannot_be_had_is_not_in_the_way(session: OpenSession) -> None:
    settings = config().replace("[providers.ollama]\n", '[providers.ollama]\nkey_command = ["false"]\n')
    async with session(config=f'model = "demo/steady"\n{settings}') as chat:
        assert await chat.find_local() == []
        with pytest.raises(KeyNotFound):
            chat.directory.target("ollama")


async def test_prv_5_windows_as_loaded(session: OpenSession) -> None:
    """PRV-5: the list has the model's maximum, the server's other page what it is loaded with; a page that is not there
    changes nothing."""
    listed = {"data": [{"id": "a", "meta": {"n_ctx_train": 131072}}, {"id": "b"}]}
    props = Reply(pieces=[b'{"default_generation_settings": {"n_ctx": 8192}}'], chunked=False)
    models = Reply(pieces=[json.dumps(listed).encode()], chunked=False)
    with WireServer() as server:
        server.replies(models, props, models, error_reply(404, "no such page"))
        async with session(config=f'model = "demo/steady"\n{config(llamacpp=server.url)}') as chat:
            windows = [info.context_window for _, info in await chat.list_models("llamacpp", refresh=True)]
            assert windows == [8192, 8192]
            windows = [info.context_window for _, info in await chat.list_models("llamacpp", refresh=True)]
            assert windows == [131072, None]
        assert [request.path for request in server.requests] == ["/v1/models", "/props"] * 2


async def test_prv_5_models_that_the_config_names(session: OpenSession) -> None:
    """PRV-5: where a server cannot list its models those of the config are the list; where it can, they complete it."""
    named = 'models = ["own", {name = "a", context_window = 777}]\n'
    with WireServer() as server:
        server.replies(error_reply(404, "no list here"), Reply(pieces=[json.dumps(LISTED).encode()], chunked=False))
        box = f'[providers.box]\nwire = "openai"\nbase_url = "{server.url}"\n{named}'
        async with session(config=f'model = "demo/steady"\n{config()}{box}') as chat:
            without = await chat.list_models("box", refresh=True)
            assert [(info.name, info.context_window) for _, info in without] == [("own", None), ("a", 777)]
            assert not chat.list_errors
            within = {info.name: info for _, info in await chat.list_models("box", refresh=True)}
            assert list(within) == ["own", "a", "b"]
            assert (within["a"].context_window, str(within["a"].input_price)) == (777, "1")
            assert within["b"].context_window == 5


async def test_prv_6_a_server_that_does_not_run_is_not_found_although_its_models_are_named(
    session: OpenSession,
) -> None:
    """PRV-6: what the config names is no sign that somebody is there."""
    settings = config().replace("[providers.vllm]\n", '[providers.vllm]\nmodels = ["x"]\n')
    async with session(config=f'model = "demo/steady"\n{settings}') as chat:
        assert await chat.find_local() == []
