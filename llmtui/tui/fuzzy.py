"""Finds what is meant by a few letters, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def best(query: str, candidates: Iterable[T], text: Callable[[T], str]) -> list[T]:
    """The candidates that have all words of the query in them, the closest first; equal ones keep their order."""
    words = query.casefold().split()
    if not words:
        return list(candidates)
    scored = []
    for candidate in candidates:
        shown = text(candidate).casefold()
        scores = [score(word, shown) for word in words]
        if all(scores):
            scored.append((-sum(scores), candidate))
    return [candidate for _, candidate in sorted(scored, key=lambda pair: pair[0])]


def score(word: str, text: str) -> float:
    """0 where the letters are not all there in order; a whole word counts most, then a beginning, then a part."""
    at = text.find(word)
    if at >= 0:
        begins = at == 0 or not text[at - 1].isalnum()
        return 3.0 + begins - min(at, 100) / 1000 - len(text) / 10_000
    place, spread, start = -1, 0, -1
    for letter in word:
        place = text.find(letter, place + 1)
        if place < 0:
            return 0.0
        start = place if start < 0 else start
        spread = place - start
    return max(0.05, 1.0 - spread / 100)
