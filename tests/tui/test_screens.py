"""The screens over the chat: palette, help, model, keys, settings, theme, search, first run; each by its key."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from llmtui.config import Config
from llmtui.config.state import load_state
from llmtui.config.values import ProviderConfig
from llmtui.core.errors import ConfigError
from llmtui.core.messages import ModelRef
from llmtui.core.options import Options
from llmtui.paths import locate
from llmtui.tui import commands
from llmtui.tui.screens.models import ModelScreen
from llmtui.tui.terminal import PasteSafeParser
from tests.support.wire_server import Reply, WireServer
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven


def _says(driven: Driven, text: str) -> bool:
    return text in driven.notices()


def top(driven: Driven) -> str:
    return type(driven.app.screen).__name__


@pytest.mark.parametrize(
    ("key", "screen"),
    [
        ("ctrl+p", "Palette"),
        ("f1", "HelpScreen"),
        ("f2", "ModelScreen"),
        ("f3", "SearchScreen"),
        ("f9", "KeysScreen"),
        ("f10", "SettingsScreen"),
    ],
)
async def test_a_key_opens_its_screen_and_escape_closes_it(key: str, screen: str, size: tuple[int, int]) -> None:
    """CHAT-4, STR-14: from the prompt, at every size; what was typed stays."""
    async with driving(size=size) as driven:
        await driven.type("typed")
        await driven.press(key)
        await driven.until(lambda: top(driven) == screen)
        assert driven.screen_text().strip()
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.chat)
        assert driven.prompt == "typed"


async def test_help_lists_every_key_and_command() -> None:
    """CHAT-4: made from the table of actions, so that it cannot forget one."""
    from textual.widgets import Static

    async with driving() as driven:
        await driven.press("f1")
        await driven.until(lambda: top(driven) == "HelpScreen")
        text = str(driven.app.screen.query_one(Static).content)
        for action in commands.ACTIONS:
            assert action.title in text
            assert action.usage in text
        assert "Ctrl+P" in text
        assert "Regenerate" in text
        assert "< Shift+Left" in text  # as on the key, not as it is called


async def test_help_has_one_column_on_a_narrow_screen() -> None:
    """CHAT-4, STR-14: keys and command on a line, what they do below it, nothing beside it."""
    async with driving(size=(40, 24)) as driven:
        await driven.press("f1")
        await driven.until(lambda: "Command palette" in driven.screen_text())
        lines = [line.strip(" │▁▂▃▄▅▆▇█") for line in driven.screen_text().splitlines()]
        assert lines[lines.index("Ctrl+P") + 1] == "Command palette"
        assert lines[lines.index("F1  /help") + 1] == "Help: every key and command"
        assert lines[lines.index("Ctrl+N  /new") + 1] == "New conversation"


async def test_the_palette_runs_what_is_picked() -> None:
    """CHAT-4: typed letters find it; one that needs an argument is put into the prompt."""
    async with driving() as driven:
        await driven.press("ctrl+p")
        await driven.type("attach")
        await driven.press("enter")
        await driven.until(lambda: driven.app.screen is driven.chat)
        assert driven.prompt == "/attach "
        await driven.press("ctrl+u", "ctrl+p")
        await driven.type("settings where")
        await driven.press("enter")
        await driven.until(lambda: top(driven) == "SettingsScreen")


async def test_a_model_is_chosen_for_this_conversation_or_as_the_default() -> None:
    """PRV-5: fuzzy search over what the providers list; Enter for here, Ctrl+D also as the default."""
    async with driving() as driven:
        await driven.press("f2")
        await driven.until(lambda: "demo/thinker" in driven.screen_text())
        await driven.type("thnk")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.model == ModelRef("demo", "thinker"))
        assert driven.chat.session is not None
        assert driven.chat.session.default_model == ModelRef("demo", "instant")
        await driven.press("f2")
        await driven.until(lambda: "demo/quick" in driven.screen_text())
        await driven.type("quick")
        await driven.press("ctrl+d")
        await driven.until(
            lambda: driven.chat.session and driven.chat.session.default_model == ModelRef("demo", "quick")
        )


async def test_a_model_that_does_not_exist_is_a_sentence() -> None:
    """ROB-2: `/model` with a provider that nobody knows."""
    async with driving() as driven:
        driven.chat.prompt.fill("/model opnai/gpt")
        await driven.press("enter")
        await driven.until(lambda: "Did you mean openai" in driven.notices())
        driven.chat.prompt.fill("/model nonsense")
        await driven.press("enter")
        await driven.until(lambda: "is not a model" in driven.notices() or "no provider" in driven.notices())


async def test_the_system_prompt_is_shown_and_removed_only_when_told_to() -> None:
    """CHAT-4: `/system` alone shows it, `/system -` removes it."""
    async with driving() as driven:
        for text, system, says in (
            ("/system", None, "There is no system prompt"),
            ("/system Be brief.", "Be brief.", "is set"),
            ("/system", "Be brief.", "Be brief."),
            ("/system -", "", "There is no system prompt now"),
        ):
            driven.app.clear_notifications()
            driven.chat.prompt.clear()
            driven.chat.prompt.fill(text)
            await driven.press("escape", "enter")
            await driven.until(partial(_says, driven, says))
            assert driven.chat.talk.system == system


async def test_the_demo_is_not_the_model_of_the_next_start() -> None:
    """CHAT-5: it is a way to look around, be it taken from the welcome or made the default in the list of models."""
    async with driving(options=Options()) as driven:
        await driven.press("enter")
        await driven.until(lambda: driven.chat.current_model == ModelRef("demo", "steady"))
        await driven.chat.use_model(ModelRef("demo", "instant"), default=True)
        await driven.app.workers.wait_for_complete([w for w in driven.app.workers if w.group == "state"])
        path = locate(os.environ).state_file
        assert not load_state(path)[0].model


async def test_the_key_of_the_list_goes_there_and_then_closes_it() -> None:
    """CHAT-1: F5 goes into a list that is open beside the transcript; there it closes it."""
    async with driving(size=(120, 40)) as driven:
        assert driven.chat.prompt.area.has_focus
        for shown, focused in ((1, True), (0, False), (1, True)):
            await driven.press("f5")
            assert len(driven.chat.query("Sidebar")) == shown
            assert bool(driven.chat.query("Sidebar Input:focus")) is focused
            assert driven.chat.prompt.area.has_focus is not focused


async def test_the_cursor_of_the_list_goes_along_with_what_is_open() -> None:
    """CHAT-1: a new conversation takes the cursor off the one before, and has it once it has begun."""
    async with driving(size=(120, 40)) as driven:
        sidebar = driven.chat.sidebar
        assert sidebar is not None
        await driven.ask("one")
        await driven.until(lambda: sidebar.marked == driven.chat.talk.id)
        await driven.press("ctrl+n")
        await driven.until(lambda: sidebar.marked is None)
        await driven.ask("two")
        await driven.until(lambda: sidebar.marked == driven.chat.talk.id)


async def test_settings_can_be_set_for_a_conversation() -> None:
    """PRV-3: `/set` and `/system`; bad values are sentences; they are stored with the conversation."""
    async with driving() as driven:
        await driven.ask("one")
        for text in (
            "/set temperature 0.3",
            "/set max_tokens 50",
            "/set stop END",
            "/set effort low",
            "/set seed 7",
            "/system Be brief.",
        ):
            driven.chat.prompt.fill(text)
            await driven.press("enter")
        settings = driven.chat.talk.settings
        assert (settings.temperature, settings.max_output_tokens, settings.stop) == (0.3, 50, ("END",))
        assert (settings.reasoning_effort, settings.seed, driven.chat.talk.system) == ("low", 7, "Be brief.")
        for text, says in (
            ("/set temperature 9", "between 0 and 2"),
            ("/set top_p x", "is a number"),
            ("/set effort huge", "one of"),
            ("/set max_tokens -1", "above 0"),
            ("/set colour red", "no setting"),
        ):
            driven.chat.prompt.clear()
            driven.chat.prompt.fill(text)
            await driven.press("enter")
            await driven.until(partial(_says, driven, says))
        conversation = driven.chat.talk.id
        await driven.press("ctrl+n")
        assert driven.chat.talk.settings.temperature is None
        from llmtui.tui.actions import conversations

        await conversations.open_by_id(driven.chat, conversation or "")
        assert driven.chat.talk.settings == settings
        assert driven.chat.talk.system == "Be brief."


async def test_settings_say_where_each_comes_from() -> None:
    """CHAT-4: model, theme and budgets with their source; the budgets lead to their screen."""
    config = Config(
        budget=Config().budget._replace(daily_usd=Decimal(3)), ui=Config().ui._replace(theme="llmtui-light")
    )
    async with driving(config=config) as driven:
        await driven.press("f10")
        await driven.until(lambda: "llmtui-light · config" in driven.screen_text())
        assert "demo/instant · command line or LLMTUI_MODEL" in driven.screen_text()
        assert "today's $3.00" in driven.screen_text()
        await driven.type("budgets")
        await driven.press("enter")
        await driven.until(lambda: "Today's $3.00: raise it" in driven.screen_text())


async def test_a_theme_is_shown_as_it_is_marked_and_kept_with_enter() -> None:
    """CHAT-4: Esc goes back to the one before; the choice is remembered for the next start."""
    async with driving() as driven:
        driven.chat.prompt.fill("/theme")
        await driven.press("enter")
        await driven.until(lambda: top(driven) == "ThemeScreen")
        await driven.press("down")
        await driven.until(lambda: driven.app.theme == "llmtui-light")
        await driven.press("escape")
        await driven.until(lambda: driven.app.theme == "llmtui-dark")
        driven.chat.prompt.fill("/theme llmtui-light")
        await driven.press("enter")
        await driven.until(lambda: driven.app.theme == "llmtui-light")
        await driven.app.workers.wait_for_complete([w for w in driven.app.workers if w.group == "state"])
    async with driving() as driven:
        assert driven.app.theme == "llmtui-light"


async def test_search_finds_as_one_types_and_goes_to_the_message() -> None:
    """CHAT-1: every message of every conversation, newest first."""
    async with driving() as driven:
        await driven.ask("the zanzibar question")
        first = driven.chat.talk.id
        await driven.press("ctrl+n")
        await driven.ask("something else")
        await driven.press("f3")
        await driven.type("zanzi")
        await driven.until(lambda: "zanzibar" in driven.screen_text())
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.id == first)


async def test_the_first_run_is_one_enter_from_typing() -> None:
    """CHAT-5: no key and no server: what was found, and the demo is what Enter takes."""
    async with driving(options=Options()) as driven:
        assert top(driven) == "Welcome"
        await driven.until(lambda: "openai" in driven.screen_text())
        await driven.press("enter")
        await driven.until(lambda: driven.app.screen is driven.chat)
        await driven.until(lambda: driven.chat.current_model == ModelRef("demo", "steady"))
        await driven.type("hello")
        assert driven.prompt == "hello"
        assert "demo" in driven.screen_text().splitlines()[-1]


async def test_on_the_first_run_one_can_just_type() -> None:
    """CHAT-5: the chat is open on the demo; letters are a question, not a search for a provider; a pasted key is neither."""
    async with driving(options=Options()) as driven:
        assert driven.chat.current_model == ModelRef("demo", "steady")
        driven.app.screen.post_message(Paste("sk-canary"))
        await driven.until(lambda: "provider first" in driven.notices())
        assert driven.prompt == ""
        await driven.type("hello")
        assert driven.app.screen is driven.chat
        assert driven.prompt == "hello"
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.messages)
        await driven.press("escape")
        await driven.settled()
        assert driven.chat.talk.messages[0].content == "hello"


async def test_on_the_first_run_letters_and_enter_may_come_at_once() -> None:
    """CHAT-5: keys that reach the dialog before it has gone."""
    async with driving(options=Options()) as driven:
        for key in ("h", "i", "enter"):
            driven.app.post_message(Key(key, key if len(key) == 1 else None))
        await driven.until(lambda: driven.chat.talk.messages or driven.chat.talk.live)
        await driven.press("escape")
        await driven.settled()
        assert driven.chat.talk.messages[0].content == "hi"


async def test_keys_are_set_by_hidden_input_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-6: where each key comes from; a keyring that does not take it leads to a question, not to a file."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-canary-1234")
    async with driving() as driven:
        await driven.press("f9")
        await driven.until(lambda: "variable OPENAI_API_KEY" in driven.screen_text())
        assert "canary" not in driven.screen_text()
        assert "1234" in driven.screen_text()
        await driven.type("anthropic")
        await driven.press("enter")
        await driven.until(lambda: top(driven) == "AskText")
        await driven.type("sk-secret")
        assert "sk-secret" not in driven.screen_text()
        await driven.press("enter")
        await driven.until(lambda: top(driven) == "Confirm")
        await driven.press("y")
        await driven.until(lambda: "file" in driven.screen_text() and top(driven) == "KeysScreen")
        assert "secret" not in driven.screen_text()
        await driven.press("delete")
        await driven.until(lambda: top(driven) == "Confirm")
        await driven.press("y")
        await driven.until(lambda: "Removed from: file" in driven.screen_text())
        assert not os.environ.get("ANTHROPIC_API_KEY")


# ---------------------------------------------------------------------------------------------------- conversations


async def test_the_list_opens_filters_chooses_and_deletes_with_a_way_back() -> None:
    """CHAT-1: by date, type to filter, Enter opens, Del deletes, /undo brings back."""
    async with driving(size=(80, 24)) as driven:
        await driven.ask("apples")
        await driven.press("ctrl+n")
        await driven.ask("pears")
        await driven.press("f5")
        await driven.until(lambda: "apples" in driven.screen_text() and "Today" in driven.screen_text())
        await driven.type("app")
        await driven.until(lambda: driven.chat.sidebar and len([i for i, _ in driven.chat.sidebar.lines if i]) == 1)
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.title == "apples")
        assert driven.chat.sidebar is None, "over the transcript it closes when something was chosen"
        await driven.press("ctrl+b")
        await driven.until(lambda: driven.chat.sidebar and len(driven.chat.sidebar.lines) == 3)
        await driven.press("delete")
        await driven.until(lambda: "/undo" in driven.notices())
        assert driven.chat.talk.messages == []
        await driven.press("escape")
        assert driven.chat.sidebar is None
        driven.chat.prompt.fill("/undo")
        await driven.press("enter")
        await driven.until(lambda: "Brought back" in driven.notices())


async def test_rename_and_continue() -> None:
    """CHAT-1: /rename; --continue opens the newest, --conversation a given one by its prefix."""
    async with driving() as driven:
        await driven.ask("one")
        driven.chat.prompt.fill("/rename Better title")
        await driven.press("enter")
        assert "Better title" in driven.screen_text()
        conversation = driven.chat.talk.id or ""
    async with driving(options=Options(demo=True, model="instant", continue_newest=True)) as driven:
        assert driven.chat.talk.id == conversation
        assert driven.chat.talk.title == "Better title"
        assert "one" in driven.screen_text()
    async with driving(options=Options(demo=True, model="instant", conversation=conversation[:6])) as driven:
        assert driven.chat.talk.id == conversation


# ---------------------------------------------------------------------------------------------------- keys of one's own


async def test_keys_can_be_rebound() -> None:
    """CHAT-4: `[ui.keys]` replaces an action's keys; the help shows the new one."""
    ui = Config().ui._replace(keys={"new": "f12", "send": "ctrl+s"})
    async with driving(config=Config(ui=ui)) as driven:
        await driven.type("hi")
        await driven.press("ctrl+s")
        await driven.settled()
        talk = driven.chat.talk
        assert len(talk.messages) == 2
        await driven.press("f12")
        assert driven.chat.talk is not talk
        await driven.press("f1")
        await driven.until(lambda: "F12" in driven.screen_text())


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"nwe": "f12"}, "Did you mean “new”"),
        ({"new": "contrl+n"}, "does not exist"),
        ({"new": "ctrl+nonsense"}, "does not exist"),
        ({"new": ""}, "does not exist"),
    ],
)
def test_bad_keys_in_the_config_are_sentences(keys: dict[str, str], says: str) -> None:
    """CHAT-4: what is wrong, where, what to do."""
    with pytest.raises(ConfigError, match=r"ui\.keys") as error:
        commands.rebound(keys)
    assert says in error.value.sentence


