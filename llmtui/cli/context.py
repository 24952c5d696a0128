"""What a command is given: its arguments, where to print, the environment, and the settings once they are asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.cli.output import Out
    from llmtui.cli.parse import Parsed
    from llmtui.config import Config
    from llmtui.paths import Paths


class Context:
    """One run of a command."""

    def __init__(self, parsed: Parsed, out: Out, environ: Mapping[str, str], called: str) -> None:
        self.parsed = parsed
        self.out = out
        self.environ = environ
        self.called = called
        """How the command was called, for its messages: `llmtui keys set`."""

    @property
    def words(self) -> list[str]:
        return self.parsed.words

    @cached_property
    def paths(self) -> Paths:
        """Where the files are; `--config` moves the config file."""
        from llmtui.paths import locate

        paths = locate(self.environ)
        given = self.parsed.last("config")
        return paths if given is None else paths._replace(config_file=Path(given).absolute())

    @cached_property
    def config(self) -> Config:
        """The settings; the log file is open from here on. Raise ConfigError."""
        from llmtui.config import load_config
        from llmtui.logs import open_log

        given = self.parsed.last("config")
        config = load_config(None if given is None else Path(given), self.environ)
        open_log(self.paths.log_file, config.storage.log_level, self.environ)
        return config

    def forget_config(self) -> None:
        """Go on with the defaults, whatever the file says: it cannot be read, and that has been told."""
        from llmtui.config import Config

        self.config = Config()

    def notice(self, sentence: str) -> None:
        """A sentence on stderr."""
        complain(sentence)


def complain(sentence: str) -> None:
    """One line on stderr, cleaned, `llmtui: ` before it; a stderr that is closed is no further trouble."""
    from llmtui.core.sanitize import clean
    from llmtui.waiting import to_stderr

    to_stderr(f"llmtui: {clean(' '.join(sentence.split()))}\n")
