"""The parts of the chat that need no screen: figures, words, files, marks, moments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from llmtui.config import Config
from llmtui.core.context import Breakdown
from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.errors import ConfigError, RateLimited
from llmtui.core.events import (
    AttemptOutcome,
    AttemptStarted,
    ChunkArrived,
    FallbackChosen,
    FinishReason,
    Noted,
    RetryScheduled,
    StreamChunk,
    TurnResult,
)
from llmtui.core.messages import Attachment, Message, MessageState, ModelRef, Role
from llmtui.core.options import Options
from llmtui.core.usage import Usage
from llmtui.tui import describe
from llmtui.tui.app import ChatApp
from llmtui.tui.files import matching, mentioned, read_attachment
from llmtui.tui.live import LiveTurn, Phase
from llmtui.tui.marks import Marks, size
from llmtui.tui.screens.detail import facts
from llmtui.tui.status import Allowance, Status, bar, fitting, level, parts, sparkline
from llmtui.tui.when import ago, day_group
from tests.tui.conftest import Driven, driving

if TYPE_CHECKING:
    from pathlib import Path

MODEL = ModelRef("openai", "gpt-5-mini")
RESULT = TurnResult(
    turn_id="t",
    conversation_id="c",
    user_message_id="u",
    answer_message_id="a",
    model=MODEL,
    content="text",
    reasoning="",
    finish_reason=FinishReason.STOP,
    usage=Usage(24, 8, 0, 156, 20),
    cost=Cost(Decimal("0.00042"), Resolution.RESOLVED, "price_table"),
    ttft_s=0.38,
    duration_s=2.3,
    tokens_per_second=68.0,
    chunk_count=40,
    attempts=(AttemptOutcome("x", MODEL, RateLimited("too fast"), 2.0), AttemptOutcome("y", MODEL, None, 0.0)),
    warnings=(),
    error=None,
)
FULL = Status(
    state="streaming",
    model="gpt-5-mini",
    speeds=(10.0, 40.0, 68.0),
    chat=Allowance("chat", "602", "4000", 0.15),
    cost=Decimal("0.0123"),
    budget=Allowance("today", "$2.45", "$5.00", 0.49),
)


def line(status: Status, width: int = 300) -> str:
    return " │ ".join(part.text.plain for part in fitting(parts(status), width))


def test_the_status_bar_reads_as_documented() -> None:
    """STR-14, BUD-1: every figure in its place."""
    assert line(FULL) == (
        "streaming │ gpt-5-mini │ ▂▅█ 68 tok/s │ chat 602/4000 ██░░░░░░░░ 15 % │ $0.0123 │ today $2.45/$5.00 █████░░░░░ 49 % │ ✓"
    )


def test_the_status_bar_drops_from_the_right_and_never_wraps() -> None:
    """STR-14: whatever the width, what is shown fits, and it is the beginning."""
    whole = line(FULL)
    for width in range(10, len(whole) + 1):
        shown = line(FULL, width)
        assert len(shown) <= max(width, len("streaming"))
        assert whole.startswith(shown)


def test_estimates_gaps_alerts_and_demo_are_marked() -> None:
    """COST-2, TOK-3: `~` while estimated, `≥` while something is uncounted; the demo says so first."""
    assert "~$0.0123" in line(FULL._replace(cost_estimated=True))
    assert "≥ $0.0123" in line(FULL._replace(cost_incomplete=True))
    assert "≥ $0.0123" in line(FULL._replace(cost_incomplete=True, cost_estimated=True))
    assert " cost ? " in line(FULL._replace(cost_incomplete=True, cost=Decimal(0), cost_estimated=True))
    assert line(FULL._replace(demo=True)).startswith("demo · streaming")
    assert line(FULL._replace(alerts=("errors 4 %",))).endswith("⚠ 1 alert")
    assert "chat ~1,234" in line(FULL._replace(chat=None, chat_tokens=1234, tokens_estimated=True))
    assert "≥ $2.45" in line(
        FULL._replace(budget=Allowance("today", "$2.45", "$5.00", 0.49, "resets 00:00", at_least=True))
    )


def test_levels_and_bars() -> None:
    """BUD-2: green, yellow from 75 %, orange from 90 %, red at the limit; bars never overflow."""
    assert [level(share) for share in (0.1, 0.75, 0.9, 1.0, 3.0)] == ["success", "warning", "caution", "error", "error"]
    assert [bar(share) for share in (0.0, 0.5, 1.0, 9.0)] == ["░" * 10, "█████░░░░░", "█" * 10, "█" * 10]
    assert sparkline((0.0, 0.0)) == "▁▁"


def test_the_line_of_figures_has_a_shorter_form_for_every_width() -> None:
    """STR-6: input, output, total, cached, reasoning, cost, first token, duration, speed; the shortest: tokens, cost, time."""
    lines = describe.metadata(RESULT)
    assert lines[0] == (
        "✓ 24 in · 156 out · 8 cached · 20 reasoning · 180 total · $0.00042 · first token 0.38 s · 2.3 s · 68 tok/s"
    )
    assert lines[-1] == "✓ 180 tok · $0.00042 · 2.3 s"
    assert sorted(map(len, lines), reverse=True) == [len(each) for each in lines]


def test_endings_and_unknown_figures_are_words() -> None:
    """COST-2, STR-3: unknown is never $0; a cut answer says so."""
    cut = describe.metadata(
        RESULT._replace(finish_reason=FinishReason.LENGTH, usage=None, cost=Cost(None, Resolution.UNKNOWN))
    )
    assert cut[0].startswith("■ cut at the output limit")
    assert "tokens ?" in cut[0]
    assert "cost ?" in cut[0]
    assert describe.cost_text(Cost(None, Resolution.UNPRICED)) == "no price"
    assert describe.cost_text(Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.5"))) == "~$0.5000"
    assert describe.cost_text(NO_COST) == ""
    stopped = Message(Role.ASSISTANT, "x", state=MessageState.CANCELLED)
    assert describe.stored_metadata(stopped) == ("■ stopped (/continue)",)
    assert describe.stored_metadata(Message(Role.ASSISTANT, "x", finish_reason="stop")) == ()
    assert [way.name for way in describe.ways_out("authentication", has_text=True)] == [
        "keys",
        "continue",
        "retry",
        "model",
    ]
    assert [way.name for way in describe.ways_out("budget", has_text=False)] == [
        "retry",
        "model",
        "new",
        "context",
    ]


def test_the_details_of_an_answer() -> None:
    """STR-6, ROB-5, TOK-4: tokens and where they come from, cost and its origin, times, attempts with their errors and waits."""
    message = Message(
        Role.ASSISTANT, "text", model=MODEL, created_at=1_700_000_000_000, finish_reason="stop", pinned=True
    )
    found = dict(facts(message, RESULT))
    assert found["Input"] == "24 tokens (reported by the provider)"
    assert found["Cost"] == "$0.00042, the price table"
    assert found["Attempt 1"] == "openai/gpt-5-mini: too fast Waited 2.0 s."
    assert found["Attempt 2"] == "openai/gpt-5-mini: answered"
    assert found["Context"] == "pinned"
    assert "Cost" not in dict(facts(message, None))
    parts = dict(facts(message, RESULT, parts=Breakdown(5, 0, 12, 7)))
    assert (parts["  system"], parts["  earlier"], parts["  question"], parts["  attachments"]) == (
        "~5",
        "",
        "~12",
        "~7",
    )


def chunk(content: str = "", reasoning: str | None = None) -> ChunkArrived:
    return ChunkArrived(StreamChunk(0, content, reasoning, None, "openai", "m", 2, Decimal("0.001"), 0.0, {}))


def test_a_live_turn_follows_its_events() -> None:
    """STR-1, ROB-1, ROB-5: thinking, a wait with its countdown, another model, text, stopping."""
    now = [100.0]
    live = LiveTurn(MODEL, clock=lambda: now[0])
    now[0] += 1.24
    assert live.state() == ("thinking 1.2 s", "accent")
    live.take(RetryScheduled(RateLimited("slow down"), 3.0, 2, 5))
    now[0] += 1
    assert live.state() == ("retrying 2/5 in 2 s", "warning")
    assert "slow down" in live.words()
    other = ModelRef("anthropic", "claude")
    live.take(FallbackChosen(MODEL, RateLimited("slow down"), other))
    live.take(AttemptStarted("x", other, 2))
    assert (live.phase, live.model, live.relabelled) == (Phase.THINKING, other, True)
    live.take(chunk(reasoning="hm"))
    now[0] += 1
    live.take(chunk("hello"))
    live.take(Noted("a note"))
    live.sample()
    assert (live.text, live.reasoning, live.tokens, live.cost) == (["hello"], ["hm"], 4, Decimal("0.002"))
    assert live.speeds
    assert live.words() == ""
    assert any("answers instead" in note for note in live.notes)
    live.stop()
    live.take(chunk("more"))
    assert (live.phase, live.words()) == (Phase.STOPPING, "stopping")
    assert live.control.cancelled


def test_files_for_the_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-2, PRV-3: told by content; what cannot be sent is a sentence; hidden files only when a dot was typed."""
    tmp_path = tmp_path / "own"
    tmp_path.mkdir()
    monkeypatch.chdir(tmp_path)
    for name, data in (
        ("a.txt", b"\xef\xbb\xbfhi"),
        ("b.jpg", b"\xff\xd8\xff0"),
        ("c.webp", b"RIFF0000WEBP"),
        ("d.bin", b"\0"),
        (".h", b"x"),
    ):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "in.md").write_text("# x", "utf-8")
    assert read_attachment("a.txt") == Attachment("a.txt", "text/plain", b"hi")
    assert read_attachment("b.jpg").media_type == "image/jpeg"
    assert read_attachment("c.webp").media_type == "image/webp"
    for name, says in (
        ("d.bin", "neither"),
        ("sub", "not a file"),
        ("none", "cannot be read"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=says):
            read_attachment(name)
    monkeypatch.setattr("llmtui.tui.files.LARGEST", 1)
    with pytest.raises(ConfigError, match="too large"):
        read_attachment("a.txt")
    assert matching("") == ["sub/", "a.txt", "b.jpg", "c.webp", "d.bin"]
    assert matching(".") == [".h"]
    assert matching("sub/") == ["sub/in.md"]
    assert matching("nowhere/x") == []
    assert mentioned("see @a.txt, and @sub/in.md. not @none @a.txt a@a.txt @\0") == ["a.txt", "sub/in.md"]


def test_marks_expand_once_and_tell_equal_labels_apart() -> None:
    """CHAT-2: a paste that contains another mark's label is not expanded again."""
    marks = Marks()
    first = marks.add_paste("x\ny")
    second = marks.add_paste(f"{first}\nz")
    assert (first, second) == ("[pasted 2 lines]", "[pasted 2 lines #2]")
    assert marks.expand(f"{first} {second}")[0] == f"x\ny {first}\nz"
    picture = Attachment("a[b].png", "image/png", b"0" * 1500)
    label = marks.add_attachment(picture)
    assert label == "[image a(b).png 2 KB]"
    assert marks.add_attachment(picture) == label
    assert marks.expand(f"{label} look {label}") == ("look", (picture,))
    assert [size(count) for count in (5, 2_000, 3_400_000)] == ["5 B", "2 KB", "3.4 MB"]


def test_moments_in_lists() -> None:
    """CHAT-1: grouped by day, relative."""
    today = date(2026, 11, 20)

    def at(year: int, month: int, day: int) -> int:
        return int(datetime(year, month, day, 12).astimezone().timestamp() * 1000)

    days = [(2026, 11, 20), (2026, 11, 19), (2026, 11, 15), (2026, 11, 1), (2026, 3, 1), (2024, 3, 1)]
    groups = [day_group(at(*day), today) for day in days]
    assert groups == ["Today", "Yesterday", "This week", "This month", "March 2026", "2024"]
    assert [ago(0, seconds) for seconds in (5, 120, 7200, 3 * 86400)] == ["just now", "2 min ago", "2 h ago", "3 d ago"]


async def test_a_start_that_fails_is_a_sentence_and_an_exit_code() -> None:
    """ROB-11: a conversation that does not exist ends the program with what to do about it."""
    app = ChatApp(Options(demo=True, conversation="nosuch"), Config())
    async with app.run_test() as pilot:
        await Driven(app, pilot).until(lambda: app._exit)
    assert "there is no conversation" in app.farewell
    assert app.return_code == 2


async def test_enter_in_the_transcript_shows_details() -> None:
    """STR-6: tokens, cost, times and attempts of the marked answer."""
    async with driving() as driven:
        await driven.ask("one")
        await driven.press("shift+tab", "end", "enter")
        await driven.until(lambda: type(driven.app.screen).__name__ == "DetailScreen")
        await driven.until(lambda: "Attempt 1" in driven.screen_text())
        await driven.press("escape")
        assert driven.app.screen is driven.chat


async def test_the_bell_rings_only_for_who_looks_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-4: when an answer ends while the terminal has no focus, if asked for; animations rest meanwhile."""
    from textual import events

    rung: list[int] = []
    async with driving(config=Config(ui=Config().ui._replace(notify="desktop"))) as driven:
        monkeypatch.setattr(driven.app, "bell", lambda: rung.append(1))
        await driven.ask("one")
        assert rung == []
        driven.app.post_message(events.AppBlur())
        await driven.until(lambda: not driven.app.app_focus)
        assert driven.app.animation_level == "none"
        driven.chat.turns.regenerate(driven.chat.talk, driven.chat.talk.messages[-1].id)
        await driven.settled()
        assert rung == [1]
        driven.app.post_message(events.AppFocus())
        await driven.until(lambda: driven.app.animation_level == "full")
