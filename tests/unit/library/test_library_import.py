"""What importing the library loads: nothing, until a name is used; and never a screen."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def loaded(program: str) -> set[str]:
    """The modules that a program has loaded when it ends."""
    program = f"{program}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stderr, done.returncode) == ("", 0)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_loads_nothing() -> None:
    assert {name for name in loaded("import llmtui") if name.startswith("llmtui")} == {"llmtui"}
    assert "asyncio" not in loaded("import llmtui")


def test_an_error_class_costs_no_library() -> None:
    assert "llmtui.library" not in loaded("import llmtui\nllmtui.LlmtuiError")


@pytest.mark.parametrize(
    "program",
    [
        "import llmtui\nllmtui.stream_sync('demo/quick', 'hi').collect()\nllmtui.close()",
        "import llmtui\nllmtui.meter(iter(['x']), 'openai/gpt-4o').collect()\nllmtui.close()",
    ],
)
def test_no_screen_is_loaded(program: str) -> None:
    """STR-16."""
    assert not {name.partition(".")[0] for name in loaded(program)} & {"textual", "rich", "keyring", "tiktoken"}
