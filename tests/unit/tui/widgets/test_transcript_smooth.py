"""STR-4: bursts spread over a few frames; no text waits for a tenth of a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmtui.tui.widgets.transcript_smooth import Burst


def test_a_burst_is_spread_and_a_word_is_not() -> None:
    burst = Burst()
    burst.add("word", 0.0)
    assert burst.take(0.0) == "word"
    burst.add("x" * 300, 1.0)
    assert [len(burst.take(1.0 + 0.04 * n)) for n in range(3)] == [100, 67, 133]
    assert not burst


@given(st.lists(st.tuples(st.text(min_size=1, max_size=400), st.integers(0, 5)), max_size=20))
def test_nothing_is_lost_and_nothing_is_late(pieces: list[tuple[str, int]]) -> None:
    """Frames 40 ms apart: whatever came is out at the third frame at the latest."""
    burst, out, frame = Burst(), "", 0
    came: list[tuple[int, int]] = []
    for text, wait in pieces:
        burst.add(text, frame * 0.04)
        came.append((frame, len(text) + (came[-1][1] if came else 0)))
        for _ in range(wait):
            out += burst.take(frame * 0.04)
            assert all(len(out) >= total for first, total in came if frame - first >= 2)
            frame += 1
    for _ in range(4):
        out += burst.take(frame * 0.04)
        frame += 1
    assert out == "".join(text for text, _ in pieces)
