"""Where each message begins: heights, their running sums, and bisection, so that 10,000 messages cost as much as ten."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Heights:
    """The heights of the messages in rows, from top to bottom, and the row where each begins."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tops = [0, *accumulate(self._heights)]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        """The height of one message in rows."""
        return self._heights[index]

    @property
    def total(self) -> int:
        """All rows together."""
        return self._tops[-1]

    def top(self, index: int) -> int:
        """The row where a message begins; for the index after the last, the row after all."""
        return self._tops[index]

    def at(self, y: int) -> tuple[int, int]:
        """The index of the message that covers a row, and the row within it; rows outside belong to the first or last.

        A message without rows covers none. Raise IndexError when there are no messages.
        """
        if not self._heights:
            raise IndexError(y)
        y = max(0, min(y, self.total - 1))
        index = max(0, bisect_right(self._tops, y) - 1)
        return index, y - self._tops[index]

    def between(self, first: int, last: int) -> range:
        """The indices of the messages with a row in [first, last); empty when there is none."""
        if first >= last or last <= 0 or first >= self.total or not self.total:
            return range(0)
        return range(self.at(first)[0], self.at(last - 1)[0] + 1)

    def set(self, index: int, height: int) -> int:
        """Give a message a new height; return by how many rows everything below it moves."""
        moved = height - self._heights[index]
        if moved:
            self._heights[index] = height
            self._resum(index)
        return moved

    def insert(self, index: int, heights: Iterable[int]) -> None:
        """Put messages before the one at index."""
        self._heights[index:index] = heights
        self._resum(index)

    def remove(self, index: int) -> None:
        del self._heights[index]
        self._resum(index)

    def _resum(self, first: int) -> None:
        self._tops[first:] = accumulate(self._heights[first:], initial=self._tops[first])
