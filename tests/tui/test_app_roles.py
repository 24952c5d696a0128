"""Roles and templates: chosen, tried, edited for once, their variables asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.config import Config, RoleConfig
from llmtui.core.messages import ModelRef
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CONFIG = Config(
    roles={"teacher": RoleConfig("Explain slowly.", "demo/thinker", 0.2), "critic": RoleConfig("Find faults.")},
    templates={"explain": "Explain {{topic}} to {{audience}}", "plain": "Say hello"},
)


async def test_a_role_is_chosen_for_this_conversation_and_stored() -> None:
    """CHAT-3: system prompt, model and temperature; `No role` takes the prompt away."""
    async with driving(config=CONFIG) as driven:
        await driven.ask("one")
        await driven.press("f8")
        await driven.until(lambda: "critic: Find faults." in driven.screen_text())
        await driven.type("teach")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.model == ModelRef("demo", "thinker"))
        assert driven.chat.talk.system == "Explain slowly."
        assert driven.chat.talk.settings.temperature == 0.2
        assert driven.chat.library is not None
        assert driven.chat.talk.id is not None
        stored = await driven.chat.library.conversation(driven.chat.talk.id)
        assert stored is not None
        assert stored.settings["system"] == "Explain slowly."
        await driven.press("f8")
        await driven.until(lambda: "● teacher" in driven.screen_text())
        await driven.press("enter")
        await driven.until(lambda: not driven.chat.talk.system)


async def test_a_templates_variables_are_asked_for() -> None:
    """CHAT-3: one by one, by command too; Esc gives it up; what stood in the prompt stays."""
    async with driving(config=CONFIG) as driven:
        driven.chat.prompt.fill("/role explain")
        await driven.press("enter")
        for name, value in (("topic", "tides"), ("audience", "cats")):
            await driven.until(lambda name=name: f"explain: {name}" in driven.screen_text())  # type: ignore[misc]
            await driven.type(value)
            await driven.press("enter")
        await driven.until(lambda: driven.prompt == "Explain tides to cats")
        await driven.press("f8")
        await driven.type("plain")
        await driven.press("enter")
        await driven.until(lambda: driven.prompt == "Say hello\n\nExplain tides to cats")
        await driven.press("f8")
        await driven.type("explain")
        await driven.press("enter")
        await driven.until(lambda: "explain: topic" in driven.screen_text())
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.chat)
        assert driven.prompt.startswith("Say hello")


async def test_a_role_is_tried_in_a_new_conversation() -> None:
    """CHAT-3: what is open stays as it is."""
    async with driving(config=CONFIG) as driven:
        await driven.ask("one")
        before = driven.chat.talk
        await driven.press("f8")
        await driven.type("critic")
        await driven.press("ctrl+n")
        await driven.until(lambda: driven.chat.talk.system == "Find faults.")
        assert driven.chat.talk is not before
        assert not before.system


async def test_a_role_is_edited_for_this_conversation_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CHAT-3: the config's text stays; a template is edited likewise."""
    from llmtui.tui import editor

    async def edited(_app: object, text: str) -> str:
        return text.upper()

    monkeypatch.setattr(editor, "edit", edited)
    async with driving(config=CONFIG) as driven:
        await driven.press("f8")
        await driven.type("critic")
        await driven.press("ctrl+e")
        await driven.until(lambda: driven.chat.talk.system == "FIND FAULTS.")
        await driven.press("f8")
        await driven.type("plain")
        await driven.press("ctrl+e")
        await driven.until(lambda: driven.prompt == "SAY HELLO")
        assert driven.app.config.roles["critic"].system == "Find faults."


async def test_a_name_that_is_none_and_an_empty_config_are_said(size: tuple[int, int]) -> None:
    """CHAT-3, STR-14: what to do about it, at every size."""
    async with driving(size=size) as driven:
        driven.chat.prompt.fill("/role nobody")
        await driven.press("enter")
        await driven.until(lambda: "no role or template" in driven.notices())
        await driven.press("f8")
        await driven.until(lambda: "No role" in driven.screen_text() and "The config has" in driven.screen_text())
        await driven.press("down", "enter", "ctrl+e", "f8")
        await driven.until(lambda: driven.app.screen is driven.chat)
