"""A password manager's command line: its first line, its failure, its end."""

from __future__ import annotations

import os
import sys
import time

import pytest

from llmtui.core.errors import KeyNotFound
from llmtui.keys.command import run_key_command

PYTHON = sys.executable
ENVIRON = {"PATH": os.environ["PATH"]}


def run(code: str, **changes: str) -> str:
    return run_key_command("x", [PYTHON, "-c", code], ENVIRON | changes, ("MY_OWN",)).reveal()


def refusal(code: str) -> str:
    with pytest.raises(KeyNotFound) as caught:
        run(code)
    return caught.value.sentence


def test_the_first_line_is_the_key() -> None:
    assert run("print('  sk-1  '); print('user: me')") == "sk-1"
    assert run("import sys; sys.stdout.write('sk-2\\r\\n' + 'x' * 1_000_000)") == "sk-2"


def test_no_shell_reads_the_words() -> None:
    assert run_key_command("x", [PYTHON, "-c", "import sys; print(sys.argv[1])", "$HOME;`id`"], ENVIRON).reveal() == (
        "$HOME;`id`"
    )


def test_none_of_our_keys_is_inherited_and_stdin_is_left_alone() -> None:
    """CHAT-6: never in a child's environment."""
    code = "import os, sys; print(','.join(sorted(set(os.environ) & {'A_API_KEY', 'MY_OWN', 'TOKEN'})) + str(len(sys.stdin.read())))"
    assert run(code, A_API_KEY="1", MY_OWN="2", TOKEN="3") == "TOKEN0"


def test_a_failure_shows_what_the_command_said_without_keys() -> None:
    code = "import sys; print('sk-canary-0123456789'); sys.exit('first\\nlocked\\x1b[2J, token=sk-canary-0123456789 sk-other-0123456789')"
    said = refusal(code)
    assert said.startswith("the key_command of x (")
    assert "failed with exit code 1: locked?[2J" in said
    assert "canary" not in said
    assert "sk-other" not in said
    assert refusal("import sys; sys.exit(3)").split(" failed")[1].startswith(" with exit code 3. Run it")


@pytest.mark.parametrize(
    ("code", "words"),
    [("pass", "printed nothing"), ("print('two words')", "its first line has a blank"), ("print()", "printed nothing")],
)
def test_no_key_is_an_error(code: str, words: str) -> None:
    assert words in refusal(code)


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(KeyNotFound, match="cannot be run: No such file"):
        run_key_command("x", ["/no/such/program"], ENVIRON)
    with pytest.raises(KeyNotFound, match="cannot be run"):
        run_key_command("x", ["a\0b"], ENVIRON)


def test_a_command_that_hangs_is_ended_even_when_its_child_holds_the_pipes() -> None:
    code = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(4)']); time.sleep(60)"
    )
    begin = time.monotonic()
    with pytest.raises(KeyNotFound, match=r"gave no key within 0\.5 s"):
        run_key_command("x", [PYTHON, "-c", code], ENVIRON, limit_s=0.5)
    assert time.monotonic() - begin < 60
