"""Runs a password manager's command line for a key: no shell, a time limit, and none of our keys in its environment."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING

from llmtui.core.errors import KeyNotFound
from llmtui.core.secret import Secret
from llmtui.keys.check import LONGEST_KEY, UnfitKey, cleaned_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIME_LIMIT_S = 30.0
"""A password manager may ask the user to unlock it meanwhile."""
_LONGEST_COMPLAINT = 4096


def run_key_command(
    provider: str,
    command: Sequence[str],
    environ: Mapping[str, str],
    variables: Sequence[str] = (),
    *,
    limit_s: float = TIME_LIMIT_S,
) -> Secret:
    """The first line that the command prints. Raise KeyNotFound with what it said on stderr.

    `variables` are names of keys that the command must not inherit, besides everything called `…_API_KEY`.
    """
    kept = {name: value for name, value in environ.items() if not (name.endswith("_API_KEY") or name in variables)}
    what = f"the key_command of {provider} ({command[0]})"
    try:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=kept
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise KeyNotFound(f"{what} cannot be run: {reason}", advice="Check key_command in the config.") from None
    # Readers of their own: a child of the command may hold the pipes open, and nobody waits for it.
    output, complaint = _Reader(process.stdout, LONGEST_KEY), _Reader(process.stderr, _LONGEST_COMPLAINT)
    end = time.monotonic() + limit_s
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise KeyNotFound(f"{what} gave no key within {limit_s:g} s", advice="Run it by hand once.") from None
    except BaseException:
        process.kill()
        process.wait()
        raise
    said = output.text(max(1.0, end - time.monotonic()))
    line = said.split("\n", 1)[0]
    try:
        key = cleaned_key(line)
    except UnfitKey as error:
        raise KeyNotFound(f"{what} printed no key: its first line {error}", advice="Run it by hand once.") from None
    if process.returncode:
        because = _summary(complaint.text(1.0), key)
        raise KeyNotFound(f"{what} failed with exit code {process.returncode}{because}", advice="Run it by hand once.")
    if not key:
        raise KeyNotFound(f"{what} printed nothing", advice="Run it by hand once.")
    return Secret(key)


def _summary(complaint: str, key: str) -> str:
    """The last line of what a command complained of, without what may be a key."""
    from llmtui.logs import scrubbed

    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    if not lines:
        return ""
    words = "".join(c if c.isprintable() else "?" for c in scrubbed(Secret(key).scrub(lines[-1])))
    return f": {words[:200]}"


class _Reader(threading.Thread):
    """Reads a pipe to its end, keeps the beginning."""

    def __init__(self, pipe: IO[bytes] | None, limit: int) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._limit = limit
        self._data = b""
        self.start()

    def run(self) -> None:
        if self._pipe is None:
            return
        with self._pipe as pipe:
            while piece := pipe.read1(8192):  # type: ignore[attr-defined]  # a BufferedReader
                self._data += piece[: max(0, self._limit - len(self._data))]

    def text(self, wait_s: float) -> str:
        """What has been read when the pipe ends or the wait is over."""
        self.join(wait_s)
        return self._data.decode("utf-8", "replace")
