"""Bursts spread over a few frames, for who reads along: text is held back for less than a tenth of a second."""

from __future__ import annotations

from collections import deque

AT_ONCE = 16
"""Characters that are no burst."""
FRAMES = 3
"""So many frames show what came at once."""
LONGEST_S = 0.06
"""Text that has waited so long at a frame is shown in it: at the next one it would be too late."""


class Burst:
    """What has come of one answer and is not shown yet."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[float, str]] = deque()
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, text: str, now: float) -> None:
        self._pieces.append((now, text))
        self._size += len(text)

    def take(self, now: float) -> str:
        """What this frame shows: a share, and all that has waited long enough."""
        wanted = self._size if self._size <= AT_ONCE else -(-self._size // FRAMES)
        taken: list[str] = []
        while self._pieces and (wanted > 0 or now - self._pieces[0][0] >= LONGEST_S):
            came, text = self._pieces.popleft()
            if len(text) > wanted and now - came < LONGEST_S:
                self._pieces.appendleft((came, text[wanted:]))
                text = text[:wanted]
            taken.append(text)
            wanted -= len(text)
            self._size -= len(text)
        return "".join(taken)
