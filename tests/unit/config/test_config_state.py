"""The program's own memory: written atomically, read with patience."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from llmtui.config.state import State, load_state, remember

if TYPE_CHECKING:
    from pathlib import Path


def test_values_survive_and_do_not_disturb_one_another(tmp_path: Path) -> None:
    path = tmp_path / "data" / "state.toml"
    assert load_state(path) == (State(), "")
    assert remember(path, model="openai/gpt", theme="llmtui-light")
    assert remember(path, sidebar=False)
    assert load_state(path) == (State("openai/gpt", "llmtui-light", sidebar=False), "")
    assert remember(path, theme="")
    assert load_state(path)[0].theme == ""


def test_the_file_is_private_and_leaves_no_draft(tmp_path: Path) -> None:
    """SEC-3"""
    path = tmp_path / "data" / "state.toml"
    remember(path, model="a/b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_written_where_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    remember(path, model="a/b")
    before = path.stat().st_ino
    assert remember(path, model="a/b")
    assert path.stat().st_ino == before


@pytest.mark.parametrize("content", [b"model = ", b"\xff\xfe", b"a = " + b"[" * 5000])
def test_a_broken_file_is_ignored_with_a_warning(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.toml"
    path.write_bytes(content)
    state, warning = load_state(path)
    assert state == State()
    assert "damaged" in warning
    assert remember(path, model="a/b")
    assert load_state(path) == (State("a/b"), "")


def test_values_of_another_kind_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    path.write_text('model = 3\nsidebar = "yes"\ntheme = "t"\nnew = 1\n', "utf-8")
    assert load_state(path) == (State(theme="t"), "")


def test_a_folder_in_its_place_is_a_warning_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "data" / "state.toml"
    path.mkdir(parents=True)
    assert "cannot be read" in load_state(path)[1]
    assert not remember(path, model="a/b")
    assert list(path.parent.iterdir()) == [path]
