"""Colours come from the theme; without colour the roles still differ (STR-14)."""

from __future__ import annotations

from rich.color import ColorType

from llmtui.render.look import CODE, LINK, STRONG, Look

THEME = {
    "foreground": "#d7dde5",
    "background": "#11151a",
    "primary": "#6cb6ff",
    "secondary": "#8b9eb5ff",
    "success": "#57c38a",
    "warning": "ansi_yellow",
    "error": "auto 87%",
}


def test_a_theme_gives_its_colours() -> None:
    look = Look.themed(THEME)
    primary = look.style("h1").color
    assert primary is not None
    assert primary.name == "#6cb6ff"
    secondary, muted, warning = look.style("marker").color, look.style("quote").color, look.style("number").color
    assert secondary is not None
    assert secondary.name == "#8b9eb5"
    assert muted is not None
    assert muted.triplet is not None
    assert warning is not None
    assert warning.name == "yellow"
    assert look.style("deleted").color is None
    assert look == Look.themed(THEME)
    assert look != Look.themed({**THEME, "primary": "#ff0000"})


def test_sixteen_colours_are_the_terminals_own() -> None:
    """STR-14: nothing but the palette."""
    for style in Look.ansi().styles.values():
        assert style.color is None or style.color.type is ColorType.STANDARD
    assert Look.themed({}).style("quote").color is not None


def test_without_colour_roles_differ_by_attribute() -> None:
    """STR-14: NO_COLOR."""
    look = Look.plain()
    assert all(style.color is None and style.bgcolor is None for style in look.styles.values())
    for role in ("h1", "h3", "keyword", "code", "comment", "quote", "dim"):
        assert look.style(role) != look.style("text")
    assert look.style("text", CODE) != look.style("text")


def test_attributes_add_up() -> None:
    style = Look.ansi().style("text", STRONG | LINK)
    assert style.bold
    assert style.underline
    assert style is Look.ansi().style("text", STRONG | LINK) or style == Look.ansi().style("text", STRONG | LINK)


def test_reasoning_is_one_quiet_colour() -> None:
    look = Look.ansi().dimmed()
    dim = Look.ansi().style("dim").color
    assert all(style.color == dim for style in look.styles.values())
    assert look.style("h1").bold
