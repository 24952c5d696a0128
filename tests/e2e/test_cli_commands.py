"""The commands as scripts use them: real processes, pipes, files and folders (CHAT-7)."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.chat_server import ChatServer, answer
from tests.e2e.list_server import Listing, ListServer
from tests.e2e.program import LLMTUI, environment, once, run

KEY = "sk-canary-0123456789abcd"


def data_folder() -> Path:
    return Path(os.environ["LLMTUI_DATA_DIR"])


def config_file() -> Path:
    return Path(os.environ["LLMTUI_CONFIG"])


def ok(*args: str, **how: Any) -> str:
    done = run(*args, **how)
    assert (done.returncode, done.stderr) == (0, b""), done
    return done.stdout.decode()


def refused(code: int, *args: str, **how: Any) -> str:
    done = run(*args, **how)
    assert done.returncode == code, done
    assert done.stdout == b""
    said = done.stderr.decode()
    assert said.startswith("llmtui: ")
    assert said.count("\n") == 1, said
    assert "Traceback" not in said
    return said


# ------------------------------------------------------------------------------------------------- the program itself


def test_version_and_help() -> None:
    assert ok("--version").startswith("llmtui ")
    assert ok("--once", "--version") == ok("--version")
    for args in (["-h"], ["--help"], ["--once", "x", "-h"]):
        assert ok(*args).startswith("llmtui: a terminal chat client")
    assert ok("history", "--help").startswith("llmtui history: conversations")
    assert ok("keys", "set", "-h").startswith("llmtui keys set: ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["hello", "world"], "there is no command “hello”"),
        (["histroy"], "Did you mean “llmtui history”?"),
        (["--tempratur", "3"], "Did you mean --temperature?"),
        (["--once", "x", "--json"], "llmtui has no option --json. Words that begin"),
        (["--config=", "usage"], "--config needs the name of a file"),
        (["usage", "--until", "24h"], "See “llmtui usage --help”"),
        (["history"], "llmtui history needs one of: list, search"),
        (["history", "burn"], "llmtui history has no “burn”"),
        (["history", "show"], "llmtui history show needs ID"),
        (["history", "show", "a", "b"], "takes no “b”"),
        (["history", "list", "-n", "0"], "--limit must be a whole number from 1 on"),
        (["history", "list", "-n", "9" * 5000], "--limit must be a whole number from 1 on"),
        (["history", "rename", "x", "y" * 1000], "TITLE has 1,000 characters; 200 are the most"),
        (["models", "--model", "x"], "llmtui models has no option --model"),
        (["completions", "tcsh"], "SHELL must be bash, zsh or fish, not “tcsh”"),
        (["usage", "--since", "someday"], "--since must be a day"),
        (["usage", "--since", "today", "--until", "yesterday"], "is after --until"),
        (["usage", "--csv", "--json"], "--csv and --json exclude each other"),
        (["keys", "set", "nobody"], "there is no provider “nobody”"),
        (["keys", "set", "demo"], "the demo provider needs no key"),
        (["--", "hello"], "there is no command “hello”"),
        ([], "the chat needs a terminal"),
        (["--config", "/no/such/file", "history", "list"], "/no/such/file: there is no such config file"),
        (["--config", "/no/such/file", "--once", "x"], "/no/such/file: there is no such config file"),
    ],
)
def test_wrong_usage_is_exit_2_and_one_sentence(args: list[str], said: str) -> None:
    assert said in refused(2, *args)


def test_a_key_as_an_argument_is_refused_and_not_repeated() -> None:
    """CHAT-6: a key is never an argument."""
    said = refused(2, "keys", "set", "openai", KEY)
    assert "never an argument" in said
    assert "canary" not in said


@pytest.mark.parametrize(
    "command", [["history", "list"], ["usage"], ["config", "check"], ["keys", "list"], ["--once", "x"]]
)
def test_a_config_that_does_not_fit_names_file_line_and_key(command: list[str]) -> None:
    """CHAT-7: exit 2"""
    config_file().write_text("[budget]\n\ndaily_usd = true\n", "utf-8")
    said = refused(2, *command)
    assert f"{config_file()}:3: budget.daily_usd must be an amount in USD from 0 on, not true" in said


def test_a_bug_leaves_one_sentence_and_a_scrubbed_log(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import llmtui.cli.config as c\ndef boom(ctx):\n    raise RuntimeError('words of the user')\nc.show_path = boom\n",
        "utf-8",
    )
    said = refused(1, "config", "path", env={"PYTHONPATH": f"{tmp_path}:{Path.cwd()}", "X_API_KEY": KEY})
    assert "internal error (RuntimeError); details are in" in said
    log = data_folder() / "llmtui.log"
    assert str(log) in said
    assert "RuntimeError" in log.read_text("utf-8")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_without_a_home_folder_a_sentence_says_what_to_set(tmp_path: Path) -> None:
    """A user without an entry in the system's list, as in some containers."""
    (tmp_path / "sitecustomize.py").write_text(
        "import pwd\ndef none(_):\n    raise KeyError('no such user')\npwd.getpwuid = none\n", "utf-8"
    )
    gone = {"HOME": "", "LLMTUI_CONFIG": "", "LLMTUI_DATA_DIR": "", "LLMTUI_CACHE_DIR": ""}
    said = refused(2, "config", "path", env={"PYTHONPATH": f"{tmp_path}:{Path.cwd()}", **gone})
    assert "there is no home folder for the config files. Set HOME" in said


