"""The chat when its terminal is a page of `llmtui serve`: keys, clipboard, editor, exports, notices (CHAT-9)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from llmtui import clipboard
from llmtui.config import Config
from llmtui.core.options import Options
from llmtui.tui import commands
from llmtui.tui.app import ChatApp
from llmtui.tui.terminal import browser
from tests.tui.conftest import driving

if TYPE_CHECKING:
    import io

    from tests.tui.conftest import Driven


@pytest.fixture(autouse=True)
def _in_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatApp, "is_web", property(lambda _self: True))


def shows(driven: Driven, text: str) -> bool:
    return text in driven.screen_text()


async def test_keys_that_browsers_keep_are_not_shown() -> None:
    """CHAT-9: in the help, the palette and the dialogs; each such action has another way."""
    async with driving(size=(120, 120)) as driven:
        for action in commands.ACTIONS:
            shown = commands.key_text(driven.chat, action)
            assert not {key.lower() for key in shown.split()} & browser.KEPT_KEYS
            assert shown or action.slash or not action.listed
        await driven.press("f1")
        await driven.until(lambda: "New conversation" in driven.screen_text())
        text = driven.screen_text()
        for kept in ("Ctrl+N", "Ctrl+T", "Ctrl+W", "Ctrl+Q", "Ctrl+R", "F5"):
            assert kept not in text
        for way in ("/new", "/edit", "/quit", "/retry", "Ctrl+B"):
            assert way in text
        await driven.press("escape")
        for key, hint in (("f8", "Alt+N in a"), ("f9", "Alt+T tests"), ("f2", "Alt+R asks again")):
            await driven.press(key)
            await driven.until(partial(shows, driven, hint))
            await driven.press("escape")


async def test_the_clipboard_is_the_browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-9: no clipboard program of the server is run, and what is said is true."""
    monkeypatch.setattr(clipboard, "copy_here", lambda _text: pytest.fail("the server's clipboard was asked for"))
    async with driving() as driven:
        await driven.ask("alpha")
        await driven.press("ctrl+o")
        await driven.until(lambda: "Copied through the browser" in driven.notices())
        assert driven.app.clipboard == driven.chat.talk.messages[-1].content


async def test_an_editor_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-9: it would open on the server."""
    monkeypatch.setenv("EDITOR", "false")
    async with driving() as driven:
        driven.chat.prompt.fill("kept")
        await driven.press("ctrl+g")
        await driven.until(lambda: "An editor cannot be opened from a browser" in driven.notices())
        assert driven.prompt == "kept"


async def test_an_export_goes_to_the_browser(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-9: the browser saves it; the server writes no file, whatever path is named."""
    delivered: dict[str, Any] = {}

    def deliver(_self: ChatApp, text: io.StringIO, **how: Any) -> None:
        delivered.update(how, text=text.read())

    monkeypatch.setattr(ChatApp, "deliver_text", deliver)
    (tmp_path / "out.md").write_text("mine")
    async with driving() as driven:
        await driven.ask("alpha beta")
        driven.chat.prompt.fill(f"/export markdown {tmp_path / 'out.md'}")
        await driven.press("enter")
        await driven.until(lambda: delivered)
    assert delivered["save_filename"] == "out.md"
    assert "alpha beta" in delivered["text"]
    assert (tmp_path / "out.md").read_text() == "mine"


async def test_the_page_says_that_an_answer_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-9: a bell or a desktop notification of the server would be heard there."""
    told: list[str] = []
    monkeypatch.setattr("llmtui.tui.terminal.tell_page", lambda _app, sentence: told.append(sentence))
    monkeypatch.setattr(ChatApp, "bell", lambda _self: pytest.fail("the server's bell rang"))
    options = Options(demo=True, model="endless")
    async with driving(options=options, config=Config(ui=Config().ui._replace(notify="bell"))) as driven:
        driven.chat.prompt.fill("alpha")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.transcript.is_streaming)
        driven.app.app_focus = False
        driven.chat.turns.stop(driven.chat.talk)
        await driven.until(lambda: told)
    assert told == ["The answer is complete"]
