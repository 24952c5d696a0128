"""Runs the installed program as a person or a script does: a process, pipes, a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LLMTUI = [sys.executable, "-m", "llmtui"]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The test's own folders (see conftest) for a child process."""
    return {**os.environ, "PYTHONUNBUFFERED": "", **(extra or {})}


def run(
    *args: str, stdin: bytes | None = b"", env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """To its end, with pipes."""
    return subprocess.run(
        [*LLMTUI, *args], input=stdin, capture_output=True, env=environment(env), timeout=timeout, check=False
    )


def start(*args: str, env: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[bytes]:
    """In the background, with pipes; stdin is empty."""
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen([*LLMTUI, *args], env=environment(env), **options)


def once(base_url: str, *args: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    """`--once` against a server on loopback."""
    return run("--once", "--base-url", base_url, "--wire", "openai", "-m", "m", *args, **how)


def summary(output: bytes) -> dict[str, Any]:
    """The summary object, the last line of `--format json`."""
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert found["type"] == "summary"
    return found


def chunks(output: bytes) -> Sequence[dict[str, Any]]:
    return [item for line in output.splitlines() if (item := json.loads(line))["type"] == "chunk"]
