"""`llmtui completions`: scripts for bash, zsh and fish, made from the same table that is parsed, so they never lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmtui.cli.context import Context


def print_script(ctx: Context) -> int:
    from importlib import import_module

    ctx.out.write(import_module(f"llmtui.cli.completing.{ctx.words[0]}").script())
    return 0
