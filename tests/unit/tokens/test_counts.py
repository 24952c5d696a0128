"""Counts at once: exact where they were learnt ahead, calibrated estimates everywhere else (TOK-1, TOK-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.messages import ModelRef
from llmtui.tokens.counter import TokenCounter
from llmtui.tokens.counts import FILE_NAME, Counts
from llmtui.tokens.encodings import VOCABULARIES
from llmtui.tokens.estimate import estimate_tokens
from llmtui.tokens.vocabulary import folder

if TYPE_CHECKING:
    from pathlib import Path

GPT = ModelRef("openai", "gpt-4o")
CLAUDE = ModelRef("anthropic", "claude-sonnet-4-5")
TEXT = "The quick brown fox jumps over the lazy dog."


async def no_network(url: str, most: int) -> bytes:
    raise OSError("no network")


async def test_tok1_exact_once_the_tokenizer_is_prepared_and_has_counted(tmp_path: Path, vocabularies: Path) -> None:
    """TOK-1: before, an estimate; after, tiktoken's 10; of another model, an estimate still."""
    counts = Counts(tmp_path, TokenCounter(vocabularies))
    await counts.learn([TEXT], GPT)  # not prepared: nothing is started, nothing is waited for
    assert not counts.of(TEXT, GPT).exact
    assert await counts.prepare(GPT, no_network)
    await counts.learn([TEXT, "", TEXT], GPT)
    assert counts.of(TEXT, GPT) == (10, True)
    assert counts.of("", GPT) == (0, True)
    assert counts.of(TEXT, CLAUDE) == (estimate_tokens(TEXT), False)
    assert counts.of("another text", GPT).exact is False
    await counts.close()


async def test_tok2_a_vocabulary_is_fetched_when_it_is_not_there(
    tmp_path: Path, vocabularies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TOK-2: through the `get` that is given, once; with no network counting goes on as an estimate."""
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    counts = Counts(tmp_path, TokenCounter(folder(tmp_path)))
    assert not await counts.prepare(GPT, no_network)
    asked = []

    async def get(url: str, most: int) -> bytes:
        asked.append(url)
        return (vocabularies / VOCABULARIES["o200k_base"].file_name).read_bytes()

    assert await counts.prepare(GPT, get)
    assert await counts.prepare(GPT, get)
    assert asked == [VOCABULARIES["o200k_base"].url]
    assert not await counts.prepare(CLAUDE, get), "no tokenizer is known"
    await counts.close()


def test_tok1_estimates_are_calibrated_by_what_was_reported_and_that_is_kept(tmp_path: Path) -> None:
    """TOK-1: by provider, and also after a restart."""
    counts = Counts(tmp_path)
    assert counts.of(TEXT, CLAUDE).tokens == estimate_tokens(TEXT)
    assert counts.observe("anthropic", 100, 150)
    counts.keep()
    assert not counts.observe("anthropic", 100, 150), "no news is not written"
    later = Counts(tmp_path)
    assert later.of(TEXT, CLAUDE) == (round(estimate_tokens(TEXT) * 1.5), False)
    assert later.of(TEXT, GPT).tokens == estimate_tokens(TEXT)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"openai": 3}', '{"openai": ["x", 1]}', '{"openai": [1e400, 1]}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, "utf-8")
    assert Counts(tmp_path).of(TEXT, GPT).tokens == estimate_tokens(TEXT)
