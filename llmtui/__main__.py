"""The program's entry: `llmtui` and `python -m llmtui`. Whatever happens becomes a sentence and an exit code here."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program on `sys.argv`; returns the exit code. No exception leaves it but SystemExit."""
    try:
        if sys.argv[1:] == ["--version"]:
            return _version()
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


if __name__ == "__main__":
    sys.exit(main())
