"""Newer prices on request: what was downloaded is checked, made compact and kept in the cache folder.

The download itself is the caller's, through the program's own client; here are its address and what becomes of it. A
table from the cache counts only while it is newer than the one that ships.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.core.errors import MalformedResponse
from llmtui.pricing.convert import compact
from llmtui.pricing.table import SHIPPED, PriceTable

if TYPE_CHECKING:
    from pathlib import Path

SOURCE_URL = "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/data.json"
MAX_BYTES = 32 * 2**20
"""More than this is not the price data."""
FILE_NAME = "prices.jsonl"


def parse_download(data: bytes, *, taken: str) -> str:
    """The compact table of what `SOURCE_URL` gave on the day `taken` (ISO). Raise MalformedResponse on anything else."""
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MiB")
        text = compact(json.loads(data, parse_float=Decimal), taken=taken, source="genai-prices")
        if not PriceTable(text).price_count():
            raise ValueError("it has no prices in it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedResponse(
            f"The downloaded price data is not in the form this version knows ({error})",
            advice="The prices from before stay in use; a newer version of llmtui may know it.",
        ) from error
    return text


def save(text: str, cache: Path) -> None:
    """Keep a compact table in the cache folder, replacing an older one in one step. Raise OSError."""
    cache.mkdir(parents=True, exist_ok=True)
    part = cache / f".{FILE_NAME}.{os.getpid()}"
    part.write_text(text, encoding="utf-8")
    part.replace(cache / FILE_NAME)


def newest(cache: Path) -> PriceTable:
    """The newer of the shipped table and the one in the cache; one that cannot be read does not count."""
    kept = str(cache / FILE_NAME)
    if _date(kept) > _date(SHIPPED):
        try:
            return PriceTable.load(kept)
        except (OSError, ValueError) as error:
            import logging

            logging.getLogger(__name__).warning("the refreshed prices cannot be used (%s); the shipped ones are", error)
    return PriceTable.load()


def _date(path: str) -> str:
    """The date in a table's first line; "" where there is none."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs start-up time
            head = json.loads(file.readline())
        return str(head["date"]) if isinstance(head, dict) else ""
    except (OSError, ValueError, KeyError):
        return ""