# ------------------------------------------------------------------------------------------------- where output goes


ANYWHERE = [["--version"], ["-h"], ["config", "show"], ["completions", "bash"], ["usage", "--json"], ["keys", "list"]]


@pytest.mark.parametrize("args", ANYWHERE, ids=" ".join)
def test_a_full_disk_at_the_output_is_said(args: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*LLMTUI, *args], stdout=full, stderr=subprocess.PIPE, env=environment(), timeout=60)
    assert (done.returncode, done.stderr) == (1, b"llmtui: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("args", ANYWHERE, ids=" ".join)
def test_a_closed_pipe_ends_quietly(args: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run([*LLMTUI, *args], stdout=pipe, stderr=subprocess.PIPE, env=environment(), timeout=60)
    assert (done.returncode, done.stderr) == (141, b"")


def test_no_stdout_at_all_is_said() -> None:
    command = ["bash", "-c", 'exec "$@" >&-', "_", *LLMTUI, "config", "path"]
    done = subprocess.run(command, stderr=subprocess.PIPE, env=environment(), timeout=60)
    assert (done.returncode, done.stderr) == (1, b"llmtui: the output cannot be written: there is no standard output\n")


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_output_is_utf_8_whatever_the_locale(locale: dict[str, str]) -> None:
    config_file().write_text('[roles.r]\nsystem = "漢字 ü"\n', "utf-8")
    assert 'system = "漢字 ü"' in ok("config", "show", env=locale)
    assert "“x”" in refused(2, "x", env=locale)


def test_a_prompt_and_a_title_are_utf_8_whatever_the_locale() -> None:
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    with ChatServer(answer("ok")) as server:
        once(server.base_url, "Grüße", "漢", env=locale)
    assert server.requests[0].body["messages"][-1]["content"] == "Grüße 漢"
    identity = json.loads(ok("history", "list", "--json"))[0]["id"]
    assert ok("history", "rename", identity, "Grüße", env=locale) == ""
    assert ok("history", "list", env=locale).endswith("\tGrüße\n")
    assert "“Grüße”" in refused(2, "Grüße", env=locale)


# ------------------------------------------------------------------------------------------------- config


def test_config_check_looks_at_the_keys_too() -> None:
    """cli.md: an unknown key is an error that names the nearest known one, also where only the chat reads it."""
    config_file().write_text('[ui.keys]\nsaerch = "f2"\n', "utf-8")
    assert "Did you mean “search”?" in refused(2, "config", "check")
    config_file().write_text('[ui.keys]\nsearch = "bogus+key"\n', "utf-8")
    assert "bogus+key" in refused(2, "config", "check")
    config_file().write_text('[ui.keys]\nsearch = "f4"\n', "utf-8")
    assert "no mistakes" in ok("config", "check")


def test_config_init_show_check_path() -> None:
    assert ok("config", "path") == f"{config_file()}\n"
    assert ok("config", "check") == f"{config_file()} does not exist: the defaults apply\n"
    assert ok("config", "init") == f"{config_file()}\n"
    assert "[budget]" in config_file().read_text("utf-8")
    assert ok("config", "check") == f"{config_file()}: no mistakes\n"
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600
    assert "exists already" in refused(2, "config", "init")


def test_config_show_can_be_read_again_and_holds_no_secret(tmp_path: Path) -> None:
    """CHAT-6: `show` never prints a secret."""
    config_file().write_text(
        f"""
        model = "box/m"
        [providers.box]
        wire = "openai"
        base_url = "https://h/v1?key={KEY}"
        key_command = ["sh", "-c", "echo {KEY}"]
        proxy = "http://me:{KEY}@proxy:1"
        headers = {{X-Team = "physics", Authorization = "Bearer {KEY}", X-Custom = "{KEY}", Cookie = "{KEY}"}}
        [prices."box/m"]
        input = 0.10
        output = 1
        [budget]
        daily_usd = 2.50
        [generation]
        max_tokens = 9
        """,
        "utf-8",
    )
    shown = ok("config", "show")
    assert "canary" not in shown
    assert 'X-Team = "physics"' in shown
    table = json.loads(ok("config", "show", "--json"))
    assert "canary" not in json.dumps(table, ensure_ascii=False)
    assert table["budget"]["daily_usd"] == "2.5"
    assert table["prices"]["box/m"] == {"input": "0.1", "output": "1"}
    assert table["generation"]["max_tokens"] == 9
    assert table["providers"]["box"]["key_command"] == ["sh", "(hidden)"]
    again = tmp_path / "again.toml"
    again.write_text(shown, "utf-8")
    assert json.loads(ok("config", "show", "--json", "--config", str(again)))["budget"] == table["budget"]


def test_the_model_variable_shows_in_the_config() -> None:
    assert json.loads(ok("config", "show", "--json", env={"LLMTUI_MODEL": "a/b"}))["model"] == "a/b"


# ------------------------------------------------------------------------------------------------- keys


def test_without_a_keyring_the_three_ways_out_are_said() -> None:
    """CHAT-6: no silent fall back to a plain file."""
    said = refused(1, "keys", "set", "openai", stdin=KEY.encode())
    assert "there is no keyring on this machine" in said
    for way in ("LLMTUI_OPENAI_API_KEY", "key_command", "--yes"):
        assert way in said
    assert "canary" not in said
    assert not (data_folder() / "keys.toml").exists()


def test_a_key_in_a_file_after_an_explicit_yes() -> None:
    """CHAT-6, SEC-3"""
    file = data_folder() / "keys.toml"
    assert ok("keys", "set", "openai", "--yes", stdin=f"  {KEY}\r\n".encode()) == f"The key for openai is in {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "openai\tfile\t…abcd\n" in ok("keys", "list")
    assert ok("keys", "delete", "openai") == "The key for openai is gone from the file.\n"
    assert not file.exists()
    assert "no key is stored for openai" in refused(1, "keys", "delete", "openai")


@pytest.mark.parametrize(
    ("stdin", "said"),
    [(b"", "empty"), (b"two words", "blank"), (b"\xff\xfe\x80", "not text"), (b"a\0b", "control character")],
)
def test_what_is_no_key_is_not_stored(stdin: bytes, said: str) -> None:
    assert said in refused(2, "keys", "set", "openai", "--yes", stdin=stdin)
    assert not (data_folder() / "keys.toml").exists()


def test_keys_list_tells_sources_and_never_a_key() -> None:
    config_file().write_text(
        '[providers.box]\nwire="openai"\nbase_url="http://localhost:1/v1"\nkey_command=["false"]\n', "utf-8"
    )
    environ = {"LLMTUI_GROQ_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY, "XAI_API_KEY": "two words"}
    done = run("keys", "list", env=environ)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert "box\tcommand\t" in lines
    assert "groq\tvariable LLMTUI_GROQ_API_KEY\t…abcd" in lines
    assert "anthropic\tvariable ANTHROPIC_API_KEY\t…abcd" in lines
    assert "ollama\tnone (needs none)\t" in lines
    assert "the variable XAI_API_KEY cannot be a key" in done.stderr.decode()
    assert b"canary" not in done.stdout + done.stderr
    table = {each["provider"]: each for each in json.loads(run("keys", "list", "--json", env=environ).stdout)}
    assert table["groq"] == {
        "provider": "groq",
        "source": "variable LLMTUI_GROQ_API_KEY",
        "last_four": "abcd",
        "trouble": None,
        "needs_key": True,
    }


MODELS = Listing(json.dumps({"data": [{"id": "big"}, {"id": "small\x1b[2J", "context_window": 8192}]}).encode())
REFUSED = Listing(b'{"error": {"message": "bad key"}}', 401)


def write_box(base_url: str, more: str = "") -> None:
    config_file().write_text(
        f'[providers.box]\nwire = "openai"\nbase_url = "{base_url}"\nkey_env = "BOX"\n{more}\n[prices."box/big"]\ninput = 1.5\noutput = 10\n',
        "utf-8",
    )


def test_keys_test_asks_the_provider() -> None:
    with ListServer(MODELS, REFUSED) as server:
        write_box(server.base_url)
        assert ok("keys", "test", "box", env={"BOX": KEY}) == "box takes the key (…abcd).\n"
        assert server.requests[0][0] == "/v1/models"
        assert server.requests[0][1]["authorization"] == f"Bearer {KEY}"
        said = refused(3, "keys", "test", "box", env={"BOX": KEY})
    assert "canary" not in said
    assert "there is no key for box" in refused(3, "keys", "test", "box")


# ------------------------------------------------------------------------------------------------- models


def local_server_listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_models_with_window_and_price() -> None:
    """PRV-5"""
    with ListServer(MODELS) as server:
        write_box(server.base_url)
        lines = ok("models", "--provider", "box", env={"BOX": KEY}).splitlines()
        assert lines[0] == "box/big\t\t1.5\t10"
        assert lines[1].startswith("box/small")
        assert "\t8192\t" in lines[1]
        table = json.loads(ok("models", "--provider", "box", "--json", env={"BOX": KEY}))  # from the cache
    assert table[0]["id"] == "box/big"
    assert table[0]["price_per_million_usd"]["input"] == "1.5"
    assert table[1]["context_window"] == 8192
    assert table[0]["listed_at"].endswith("Z")
    assert len(server.requests) == 1


def test_models_that_cannot_be_had() -> None:
    assert "there is no provider “zzz”" in refused(2, "models", "--provider", "zzz")
    assert "there is no key for openai" in refused(3, "models", "--provider", "openai")
    with ListServer(REFUSED) as server:
        write_box(server.base_url)
        refused(3, "models", "--provider", "box", "--refresh", env={"BOX": KEY})


def test_models_of_all_providers_with_the_list_s_own_prices_and_a_word_on_who_failed() -> None:
    """PRV-5"""
    priced = {"id": "a/priced", "context_length": 1000, "pricing": {"prompt": "0.000001", "completion": "0.0000025"}}
    with ListServer(Listing(json.dumps({"data": [priced]}).encode())) as good, ListServer(REFUSED) as bad:
        config_file().write_text(
            f'[providers.router]\nwire = "openrouter"\nbase_url = "{good.base_url}"\nkey_env = "BOX"\n'
            f'[providers.bad]\nwire = "openai"\nbase_url = "{bad.base_url}"\nkey_env = "BOX"\n',
            "utf-8",
        )
        done = run("models", env={"BOX": KEY})
        lines = done.stdout.decode().splitlines()
        assert "router/a/priced\t1000\t1\t2.5" in lines
        assert done.stderr.decode().startswith("llmtui: bad: ")
        assert done.returncode == 0
        asked = len(good.requests)
        assert ok("keys", "test", "router", env={"BOX": KEY}).startswith("router takes the key")
    assert good.requests[asked][0].endswith("/key"), "OpenRouter gives its list to anybody"


def test_no_models_at_all_is_exit_1() -> None:
    if any(local_server_listens(port) for port in (11434, 1234, 8080, 8000)):
        pytest.skip("a model server runs on this machine")
    assert "no provider lists any model here" in refused(1, "models")


# ------------------------------------------------------------------------------------------------- history


def talk(*prompts: str) -> None:
    """A conversation of several turns."""
    with ChatServer(*[answer(f"answer to {prompt}") for prompt in prompts]) as server:
        for number, prompt in enumerate(prompts):
            done = once(server.base_url, *(["-c"] if number else []), prompt)
            assert done.returncode == 0, done


def test_history_of_a_conversation(tmp_path: Path) -> None:
    """CHAT-1"""
    talk("first question", "second question")
    talk("another")
    listed = json.loads(ok("history", "list", "--json"))
    assert [each["message_count"] for each in listed] == [2, 4]
    assert {each["model"] for each in listed} == {"custom/m"}  # who answered last
    identity = listed[1]["id"]
    assert ok("history", "list", "-n", "1").split("\t")[0] == listed[0]["id"]

    shown = ok("history", "show", identity[:6])
    assert shown.count("question") == 4 + listed[1]["title"].count("question")
    assert [each["role"] for each in json.loads(ok("history", "show", identity, "--json"))["messages"]] == [
        "user",
        "assistant",
    ] * 2

    [hit] = json.loads(ok("history", "search", "--json", "answer", "to", "second"))
    assert hit["conversation_id"] == identity
    assert identity in ok("history", "search", "second")
    assert ok("history", "search", "nowhere") == ""

    assert ok("history", "rename", identity, "A", "new  title") == ""
    assert json.loads(ok("history", "show", identity, "--json"))["title"] == "A new title"

    exported = tmp_path / "all.json"
    assert ok("history", "export", identity, listed[0]["id"], "--format", "json", "-o", str(exported)) == ""
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    front, _, rest = ok("history", "export", identity).partition("\n\n# A new title\n")
    assert front.startswith('---\ntitle: "A new title"\n')
    assert {'model: "custom/m"', "tokens: 24", "input_tokens: 10", "output_tokens: 14"} <= set(front.splitlines())
    assert "second question" in rest
    assert ok("history", "export", identity, "--format", "html").startswith("<!doctype html>")

    assert "nobody to ask" in refused(2, "history", "delete", identity)
    assert ok("history", "delete", identity, "--yes") == ""
    assert "there is no conversation" in refused(2, "history", "show", identity)
    before = ok("history", "export", listed[0]["id"], "--format", "json")

    elsewhere = {"LLMTUI_DATA_DIR": str(tmp_path / "elsewhere")}
    assert ok("history", "import", str(exported), env=elsewhere) == "2 imported\n"
    assert ok("history", "import", "-", stdin=exported.read_bytes(), env=elsewhere) == "0 imported, 2 already here\n"
    assert ok("history", "export", identity, listed[0]["id"], "--format", "json", env=elsewhere) == exported.read_text(
        "utf-8"
    )
    assert ok("history", "import", str(exported)) == "0 imported, 2 already here\n"  # brought back from the bin
    assert ok("history", "export", listed[0]["id"], "--format", "json") == before
    assert ok("history", "show", identity).startswith("A new title")


def test_where_an_export_goes(tmp_path: Path) -> None:
    talk("a question")
    export = ["history", "export", ok("history", "list").split("\t")[0], "-o"]
    assert "there is no folder" in refused(2, *export, str(tmp_path / "none" / "x"))
    assert "Is a directory" in refused(2, *export, str(tmp_path))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert ok(*export, str(pipe)) == ""
        assert b"a question" in reader.communicate(timeout=60)[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old", "utf-8")
    link.symlink_to(real)
    assert ok(*export, str(link)) == ""
    assert link.is_symlink()
    assert "a question" in real.read_text("utf-8")


def test_a_newer_database_can_be_read_and_not_changed() -> None:
    """ROB-11"""
    talk("a question")
    identity = ok("history", "list").split("\t")[0]
    with sqlite3.connect(data_folder() / "llmtui.db") as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    done = run("history", "list")
    assert done.returncode == 0
    assert "newer" in done.stderr.decode()
    done = run("history", "rename", identity, "title")
    assert done.returncode == 1
    assert "nothing was changed, for the database cannot be written" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_an_import_that_is_none(tmp_path: Path) -> None:
    assert f"there is no file {tmp_path / 'x'}" in refused(2, "history", "import", str(tmp_path / "x"))
    assert "stdin is not JSON" in refused(2, "history", "import", "-", stdin=b"{")
    assert "stdin is not UTF-8" in refused(2, "history", "import", "-", stdin=b"\xff")


# ------------------------------------------------------------------------------------------------- usage and doctor


def test_usage_shows_no_sum_where_no_cost_is_known() -> None:
    """COST-2: a row whose every cost is unknown shows `?`, not nothing spent."""
    with ChatServer(answer("hi")) as server:
        Path(os.environ["LLMTUI_CONFIG"]).write_text(
            f'[providers.own]\nwire = "openai"\nbase_url = "{server.base_url}"\nlocal = false\nkey_env = "OWN_API_KEY"\n'
        )
        done = run("--once", "-m", "own/unpriced", "hello", env={"OWN_API_KEY": "sk-test-test-test-test"})
        assert done.returncode == 0, done.stderr
    text = ok("usage", "--by", "model")
    assert "own/unpriced" in text
    assert "?" in text
    assert "$0.00" not in text.split("own/unpriced")[1].splitlines()[0]


def test_usage_adds_up(tmp_path: Path) -> None:
    """USE-2"""
    config_file().write_text('[prices."custom/m"]\ninput = 3\noutput = 15\n', "utf-8")
    talk("one", "two")
    table = json.loads(ok("usage", "--json"))
    assert table["total"]["requests"] == 2
    assert table["total"]["confirmed_usd"] == "0.00024"
    assert table["today"]["total_tokens"] == 24
    assert table["conversations"] == 1
    assert table["average_conversation_usd"] == "0.00024"
    assert [row["requests"] for row in table["rows"]] == [2]
    header, row = ok("usage", "--by", "model", "--csv").splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["key"] == "custom/m"
    for by, groups in {"day": 1, "week": 1, "month": 1, "provider": 1, "conversation": 1, "kind": 2}.items():
        assert len(json.loads(ok("usage", "--by", by, "--json"))["rows"]) == groups, by
    assert json.loads(ok("usage", "--until", "yesterday", "--json"))["total"]["requests"] == 0
    assert json.loads(ok("usage", "--since", "7d", "--json"))["total"]["requests"] == 2
    text = ok("usage")
    assert text.startswith("today\t2\t0\t10\t14\t$0.00024\t\t\n")
    assert "first token" in text
    assert "custom/m\t2" in ok("usage", "--since", "today", "--by", "model")


def test_usage_shows_the_demo_apart() -> None:
    """PRV-8, USE-2: booked and marked, in no sum."""
    assert run("--once", "--demo", "-m", "quick", "hello").returncode == 0
    table = json.loads(ok("usage", "--json"))
    assert table["total"]["requests"] == 0
    assert table["demo"]["requests"] == 1
    assert f"demo and benchmarks   1 request, {table['demo']['total_tokens']} tokens, $0.00" in ok("usage")


def test_the_doctor_finds_what_is_broken() -> None:
    """USE-3: and shows alerts."""
    with ListServer(MODELS, REFUSED) as server:
        write_box(server.base_url)
        done = run("doctor", env={"BOX": KEY})
        assert done.returncode == 0, done
        text = done.stdout.decode()
        assert "✓ config" in text
        assert "✓ database" in text
        assert "✓ providers  box answers" in text
        assert "✓ alerts     none" in text
        done = run("doctor", "--json", env={"BOX": KEY})
    assert done.returncode == 1
    table = json.loads(done.stdout)
    assert table["ok"] is False
    [broken] = [check for check in table["checks"] if check["verdict"] == "broken"]
    assert broken["check"] == "providers"
    assert "canary" not in done.stdout.decode()


def test_the_doctor_sees_a_broken_config_and_a_key_file_that_is_open() -> None:
    config_file().write_text("modle = 1", "utf-8")
    assert "✗ config     " in run("doctor").stdout.decode()
    config_file().write_text("", "utf-8")
    file = data_folder() / "keys.toml"
    run("keys", "set", "openai", "--yes", stdin=KEY.encode())
    file.chmod(0o644)
    done = run("doctor")
    assert done.returncode == 1
    assert "others can read" in done.stdout.decode()


# ------------------------------------------------------------------------------------------------- roles and templates


def test_a_role_and_a_template_reach_the_provider() -> None:
    """CHAT-3"""
    config_file().write_text(
        '[roles.r]\nsystem = "Be exact."\ntemperature = 0.25\n[templates.t]\ntext = "Explain {{topic}}"\n', "utf-8"
    )
    with ChatServer(answer("ok")) as server:
        done = once(server.base_url, "-r", "r", "--template", "t", "--var", "topic=rain", "briefly", stdin=b"piped")
    assert done.returncode == 0, done
    body = server.requests[0].body
    assert [message["content"] for message in body["messages"]] == ["Be exact.", "Explain rain\n\nbriefly\n\npiped"]
    assert body["temperature"] == 0.25
    assert "there is no role “x”" in refused(2, "--once", "-r", "x", "hi")
