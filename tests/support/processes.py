"""Child processes that are not measured: coverage loads modules of its own into every other one."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """The environment without what makes coverage start in a child."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "COV_CORE"))}
