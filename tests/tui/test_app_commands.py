"""Every slash command does what its key does; every key of the transcript that moves goes where it should."""

from __future__ import annotations

from llmtui.core.options import Options
from llmtui.core.request import GenerationSettings
from tests.tui.conftest import driving

SCREENS = {
    "/help": "HelpScreen",
    "/model": "ModelScreen",
    "/search": "SearchScreen",
    "/search one": "SearchScreen",
    "/context": "ContextScreen",
    "/usage": "UsageScreen",
    "/compare": "CompareModels",
    "/role": "RolesScreen",
    "/keys": "KeysScreen",
    "/settings": "SettingsScreen",
    "/theme": "ThemeScreen",
}


async def test_commands_open_the_screens_of_their_keys() -> None:
    """CHAT-2, CHAT-4: each also as a command; Esc comes back to the prompt, which is empty."""
    async with driving() as driven:
        await driven.ask("one")
        for command, screen in SCREENS.items():
            driven.chat.prompt.fill(command)
            await driven.press("enter")
            await driven.until(lambda: type(driven.app.screen).__name__ == screen)  # noqa: B023 - awaited here
            await driven.press("escape")
            await driven.until(lambda: driven.app.screen is driven.chat)
            assert driven.prompt == ""
            assert driven.app.focused is driven.chat.prompt.area
        assert len(driven.chat.talk.messages) == 2, "nothing of it was sent"


async def test_clear_new_and_quit() -> None:
    """CHAT-1, CHAT-2: /clear keeps model and settings, /new does not; both leave the conversation in the list; /quit ends."""
    async with driving(options=Options(demo=True, model="instant")) as driven:
        await driven.ask("one")
        driven.chat.prompt.fill("/set temperature 0.5")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.settings.temperature == 0.5)
        first = driven.chat.talk
        driven.chat.prompt.fill("/clear")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk is not first)
        assert (driven.chat.talk.id, driven.chat.talk.settings.temperature) == (None, 0.5)
        second = driven.chat.talk
        driven.chat.prompt.fill("/new")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk is not second)
        assert driven.chat.talk.settings == GenerationSettings()
        assert driven.chat.library is not None
        assert [each.id for each in await driven.chat.library.conversations()] == [first.id]
        driven.chat.prompt.fill("/quit")
        await driven.pilot.press("enter")
        await driven.until(lambda: driven.app._exit)


async def test_keys_that_move_through_the_transcript() -> None:
    """CHAT-4: j k, arrows, g G, Home End, PageUp PageDown; [ ] and arrows change between versions; in an empty one none fails."""
    async with driving(size=(80, 24)) as driven:
        await driven.press("shift+tab")
        for key in ("j", "k", "g", "G", "y", "Y", "1", "9", "e", "r", "c", "x", "p", "d", "n", "N", "enter", "space",
                    "left", "right", "left_square_bracket", "home", "end", "pageup", "pagedown", "ctrl+end"):  # fmt: skip
            await driven.press(key)
        await driven.press("escape")
        await driven.ask("one")
        await driven.ask("two")
        await driven.press("ctrl+r")
        await driven.settled()
        transcript, ids = driven.chat.transcript, [message.id for message in driven.chat.talk.messages]
        await driven.press("shift+tab")
        for key, at in (("g", 0), ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("end", 3), ("home", 0), ("G", 3)):
            await driven.press(key)
            assert transcript.selected == ids[at], key
        for key in ("left_square_bracket", "right_square_bracket", "left", "right"):
            before = driven.chat.talk.messages[-1].id
            await driven.press("G", key)
            await driven.until(lambda: driven.chat.talk.messages[-1].id != before)  # noqa: B023 - awaited here
        await driven.press("pageup")
        await driven.until(lambda: not transcript.follow)
        await driven.press("ctrl+end")
        await driven.until(lambda: transcript.follow)
