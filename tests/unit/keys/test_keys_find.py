"""Where keys come from, in their order, and what is no key."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import KeyNotFound
from llmtui.keys import KeySources, find_key, own_variable, require_key
from llmtui.keys.file import write_key_file
from llmtui.keys.ring import SERVICE
from llmtui.logs import close_log, open_log

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.keys.conftest import MemoryKeyring

PRINT = [sys.executable, "-c"]


def test_the_sources_are_asked_in_their_order(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    """CHAT-6: own variable, customary variable, command, keyring, file."""
    file = tmp_path / "data" / "keys.toml"
    write_key_file(file, {"openai": "from-the-file"})
    memory_keyring.stored[SERVICE, "openai"] = "from-the-keyring"
    command = (*PRINT, "print('from-the-command')")
    sources = KeySources("openai", ("OPENAI_API_KEY",), command, key_file=file)
    environ = {"LLMTUI_OPENAI_API_KEY": "own", "OPENAI_API_KEY": "customary", "PATH": os.environ["PATH"]}

    found = []
    for change in (
        lambda: None,
        lambda: environ.pop("LLMTUI_OPENAI_API_KEY"),
        lambda: environ.pop("OPENAI_API_KEY"),
    ):
        change()
        found.append(find_key(sources, environ))
    found.append(find_key(sources._replace(command=()), environ))
    found.append(find_key(sources._replace(command=(), keyring=False), environ))
    found.append(find_key(sources._replace(command=(), keyring=False, key_file=None), environ))
    assert [each and (each.secret.reveal(), each.source) for each in found] == [
        ("own", "variable LLMTUI_OPENAI_API_KEY"),
        ("customary", "variable OPENAI_API_KEY"),
        ("from-the-command", "command"),
        ("from-the-keyring", "keyring"),
        ("from-the-file", "file"),
        None,
    ]


def test_an_earlier_hit_touches_no_later_source() -> None:
    """CHAT-6: where an earlier source has the key, the keyring is not even imported."""
    code = (
        "import sys; from llmtui.keys import KeySources, find_key;"
        "find_key(KeySources('x', command=('false',)), {'LLMTUI_X_API_KEY': 'k'});"
        "print([m for m in ('keyring', 'llmtui.keys.ring', 'llmtui.keys.command', 'llmtui.keys.file') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("provider", "name"),
    [("openai", "LLMTUI_OPENAI_API_KEY"), ("my-box.v2", "LLMTUI_MY_BOX_V2_API_KEY")],
)
def test_the_own_variable(provider: str, name: str) -> None:
    assert own_variable(provider) == name


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_variable_counts_as_unset(value: str) -> None:
    environ = {"LLMTUI_X_API_KEY": value, "X_KEY": "real"}
    found = find_key(KeySources("x", ("X_KEY",), keyring=False), environ)
    assert found is not None
    assert found.source == "variable X_KEY"


def test_what_was_pasted_around_a_key_is_dropped() -> None:
    found = find_key(KeySources("x"), {"LLMTUI_X_API_KEY": "\ufeff  sk-1\r\n"})
    assert found is not None
    assert found.secret.reveal() == "sk-1"


@pytest.mark.parametrize("value", ["sk canary", "sk\ncanary", "sk-\x1bcanary", "sk-cänary", "canary" * 4000])
def test_what_cannot_be_a_key_is_refused_without_being_shown(value: str) -> None:
    """CHAT-6"""
    with pytest.raises(KeyNotFound, match="the variable LLMTUI_X_API_KEY cannot be a key") as caught:
        find_key(KeySources("x"), {"LLMTUI_X_API_KEY": value})
    assert "canary" not in caught.value.sentence
    assert caught.value.exit_code == 3


def test_no_key_says_what_to_do() -> None:
    with pytest.raises(KeyNotFound) as caught:
        require_key(KeySources("openai", ("OPENAI_API_KEY",), keyring=False), {})
    assert caught.value.sentence == (
        "there is no key for openai. Store one with “llmtui keys set openai”, or set OPENAI_API_KEY."
    )
    assert require_key(KeySources("x"), {"LLMTUI_X_API_KEY": "k"}).secret.reveal() == "k"


@pytest.mark.usefixtures("no_keyring")
def test_no_key_names_what_is_the_matter_with_the_keyring() -> None:
    with pytest.raises(KeyNotFound, match=r"there is no key for x \(there is no keyring on this machine\)"):
        require_key(KeySources("x"), {})
    assert find_key(KeySources("x"), {}) is None


def test_a_found_key_reaches_no_log(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    """CHAT-6, USE-5"""
    memory_keyring.stored[SERVICE, "x"] = "nothing-like-a-key"
    open_log(tmp_path / "l", "info", {})
    find_key(KeySources("x"), {})
    logging.getLogger("llmtui").info("it was nothing-like-a-key")
    close_log()
    assert (tmp_path / "l").read_text("utf-8").endswith("it was [key]\n")


def test_a_stored_key_that_is_none_is_named(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    memory_keyring.stored[SERVICE, "x"] = "two words"
    with pytest.raises(KeyNotFound, match="the keyring's key for x cannot be a key"):
        find_key(KeySources("x"), {})
    file = tmp_path / "keys.toml"
    write_key_file(file, {"x": "two words"})
    with pytest.raises(KeyNotFound, match=r"the key for x in .*keys\.toml cannot be a key"):
        find_key(KeySources("x", keyring=False, key_file=file), {})
