"""Colours and attributes of rendered text by role, made from a theme's colours; one value for a whole transcript."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.color import Color, ColorParseError
from rich.style import Style

if TYPE_CHECKING:
    from collections.abc import Mapping

STRONG, EMPHASIS, STRIKE, LINK, CODE = 1, 2, 4, 8, 16
"""Inline attributes, as bits that add up."""

_BITS = ((STRONG, "strong"), (EMPHASIS, "emphasis"), (STRIKE, "strike"), (LINK, "link"), (CODE, "code"))

# role → (theme colour or "", attributes). "muted" is foreground mixed with background.
_ROLES: dict[str, tuple[str, str]] = {
    "text": ("foreground", ""),
    "h1": ("primary", "bold underline"),
    "h2": ("primary", "bold"),
    "h3": ("primary", "bold"),
    "h4": ("foreground", "bold"),
    "h5": ("foreground", "bold italic"),
    "h6": ("muted", "bold italic"),
    "strong": ("", "bold"),
    "emphasis": ("", "italic"),
    "strike": ("", "strike"),
    "link": ("primary", "underline"),
    "code": ("warning", ""),
    "quote": ("muted", ""),
    "bar": ("secondary", ""),
    "rule": ("border", ""),
    "border": ("border", ""),
    "header": ("foreground", "bold"),
    "marker": ("secondary", ""),
    "image": ("muted", "italic"),
    "dim": ("muted", ""),
    "frame": ("border", ""),
    "label": ("muted", ""),
    "code_text": ("foreground", ""),
    "keyword": ("primary", ""),
    "string": ("success", ""),
    "number": ("warning", ""),
    "comment": ("muted", "italic"),
    "function": ("primary", "bold"),
    "type": ("warning", ""),
    "builtin": ("secondary", ""),
    "operator": ("foreground", ""),
    "tag": ("error", ""),
    "inserted": ("success", ""),
    "deleted": ("error", ""),
    "title": ("foreground", "bold"),
}

_ANSI = {
    "foreground": "default",
    "primary": "blue",
    "secondary": "cyan",
    "success": "green",
    "warning": "yellow",
    "error": "red",
    "muted": "bright_black",
    "border": "bright_black",
}

# Where colour would have told it, an attribute does.
_PLAIN = {"keyword": "bold", "type": "bold", "code": "bold", "comment": "dim italic", "quote": "italic", "dim": "dim"}


@dataclass(frozen=True, slots=True)
class Look:
    """Styles by role. Equal looks draw the same."""

    styles: Mapping[str, Style]
    copy_keys: bool = True
    """Code frames say which key copies them: pointless where nobody can press one."""
    _mixed: dict[tuple[str, int], Style] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def themed(cls, colors: Mapping[str, str]) -> Look:
        """From theme variables (`foreground`, `primary`, `secondary`, `success`, `warning`, `error`, `background`, `border`).

        Values are `#rrggbb`, or names such as `ansi_blue`; what is missing or cannot be read is left to the terminal.
        """
        found = {name: _color(colors.get(name, "")) for name in _ANSI}
        if found["muted"] is None:
            found["muted"] = _mix(found["foreground"], _color(colors.get("background", "")), 0.62) or _color(
                "bright_black"
            )
        if found["border"] is None:
            found["border"] = found["muted"]
        return cls({role: _style(found.get(color), attributes) for role, (color, attributes) in _ROLES.items()})

    @classmethod
    def ansi(cls) -> Look:
        """For terminals with 16 colours: the terminal's own palette."""
        return cls.themed({name: f"ansi_{color}" for name, color in _ANSI.items()})

    @classmethod
    def plain(cls) -> Look:
        """Without any colour."""
        return cls(
            {role: _style(None, f"{attributes} {_PLAIN.get(role, '')}") for role, (_, attributes) in _ROLES.items()}
        )

    def dimmed(self) -> Look:
        """The same with everything in the quiet colour: for reasoning."""
        dim = self.styles["dim"]
        return Look(
            {
                role: Style(italic=style.italic, bold=style.bold, underline=style.underline) + dim
                for role, style in self.styles.items()
            },
            self.copy_keys,
        )

    def without_copy_keys(self) -> Look:
        """The same for output that is only read."""
        return Look(self.styles, copy_keys=False)

    def style(self, role: str, bits: int = 0) -> Style:
        """The style of a role with inline attributes on it."""
        mixed = self._mixed.get((role, bits))
        if mixed is None:
            mixed = self.styles[role]
            for bit, name in _BITS:
                if bits & bit:
                    mixed += self.styles[name]
            self._mixed[role, bits] = mixed
        return mixed


def _color(name: str) -> Color | None:
    if re.fullmatch(r"#[0-9a-fA-F]{8}", name):
        name = name[:7]
    try:
        color = Color.parse(name.removeprefix("ansi_"))
    except ColorParseError:
        return None
    return None if color.is_default else color


def _mix(front: Color | None, back: Color | None, share: float) -> Color | None:
    if front is None or back is None or front.triplet is None or back.triplet is None:
        return None
    red, green, blue = (round(f * share + b * (1 - share)) for f, b in zip(front.triplet, back.triplet, strict=True))
    return Color.from_rgb(red, green, blue)


def _style(color: Color | None, attributes: str) -> Style:
    return Style(color=color, **dict.fromkeys(attributes.split(), True))  # type: ignore[arg-type]
