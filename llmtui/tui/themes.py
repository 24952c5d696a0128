"""The program's own two themes; every other colour on screen comes from their variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App

DARK = Theme(
    name="llmtui-dark",
    primary="#6cb6ff",
    secondary="#8b9eb5",
    accent="#6cb6ff",
    foreground="#d7dde5",
    background="#11151a",
    surface="#171c23",
    panel="#1f262f",
    success="#57c38a",
    warning="#e3b341",
    error="#f47067",
    dark=True,
    variables={
        "border": "#3d4a5a",
        "border-blurred": "#2c3641",
        "input-cursor-background": "#6cb6ff",
        "input-cursor-foreground": "#11151a",
        "block-cursor-background": "#24405c",
        "block-cursor-foreground": "#eef3f8",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#1f262f",
        "caution": "#ef8e4b",
        "muted": "#8493a5",
        "scrollbar": "#33404e",
        "scrollbar-background": "#11151a",
        "scrollbar-corner-color": "#11151a",
        "scrollbar-background-hover": "#171c23",
        "scrollbar-background-active": "#171c23",
    },
)
LIGHT = Theme(
    name="llmtui-light",
    primary="#0a5cad",
    secondary="#4d5b6a",
    accent="#0a5cad",
    foreground="#1c232b",
    background="#fbfbfa",
    surface="#f1f3f4",
    panel="#e4e8eb",
    success="#1a7f4b",
    warning="#8a6100",
    error="#b3261e",
    dark=False,
    variables={
        "border": "#a9b4bf",
        "border-blurred": "#cbd3da",
        "input-cursor-background": "#0a5cad",
        "input-cursor-foreground": "#fbfbfa",
        "block-cursor-background": "#cfe3f7",
        "block-cursor-foreground": "#10202f",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e4e8eb",
        "caution": "#b35309",
        "muted": "#5d6b7a",
        "scrollbar": "#c3ccd4",
        "scrollbar-background": "#fbfbfa",
        "scrollbar-corner-color": "#fbfbfa",
        "scrollbar-background-hover": "#f1f3f4",
        "scrollbar-background-active": "#f1f3f4",
    },
)
OURS = (DARK, LIGHT)
DEFAULTS = {"caution": "#ef8e4b", "muted": "#8493a5"}
"""Our own variables, for themes that do not know them."""


def register(app: App[Any], *, transparent: bool) -> None:
    """Make the themes known; with `transparent` the terminal's own background shows through every one of them."""
    for theme in OURS:
        app.register_theme(theme)
    if transparent:
        app.ansi_color = True  # else Textual puts a colour of its own in the place of the terminal's
        for theme in list(app.available_themes.values()):
            clear = {"surface": "ansi_default"}
            app.register_theme(replace(theme, background="ansi_default", variables={**theme.variables, **clear}))


def selectable(app: App[Any]) -> list[str]:
    """The names of all themes, ours first."""
    own = [theme.name for theme in OURS]
    return own + sorted(name for name in app.available_themes if name not in own and name != "textual-ansi")
