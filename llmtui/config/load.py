"""Reads the config file into a `Config`; whatever is wrong with it becomes one sentence with file, line and key.

tomllib, the schema and difflib are imported only when there is a file, or something wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.config.values import Config
from llmtui.core.errors import ConfigError
from llmtui.paths import locate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_FILE = 4 * 1024 * 1024


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The settings: defaults, over them the file's, over them `LLMTUI_MODEL`.

    `path` is a file that must exist; None is the usual one (`LLMTUI_CONFIG`, the platform's), which need not.
    Raise ConfigError.
    """
    file = locate(environ).config_file if path is None else path
    text = read_text(file, must_exist=path is not None)
    config = parse_config(text, file) if text is not None and text.strip() else Config()
    chosen = environ.get("LLMTUI_MODEL", "").strip()
    return config._replace(model=chosen) if chosen else config


def read_text(file: Path, *, must_exist: bool) -> str | None:
    """The file's text; None when it does not exist and need not. Raise ConfigError."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise ConfigError(f"{file}: there is no such config file") from None
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{file}: the config file cannot be read: {reason}") from None
    if len(data) > LARGEST_FILE:
        raise ConfigError(f"{file}: this is too large for a config file (over 4 MiB)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{number}: the config file must be UTF-8 text") from None


def parse_config(text: str, file: Path) -> Config:
    """A config file's text as a Config. `file` is named in the errors. Raise ConfigError."""
    import tomllib
    from decimal import Decimal

    from llmtui.config.build import Problem, build

    text = text.replace("\r\n", "\n")
    try:
        table: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _unparsable(file, text, str(error)) from None
    try:
        return build(table)
    except Problem as problem:
        from llmtui.config.position import line_of

        number = line_of(text, problem.path)
        place = f"{file}:{number}" if number else f"{file}"
        raise ConfigError(f"{place}: {problem}", advice=problem.advice) from None


def _unparsable(file: Path, text: str, reason: str) -> ConfigError:
    """tomllib says where at the end of its message: `… (at line 3, column 7)` or `(at end of document)`."""
    import re

    if found := re.search(r"^(.*?) \(at line (\d+), column (\d+)\)", reason, re.DOTALL):
        place, reason = f"{found[2]}:{found[3]}", found[1]
    else:
        place, reason = str(text.rstrip().count("\n") + 1), reason.partition(" (at ")[0]
    return ConfigError(f"{file}:{place}: this is not TOML: {reason.splitlines()[0]}")
