"""`llmtui serve`'s options, and the command line that each page's chat is started with (CHAT-9)."""

from __future__ import annotations

import sys

import pytest

from llmtui.cli.parse import parse
from llmtui.cli.serve import chat_command
from llmtui.cli.table import CHAT_OPTIONS, SERVE
from tests.e2e.program import run

HOSTILE = ["$(touch pwned)", "; touch pwned", "a b", "'\"", "--demo", "-", "", "a\nb", "@x", "%s", "--"]


@pytest.mark.parametrize("value", HOSTILE)
def test_values_arrive_as_they_were_given(value: str) -> None:
    """CHAT-9: the command is a list that no shell reads, and the chat's parser gives back what serve's was given."""
    argv = ["--port=1", "--host=localhost", f"--system={value}", "--stop=x", f"--stop={value}", "-m", "a/b", "--demo"]
    command = chat_command(parse(argv, SERVE.options))
    assert command[:4] == [sys.executable, "-P", "-m", "llmtui"]
    again = parse(command[4:], CHAT_OPTIONS)
    assert again.words == []
    assert again.options == {"system": [value], "stop": ["x", value], "model": ["a/b"], "demo": []}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--port", "70000"], "--port must be a whole number from 0 to 65535, not “70000”"),
        (["--port=-1"], "--port must be"),
        (["--port", "http"], "--port must be"),
        (["--host="], "--host must be a name or an address"),
        (["--host", "http://localhost"], "--host must be a name or an address"),
        (["--temperature", "9"], "--temperature must be"),
        (["--plain"], "llmtui serve has no option --plain"),
        (["--role", "nobody"], "there is no role “nobody”"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["hello"], "llmtui serve takes no “hello”"),
    ],
)
def test_wrong_usage_is_one_sentence(args: list[str], sentence: str) -> None:
    """CHAT-9, CHAT-7: said when it starts, not in a page."""
    done = run("serve", *args)
    assert done.returncode == 2
    assert sentence in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""
