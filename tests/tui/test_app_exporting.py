"""What is stored comes out again: /export into a file, /earlier onto the screen."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.tui.conftest import driving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.conftest import Driven


async def command(driven: Driven, text: str) -> None:
    driven.chat.prompt.fill(text)
    await driven.press("enter")


@pytest.mark.parametrize("kind", ["markdown", "json", "html"])
async def test_a_conversation_is_exported(kind: str, tmp_path: Path) -> None:
    """CHAT-1: in each format, for its owner alone."""
    target = tmp_path / f"out.{kind}"
    async with driving() as driven:
        await driven.ask("alpha beta")
        await command(driven, f"/export {kind} {target}")
        await driven.until(lambda: f"Exported as {kind}" in driven.notices())
    text = target.read_text()
    assert "alpha beta" in text
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    if kind == "json":
        assert json.loads(text)


async def test_a_file_that_is_there_is_replaced_only_when_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHAT-1: without a name the title is the name; the ending says the format; a folder that is missing is a sentence."""
    monkeypatch.chdir(tmp_path)
    async with driving() as driven:
        await command(driven, "/export")
        await driven.until(lambda: "nothing to export" in driven.notices())
        await driven.ask("Count: the words!")
        await command(driven, "/export")
        await driven.until((tmp_path / "count-the-words.md").exists)
        (tmp_path / "kept.html").write_text("mine")
        await command(driven, "/export kept.html")
        await driven.until(lambda: "Replace it?" in driven.screen_text())
        await driven.press("n")
        assert (tmp_path / "kept.html").read_text() == "mine"
        await command(driven, "/export kept.html")
        await driven.until(lambda: "Replace it?" in driven.screen_text())
        await driven.press("y")
        await driven.until(lambda: "Exported as html" in driven.notices())
        assert "<html" in (tmp_path / "kept.html").read_text().lower()
        await command(driven, "/export nowhere/x.md")
        await driven.until(lambda: "no such folder" in driven.notices())
        await command(driven, f"/export {tmp_path}")
        await driven.until(lambda: "Replace it?" in driven.screen_text())
        await driven.press("y")
        await driven.until(lambda: "it is no file" in driven.notices())


async def test_earlier_answers_are_shown_as_such_with_their_date(size: tuple[int, int]) -> None:
    """ROB-6: from any conversation, to the very same question; never taken for a new answer."""
    async with driving(size=size) as driven:
        await command(driven, "/earlier")
        await driven.until(lambda: "no question yet" in driven.notices())
        await driven.ask("same question")
        first = driven.chat.talk.messages[1]
        await command(driven, "/earlier")
        await driven.until(lambda: "not been answered before" in driven.notices())
        for _ in range(2):
            await driven.press("ctrl+n")
            await driven.until(lambda: driven.chat.talk.id is None)
            await driven.ask("same question")
        await command(driven, "/earlier")
        await driven.until(lambda: "Earlier answer 1/2" in driven.screen_text())
        await driven.press("right", "pagedown", "pageup", "y")
        await driven.until(lambda: "Earlier answer 2/2" in driven.screen_text())
        await driven.until(lambda: driven.app.clipboard == first.content)
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.messages[1:2] and driven.chat.talk.messages[1].id == first.id)


def test_a_provider_that_is_away_leads_to_earlier_answers() -> None:
    """ROB-6: offered where nothing has come; not where the request itself was wrong."""
    from llmtui.tui.describe import ways_out

    assert "earlier" in [way.name for way in ways_out("overloaded", has_text=False)]
    assert "earlier" not in [way.name for way in ways_out("invalid_request", has_text=False)]
    assert "earlier" not in [way.name for way in ways_out("overloaded", has_text=True)]