def test_no_two_actions_share_a_key_or_a_command() -> None:
    """CHAT-4: the table is unambiguous, and every documented key is in it."""
    keys = [key for action in commands.ACTIONS for key in action.keys.split(",") if key]
    slashes = [action.slash for action in commands.ACTIONS if action.slash]
    assert len(keys) == len(set(keys))
    assert len(slashes) == len(set(slashes))
    assert {
        "ctrl+p",
        "f1",
        "ctrl+n",
        "f5",
        "ctrl+b",
        "ctrl+q",
        "f2",
        "f3",
        "f9",
        "f10",
        "ctrl+g",
        "ctrl+r",
        "ctrl+t",
        "ctrl+o",
    } <= set(keys)


async def test_servers_on_this_machine_are_found_behind_the_prompt() -> None:
    """PRV-6: once everything is ready they are asked, unasked, and are on the list of models."""
    listed = json.dumps({"data": [{"id": "tiny-llama"}]}).encode()
    with WireServer() as server:
        server.replies(Reply(pieces=[listed], chunked=False))
        config = Config(providers={"vllm": ProviderConfig(base_url=server.url)})
        async with driving(options=Options(demo=True), config=config) as driven:
            assert driven.chat.session is not None
            lists = driven.chat.session.directory.lists
            await driven.until(lambda: lists.cached("vllm"))
            assert [info.name for info in lists.cached("vllm")] == ["tiny-llama"]


async def test_keys_that_come_at_once_act_in_their_order_in_a_field() -> None:
    """CHAT-4: what was typed behind a backspace is not typed before it."""
    async with driving() as driven:
        await driven.press("f2")
        await driven.until(lambda: isinstance(driven.app.screen, ModelScreen))
        field = driven.app.screen.query_one(Input)
        parser = PasteSafeParser()
        for key in "teh\x7f\x7fhe\x01s\x05!":
            for event in parser.feed(key):
                driven.app.post_message(event)
        await driven.until(lambda: field.value == "sthe!")


async def test_arrows_and_enter_that_come_at_once_take_the_row_that_was_reached() -> None:
    """CHAT-4: Enter does not overtake the arrows that mark what it takes."""
    async with driving(config=Config(templates={"one": "First", "two": "Second"})) as driven:
        await driven.press("f8")
        await driven.until(lambda: top(driven) == "RolesScreen" and len(driven.app.screen.shown) == 3)  # type: ignore[attr-defined]
        for event in PasteSafeParser().feed("\x1b[B\x1b[B\r"):
            driven.app.post_message(event)
        await driven.until(lambda: driven.prompt == "Second")
