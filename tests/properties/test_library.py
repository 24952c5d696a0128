"""The library over real bytes: whatever the texts, however the network splits them, wherever the stream ends."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llmtui
from llmtui import FinishReason, Price, StreamBroken
from llmtui.pricing.prices import Prices
from tests.support.desk import split
from tests.support.wire_server import Reply, WireServer, answer

if TYPE_CHECKING:
    from llmtui import StreamChunk

PRICES = Prices({"custom/m": Price(Decimal(1), Decimal(2), source="config")})

characters = st.characters(codec="utf-8")  # everything but surrogates
texts = st.lists(
    st.text(characters | st.sampled_from("\u2028\x85\r\n\0\ufeff👩‍👩‍👧é"), min_size=1),
    min_size=1,
    max_size=12,
)
leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(characters)
metadata = st.dictionaries(
    st.text(characters, max_size=8),
    st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3)),
    max_size=4,
)


def rows(ledger: Path, *columns: str) -> list[tuple[Any, ...]]:
    llmtui.close()
    with closing(sqlite3.connect(ledger)) as database:
        return database.execute(f"SELECT {', '.join(columns)} FROM attempts ORDER BY rowid").fetchall()


def check_shape(chunks: list[StreamChunk], expected: list[str], finish: FinishReason) -> None:
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert "".join(chunk.content for chunk in chunks) == "".join(expected)
    assert [chunk.finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + [finish]
    assert {(chunk.provider, chunk.model) for chunk in chunks} == {("custom", "m")}


@settings(max_examples=40, deadline=None)
@given(texts, st.lists(st.integers(0, 10**6), max_size=60), metadata)
def test_str_2_str_3_str_16_every_split_gives_the_same_answer(
    pieces: list[str], cuts: list[int], mine: dict[str, Any]
) -> None:
    """STR-2, STR-3, STR-16, P1: order, integrity, metadata, one row."""
    wire = b"".join(answer(*pieces, usage={"prompt_tokens": 7, "completion_tokens": 9}))

    async def ask(server: WireServer, ledger: Path) -> tuple[list[StreamChunk], llmtui.Session]:
        async with llmtui.stream("m", "hi", base_url=server.url, store=ledger, metadata=mine, prices=PRICES) as session:
            return [chunk async for chunk in session], session

    with tempfile.TemporaryDirectory() as folder, WireServer() as server:
        ledger = Path(folder) / "ledger.db"
        server.replies(Reply(pieces=list(split(wire, cuts))))
        chunks, session = asyncio.run(ask(server, ledger))
        check_shape(chunks, pieces, FinishReason.STOP)
        assert all(chunk.metadata == mine for chunk in chunks)
        ((state, cost, stored),) = rows(ledger, "state", "cost_nanos", "metadata")
    assert (state, cost, json.loads(stored)) == ("completed", 7_000 + 18_000, mine)
    assert session.cost.amount == Decimal("0.000025")


@settings(max_examples=40, deadline=None)
@given(texts, st.lists(st.integers(0, 10**6), max_size=20), st.data())
def test_str_3_wherever_the_stream_ends_it_is_told_from_complete(
    pieces: list[str], cuts: list[int], data: st.DataObject
) -> None:
    """STR-3, P1, P5: between two frames, or inside one; without an event loop, over the same bytes."""
    frames = answer(*pieces)
    kept = data.draw(st.integers(1, len(frames) - 2), label="frames kept")  # never the finish reason
    wire = b"".join(frames[:kept])
    with tempfile.TemporaryDirectory() as folder, WireServer() as server:
        ledger = Path(folder) / "ledger.db"
        server.replies(Reply(pieces=list(split(wire, cuts))))
        session = llmtui.stream_sync("m", "hi", base_url=server.url, store=ledger, prices=PRICES, retries=0)
        with pytest.raises(StreamBroken):
            session.collect()
        assert isinstance(session.error, StreamBroken)
        assert session.content == "".join(pieces[:kept])
        ((state, cost, estimate),) = rows(ledger, "state", "cost_nanos", "estimate_nanos")
    assert (state, cost) == ("truncated", None)
    assert estimate > 0


@settings(max_examples=60, deadline=None)
@given(texts, st.sampled_from(["raw", "json", "sse"]))
def test_str_16_metering_changes_no_character(pieces: list[str], form: str) -> None:
    """STR-16: in each format, also our own chunks metered again."""
    sources = {
        "raw": pieces,
        "json": [json.dumps({"content": piece}) for piece in pieces],
        "sse": [f"data: {json.dumps({'content': piece})}\n\n" for piece in pieces],
    }
    first = llmtui.meter(sources[form], "custom/m", form, store=False)  # type: ignore[call-overload]
    chunks = list(first)
    check_shape(chunks, pieces, FinishReason.STOP)
    assert [chunk.content for chunk in chunks] == [*pieces, ""]
    again = llmtui.meter([chunk.to_sse() for chunk in chunks], "custom/m", "sse", store=False)
    assert again.collect() == "".join(pieces)
