"""The prompt: line editing, history, pastes, marks, completion, drafts, the editor."""

from __future__ import annotations

import stat
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from textual import events

from llmtui.core.cost import format_usd
from llmtui.core.messages import Attachment, ModelRef
from llmtui.core.options import Options
from llmtui.tui.app import ChatApp
from llmtui.tui.editor import without_keys
from llmtui.tui.model_book import Facts
from llmtui.tui.talk import Question
from llmtui.tui.terminal import PasteSafeParser
from tests.tui.conftest import Driven, driving

if TYPE_CHECKING:
    from pathlib import Path


def paste(driven: Driven, text: str) -> None:
    driven.chat.prompt.area.post_message(events.Paste(text))


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "shift+\r"])
async def test_new_line_keys(key: str) -> None:
    """CHAT-2: three ways to write a new line; none of them sends."""
    async with driving() as driven:
        await driven.type("a")
        driven.chat.prompt.area.post_message(events.Key(key, None)) if key == "shift+\r" else await driven.press(key)
        await driven.pilot.pause()
        await driven.type("b")
        assert driven.prompt == "a\nb"
        assert driven.chat.talk.messages == []


async def test_backslash_enter_is_a_new_line() -> None:
    """CHAT-2: a backslash at the end of the line, then Enter."""
    async with driving() as driven:
        await driven.type("a\\")
        await driven.press("enter")
        await driven.type("b")
        assert driven.prompt == "a\nb"


async def test_line_editing_keys() -> None:
    """CHAT-2: Ctrl+A/E/K/U/W and Ctrl+Z/Y do what they do in every line editor."""
    async with driving() as driven:
        await driven.type("one two")
        await driven.press("ctrl+a")
        await driven.type("x")
        assert driven.prompt == "xone two"
        await driven.press("ctrl+e", "ctrl+w")
        assert driven.prompt == "xone "
        await driven.press("ctrl+u")
        assert driven.prompt == ""
        await driven.press("ctrl+z")
        assert driven.prompt == "xone two", "the text area takes deletions in a row back together"
        await driven.press("ctrl+y")
        assert driven.prompt == ""
        await driven.type("abc")
        await driven.press("home", "ctrl+k")
        assert driven.prompt == ""


async def test_up_and_down_go_through_earlier_prompts() -> None:
    """CHAT-2: on the first and last line; what was being typed comes back at the bottom."""
    async with driving() as driven:
        await driven.ask("first")
        await driven.ask("second")
        await driven.type("dra")
        await driven.press("up")
        assert driven.prompt == "second"
        await driven.press("up")
        assert driven.prompt == "first"
        await driven.press("up")
        assert driven.prompt == "first"
        await driven.press("down", "down")
        assert driven.prompt == "dra"


async def test_earlier_prompts_and_the_draft_survive_a_restart() -> None:
    """CHAT-2: history and draft are stored; a new start has both."""
    async with driving() as driven:
        await driven.ask("remember me")
        await driven.press("ctrl+n")
        await driven.type("unfinished")
    async with driving() as driven:
        assert driven.prompt == "unfinished"
        await driven.press("ctrl+u", "up")
        assert driven.prompt == "remember me"


async def test_what_was_sent_is_no_draft_any_more() -> None:
    """CHAT-2: a prompt that was kept while it was typed, and then sent, does not come back."""
    async with driving() as driven:
        await driven.type("sent")
        await driven.chat.drafts.keep()
        await driven.press("enter")
        await driven.settled()
    async with driving() as driven:
        assert driven.prompt == ""


async def test_the_draft_of_a_new_conversation_outlives_a_look_at_another_one() -> None:
    """CHAT-2: a draft belongs to its conversation, also to one that has not begun."""
    async with driving() as driven:
        await driven.ask("one")
        one = driven.chat.talk
        await driven.press("ctrl+n")
        await driven.type("later")
        one.returned = [Question("given back")]
        await driven.chat.show_talk(one)
        assert driven.prompt == "given back"
        await driven.press("x")
        await driven.chat.drafts.keep()
        await driven.press("ctrl+n")
        assert driven.prompt == "later"


async def test_the_prompt_grows_to_a_third_of_the_screen() -> None:
    """CHAT-2: it grows with its text, and then scrolls."""
    async with driving(size=(80, 30)) as driven:
        assert driven.chat.prompt.area.size.height == 1
        for _ in range(4):
            await driven.press("ctrl+j")
        assert driven.chat.prompt.area.size.height == 5
        for _ in range(20):
            await driven.press("ctrl+j")
        assert driven.chat.prompt.area.size.height <= 10


# ---------------------------------------------------------------------------------------------------- pastes


async def test_a_paste_never_sends() -> None:
    """SEC-1, CHAT-2: several lines are put in as they are."""
    async with driving() as driven:
        paste(driven, "one\r\ntwo\r")
        await driven.pilot.pause()
        assert driven.prompt == "one\ntwo\n"
        assert driven.chat.talk.messages == []


