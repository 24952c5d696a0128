"""Counting in a process of its own: TOK-1, TOK-2."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest

from llmtui.tokens import process as module
from llmtui.tokens.counter import TokenCounter
from llmtui.tokens.estimate import estimate_tokens
from llmtui.tokens.process import Count, batches, cut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@contextlib.asynccontextmanager
async def counting(
    folder: Path, encodings: dict[str, str] | None = None, timeout_s: float = 30
) -> AsyncIterator[TokenCounter]:
    counter = TokenCounter(folder, encodings=encodings, timeout_s=timeout_s)
    try:
        yield counter
    finally:
        await counter.close()


async def test_counts_are_the_tokenizers(tmp_path: Path, tiny: dict[str, str]) -> None:
    """TOK-1: `the` is one token, `th` another, ` t` joins only within a word, special tokens are text."""
    async with counting(tmp_path, tiny) as counter:
        assert await counter.count("the", "small") == Count(1, exact=True)
        assert await counter.count_batch(["", "thy", "a the", "<|end|>", "é"], "small") == [
            Count(0, exact=True),
            Count(2, exact=True),
            Count(3, exact=True),
            Count(7, exact=True),
            Count(2, exact=True),
        ]


async def test_a_request_adds_what_the_chat_format_adds(tmp_path: Path, tiny: dict[str, str]) -> None:
    """TOK-1: 4 tokens a message and 3 for the reply."""
    async with counting(tmp_path, tiny) as counter:
        assert await counter.count_request(["the", "thy"], "small") == Count(1 + 2 + 2 * 4 + 3, exact=True)
        assert await counter.count_request(["abc"], "unknown-model") == Count(1 + 4 + 3, exact=False)


async def test_a_model_without_a_known_encoding_is_estimated_without_a_process(tmp_path: Path) -> None:
    """TOK-1: estimates are marked."""
    async with counting(tmp_path) as counter:
        assert await counter.count("x" * 400, "claude-sonnet-4-5") == Count(estimate_tokens("x" * 400), exact=False)
        assert await counter.count("", "claude-sonnet-4-5") == Count(0, exact=True)
        assert counter._process is None


async def test_without_the_vocabulary_counting_goes_on_as_an_estimate(tmp_path: Path, vocabularies: Path) -> None:
    """TOK-2: nothing waits for it; once it is there, counts are exact."""
    where = tmp_path / "empty"
    async with counting(where) as counter:
        assert not (await counter.count("hello", "gpt-4o")).exact
        assert counter._process is None
        where.symlink_to(vocabularies)
        counter.vocabulary_arrived()
        assert await counter.warm("gpt-4o")


async def test_the_real_vocabularies(vocabularies: Path) -> None:
    """TOK-1: with the right encoding for the model."""
    async with counting(vocabularies) as counter:
        for text, new, old in (("お誕生日おめでとう", 8, 9), ("2 + 2 = 4", 7, 7), ("<|endoftext|>", 7, 7)):
            assert await counter.count(text, "gpt-4o") == Count(new, exact=True)
            assert await counter.count(text, "gpt-4") == Count(old, exact=True)
        assert await counter.count("\ud83d", "gpt-4o") == Count(1, exact=True)


@pytest.mark.parametrize(
    "text",
    [" " * 1_000_000, "a" * 100_000, "\n" * 300_000, "é" * 250_000, "<|endoftext|>" * 20_000],
    ids=["blanks", "one letter", "lines", "no ASCII", "special tokens"],
)
async def test_hostile_texts_neither_hang_nor_panic(text: str, vocabularies: Path) -> None:
    """TOK-1: a million spaces make tiktoken panic when they are counted at once; here they are counted in slices."""
    async with counting(vocabularies) as counter:
        count = await counter.count(text, "gpt-4o")
        assert count.tokens > 0
        assert count.exact == (len(text) <= module.SLICE)
        assert await counter.count("still there", "gpt-4o") == Count(2, exact=True)


async def test_a_long_text_cut_between_words_is_exact(vocabularies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prose = "The quick brown fox doesn't jump over 1234 lazy dogs, does it? Ünïcode wörds — and 你好.\n\n" * 40
    async with counting(vocabularies) as counter:
        whole = await counter.count(prose, "gpt-4o")
        monkeypatch.setattr(module, "SLICE", 137)
        monkeypatch.setattr(module, "_SAFE_CUT_WITHIN", 100)
        assert await counter.count(prose, "gpt-4o") == whole
        assert await counter.count_batch([prose, "x", "", prose], "gpt-4o") == [
            whole,
            Count(1, exact=True),
            Count(0, exact=True),
            whole,
        ]


async def test_a_text_that_panics_is_estimated_and_the_process_lives_on(tmp_path: Path, tiny: dict[str, str]) -> None:
    async with counting(tmp_path, tiny) as counter:
        for model in ("bad", "none"):
            assert not (await counter.count("abc", model)).exact
        assert not (await counter.count_batch(["abc", "d" * 200_000], "bad"))[1].exact
        assert (await counter.count("the", "small")).exact
        assert counter._starts_left == 1


async def test_killed_it_is_started_once_more_then_estimates(tmp_path: Path, tiny: dict[str, str]) -> None:
    async with counting(tmp_path, tiny) as counter:
        for starts_left in (1, 0):
            assert (await counter.count("the", "small")).exact
            assert counter._starts_left == starts_left
            assert counter._process is not None
            counter._process.kill()
            await counter._process.wait()
        assert await counter.count("the", "small") == Count(1, exact=False)
        assert await counter.count("the", "small") == Count(1, exact=False)
        counter.vocabulary_arrived()
        assert (await counter.count("the", "small")).exact


@pytest.mark.skipif(os.name != "posix", reason="stops the process with a signal")
async def test_one_that_does_not_answer_is_given_up_on(tmp_path: Path, tiny: dict[str, str]) -> None:
    """Never blocking the caller: after the time limit another is started."""
    async with counting(tmp_path, tiny) as counter:
        assert await counter.warm("small")
        assert counter._process is not None
        stuck = counter._process
        os.kill(stuck.pid, signal.SIGSTOP)
        counter._timeout_s = 0.05
        assert (await counter.count("the", "small")).tokens == 1
        assert stuck.returncode is not None
        counter._timeout_s = 30
        counter.vocabulary_arrived()
        assert (await counter.count("the", "small")).exact


async def test_a_process_that_talks_nonsense_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silly = tmp_path / "silly.py"
    silly.write_text("import sys\nfor line in sys.stdin: print('hello', flush=True)\n", encoding="utf-8")
    monkeypatch.setattr(module, "_WORKER", silly)
    async with counting(tmp_path, {"small": "tiny"}) as counter:
        assert await counter.count("the", "small") == Count(1, exact=False)


async def test_a_python_that_cannot_be_started_leaves_estimates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    async with counting(tmp_path, {"small": "tiny"}) as counter:
        assert await counter.count("the", "small") == Count(1, exact=False)


async def test_counting_at_the_same_time_swaps_nothing(tmp_path: Path, tiny: dict[str, str]) -> None:
    async with counting(tmp_path, tiny) as counter:
        counts = await asyncio.gather(*(counter.count("the " * number, "small") for number in range(50)))
        assert [count.tokens for count in counts] == [2 * number for number in range(50)]


async def test_a_cancelled_count_does_not_answer_the_next(tmp_path: Path, tiny: dict[str, str]) -> None:
    async with counting(tmp_path, tiny) as counter:
        await counter.warm("small")
        for _ in range(5):
            lost = asyncio.ensure_future(counter.count("the" * 20_000, "small"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            lost.cancel()
            assert await counter.count("the", "small") == Count(1, exact=True)


async def test_the_loop_goes_on_while_it_counts(tmp_path: Path, tiny: dict[str, str]) -> None:
    """TOK-2: nothing waits for the tokenizer."""
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with counting(tmp_path, tiny) as counter:
        ticking = asyncio.ensure_future(tick())
        assert (await counter.count("the quick brown fox " * 20_000, "small")).tokens > 0
        ticking.cancel()
    assert turns > 10


async def test_the_process_knows_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC: a key never appears in a child's environment, whatever the variable is called."""
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import sys, json, os\nfor line in sys.stdin:\n"
        " print(json.dumps([json.loads(line)[0], [sum('sk-canary' in v for v in os.environ.values())]]), flush=True)\n",
        encoding="utf-8",
    )
    for name in ("OPENAI_API_KEY", "LLMTUI_X_API_KEY", "COMPANY_LLM", "lower_case"):
        monkeypatch.setenv(name, "sk-canary")
    monkeypatch.setattr(module, "_WORKER", spy)
    async with counting(tmp_path, {"small": "tiny"}) as counter:
        assert await counter.count("the", "small") == Count(0, exact=True)


async def test_closed_it_estimates_and_closing_twice_is_fine(tmp_path: Path, tiny: dict[str, str]) -> None:
    async with counting(tmp_path, tiny) as counter:
        await counter.warm("small")
        process = counter._process
        await counter.close()
        assert process is not None
        assert process.returncode is not None
        assert not (await counter.count("the", "small")).exact


def test_cut_prefers_the_gap_between_words() -> None:
    assert cut("one two three", 9) == (["one two", " three"], True)
    assert cut("x" * 25, 10) == (["x" * 10, "x" * 10, "x" * 5], False)
    assert cut("short", 10) == (["short"], True)
    assert cut("", 10) == ([""], True)


def test_texts_are_grouped_into_lines_of_bounded_length() -> None:
    groups = batches(["x" * 60_000, "y" * 30_000, "z" * 30_000, "", "w" * 100_000])
    assert [[len(text) for text in group] for group in groups] == [[60_000, 30_000], [30_000, 0], [100_000]]
    assert batches([]) == []
    assert max(map(len, batches([""] * 300_000))) <= 100_001
