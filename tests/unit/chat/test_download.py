"""Newer prices on request, over a real socket, through the program's own client (COST-6)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from llmtui.chat.download import download, refresh_prices
from llmtui.cli.main import run
from llmtui.core.errors import ConnectionFailed, MalformedResponse
from llmtui.core.messages import ModelRef
from llmtui.paths import locate
from llmtui.pricing import refresh
from llmtui.pricing.table import PriceTable
from llmtui.providers._http import AsyncTransport
from tests.e2e.list_server import Listing, ListServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.chat.conftest import OpenSession

NEWER = [
    {
        "id": "openai",
        "models": [
            {
                "id": "gpt-9",
                "match": {"equals": "gpt-9"},
                "context_window": 9000,
                "prices": {"input_mtok": 7, "output_mtok": 70},
            }
        ],
    }
]


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> ListServer:
    """Where the prices are fetched from, with a table that was taken later than the one that ships."""
    server = ListServer(Listing(json.dumps(NEWER).encode()))
    monkeypatch.setattr(refresh, "SOURCE_URL", server.base_url)
    return server


async def test_cost6_newer_prices_are_fetched_and_used(newer: ListServer, tmp_path: Path) -> None:
    """COST-6: the download is checked, made compact and kept; today's date stands in it; no key goes there."""
    transport = AsyncTransport()
    with newer:
        table = await refresh_prices(transport, tmp_path)
    await transport.close()
    price = table.price("openai", "gpt-9", at=datetime(2031, 1, 1, tzinfo=UTC))
    assert price is not None
    assert (price.input, price.output) == (Decimal(7), Decimal(70))
    assert table.date == datetime.now(UTC).date().isoformat()
    assert (tmp_path / refresh.FILE_NAME).exists()
    assert not {"authorization", "x-api-key"} & set(newer.requests[0][1])


async def test_cost6_an_open_session_takes_the_newer_prices(newer: ListServer, session: OpenSession) -> None:
    """COST-6: without a restart."""
    async with session(model="openai/gpt-9", config='[providers.openai]\nkey_env = "HOME"\n') as chat:
        assert chat.directory.price(ModelRef("openai", "gpt-9")) is None
        with newer:
            await chat.refresh_prices()
        newest = refresh.newest(chat.directory.paths.cache)
        found = chat.directory.price(ModelRef("openai", "gpt-9"))
    if newest.date > PriceTable.load().date:  # not on the very day of a release
        assert found is not None
        assert found.input == 7


def nothing_was_kept(cache: Path) -> bool:
    return not (cache / refresh.FILE_NAME).exists()


async def test_what_is_no_price_data_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = AsyncTransport()
    for listing, error in (
        (Listing(b"<html>"), MalformedResponse),
        (Listing(b"gone", 404), ConnectionFailed),
    ):
        with ListServer(listing) as server:
            monkeypatch.setattr(refresh, "SOURCE_URL", server.base_url)
            with pytest.raises(error):
                await refresh_prices(transport, tmp_path)
    with ListServer(Listing(b"x" * 100)) as server, pytest.raises(MalformedResponse):
        await download(transport, server.base_url, 99)
    await transport.close()
    assert nothing_was_kept(tmp_path)


def test_models_refresh_says_how_new_the_prices_are(newer: ListServer, capsys: pytest.CaptureFixture[str]) -> None:
    """COST-6: with their date; where it fails, which ones stay in use."""
    config = locate(os.environ).config_file
    with ListServer(Listing(b'{"data": [{"id": "m"}]}')) as box:
        config.write_text(f'[providers.box]\nwire = "openai"\nbase_url = "{box.base_url}"\n', "utf-8")
        with newer:
            assert run(["models", "--provider", "box", "--refresh"]) == 0
        assert f"prices of {datetime.now(UTC).date()} from genai-prices: 1 models" in capsys.readouterr().err
        assert run(["models", "--provider", "box", "--refresh"]) == 0  # nobody is there any more
        said = capsys.readouterr()
    assert "box/m" in said.out
    assert "the prices could not be brought up to date" in said.err
    assert "stay in use" in said.err
