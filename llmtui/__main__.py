"""The program's entry: `llmtui` and `python -m llmtui`. Whatever happens becomes a sentence and an exit code here."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn


def main() -> int:
    """Run the program on `sys.argv`; returns the exit code. No exception leaves it but SystemExit."""
    try:
        if sys.argv[1:] == ["--version"]:
            return _version()
        if "--once" in sys.argv:
            gc.disable()  # what is imported stays: collecting meanwhile costs a tenth of the start
        from llmtui.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 (the last place where it can become a sentence)
        from llmtui.cli.failure import explain

        return explain(error)


def _version() -> int:
    """The commonest question of scripts, answered before anything else is imported."""
    from llmtui import __version__

    try:
        print(f"llmtui {__version__}", flush=True)  # noqa: T201
    except OSError as error:
        from llmtui.cli.output import OutputFailed

        raise OutputFailed(error) from None
    return 0


def script() -> NoReturn:
    """The installed command: `main`, and out. A one-shot run has written and closed everything by then and leaves at once,
    without the interpreter taking itself apart (10 ms that a person waits for)."""
    code = main()
    if "--once" in sys.argv:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    script()
