"""What is said when a run ends in an exception: one sentence and an exit code, never a traceback."""

from __future__ import annotations

import os

from llmtui.cli.context import complain
from llmtui.cli.output import CLOSED_PIPE, OutputFailed
from llmtui.core.errors import LlmtuiError
from llmtui.paths import NoHomeFolder


def explain(error: Exception) -> int:
    """Say on stderr what went wrong; returns the exit code. A bug's traceback goes to the log file only."""
    match error:
        case LlmtuiError():
            complain(error.sentence)
            return error.exit_code
        case NoHomeFolder():
            complain(str(error))
            return 2
        case OutputFailed(closed=True) | BrokenPipeError():
            drop_stdout()
            return CLOSED_PIPE
        case OutputFailed():
            drop_stdout()
            complain(f"the output cannot be written: {error.reason}")
            return 1
    from llmtui.logs import record_crash

    place = record_crash(error, os.environ)
    where = f"details are in {place}" if place else "the log file could not be written either"
    complain(f"internal error ({type(error).__name__}); {where}")
    return 1


def drop_stdout() -> None:
    """Let what is still buffered go nowhere, or the interpreter would complain about it at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
    except OSError:
        pass