async def test_a_paste_is_cleaned_when_it_is_put_in() -> None:
    """SEC-1: control characters become visible."""
    async with driving() as driven:
        paste(driven, "a\x1b[31mb\x07")
        await driven.pilot.pause()
        assert driven.prompt == "a␛[31mb␇"


async def test_a_long_paste_folds_and_is_sent_whole() -> None:
    """CHAT-2: a long paste is a mark that goes as a whole, can be opened with Tab, and is expanded when sent."""
    text = "\n".join(f"line {n}" for n in range(120))
    async with driving() as driven:
        await driven.type("see ")
        paste(driven, text)
        await driven.pilot.pause()
        assert driven.prompt == "see [pasted 120 lines]"
        await driven.press("backspace")
        assert driven.prompt == "see "
        await driven.press("ctrl+z")
        assert driven.prompt == "see [pasted 120 lines]"
        await driven.press("left", "left", "left")
        await driven.type("!")
        assert driven.prompt == "see [pasted 120 lines]!", "typing inside a mark goes behind it"
        await driven.press("enter")
        await driven.settled()
        assert driven.chat.talk.messages[0].content == f"see {text}!"


async def test_tab_opens_a_folded_paste() -> None:
    """CHAT-2: with the cursor at the mark."""
    text = "x" * 3000
    async with driving() as driven:
        paste(driven, text)
        await driven.pilot.pause()
        assert driven.prompt == "[pasted 3000 characters]"
        await driven.press("tab")
        assert driven.prompt == text


# ---------------------------------------------------------------------------------------------------- completion


async def test_tab_completes_a_command_and_enter_runs_it() -> None:
    """CHAT-2: `/he` + Tab; Enter on a marked command that needs nothing more runs it."""
    async with driving() as driven:
        await driven.type("/he")
        assert driven.chat.prompt.is_completing
        await driven.press("tab")
        assert driven.prompt == "/help "
        await driven.press("ctrl+u")
        await driven.type("/hel")
        await driven.press("enter")
        await driven.until(lambda: type(driven.app.screen).__name__ == "HelpScreen")
        assert driven.prompt == ""


async def test_an_unknown_command_is_a_sentence_and_keeps_the_text() -> None:
    """CHAT-2: nothing is sent, nothing is lost."""
    async with driving() as driven:
        await driven.type("/nonsense")
        await driven.press("enter")
        assert "/nonsense" in driven.notices()
        assert driven.prompt == "/nonsense"
        driven.chat.prompt.fill("//nonsense")
        await driven.press("enter")
        await driven.settled()
        assert driven.chat.talk.messages[0].content == "/nonsense"


async def test_tab_completes_files_and_the_file_goes_with_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHAT-2, PRV-3: `@no` + Tab; the file named in the text is attached when it is sent."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("remember the milk", "utf-8")
    async with driving() as driven:
        await driven.type("read @no")
        await driven.until(lambda: driven.chat.prompt.is_completing)
        await driven.press("tab")
        assert driven.prompt == "read @notes.txt "
        await driven.press("enter")
        await driven.settled()
        assert driven.chat.talk.messages[0].attachments == (
            Attachment("notes.txt", "text/plain", b"remember the milk"),
        )
        assert "notes.txt" in "".join(driven.chat.transcript.message_source(driven.chat.talk.messages[0].id))


async def test_a_file_that_cannot_go_along_keeps_the_question_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHAT-2, PRV-3: without its file it would be another question, and cost all the same."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.bin").write_bytes(b"\0\1\2\xff")
    async with driving() as driven:
        driven.chat.prompt.fill("what is in @b.bin ?")
        await driven.press("enter")
        await driven.until(lambda: "Nothing was sent" in driven.notices())
        assert driven.prompt == "what is in @b.bin ?"
        assert driven.chat.talk.messages == []


async def test_attach_puts_a_mark_that_can_be_removed(tmp_path: Path) -> None:
    """CHAT-2: `/attach FILE`; a file that cannot be sent is refused with a sentence."""
    (tmp_path / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 2000)
    (tmp_path / "b.bin").write_bytes(b"\0\1\2\xff")
    async with driving() as driven:
        driven.chat.prompt.fill(f"/attach {tmp_path}/p.png")
        await driven.press("enter")
        await driven.until(lambda: driven.prompt)
        assert driven.prompt == "[image p.png 2 KB] "
        text, files = driven.chat.prompt.content()
        assert (text, files[0].media_type) == ("", "image/png")
        await driven.press("backspace", "backspace")
        assert driven.prompt == ""
        driven.chat.prompt.fill(f"/attach {tmp_path}/b.bin")
        await driven.press("enter")
        await driven.until(lambda: "neither" in driven.notices())


async def test_quitting_with_an_attachment_asks_first(tmp_path: Path) -> None:
    """CHAT-2: quitting asks only when something would be lost."""
    async with driving() as driven:
        driven.chat.prompt.attach(Attachment("a.txt", "text/plain", b"x"))
        await driven.press("ctrl+q")
        assert type(driven.app.screen).__name__ == "Confirm"
        await driven.press("n")
        assert driven.app.screen is driven.chat


