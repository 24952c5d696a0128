"""Vocabularies for the tests: the real ones where they are beside the checkout, and a small one of ours everywhere."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# A plug-in as tiktoken finds them: the 256 bytes, and "th", "the", " t" as tokens of their own.
_TINY = """
def tiny():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"th": 256, b"the": 257, b" t": 258}
    return {"name": "tiny", "pat_str": r"\\w+|\\s+|[^\\w\\s]+", "mergeable_ranks": ranks, "special_tokens": {"<|end|>": 300}}

def broken():
    raise BaseException("a panic")

ENCODING_CONSTRUCTORS = {"tiny": tiny, "broken": broken}
"""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Models of an encoding that needs no file: `small`, and `bad`, whose encoding fails when it is loaded."""
    plugins = tmp_path / "plugins" / "tiktoken_ext"
    plugins.mkdir(parents=True)
    (plugins / "tiny_for_tests.py").write_text(_TINY, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(plugins.parent))
    return {"small": "tiny", "bad": "broken", "none": "no-such-encoding"}


@pytest.fixture
def vocabularies(shared: Path, tmp_path: Path) -> Path:
    """A copy of the real vocabularies (tiktoken deletes what it does not like)."""
    if not (shared / "tiktoken").is_dir():
        pytest.skip("the real vocabularies are not beside this checkout")
    where = tmp_path / "vocabularies"
    where.mkdir()
    for file in (shared / "tiktoken").iterdir():
        shutil.copyfile(file, where / file.name)
    return where
