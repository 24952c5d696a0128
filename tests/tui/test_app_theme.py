"""Changing the colours while messages are on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.tui import themes
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven


def label_colours(driven: Driven) -> set[str]:
    """The colours that “you” is written in on the screen, before a question."""
    return {
        segment.style.color.name
        for line in driven.app.screen._compositor.render_strips()
        for segment in line
        if segment.text.split()[:1] == ["you"] and segment.style and segment.style.color
    }


async def test_a_theme_colours_the_labels_of_messages_too() -> None:
    """CHAT-6: after a change of theme nothing on screen keeps a colour of the one before."""
    async with driving() as driven:
        await driven.ask("one")
        driven.chat.transcript.scroll_to_message(driven.chat.talk.messages[0].id)
        await driven.pilot.pause()
        assert label_colours(driven) == {themes.DARK.primary}
        for theme in (themes.LIGHT, themes.DARK, themes.LIGHT):
            driven.app.use_theme(theme.name)
            await driven.pilot.pause()
            await driven.pilot.pause(0.05)
            assert label_colours(driven) == {theme.primary}
