"""Hands a text to the reader's own editor and takes it back, without giving the editor any key."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from llmtui.tui.app import ChatApp


async def edit(app: ChatApp, text: str) -> str:
    """The text as it was saved in `$VISUAL` or `$EDITOR`; answers go on arriving meanwhile. Raise ConfigError."""
    if app.is_web:
        raise ConfigError("An editor cannot be opened from a browser", advice="Write in the prompt, or paste into it.")
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    secret = {provider.key_env for provider in app.config.providers.values() if provider.key_env}
    path = _written(text)
    try:
        with app.batch_update(), app.suspend():  # the batch keeps arriving text from being painted over the editor
            environment = without_keys(os.environ, secret)
            done = await asyncio.to_thread(subprocess.run, [*command, os.fspath(path)], env=environment, check=False)
        if done.returncode:
            raise ConfigError(f"The editor ended with status {done.returncode}", advice="The prompt is unchanged.")
        return _read(path)
    except FileNotFoundError:
        raise ConfigError(f"There is no editor {command[0]!r}", advice="Set VISUAL or EDITOR.") from None
    except SuspendNotSupported:
        raise ConfigError("An editor cannot be opened here", advice="Use a terminal on this machine.") from None
    finally:
        _remove(path)


def _written(text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="llmtui-", suffix=".md")  # 0600, and never a file that was there
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def without_keys(environ: Mapping[str, str], secret: Collection[str]) -> dict[str, str]:
    """An environment for programs that are none of ours: every variable that may hold an API key is left out."""
    return {
        name: value
        for name, value in environ.items()
        if name not in secret and not name.upper().endswith(("_API_KEY", "_TOKEN"))
    }
