"""The key file: private or refused."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import KeyNotFound
from llmtui.keys.file import read_key_file, write_key_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "keys.toml"
    write_key_file(path, {"openai": "sk-1", "my-box": 'a"b\\c'})
    return path


def refusal(path: Path) -> str:
    with pytest.raises(KeyNotFound) as caught:
        read_key_file(path)
    return caught.value.sentence


def test_it_is_written_for_the_owner_alone(file: Path) -> None:
    """CHAT-6, SEC-3"""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert read_key_file(file) == {"openai": "sk-1", "my-box": 'a"b\\c'}
    write_key_file(file, {})
    assert not file.exists()
    assert read_key_file(file) == {}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_one_that_others_can_open_is_refused(file: Path, mode: int) -> None:
    """CHAT-6"""
    file.chmod(mode)
    said = refusal(file)
    assert f"others can read or write it (mode {mode:o})" in said
    assert "chmod 600" in said


def test_somebody_elses_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "belongs to somebody else" in refusal(file)


def test_a_link_is_refused(file: Path) -> None:
    link = file.with_name("link.toml")
    link.symlink_to(file)
    assert "symbolic link" in refusal(link)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "keys.toml"
    folder.mkdir()
    assert "not a regular file" in refusal(folder)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "not a regular file" in refusal(pipe)


@pytest.mark.parametrize("content", [b"keys = ", b"\xff", b"a = " + b"[" * 5000])
def test_a_damaged_one_is_a_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert "not a key file any more" in refusal(file)


def test_other_content_is_no_key(file: Path) -> None:
    file.write_text("keys = 3\n", "utf-8")
    assert read_key_file(file) == {}
    file.write_text("[keys]\na = 1\nb = 'k'\n", "utf-8")
    assert read_key_file(file) == {"b": "k"}
