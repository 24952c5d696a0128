"""Shell completions: made from the table, and understood by the shell they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from llmtui.cli.completing import bash, fish, zsh
from llmtui.cli.table import CHAT_OPTIONS, COMMANDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("script", [bash.script(), zsh.script(), fish.script()], ids=["bash", "zsh", "fish"])
def test_every_command_and_option_is_offered(script: str) -> None:
    for command in COMMANDS:
        assert command.name in script
        for action in command.actions:
            assert action.name in script
            for option in action.options:
                assert option.name in script
    for option in CHAT_OPTIONS:
        assert option.name in script
        assert all(choice in script for choice in option.choices)


def complete(*words: str, folder: Path | None = None) -> set[str]:
    """What bash offers for the last word."""
    script = bash.script() + 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llmtui; printf "%s\\n" "${COMPREPLY[@]}"\n'
    command = ["bash", "-c", script, "_", "llmtui", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=folder)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_offers_what_fits(tmp_path: Path) -> None:
    assert {command.name for command in COMMANDS} | {"--once", "-m"} <= complete("")
    assert complete("hist") == {"history"}
    assert {"list", "search", "export"} <= complete("history", "")
    assert complete("history", "re") == {"rename"}
    assert complete("--format", "") == {"raw", "markdown", "json", "sse"}
    assert complete("history", "export", "x", "--format", "h") == {"html"}
    assert complete("-m", "x", "completions", "") >= {"bash", "zsh", "fish"}
    assert complete("--once", "history", "--for") == {"--format"}
    assert complete("--config", "history", "ke") == {"keys"}
    assert complete("models", "--re") == {"--refresh"}
    assert complete("--seed", "") == set()
    assert complete("--once", "his") == set()  # every word is prompt there
    assert complete("--format", "=", "j") == {"json"}  # how bash splits --format=j
    assert complete("--format", "=") == {"raw", "markdown", "json", "sse"}
    assert complete("keys", "set", "ope") == {"openai", "openrouter"}
    assert complete("-m", "openr") == {"openrouter/"}
    (tmp_path / "note.md").touch()
    assert complete("--attach", "no", folder=tmp_path) == {"note.md"}
    assert "note.md" in complete("history", "import", "", folder=tmp_path)


@pytest.fixture
def conversations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that lists two of them, where the shells look for ours."""
    program = tmp_path / "llmtui"
    program.write_text('#!/bin/sh\nprintf "c0ffee\\tToday\\nc0de\\tToday\\n"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("conversations")
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_offers_conversations() -> None:
    assert complete("history", "show", "c0f") == {"c0ffee"}
    assert complete("--conversation", "") == {"c0ffee", "c0de"}
    assert complete("history", "export", "--fo") == {"--format"}


@pytest.mark.usefixtures("conversations")
@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_what_fits(tmp_path: Path) -> None:
    (tmp_path / "note.md").touch()
    offered = {
        "hist": {"history"},
        "history re": {"rename"},
        "--format ": {"raw", "markdown", "json", "sse"},
        "history export x --format h": {"html"},
        "-m x completions ": {"bash", "zsh", "fish"},
        "--once his": set(),
        "--once hi --form": {"--format"},
        "--config history ke": {"keys"},
        "--attach no": {"note.md"},
        "keys set ope": {"openai", "openrouter"},
        "history show c0f": {"c0ffee"},
        "models --re": {"--refresh"},
    }
    asked = "\n".join(f"echo '> {line}'; complete -C 'llmtui {line}'" for line in offered)
    command = ["fish", "--no-config", "-c", f"{fish.script()}\n{asked}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    found: dict[str, set[str]] = {}
    for row in done.stdout.splitlines():
        if row.startswith("> "):
            found[row[2:]] = here = set()
        else:
            here.add(row.partition("\t")[0])
    assert found == offered


@pytest.mark.parametrize(("shell", "script"), [("bash", bash.script()), ("zsh", zsh.script()), ("fish", fish.script())])
def test_the_shell_can_read_it(shell: str, script: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", "/dev/stdin"], input=script.encode(), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
