"""Where llmtui's files are, and how a private file is made; the one module that knows the platform's folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_XDG = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
}


class NoHomeFolder(RuntimeError):
    """There is no home folder to be found; `str()` is a sentence with what to do."""


class Paths(NamedTuple):
    """Every place that llmtui reads or writes by itself."""

    config_file: Path
    """May not exist."""
    data: Path
    cache: Path

    @property
    def database(self) -> Path:
        return self.data / "llmtui.db"

    @property
    def state_file(self) -> Path:
        """What the program saves by itself: last model, theme, window state."""
        return self.data / "state.toml"

    @property
    def key_file(self) -> Path:
        """Keys, where there is no keyring and the user agreed to a file."""
        return self.data / "keys.toml"

    @property
    def log_file(self) -> Path:
        return self.data / "llmtui.log"


def locate(environ: Mapping[str, str]) -> Paths:
    """The paths by `LLMTUI_CONFIG`, `LLMTUI_DATA_DIR`, `LLMTUI_CACHE_DIR`, else the platform's. Nothing is created.

    Raise NoHomeFolder.
    """
    config = environ.get("LLMTUI_CONFIG", "")
    return Paths(
        _absolute(config) if config else _platform_folder("config", environ) / "config.toml",
        _named_folder("LLMTUI_DATA_DIR", "data", environ),
        _named_folder("LLMTUI_CACHE_DIR", "cache", environ),
    )


def make_private(folder: Path) -> None:
    """Create a folder, and those above it, that only their owner can look into; one that exists stays. Raise OSError."""
    for above in reversed(folder.parents):  # mkdir's own parents=True would leave these open to others
        if not above.exists():
            above.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Replace a file atomically by one that only its owner can read, on disk when this returns. Raise OSError."""
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _named_folder(variable: str, kind: str, environ: Mapping[str, str]) -> Path:
    named = environ.get(variable, "")
    return _absolute(named) if named else _platform_folder(kind, environ)


def _absolute(text: str) -> Path:
    """A path from the environment: `~` stands for home also where no shell has expanded it."""
    path = Path(text)
    if text.startswith("~"):
        path = path.expanduser()
    return path.absolute()


def _platform_folder(kind: str, environ: Mapping[str, str]) -> Path:
    """platformdirs' answer; on Linux worked out here where the rule is plain, for importing it costs 20 ms."""
    if sys.platform == "linux" and environ.get("ANDROID_DATA") is None and not hasattr(sys, "getandroidapilevel"):
        variable, default = _XDG[kind]
        if (named := environ.get(variable, "")).startswith("/"):
            return Path(named, "llmtui")
        if (home := environ.get("HOME", "")).startswith("/"):
            return Path(home, default, "llmtui")
    import platformdirs

    find = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }
    try:
        return find[kind]("llmtui", appauthor=False)
    except (RuntimeError, KeyError) as error:
        raise NoHomeFolder(
            f"there is no home folder for the {kind} files. "
            "Set HOME, or LLMTUI_CONFIG, LLMTUI_DATA_DIR and LLMTUI_CACHE_DIR."
        ) from error
