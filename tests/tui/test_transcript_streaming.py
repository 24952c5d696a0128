"""STR-1, STR-2, STR-4, STR-6, STR-9, STR-11: an answer arrives in the transcript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmtui.core.messages import MessageState
from llmtui.render import Document
from llmtui.tui.widgets.transcript import Item
from llmtui.tui.widgets.transcript_events import DetailRequested
from llmtui.tui.widgets.transcript_streaming import BURST
from tests.tui.transcript_host import SIZES, answered, asked, desk

if TYPE_CHECKING:
    from collections.abc import Callable


def recorded(owner: object, method: str, what: Callable[..., int]) -> list[int]:
    """What each call of a method is about, from now on."""
    calls: list[int] = []
    real = getattr(owner, method)

    def call(*args: object, **kwargs: object) -> object:
        calls.append(what(*args, **kwargs))
        return real(*args, **kwargs)

    setattr(owner, method, call)
    return calls


ANSWER = "Here is **an** `answer`:\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\nEnd 你好 👩‍💻."


@pytest.mark.parametrize("size", SIZES)
async def test_thinking_shows_until_the_first_token_does(size: tuple[int, int]) -> None:
    """STR-1: from Enter to the first token an animated mark with the time; it goes when the token is painted."""
    async with desk(size, [asked(1)]) as d:
        d.pane.begin_answer("a1", "demo/parrot")
        await d.calm()
        assert re.search(r"thinking \d\.\d s", d.text)
        first = d.rows()[d.y_of("thinking")]
        d.pane._tick()
        assert d.rows()[d.y_of("thinking")][2] != first[2], "it moves"
        y = d.y_of("thinking")
        d.pane.append_text("a1", "Hello")
        await d.calm()
        assert "thinking" not in d.text
        assert d.rows()[y] == "  Hello", "the text stands where the mark stood"


async def test_the_mark_stands_still_when_nobody_looks() -> None:
    """No animation while the terminal is unfocused or animations are off."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        await d.calm()
        d.app.animation_level = "none"
        d.pane._tick()
        still = d.text
        assert "… thinking 0 s" in still
        d.pane._tick()
        assert d.text == still


async def test_no_timer_runs_when_nothing_arrives() -> None:
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.finish_answer("a1")
        await d.calm()
        ticker = d.pane._ticker
        assert ticker is not None
        assert not ticker._active.is_set()


async def test_reasoning_shows_while_it_comes_and_folds_to_a_line() -> None:
    """STR-1: reasoning first shows dimmed; it folds when the answer begins, and opens on a click or a key."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.append_reasoning("a1", "let me see\nperhaps")
        await d.calm()
        assert "┆ let me see" in d.text
        assert "thinking" in d.text
        d.pane.append_text("a1", "Yes.")
        await d.calm()
        assert "let me see" not in d.text
        y = d.y_of("▸ thought for")
        await d.pilot.click("#transcript", offset=(4, y))
        await d.calm()
        assert "┆ let me see" in d.text
        assert "▾ thought" in d.text
        d.pane.toggle_fold("a1")
        assert "let me see" not in d.text


async def test_the_ending_stands_under_the_text() -> None:
    """STR-6: then the mark and the line of figures, the longest that fits."""
    lines = ("✓ 24 in · 156 out · 180 total · $0.00042 · first token 0.38 s · 2.3 s · 68 tok/s", "✓ 180 · $0.00042")
    for size, line in ((120, 40), lines[0]), ((40, 12), lines[1]):
        async with desk(size) as d:
            d.pane.begin_answer("a1", "demo/parrot")
            d.pane.append_text("a1", "Done")
            d.pane.finish_answer("a1", metadata=lines, notes=("seed dropped",))
            await d.calm()
            assert d.rows()[:4] == ["  demo/parrot", "  Done", "  · seed dropped", f"  {line}"]
            await d.pilot.click("#transcript", offset=(5, 3))
            await d.pilot.pause()
            assert d.told(DetailRequested)[0].message_id == "a1"


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (MessageState.CANCELLED, "◼ stopped"),
        (MessageState.TRUNCATED, "⚠ cut off"),
        (MessageState.INTERRUPTED, "⚠ interrupted"),
    ],
)
async def test_what_was_cut_keeps_its_text_and_says_so(state: MessageState, mark: str) -> None:
    """STR-9"""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.append_text("a1", "half of it")
        d.pane.finish_answer("a1", state)
        await d.calm()
        assert d.rows()[1:3] == ["  half of it", f"  {mark}"]


async def test_an_answer_without_text_says_so() -> None:
    """STR-3: a proper end without any text is shown as an empty answer."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.finish_answer("a1")
        await d.calm()
        assert "(empty answer)" in d.text