async def test_keys_that_come_at_once_act_in_their_order() -> None:
    """CHAT-2: over a slow line many keys arrive in one read; what was typed after one is not typed before it."""
    async with driving() as driven:

        def arrive(keys: str) -> None:
            parser = PasteSafeParser()
            for key in keys:
                for event in parser.feed(key):
                    driven.app.post_message(event)

        arrive("hello\nthere")
        await driven.until(lambda: driven.prompt == "hello\nthere")
        driven.chat.prompt.fill("")
        arrive("teh\x7f\x7fhe\x01s\x05!")
        await driven.until(lambda: driven.prompt == "sthe!")
        driven.chat.prompt.fill("")
        arrive("/nonsense\rnext")
        await driven.until(lambda: "There is no command /nonsense" in driven.notices())
        await driven.until(lambda: driven.prompt == "/nonsense\nnext")
        driven.chat.prompt.fill("")
        arrive("first\rsecond")
        await driven.until(lambda: driven.prompt == "second" and driven.chat.talk.messages)
        assert driven.chat.talk.messages[0].content == "first"
        await driven.settled()


# ---------------------------------------------------------------------------------------------------- the editor


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that adds two words and notes what it was given."""
    seen = tmp_path / "seen"
    script = tmp_path / "edit.sh"
    body = f'env > {seen}\nls -l "$1" >> {seen}\nprintf "%s and more\\n" "$(cat "$1")" > "$1"\n'
    script.write_text(f"#!/bin/sh\n{body}", "utf-8")
    script.chmod(stat.S_IRWXU)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr(ChatApp, "suspend", lambda self: _nothing())
    return seen


async def test_ctrl_g_takes_the_text_back_from_the_editor(editor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-2, CHAT-6: the text in $VISUAL, in a file that only the user can read; no key in its environment."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-canary-canary")
    async with driving() as driven:
        await driven.type("text")
        await driven.press("ctrl+g")
        await driven.until(lambda: driven.prompt == "text and more")
    seen = _content(editor)
    assert "canary" not in seen
    assert "-rw-------" in seen


def _content(path: Path) -> str:
    return path.read_text("utf-8")


def _nothing() -> object:
    from contextlib import nullcontext

    return nullcontext()


def test_keys_are_left_out_of_a_child_environment() -> None:
    """CHAT-6: also those under a name from the config."""
    kept = without_keys({"HOME": "/", "X_API_KEY": "1", "MY_SECRET": "2", "hf_token": "3"}, {"MY_SECRET"})
    assert kept == {"HOME": "/"}


async def test_an_editor_that_does_not_exist_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-2: the prompt is unchanged."""
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    monkeypatch.setattr(ChatApp, "suspend", lambda self: _nothing())
    async with driving() as driven:
        await driven.type("text")
        await driven.press("ctrl+g")
        await driven.until(lambda: "There is no editor" in driven.notices())
        assert driven.prompt == "text"


def estimated(driven: Driven) -> int:
    """The tokens that the prompt's edge tells of."""
    return int(str(driven.chat.prompt.border_subtitle).strip(" ~").split()[0].replace(",", ""))


async def test_the_estimate_counts_everything_that_is_sent() -> None:
    """TOK-3: folded pastes, files, the system prompt and the conversation so far, at the model's price."""
    async with driving() as driven:
        driven.chat.models._facts[ModelRef("demo", "instant")] = Facts(100_000, Decimal(1000), None)
        await driven.type("x")
        alone = estimated(driven)
        assert alone < 20
        paste(driven, "word " * 4000)
        await driven.pilot.pause()
        assert driven.prompt.endswith("characters]")
        pasted = estimated(driven)
        assert 3500 < pasted < 6500
        driven.chat.prompt.attach(Attachment("a.txt", "text/plain", b"word " * 4000))
        await driven.pilot.pause()
        attached = estimated(driven)
        assert 3500 < attached - pasted < 6500
        assert f"~{format_usd(Decimal(attached) / 1000)}" in str(driven.chat.prompt.border_subtitle)
        assert f"{100 - attached / 1000:.0f} % left" in str(driven.chat.prompt.border_subtitle)
        driven.chat.talk.system = "be kind " * 1000
        await driven.press("y")
        assert estimated(driven) - attached > 1500
        driven.chat.prompt.clear()
        driven.chat.talk.system = None
        await driven.ask("one " * 2000)
        await driven.type("x")
        assert estimated(driven) > 1800
        driven.chat.talk.editing = driven.chat.talk.messages[0].id
        await driven.press("y")
        assert estimated(driven) < 20, "an edited question is sent without what follows it"


async def test_the_estimate_stands_on_the_edge() -> None:
    """TOK-3: what the message will use, marked as an estimate."""
    async with driving(options=Options(demo=True, model="steady")) as driven:
        await driven.type("hello world")
        assert "~" in str(driven.chat.prompt.border_subtitle)
        assert "tokens" in str(driven.chat.prompt.border_subtitle)
        await driven.press("ctrl+u")
        assert not driven.chat.prompt.border_subtitle
