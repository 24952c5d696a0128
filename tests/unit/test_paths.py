"""Where files are: the platform's folders without importing platformdirs where its answer is plain."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from llmtui.paths import NoHomeFolder, locate, make_private, write_private

_OURS = ("LLMTUI_CONFIG", "LLMTUI_DATA_DIR", "LLMTUI_CACHE_DIR")


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of ours says where."""
    for name in _OURS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"XDG_CONFIG_HOME": "/x/config", "XDG_DATA_HOME": "/x/data", "XDG_CACHE_HOME": "/x/cache"},
        {"XDG_CONFIG_HOME": "", "XDG_DATA_HOME": " ", "XDG_CACHE_HOME": "relative"},
        {"XDG_DATA_HOME": "~/data"},
        {"XDG_DATA_HOME": "/with blank/"},
        {"HOME": ""},
        {"HOME": "relative"},
        {"HOME": "/tmp/"},
        {"HOME": None},
    ],
)
def test_the_folders_are_platformdirs(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    paths = locate(os.environ)
    assert paths.config_file == platformdirs.user_config_path("llmtui", appauthor=False) / "config.toml"
    assert paths.data == platformdirs.user_data_path("llmtui", appauthor=False)
    assert paths.cache == platformdirs.user_cache_path("llmtui", appauthor=False)


def test_variables_go_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = locate({"LLMTUI_CONFIG": "c.toml", "LLMTUI_DATA_DIR": "/d", "LLMTUI_CACHE_DIR": "~/cache"})
    assert paths.config_file == tmp_path / "c.toml"
    assert paths.data == Path("/d")
    assert paths.cache == Path.home() / "cache"
    assert [path.name for path in (paths.database, paths.key_file, paths.state_file, paths.log_file)] == [
        "llmtui.db",
        "keys.toml",
        "state.toml",
        "llmtui.log",
    ]


@pytest.mark.usefixtures("plain")
def test_no_home_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(platformdirs, "user_data_path", fail)
    with pytest.raises(NoHomeFolder, match="no home folder"):
        locate({"XDG_CONFIG_HOME": "/c", "HOME": "none"})


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
def test_platformdirs_is_not_imported_on_linux() -> None:
    code = "import sys, os; from llmtui.paths import NoHomeFolder, locate; locate(os.environ); print('platformdirs' in sys.modules)"
    environ = {"HOME": "/home/x", "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_private_files_are_private_from_their_first_byte(tmp_path: Path) -> None:
    """SEC-3: 0600 in a 0700 folder, whatever the umask allows."""
    old = os.umask(0)
    try:
        path = tmp_path / "a" / "file"
        write_private(path, b"one")
        write_private(path, b"two")
    finally:
        os.umask(old)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("untouched", "utf-8")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_private(link, b"new")
    assert target.read_text("utf-8") == "untouched"
    assert not link.is_symlink()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_private(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".taken")] == []


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_private_folder_has_private_parents(tmp_path: Path) -> None:
    """SEC-3: whichever file is written first, the program's own folder is not open to others."""
    make_private(tmp_path / "cache" / "llmtui" / "models")
    for folder in ("cache", "cache/llmtui", "cache/llmtui/models"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
