"""Fetching a vocabulary in the background: TOK-2."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from llmtui.tokens import vocabulary
from llmtui.tokens.encodings import VOCABULARIES, Vocabulary

DATA = b"dGg= 0\n"


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Vocabulary:
    """A vocabulary of a line."""
    small = Vocabulary("https://example.org/small.tiktoken", hashlib.sha256(DATA).hexdigest(), "0123abc")
    monkeypatch.setitem(VOCABULARIES, "small", small)
    return small


class Client:
    """Gives what it was told to."""

    def __init__(self, answer: bytes | Exception | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def get(self, url: str, limit: int) -> bytes:
        assert limit == vocabulary.MAX_BYTES
        self.asked.append(url)
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


async def test_it_is_fetched_checked_and_kept(ours: Vocabulary, tmp_path: Path) -> None:
    client, where = Client(DATA), tmp_path / "new" / "folder"
    assert await vocabulary.fetch("small", where, client.get)
    assert client.asked == [ours.url]
    assert [file.name for file in where.iterdir()] == ["0123abc"]
    assert (where / "0123abc").read_bytes() == DATA
    assert await vocabulary.fetch("small", where, client.get)
    assert len(client.asked) == 1


async def test_a_damaged_one_is_fetched_again(ours: Vocabulary, tmp_path: Path) -> None:
    (tmp_path / ours.file_name).write_bytes(b"cut off")
    assert not vocabulary.is_present("small", tmp_path)
    assert await vocabulary.fetch("small", tmp_path, Client(DATA).get)
    assert vocabulary.is_present("small", tmp_path)


@pytest.mark.parametrize("answer", [b"<html>", OSError("no network"), RuntimeError("anything"), None])
async def test_without_it_things_stay_as_they_were(
    answer: bytes | Exception | None, ours: Vocabulary, tmp_path: Path
) -> None:
    """TOK-2: no network, a wrong sum, a time limit: counting goes on as an estimate."""
    assert not await vocabulary.fetch("small", tmp_path / "here", Client(answer).get, timeout_s=0.01)
    assert not (tmp_path / "here").exists()


async def test_a_folder_that_cannot_be_written_is_no_error(ours: Vocabulary, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert not await vocabulary.fetch("small", blocked / "folder", Client(DATA).get)


async def test_an_encoding_without_a_file_is_not_asked_for(tmp_path: Path) -> None:
    client = Client(DATA)
    assert not await vocabulary.fetch("unheard-of", tmp_path, client.get)
    assert client.asked == []
    assert not vocabulary.is_present("unheard-of", tmp_path)


async def test_a_cancelled_fetch_stays_cancelled(ours: Vocabulary, tmp_path: Path) -> None:
    fetching = asyncio.ensure_future(vocabulary.fetch("small", tmp_path, Client(None).get))
    await asyncio.sleep(0)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching


def test_the_users_own_folder_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    assert vocabulary.folder(tmp_path) == tmp_path / "tiktoken"
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "/elsewhere")
    assert vocabulary.folder(tmp_path) == Path("/elsewhere")
