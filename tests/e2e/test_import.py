"""`llmtui history import` of what other programs export: all of it or nothing, and what is here stays (CHAT-1)."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from typing import TYPE_CHECKING, Any

from tests.e2e.program import run

if TYPE_CHECKING:
    from pathlib import Path


def ok(*args: str, stdin: bytes = b"") -> str:
    done = run("history", *args, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b""), done
    return done.stdout.decode()


def refused(*args: str, stdin: bytes = b"") -> str:
    done = run("history", *args, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, b""), done
    return done.stderr.decode()


def chatgpt(identity: str, question: str, answer: str) -> dict[str, Any]:
    def message(role: str, text: str) -> dict[str, Any]:
        return {
            "author": {"role": role},
            "content": {"content_type": "text", "parts": [text]},
            "metadata": {"model_slug": "gpt-4o"},
        }

    return {
        "conversation_id": identity,
        "title": f"About {question}",
        "create_time": 1700000000,
        "current_node": "a",
        "mapping": {
            "q": {"parent": None, "message": message("user", question)},
            "a": {"parent": "q", "message": message("assistant", answer)},
        },
    }


def elia(file: Path, *, wal: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(
        "CREATE TABLE chat (id INTEGER PRIMARY KEY, model TEXT, title TEXT, started_at TEXT);"
        "CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role TEXT, content TEXT, timestamp TEXT);"
        "INSERT INTO chat VALUES (1, 'gpt-4o', 'Elias', '2024-06-01 12:00:00');"
        "INSERT INTO message VALUES (1, 1, 'user', 'from elia', '2024-06-01 12:00:00');"
    )
    return connection


def test_a_zip_is_imported_searched_shown_and_known_again(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "conversations.json", json.dumps([chatgpt("1", "tides", "the moon"), chatgpt("2", "rain", "clouds")])
        )
    file = tmp_path / "export.zip"
    file.write_bytes(packed.getvalue())
    assert ok("import", str(file)) == "2 imported\n"
    assert ok("import", "-", stdin=file.read_bytes()) == "0 imported, 2 already here\n"
    [hit] = json.loads(ok("search", "moon", "--json"))
    shown = json.loads(ok("show", hit["conversation_id"], "--json"))
    assert shown["title"] == "About tides"
    assert [(each["role"], each["content"], each["model"]) for each in shown["messages"]] == [
        ("user", "tides", ""),
        ("assistant", "the moon", "openai/gpt-4o"),
    ]


def test_several_files_of_several_kinds_at_once(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([chatgpt("1", "tides", "the moon")]), "utf-8")
    claude = {
        "uuid": "u",
        "name": "Claudes",
        "chat_messages": [{"uuid": "m", "sender": "human", "text": "from claude"}],
    }
    (tmp_path / "d.json").write_text(json.dumps([claude]), "utf-8")
    elia(tmp_path / "e.sqlite").close()
    assert (
        ok("import", *(str(tmp_path / name) for name in ("c.json", "d.json", "e.sqlite", "c.json")))
        == "3 imported, 1 already here\n"
    )
    titles = {each["title"] for each in json.loads(ok("list", "--json"))}
    assert titles == {"About tides", "Claudes", "Elias"}


def test_when_one_file_does_not_fit_nothing_is_taken(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps([chatgpt("1", "tides", "the moon")]), "utf-8")
    broken = chatgpt("3", "x", "y")
    broken["mapping"]["a"]["parent"] = "gone"
    bad.write_text(json.dumps([chatgpt("2", "rain", "clouds"), broken]), "utf-8")
    assert "bad.json: conversation 2, node a: its parent gone is not there" in refused("import", str(good), str(bad))
    assert json.loads(ok("list", "--json")) == []


def test_when_the_database_refuses_one_nothing_is_taken(tmp_path: Path) -> None:
    """Two conversations of a file cannot have a message of the same id: the first is not taken either."""
    ok("import", "-", stdin=json.dumps([chatgpt("1", "tides", "the moon")]).encode())
    identity = json.loads(ok("list", "--json"))[0]["id"]
    export = json.loads(ok("export", identity, "--format", "json"))
    first, second = json.loads(json.dumps(export["conversations"] * 2))
    first["id"], second["id"] = "aaaa", "bbbb"
    for message in first["messages"]:
        message["id"] = "x" + message["id"]
        message["parent_id"] = "x" + message["parent_id"] if message["parent_id"] else None
    first["leaf_id"] = "x" + first["leaf_id"]
    done = run("history", "import", "-", stdin=json.dumps(export | {"conversations": [first, second]}).encode())
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert len(json.loads(ok("list", "--json"))) == 1


def test_a_database_that_is_being_written_is_not_read_by_halves(tmp_path: Path) -> None:
    connection = elia(tmp_path / "e.sqlite", wal=True)
    assert "End the program that writes it first" in refused("import", str(tmp_path / "e.sqlite"))
    connection.close()
    assert ok("import", str(tmp_path / "e.sqlite")) == "1 imported\n"


def test_the_help_says_what_is_kept() -> None:
    helped = ok("import", "--help")
    for name in ("ChatGPT", "Claude", "llm ", "oterm", "elia"):
        assert f"  {name}" in helped
    assert "not tools" in helped
