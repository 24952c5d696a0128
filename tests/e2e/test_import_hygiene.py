"""What a command does not need is not loaded: the price of a quick start, kept by a test, because a static graph cannot see it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.e2e.chat_server import ChatServer, answer
from tests.support.processes import unmeasured

_PROBE = """
import sys
from llmtui.__main__ import main
code = main()
sys.stdout.flush()
loaded = {name.partition(".")[0] for name in sys.modules}
sys.stderr.write("LOADED " + " ".join(sorted(loaded)))
sys.exit(code)
"""

HEAVY = {
    "textual",
    "rich",
    "keyring",
    "tiktoken",
    "asyncio",
    "anyio",
    "markdown_it",
    "pygments",
    "click",
    "aiohttp",
    "platformdirs",
    "argparse",
    "tomllib",
    "difflib",
}


def loaded_by(*args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *args], input=b"", capture_output=True, env=unmeasured(), check=True
    )
    return set(done.stderr.decode().partition("LOADED ")[2].split())


def test_once_loads_neither_screen_nor_keyring_nor_event_loop() -> None:
    with ChatServer(answer("x")) as server:
        loaded = loaded_by("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", "hi")
    assert "httpx" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "args",
    [["--version"], ["--help"], ["usage", "--help"], ["keys", "--help"], ["serve", "--help"], ["history", "--help"]],
    ids=" ".join,
)
def test_help_and_version_load_neither_screen_nor_network(args: list[str]) -> None:
    assert not loaded_by(*args) & (HEAVY | {"httpx", "httpcore", "sqlite3"})


_EVERY = """
import sys
from llmtui.cli.main import run
from llmtui.cli.table import COMMANDS
paths = [[c.name, *([a.name] if a else [])] for c in COMMANDS for a in (None, *c.actions)]
for path in paths:
    for option in ("--help", "-h", "--version"):
        assert run([*path, option]) == 0, path
        print()
assert run(["help", *paths[-1]]) == 0
print(len(paths), "LOADED", *sys.modules, file=sys.stderr)
"""


def test_chat_7_every_command_has_help_and_version_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", _EVERY], input=b"", capture_output=True, env=unmeasured(), check=True)
    counted, _, loaded = done.stderr.decode().partition(" LOADED ")
    assert not set(loaded.split()) & (HEAVY | {"httpx", "httpcore", "sqlite3"})
    assert done.stdout.decode().count("\nllmtui 0.") == int(counted)
