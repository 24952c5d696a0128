"""The log file: private, rotated, without keys and without anybody's text."""

from __future__ import annotations

import logging
import os
import stat
from typing import TYPE_CHECKING

import pytest

from llmtui.core.secret import Secret
from llmtui.logs import LogFile, close_log, open_log, protect, record_crash, scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_log()


def test_records_from_the_level_on_are_written_to_a_private_file(tmp_path: Path) -> None:
    """USE-5, SEC-3"""
    path = tmp_path / "data" / "llmtui.log"
    open_log(path, "warning", {})
    logger = logging.getLogger("llmtui.somewhere")
    logger.info("too quiet")
    assert not path.exists()
    logger.warning("heard %s", "once")
    line = path.read_text("utf-8")
    assert line.endswith(f"Z {os.getpid()} warning llmtui.somewhere heard once\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_opening_twice_writes_once(tmp_path: Path) -> None:
    path = tmp_path / "llmtui.log"
    open_log(path, "info", {})
    open_log(path, "info", {})
    logging.getLogger("llmtui").info("line")
    assert path.read_text("utf-8").count("line") == 1


def test_keys_are_scrubbed_by_value_and_by_look(tmp_path: Path) -> None:
    """CHAT-6: never in a log."""
    path = tmp_path / "llmtui.log"
    open_log(path, "debug", {"MY_SERVICE_TOKEN": " hunter2-hunter2 ", "HOME": "/home/somebody"})
    protect(Secret("found-in-the-keyring"))
    logger = logging.getLogger("llmtui")
    logger.info("a hunter2-hunter2 b found-in-the-keyring c /home/somebody")
    logger.info("Authorization: Bearer abc.def and 'x-api-key': 'zzz'")
    logger.info("https://me:secret@host/?key=abc&x=1 sk-proj-0123456789abcdef AIza0123456789012345678901234567890")
    text = path.read_text("utf-8")
    for word in ("hunter2", "keyring", "abc", "zzz", "secret", "0123456789"):
        assert word not in text.replace("found-in", ""), word
    assert "/home/somebody" in text
    assert "x=1" in text


def test_ordinary_words_stay() -> None:
    text = "the key was set; sk-short; https://host/path?x=1; task-0123456789abcdef"
    assert scrubbed(text) == text


def test_old_files_move_on_and_the_oldest_goes(tmp_path: Path) -> None:
    """USE-5: a log file with rotation."""
    folder = tmp_path / "logs"
    handler = LogFile(folder / "l", largest=200, kept=2)
    for number in range(40):
        handler.write(f"record {number} " + "x" * 50, at=0.0)
    assert sorted(path.name for path in folder.iterdir()) == ["l", "l.1", "l.2"]
    assert all(path.stat().st_size < 400 for path in folder.iterdir())
    assert "record 39 " in (folder / "l").read_text("utf-8")
    assert "record 0 " not in "".join(path.read_text("utf-8") for path in folder.iterdir())


def test_control_characters_and_length_are_tamed(tmp_path: Path) -> None:
    path = tmp_path / "l"
    LogFile(path).write("a\x1b[2Jb\nsecond " + "x" * 100_000, at=0.0)
    text = path.read_text("utf-8")
    assert "\x1b" not in text
    assert "\n    second" in text
    assert len(text) < 20_000


def test_an_exception_is_logged_without_its_words(tmp_path: Path) -> None:
    """USE-5: never message text; a foreign exception may quote some."""
    path = tmp_path / "llmtui.log"
    open_log(path, "info", {})
    text = "what the user " + "wrote"
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise KeyError(text) from error
    except KeyError:
        logging.getLogger("llmtui.x").exception("it failed")
    logged = path.read_text("utf-8")
    assert "wrote" not in logged.replace('"wrote"', "")
    assert "builtins.ValueError" in logged
    assert "builtins.KeyError" in logged
    assert "test_logs.py" in logged


def test_a_crash_is_recorded_where_the_environment_says(tmp_path: Path) -> None:
    environ = {"LLMTUI_DATA_DIR": str(tmp_path / "d"), "HOME": "/", "OPENAI_API_KEY": "sk-canary"}
    place = record_crash(OSError(28, "No space left on device"), environ)
    assert place == tmp_path / "d" / "llmtui.log"
    assert "No space left" in place.read_text("utf-8")


def test_a_log_that_cannot_be_written_is_given_up_on_quietly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    open_log(blocked / "llmtui.log", "info", {})
    logging.getLogger("llmtui").error("lost")
    logging.getLogger("llmtui").error("lost")
    assert record_crash(ValueError("x"), {"LLMTUI_DATA_DIR": str(blocked / "sub"), "HOME": "/"}) is None
    assert capsys.readouterr() == ("", "")


def test_a_link_in_the_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine", "utf-8")
    (tmp_path / "llmtui.log").symlink_to(target)
    open_log(tmp_path / "llmtui.log", "info", {})
    logging.getLogger("llmtui").error("x")
    assert target.read_text("utf-8") == "mine"
