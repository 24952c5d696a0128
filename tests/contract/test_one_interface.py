"""Every provider through one interface to one kind of chunk; a further one is a file and a line (PRV-2)."""

from __future__ import annotations

import inspect
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from llmtui.core.events import ChunkArrived, FinishReason, StreamChunk
from llmtui.providers import registry
from llmtui.providers.base import Adapter
from tests.support.desk import Desk, quick_folder, reply
from tests.support.dialects import DIALECTS, Counts
from tests.support.wire_server import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with quick_folder() as folder, Desk(folder) as opened:
        yield opened


def test_prv_2_every_wire_is_one_module_with_the_same_methods() -> None:
    """PRV-2: what the protocol names, with its parameters, and nothing that only one of them has is called by others."""
    wanted = {name for name, _ in inspect.getmembers(Adapter, inspect.isfunction) if not name.startswith("_")}
    for wire in registry.WIRES:
        speaks = registry.adapter(wire)
        for name in wanted:
            given = inspect.signature(getattr(speaks, name)).parameters
            due = list(inspect.signature(getattr(Adapter, name)).parameters)[1:]
            assert list(given) == due, (wire, name)


@pytest.mark.parametrize("wire", DIALECTS)
def test_prv_2_one_type_of_chunk(desk: Desk, wire: str) -> None:
    """PRV-2, STR-3: the same answer in every wire gives the same chunks."""
    desk.server.replies(reply(DIALECTS[wire].script(["Hel", "lo"], Counts(7, 0, 0, 9, 0))))
    asked = desk.ask(model=f"my-{wire}/m")
    assert all(type(chunk) is StreamChunk for chunk in asked.chunks)
    assert [(chunk.index, chunk.content, chunk.finish_reason) for chunk in asked.chunks] == [
        (0, "Hel", None),
        (1, "lo", None),
        (2, "", FinishReason.STOP),
    ]
    assert (asked.rows[0]["input_tokens"], asked.rows[0]["output_tokens"]) == (7, 9)


def test_prv_2_a_seventh_is_one_file_and_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """PRV-2: streamed, counted, billed, stored like any other, with nothing else changed."""
    monkeypatch.setattr(registry, "_WIRES", MappingProxyType({"telegraph": "telegraph"}))  # the line
    monkeypatch.setattr(
        registry, "import_module", lambda _: __import__("tests.support.seventh_wire", fromlist=["create"])
    )
    wired = desk.config("[prices.'wired/m']\ninput = 1\noutput = 2\n")
    section = wired.providers["one"]._replace(wire="telegraph")
    session = desk.session(wired._replace(providers={"wired": section}))
    desk.server.replies(Reply(pieces=[b"ARRIVED ", b"WELL\nSEND MO", b"NEY\nSTOP 5 4\n"], content_type="text/plain"))
    asked = desk.ask("how are you?", model="wired/m", session=session)
    assert asked.requests[0].json() == {"model": "m", "say": "how are you?"}
    chunks = [event.chunk for event in asked.events if isinstance(event, ChunkArrived)]
    assert [chunk.content for chunk in chunks] == ["ARRIVED WELL", "SEND MONEY", ""]
    assert asked.thread[-1].content == "ARRIVED WELLSEND MONEY"
    assert asked.rows[0]["cost_nanos"] == 5 * 1000 + 4 * 2000
