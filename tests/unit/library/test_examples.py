"""The library's examples, as the README has them, run as programs against a server on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.chat_server import ChatServer, answer

if TYPE_CHECKING:
    from tests.unit.library.conftest import Configure, Rows

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = Path(__file__).with_name("examples")


def run(program: str, server: ChatServer, configure: Configure) -> str:
    """What the program prints; it must end in order and without a word on stderr."""
    configure(f'[providers.openai]\nbase_url = "{server.base_url}"\n')
    environment = {**os.environ, "OPENAI_API_KEY": "k", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def example(name: str, server: ChatServer, configure: Configure) -> str:
    return run((EXAMPLES / f"{name}.py").read_text("utf-8"), server, configure)


def test_first(configure: Configure, rows: Rows) -> None:
    with ChatServer(answer("Just a ", "monoid.", prompt=150, completion=300)) as server:
        printed = example("first", server, configure)
    assert printed.startswith("Just a monoid.\n$0.003375, the first token after ")
    assert server.requests[0].body["temperature"] == 0.2
    assert rows("state", "cost_nanos") == [("completed", 3_375_000)]


def test_without_a_loop(configure: Configure, rows: Rows) -> None:
    with ChatServer(answer("Just a ", "monoid.")) as server:
        lines = example("without_a_loop", server, configure).splitlines()
    assert ['"index":0' in lines[0], '"index":1' in lines[1], '"finish_reason":"stop"' in lines[2]] == [True] * 3
    assert [row[0] for row in rows("state")] == ["completed"]


@pytest.mark.parametrize(
    ("text", "printed", "state"),
    [("In spring", "kept: 0.003375", "completed"), ("Snow falls", "rejected: 0.003375", "rejected")],
)
def test_booking(text: str, printed: str, state: str, configure: Configure, rows: Rows) -> None:
    with ChatServer(answer(text, prompt=150, completion=300)) as server:
        assert example("booking", server, configure).strip() == printed
    assert [row[0] for row in rows("state")] == [state]


def test_who_pays(configure: Configure, rows: Rows) -> None:
    with ChatServer(answer("Yes.", prompt=150, completion=300)) as server:
        lines = example("who_pays", server, configure).splitlines()
    assert sorted(lines[:2]) == ["docs 0 completed 0.003375", "docs 1 completed 0.003375"]
    assert lines[2:] == ["Yes.", "Yes."]
    assert sorted(row[0] for row in rows("metadata")) == ['{"ticket": 0}', '{"ticket": 1}']


def test_metering(configure: Configure, rows: Rows) -> None:
    with ChatServer(answer("never asked")) as server:
        text, figures = example("metering", server, configure).splitlines()
    assert text == "Hello, world."
    assert re.fullmatch(r"Usage\(.*source='estimate'.*\) unknown 0\.0000\d+", figures)
    assert server.requests == []
    assert rows("state", "purpose") == [("completed", "meter")]


def test_tokens_and_prices(configure: Configure) -> None:
    with ChatServer(answer("Hi", prompt=150, completion=300)) as server:
        count, cost = example("tokens_and_prices", server, configure).splitlines()
    assert re.fullmatch(r"\d+ (exact|estimated)", count)
    assert "'usd': '0.00075'" in cost


def blocks() -> list[str]:
    """The Python of the README's section on the library."""
    readme = ROOT / "README.md"
    if not readme.exists():  # an installed package's tests have none
        return []
    _, _, rest = readme.read_text("utf-8").partition("\n## As a library\n")
    section = rest.partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("block", blocks())
def test_what_the_readme_shows_runs(block: str, configure: Configure) -> None:
    with ChatServer(answer("Just a monoid.", prompt=150, completion=300)) as server:
        assert run(block, server, configure)
