"""How the counting process is started, and how texts are cut for it: shared by those who wait for it and those who block."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

SLICE = 100_000
"""Characters that the process is given at once: it counts so many in under 30 ms, whatever they are."""
_SAFE_CUT_WITHIN = 1000
_WORKER = Path(__file__).with_name("worker.py")
# What a Python process needs of the environment. Not what is left when keys are taken out: a key can have any name.
_KEPT = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class Count(NamedTuple):
    """The tokens of a text."""

    tokens: int
    exact: bool
    """The tokenizer's own count; an estimate is shown with `~`."""


def estimated(text: str) -> Count:
    """The count of a text that nobody can count exactly; of no text it is exact all the same."""
    return Count(estimate_tokens(text), not text)


def command() -> list[str]:
    """What to run: safe from modules in the current folder."""
    return [sys.executable, "-P", "-X", "utf8", str(_WORKER)]


def environment(vocabularies: Path) -> dict[str, str]:
    """Its environment: without any key, and with the folder of the vocabularies."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in _KEPT}
    return {**kept, "TIKTOKEN_CACHE_DIR": str(vocabularies)}


def options() -> dict[str, Any]:
    """So that Ctrl-C in the terminal does not reach it, and no window opens."""
    return {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x08000000}


def cut(text: str, size: int = 0) -> tuple[list[str], bool]:
    """A long text in pieces of at most `size` characters (`SLICE` if left out), and whether their counts add up to the whole's exactly.

    They do where it is cut between two words: no tokenizer here joins a word to what precedes the blank before it.
    """
    size = size or SLICE
    pieces, start, is_exact = [], 0, True
    while len(text) - start > size:
        end = start + size
        least = max(start + 1, end - _SAFE_CUT_WITHIN)
        safe = next((at for at in range(end, least, -1) if _is_between_words(text, at)), None)
        is_exact &= safe is not None
        pieces.append(text[start : safe or end])
        start = safe or end
    return [*pieces, text[start:]], is_exact


def _is_between_words(text: str, at: int) -> bool:
    return text[at] == " " and text[at - 1].isascii() and text[at - 1].isalpha() and text[at + 1 : at + 2].isalpha()


def batches(pieces: Sequence[str]) -> list[list[str]]:
    """The pieces in order, grouped so that each group, which becomes one line, has at most about `SLICE` characters."""
    groups: list[list[str]] = []
    room = 0
    for piece in pieces:
        if not groups or len(piece) > room:
            groups.append([])
            room = SLICE
        groups[-1].append(piece)
        room -= len(piece) + 1
    return groups


def added_up(pieces: Sequence[tuple[list[str], bool]], counts: Sequence[int]) -> list[Count]:
    """The count of each text from those of its pieces. Raise ValueError unless there is one for each piece."""
    if len(counts) != sum(len(parts) for parts, _ in pieces):
        raise ValueError("not one count for each piece")
    rest = iter(counts)
    return [Count(sum(next(rest) for _ in parts), is_exact) for parts, is_exact in pieces]
