"""`llmtui config`: where the file is, what it says, whether it is right, and a first one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from llmtui.cli.context import Context


def show_path(ctx: Context) -> int:
    ctx.out.line(str(ctx.paths.config_file))
    return 0


def show(ctx: Context) -> int:
    from llmtui.config.show import public_table, with_money_as_text

    table = public_table(ctx.config)
    if ctx.parsed.has("json"):
        ctx.out.json(with_money_as_text(table))
        return 0
    import tomli_w

    for line in tomli_w.dumps(table).splitlines():
        ctx.out.line(line)
    return 0


def init(ctx: Context) -> int:
    """Write the commented example, never over a file that is there."""
    from llmtui.config.example import example_text
    from llmtui.paths import make_private

    file = ctx.paths.config_file
    try:
        make_private(file.parent)
        # yours alone, since headers that are written into it later may hold a secret; never over what is there
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(example_text())
    except FileExistsError:
        raise ConfigError(f"{file} exists already and is left as it is") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    ctx.out.line(str(file))
    return 0


def check(ctx: Context) -> int:
    if keys := ctx.config.ui.keys:
        from llmtui.tui.commands import rebound

        rebound(keys)
    file = ctx.paths.config_file
    ctx.out.line(f"{file}: no mistakes" if file.exists() else f"{file} does not exist: the defaults apply")
    return 0
