"""The same counts for callers without an event loop: TOK-1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.tokens import process
from llmtui.tokens.blocking import count_batch
from llmtui.tokens.estimate import estimate_tokens
from llmtui.tokens.process import Count

if TYPE_CHECKING:
    from pathlib import Path


def test_counts_are_the_tokenizers(vocabularies: Path) -> None:
    texts = ["お誕生日おめでとう", "", "<|endoftext|>", "word " * 50_000]
    assert count_batch(texts, "gpt-4o", vocabularies) == [
        Count(8, exact=True),
        Count(0, exact=True),
        Count(7, exact=True),
        Count(50_001, exact=True),
    ]


def test_what_cannot_be_counted_is_estimated(tmp_path: Path) -> None:
    assert count_batch(["some text"], "claude-sonnet-4-5", tmp_path) == [
        Count(estimate_tokens("some text"), exact=False)
    ]
    assert count_batch(["some text"], "gpt-4o", tmp_path) == [Count(estimate_tokens("some text"), exact=False)]
    assert count_batch(["", ""], "gpt-4o", tmp_path) == [Count(0, exact=True)] * 2
    assert count_batch([], "gpt-4o", tmp_path) == []


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(3)",
        "print('[0, null]')",
        "print('nonsense')",
        "print('[0, [1, 2, 3]]')",
        "import sys\nwhile True: sys.stdin.read()",
    ],
)
def test_a_process_that_fails_leaves_estimates(
    program: str, vocabularies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script.py"
    script.write_text(program, encoding="utf-8")
    monkeypatch.setattr(process, "_WORKER", script)
    assert count_batch(["abc"], "gpt-4o", vocabularies, timeout_s=1) == [Count(1, exact=False)]
