"""Storing, listing and deleting keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import ConfigError
from llmtui.keys import KeySources, KeyStatus, delete_key, list_keys, set_key
from llmtui.keys.file import read_key_file, write_key_file
from llmtui.keys.ring import SERVICE, KeyringTrouble, NoKeyring

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.keys.conftest import MemoryKeyring


@pytest.fixture
def sources(tmp_path: Path) -> KeySources:
    return KeySources("openai", ("OPENAI_API_KEY",), key_file=tmp_path / "data" / "keys.toml")


def test_a_key_goes_to_the_keyring(sources: KeySources, memory_keyring: MemoryKeyring) -> None:
    """CHAT-6"""
    assert set_key(sources, " sk-1\n", environ={}) == ("keyring", "")
    assert memory_keyring.stored == {(SERVICE, "openai"): "sk-1"}
    assert sources.key_file is not None
    assert not sources.key_file.exists()


def test_to_the_file_only_when_told(sources: KeySources, memory_keyring: MemoryKeyring) -> None:
    assert sources.key_file is not None
    write_key_file(sources.key_file, {"groq": "g"})
    assert set_key(sources, "sk-1", to_file=True, environ={}) == ("file", "")
    assert read_key_file(sources.key_file) == {"groq": "g", "openai": "sk-1"}
    assert memory_keyring.stored == {}


@pytest.mark.usefixtures("no_keyring")
def test_no_silent_fall_back_to_a_file(sources: KeySources) -> None:
    """CHAT-6: a file only after an explicit yes."""
    with pytest.raises(NoKeyring):
        set_key(sources, "sk-1", environ={})
    assert sources.key_file is not None
    assert not sources.key_file.exists()


@pytest.mark.usefixtures("memory_keyring")
def test_what_hides_a_stored_key_is_said(sources: KeySources) -> None:
    assert "OPENAI_API_KEY goes before it" in set_key(sources, "k", environ={"OPENAI_API_KEY": "x"})[1]
    assert "key_command" in set_key(sources._replace(command=("pass",)), "k", environ={})[1]


@pytest.mark.parametrize(("text", "said"), [("", "empty"), (" \n", "empty"), ("a b", "blank"), ("a\x00b", "control")])
def test_what_cannot_be_a_key_is_not_stored(sources: KeySources, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        set_key(sources, text, environ={})


def test_a_file_that_cannot_be_written(sources: KeySources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no place"):
        set_key(sources._replace(key_file=None), "k", to_file=True, environ={})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="cannot be written: No space left"):
        set_key(sources, "k", to_file=True, environ={})
    assert list((tmp_path / "data").iterdir()) == []


def test_delete_takes_it_from_everywhere(sources: KeySources, memory_keyring: MemoryKeyring) -> None:
    assert sources.key_file is not None
    assert delete_key(sources) == []
    memory_keyring.stored[SERVICE, "openai"] = "k"
    write_key_file(sources.key_file, {"openai": "k", "groq": "g"})
    assert delete_key(sources) == ["keyring", "file"]
    assert memory_keyring.stored == {}
    assert read_key_file(sources.key_file) == {"groq": "g"}


@pytest.mark.usefixtures("no_keyring")
def test_delete_without_a_keyring(sources: KeySources) -> None:
    assert sources.key_file is not None
    write_key_file(sources.key_file, {"openai": "k"})
    assert delete_key(sources) == ["file"]
    assert delete_key(sources._replace(key_file=None)) == []


def test_delete_from_a_broken_keyring_is_said(sources: KeySources, memory_keyring: MemoryKeyring) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    memory_keyring.interfere = fail
    with pytest.raises(KeyringTrouble, match="the keyring failed"):
        delete_key(sources)
    assert list_keys([sources], {}) == [KeyStatus("openai", "none", trouble="the keyring failed (RuntimeError)")]


def test_the_list_shows_sources_and_never_more_than_four_characters(
    sources: KeySources, memory_keyring: MemoryKeyring
) -> None:
    """CHAT-6"""
    assert sources.key_file is not None
    write_key_file(sources.key_file, {"d": "file-0123456789"})
    memory_keyring.stored[SERVICE, "c"] = "ring-0123456789"
    memory_keyring.stored[SERVICE, "short"] = "abcdefg"
    everything = [
        sources._replace(provider="a", variables=("A_KEY",)),
        sources._replace(provider="b", variables=(), command=("false",)),
        *(sources._replace(provider=name, variables=()) for name in ("c", "d", "e", "short")),
        sources._replace(provider="bad", variables=("BAD_KEY",)),
    ]
    statuses = list_keys(everything, {"A_KEY": "env-0123456789", "BAD_KEY": "two words"})
    assert [status[:3] for status in statuses] == [
        ("a", "variable A_KEY", "6789"),
        ("b", "command", ""),
        ("c", "keyring", "6789"),
        ("d", "file", "6789"),
        ("e", "none", ""),
        ("short", "keyring", ""),
        ("bad", "none", ""),
    ]
    assert "cannot be a key" in statuses[-1].trouble


@pytest.mark.usefixtures("no_keyring")
def test_the_list_without_a_keyring_is_no_trouble_but_an_open_file_is(sources: KeySources) -> None:
    assert sources.key_file is not None
    assert list_keys([sources], {}) == [KeyStatus("openai", "none")]
    write_key_file(sources.key_file, {"openai": "k"})
    sources.key_file.chmod(0o644)
    assert "others can read" in list_keys([sources], {})[0].trouble
