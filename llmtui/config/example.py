"""The commented example: in the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_NAME = "config.example.toml"


def example_text() -> str:
    """The example's text. Raise FileNotFoundError."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package, package.parent):
        if (file := folder / _NAME).is_file():
            return file.read_text("utf-8")
    raise FileNotFoundError(_NAME)
