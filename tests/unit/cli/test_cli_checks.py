"""The doctor's checks, each with what can be wrong."""

from __future__ import annotations

import io
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llmtui.cli import checks
from llmtui.cli.context import Context
from llmtui.cli.doctor import examine
from llmtui.cli.output import Out
from llmtui.cli.parse import Parsed
from llmtui.logs import close_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from llmtui.cli.doctor import Finding


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_log()


def context(*, terminal: bool = False, **environ: str) -> Context:
    return Context(
        Parsed({}, []),
        Out(io.BytesIO(), terminal=terminal, width=80, color=False),
        {**os.environ, **environ},
        "llmtui doctor",
    )


def found(check: Callable[[Context], Iterable[Finding]], ctx: Context | None = None) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.message) for finding in check(ctx or context())]


def write_config(text: str) -> None:
    Path(os.environ["LLMTUI_CONFIG"]).write_text(text, "utf-8")


def data_folder() -> Path:
    return Path(os.environ["LLMTUI_DATA_DIR"])


def test_a_config_that_cannot_be_read_is_one_finding() -> None:
    """The other checks look at the rest all the same, with the defaults."""
    write_config("modl = 1\n")
    out = io.BytesIO()
    ctx = Context(Parsed({}, []), Out(out, terminal=False, width=80, color=False), os.environ, "llmtui doctor")
    assert examine(ctx) == 1
    lines = out.getvalue().decode().splitlines()
    assert [line for line in lines if line.startswith("✗")] == [line for line in lines if "modl" in line] == lines[:1]
    assert any(line.startswith("✓ database") for line in lines)


def test_folders_are_made_private_and_open_ones_are_noted() -> None:
    """SEC-3"""
    assert [verdict for verdict, _ in found(checks.files)] == ["ok", "ok"]
    data_folder().chmod(0o755)
    assert found(checks.files)[0] == (
        "note",
        f"{data_folder()} can be looked into by others (mode 755); chmod 700 keeps them out",
    )


def test_a_folder_that_cannot_be_written_to_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-11"""
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(checks.files)[0] == ("broken", f"{data_folder()} cannot be written to")


def test_a_folder_that_is_a_file_is_broken_and_the_doctor_goes_on() -> None:
    """ROB-11"""
    data_folder().write_text("", "utf-8")
    ctx = context()
    assert examine(ctx) == 1
    text = ctx.out._stream.getvalue().decode()  # type: ignore[union-attr]
    assert f"✗ files      {data_folder()}: File exists" in text
    assert "✗ database" in text
    assert "· keyring" in text


def test_a_damaged_state_file_is_noted() -> None:
    data_folder().mkdir()
    (data_folder() / "state.toml").write_text("x", "utf-8")
    assert any("damaged" in message for verdict, message in found(checks.files) if verdict == "note")


def test_a_newer_database_is_broken_and_one_set_aside_is_noted() -> None:
    """ROB-11"""
    assert found(checks.database)[-1][0] == "ok"
    with sqlite3.connect(data_folder() / "llmtui.db") as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    [(verdict, message)] = found(checks.database)
    assert verdict == "broken"
    assert "newer" in message


def test_the_keyring_is_named_or_its_absence_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    [(verdict, message)] = found(checks.keyring)
    assert verdict == "note"
    assert message.startswith("there is no keyring on this machine: keys can come from")
    monkeypatch.setattr("llmtui.keys.ring.Ring._ask", lambda *_: "Some Keyring")
    monkeypatch.setattr("llmtui.keys.ring.Ring.get", lambda *_: None)
    assert found(checks.keyring) == [("ok", "Some Keyring")]
    write_config("[keys]\nkeyring = false")
    assert found(checks.keyring) == [("note", "switched off in the config")]


@pytest.mark.parametrize(
    ("kind", "size", "encoding", "verdicts"),
    [
        ("xterm", (80, 24), "utf-8", ["ok"]),
        ("xterm", (39, 24), "utf-8", ["note"]),
        ("xterm", (80, 24), "iso8859-1", ["note", "ok"]),
        ("dumb", (80, 24), "utf-8", ["broken"]),
        ("", (80, 24), "utf-8", ["broken"]),
    ],
)
def test_the_terminal_is_judged(
    monkeypatch: pytest.MonkeyPatch, kind: str, size: tuple[int, int], encoding: str, verdicts: list[str]
) -> None:
    """STR-14"""
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size(size))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert [verdict for verdict, _ in found(checks.terminal, context(terminal=True, TERM=kind))] == verdicts
    assert found(checks.terminal)[0][0] == "note"


def test_a_configured_server_that_does_not_answer_is_broken_and_an_unknown_local_one_is_not() -> None:
    before = found(checks.providers)
    assert ("note", "no key was found: “llmtui keys set NAME” stores one") in before
    assert "broken" not in {verdict for verdict, _ in before}
    write_config('[providers.box]\nwire = "openai"\nbase_url = "http://127.0.0.1:9/v1"\nlocal = true')
    [broken] = [message for verdict, message in found(checks.providers) if verdict == "broken"]
    assert broken.startswith("box cannot be reached")


def test_use_3_a_budget_that_is_used_up_is_an_alert() -> None:
    write_config("[budget]\ndaily_tokens = 10\nweekly_usd = 5\n")
    assert found(checks.alerts) == [("ok", "none; 0 requests in the last 24 hours")]
    with sqlite3.connect(data_folder() / "llmtui.db") as connection:
        [day] = connection.execute("SELECT date('now', 'localtime')").fetchone()
        names = [row[1] for row in connection.execute("PRAGMA table_info(days)")]
        row = {
            "day": day,
            "counted": 1,
            "provider": "p",
            "model": "m",
            "requests": 1,
            "input_tokens": 8,
            "output_tokens": 4,
        }
        values = [row.get(name, "" if name in {"topic", "error_kind"} else 0) for name in names]
        connection.execute(f"INSERT INTO days VALUES ({','.join('?' * len(names))})", values)
    connection.close()
    assert found(checks.alerts) == [("note", "today's 10 tokens budget is used up: 12 tokens of 10 tokens (120 %)")]
