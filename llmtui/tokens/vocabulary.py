"""Fetches a vocabulary in the background, by the program's own client, and keeps it where tiktoken looks for it.

Nothing waits for it: until the file is there, and wherever there is no network, counts are estimates.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.tokens.encodings import VOCABULARIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from llmtui.tokens.encodings import Vocabulary

MAX_BYTES = 16 * 2**20
"""More than any vocabulary has."""


def folder(cache: Path) -> Path:
    """Where vocabularies are kept: tiktoken's own folder where the user has set one, else one in the cache folder."""
    return Path(os.environ.get("TIKTOKEN_CACHE_DIR") or cache / "tiktoken")


def is_present(encoding: str, where: Path) -> bool:
    """The vocabulary's file is there, whole. Reads it: off the event loop, please."""
    vocabulary = VOCABULARIES.get(encoding)
    if vocabulary is None:
        return False
    try:
        return _is_good((where / vocabulary.file_name).read_bytes(), vocabulary)
    except OSError:
        return False


async def fetch(
    encoding: str, where: Path, get: Callable[[str, int], Awaitable[bytes]], *, timeout_s: float = 60.0
) -> bool:
    """Bring a vocabulary into the folder, unless it is there; True when it is there afterwards.

    `get(url, most_bytes)` gives the body of a plain GET. Whatever goes wrong (no network, a time limit of `timeout_s`, a
    wrong check sum, a full disk) leaves things as they were.
    """
    vocabulary = VOCABULARIES.get(encoding)
    if vocabulary is None:
        return False
    if await asyncio.to_thread(is_present, encoding, where):
        return True
    try:
        async with asyncio.timeout(timeout_s):
            data = await get(vocabulary.url, MAX_BYTES)
        return await asyncio.to_thread(_keep, data, vocabulary, where)
    except Exception as error:  # noqa: BLE001 - whatever a client raises, the answer is the same
        import logging

        logging.getLogger(__name__).info("no vocabulary %s, tokens stay estimates: %r", encoding, error)
        return False


def _keep(data: bytes, vocabulary: Vocabulary, where: Path) -> bool:
    if not _is_good(data, vocabulary):
        return False
    where.mkdir(parents=True, exist_ok=True)
    part = where / f"{vocabulary.file_name}.{os.getpid()}.part"
    part.write_bytes(data)
    part.replace(where / vocabulary.file_name)
    return True


def _is_good(data: bytes, vocabulary: Vocabulary) -> bool:
    return hashlib.sha256(data).hexdigest() == vocabulary.sha256
