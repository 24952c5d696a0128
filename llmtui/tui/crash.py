"""The program's own crash report: one sentence for the person, the traceback, without variables, for the log file."""

from __future__ import annotations

import logging

from textual.worker import WorkerFailed

log = logging.getLogger(__name__)


def report(error: BaseException) -> str:
    """Log the traceback and return the sentence that a person sees. Values of variables (keys!) stand in neither."""
    if isinstance(error, WorkerFailed):  # which says nothing itself
        error = error.error
    log.critical("The chat ended because of an unexpected error", exc_info=(type(error), error, error.__traceback__))
    return (
        f"llmtui ended because of an unexpected error ({type(error).__name__}). Your messages are saved; "
        "the log file says more (see: llmtui doctor)."
    )