async def test_a_failure_keeps_the_text_and_says_what_failed() -> None:
    """STR-11: the sentence stands under the text."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.append_text("a1", "half")
        d.pane.set_status("a1", "retrying 2/5 in 3 s")
        await d.calm()
        assert "retrying 2/5 in 3 s" in d.text
        d.pane.finish_answer("a1", MessageState.FAILED, error="The server is down. Wait a little.")
        await d.calm()
        assert "retrying" not in d.text
        assert "✗ The server is down. Wait a little." in d.text
        assert "half" in d.text


async def test_pieces_are_gathered_into_frames() -> None:
    """STR-4: never a paint a token; the first one at once, the last one soon."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        await d.calm()
        shown = recorded(d.pane, "settle", lambda index, **_: index)
        d.pane.append_text("a1", "first")
        await d.calm()
        assert len(shown) == 1
        for n in range(100):
            d.pane.append_text("a1", f" {n}")
        await d.calm()
        assert len(shown) == 2
        assert d.pane.message_source("a1") == "first" + "".join(f" {n}" for n in range(100))


async def test_a_burst_is_drawn_in_pieces_between_which_keys_are_served() -> None:
    """STR-13: keys get in between."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        await d.calm()
        body = d.pane.model.find("a1").body
        assert isinstance(body.document, Document)
        fed = recorded(body.document, "append", len)
        d.pane.append_text("a1", "word " * 10_000)
        await d.pilot.press("x")
        await d.calm()
        assert sum(fed) == 50_000
        assert max(fed) <= BURST
        assert d.app.query_one("#prompt").value == "x"  # type: ignore[attr-defined]


async def test_the_end_waits_for_the_text() -> None:
    """The figures never stand above text that is still to come."""
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        view = d.pane.model.find("a1")
        too_early = recorded(d.pane, "settle", lambda *_, **__: view.body.is_waiting and not view.is_live)
        d.pane.append_text("a1", "word\n\n" * 5_000)
        d.pane.finish_answer("a1", metadata=("✓ done",))
        await d.calm()
        assert not any(too_early)
        y = d.y_of("✓ done")
        assert d.rows()[y - 1] == "  word"
        assert d.pane.model.heights.total == 1 + 9_999 + 2


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 12), min_size=1, max_size=40))
async def test_however_it_is_cut_the_rows_are_those_of_the_whole(sizes: list[int]) -> None:
    """STR-2, STR-5"""
    async with desk(items=[answered(1, ANSWER)]) as whole:
        expected = whole.rows()
    async with desk() as d:
        d.pane.begin_answer("a1", "demo/parrot")
        rest, at = ANSWER, 0
        while rest:
            size = sizes[at % len(sizes)]
            d.pane.append_text("a1", rest[:size])
            rest, at = rest[size:], at + 1
            if at % 7 == 0:
                await d.calm()
        d.pane.finish_answer("a1", metadata=("✓ 1 out",))
        await d.calm()
        assert d.rows() == expected
        assert d.pane.message_source("a1") == ANSWER


async def test_only_what_changed_is_painted() -> None:
    """Between two scrolls a token costs a row up to where its text ends, not the screen."""
    async with desk((120, 40), [asked(1)]) as d:
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.append_text("a1", "Some words")
        await d.calm()
        painted = recorded(d.pane, "refresh", lambda *regions: sum(r.area for r in regions or [d.pane.size.region]))
        d.pane.append_text("a1", " more")
        await d.calm()
        assert painted == [len("  Some words more")]


async def test_two_answers_stream_beside_each_other() -> None:
    """STR-12"""
    async with desk() as d:
        for name in ("a1", "a2"):
            d.pane.begin_answer(name, f"demo/{name}")
        for n in range(10):
            d.pane.append_text("a1", f"x{n} ")
            d.pane.append_text("a2", f"y{n} ")
        d.pane.finish_answer("a1")
        await d.calm()
        assert d.pane.is_streaming
        d.pane.finish_answer("a2")
        await d.calm()
        assert d.pane.message_source("a1") == "".join(f"x{n} " for n in range(10))
        assert "y0 y1 y2" in d.text


async def test_a_conversation_is_opened_while_its_answer_streams() -> None:
    """STR-7: switching conversations while streaming."""
    live = Item("a1", asked(1).role.ASSISTANT, "demo/parrot", "so far", state=MessageState.STREAMING)
    async with desk(items=[asked(1), live]) as d:
        assert "so far" in d.text
        d.pane.append_text("a1", ", and on")
        d.pane.finish_answer("a1")
        await d.calm()
        assert "so far, and on" in d.text
        with pytest.raises(KeyError):
            d.pane.append_text("a1", "late")
