"""Prices brought up to date on request, and kept only where they are good and newer. COST-6."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.errors import MalformedResponse
from llmtui.pricing import refresh
from llmtui.pricing.table import PriceTable

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2031, 1, 2, 12, tzinfo=UTC)
DATA: list[dict[str, Any]] = [
    {
        "id": "openai",
        "name": "OpenAI",
        "api_pattern": r"https://api\.openai\.com",
        "extractors": [{"root": "usage"}],
        "models": [
            {
                "id": "gpt-9",
                "match": {"or": [{"equals": "gpt-9"}, {"starts_with": "gpt-9-"}]},
                "context_window": 2_000_000,
                "prices": [
                    {"prices": {"input_mtok": 0.1, "output_mtok": {"base": 1, "tiers": [{"start": 100, "price": 2}]}}},
                    {"constraint": {"start_date": "2031-01-01"}, "prices": {"input_mtok": 0.3, "output_mtok": 1}},
                ],
            }
        ],
    }
]


def download(data: Any = DATA) -> bytes:
    return json.dumps(data).encode()


def test_a_download_becomes_a_table_with_its_date() -> None:
    """Numbers are read as Decimal: 0.3 is 0.3."""
    table = PriceTable(refresh.parse_download(download(), taken="2031-01-01"))
    price = table.price("openai", "GPT-9-mini", at=NOON)
    assert price is not None
    assert (price.input, price.as_of, table.source) == (Decimal("0.3"), "2031-01-01", "genai-prices")


def test_the_newer_table_is_used_and_the_older_is_not(tmp_path: Path) -> None:
    shipped = PriceTable.load().date
    assert refresh.newest(tmp_path).date == shipped
    refresh.save(refresh.parse_download(download(), taken="2031-01-01"), tmp_path / "deeper")
    assert refresh.newest(tmp_path / "deeper").date == "2031-01-01"
    refresh.save(refresh.parse_download(download(), taken="2020-01-01"), tmp_path / "deeper")
    assert refresh.newest(tmp_path / "deeper").date == shipped
    assert [path.name for path in (tmp_path / "deeper").iterdir()] == ["prices.jsonl"]


@pytest.mark.parametrize("text", ["", "[]\n", '{"date":"2031-01-01"}\n', "nonsense", '{"date":"2031'])
def test_a_damaged_file_in_the_cache_does_not_count(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / refresh.FILE_NAME).write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert refresh.newest(tmp_path).date == PriceTable.load().date
    assert len(caplog.messages) == ('"2031-01-01"' in text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not found</html>",
        b"{}",
        b"[]",
        b"[1]",
        b'[{"id":"x"}]',
        b'[{"id":"x","models":[{"id":"m","match":{"new_kind":1},"prices":{"input_mtok":1,"output_mtok":1}}]}]',
        b'[{"id":"x","models":[{"id":"m","match":{"equals":"m"},"prices":{"input_mtok":NaN,"output_mtok":1}}]}]',
        b'[{"id":"x","models":[{"id":"m","match":{"equals":"m"},"prices":[{"constraint":{},"prices":{}}]}]}]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(MalformedResponse, match="price data is not in the form") as caught:
        refresh.parse_download(data, taken="2031-01-01")
    assert "stay in use" in caught.value.sentence


def test_a_download_without_bounds_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "MAX_BYTES", 10)
    with pytest.raises(MalformedResponse, match="larger"):
        refresh.parse_download(download(), taken="2031-01-01")
