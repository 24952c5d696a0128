"""The counting process from within: its lines, and that it never reaches for the network. TOK-1, TOK-2."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from llmtui.tokens import worker

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_in_a_line_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [[1, "tiny", ["the", ""]], [2, "none", ["x"]]]
    stdin = io.TextIOWrapper(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setitem(sys.modules, "requests", sys)
    monkeypatch.setattr(
        worker, "count", lambda encoding, texts: [len(text) for text in texts] if encoding == "tiny" else None
    )
    worker.main()
    assert capsys.readouterr().out == "[1, [3, 0]]\n[2, null]\n"


def test_without_its_file_a_vocabulary_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TOK-2: fetching is the program's business, with its time limit, its proxy and its check."""
    pytest.importorskip("tiktoken.registry")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "requests", None)
    monkeypatch.setattr("tiktoken.registry.ENCODINGS", {})
    assert worker.count("cl100k_base", ["x"]) is None
    assert not (tmp_path / "cache").exists()


def test_special_tokens_are_text(vocabularies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TOK-1: counted as text, and never raising."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(vocabularies))
    assert worker.count("o200k_base", ["<|endoftext|>", "", "tiktoken is great!"]) == [7, 0, 6]


@pytest.mark.parametrize("error", [BaseException("a panic"), ValueError("no such encoding")])
def test_a_panic_is_an_answer(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    tiktoken = pytest.importorskip("tiktoken")

    def panic(name: str) -> None:
        raise error

    monkeypatch.setattr(tiktoken, "get_encoding", panic)
    assert worker.count("any", ["x"]) is None


def test_an_interrupt_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tiktoken = pytest.importorskip("tiktoken")

    def interrupt(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tiktoken, "get_encoding", interrupt)
    with pytest.raises(KeyboardInterrupt):
        worker.count("any", ["x"])
