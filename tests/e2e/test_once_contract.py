"""The promises of the command line to scripts, one by one: objects field by field, what is sent, what goes before what (CHAT-7)."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.chat_server import DONE, ChatServer, Reply, answer, error, frame, usage_frame
from tests.e2e.program import chunks, once, run, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)
KEY = "sk-canary-0123456789abcd"
PRICED = '[prices."mine/m"]\ninput = 2.5\noutput = 10.0\n'


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(answer("fine", prompt=150, completion=300), models=("m", "other")) as found:
        yield found


def configure(server: ChatServer, *more: str) -> None:
    text = f'[providers.mine]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
    Path(os.environ["LLMTUI_CONFIG"]).write_text("\n".join([*more, text]), "utf-8")


def sent(*args: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> dict[str, Any]:
    """What `--dry-run` says would be sent."""
    done = run("--once", "--dry-run", "--format", "json", *args, env=env, stdin=stdin)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# ------------------------------------------------------------------------------------------------- the objects


def test_chat_7_the_objects_have_these_fields_and_no_others(server: ChatServer) -> None:
    configure(server, PRICED)
    out = run("--once", "-m", "mine/m", "--format", "json", "hi").stdout
    first, end = chunks(out)[0], summary(out)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("timestamp"))
    assert first == {
        "type": "chunk",
        "index": 0,
        "content": "fine",
        "reasoning": None,
        "finish_reason": None,
        "provider": "mine",
        "model": "m",
        "tokens": 1,
        "cost_usd": "0.00001",
        "metadata": {},
    }
    assert all(end.pop(name) for name in ("id", "conversation_id"))
    timing = end.pop("timing")
    assert set(timing) == {"ttft_ms", "duration_ms", "tokens_per_second", "chunk_count"}
    assert 0 < timing["ttft_ms"] <= timing["duration_ms"]
    assert end == {
        "type": "summary",
        "provider": "mine",
        "model": "m",
        "content": "fine",
        "reasoning": None,
        "finish_reason": "stop",
        "usage": {
            "input_tokens": 150,
            "cached_input_tokens": 0,
            "cache_write_tokens": 0,
            "output_tokens": 300,
            "reasoning_tokens": 0,
            "total_tokens": 450,
            "source": "provider",
        },
        "cost": {
            "usd": "0.003375",
            "estimate_usd": None,
            "resolution": "resolved",
            "source": "config",
            "pending": False,
        },
        "attempts": [{"provider": "mine", "model": "m", "error": None, "wait_s": 0.0}],
        "warnings": [],
        "error": None,
    }


@pytest.mark.parametrize(
    ("said", "reason", "code"),
    [
        ("stop", "stop", 0),
        ("length", "length", 0),
        ("tool_calls", "tool_calls", 0),
        ("content_filter", "content_filter", 7),
    ],
)
def test_chat_7_finish_reasons(said: str, reason: str, code: int) -> None:
    """Cut at the output limit is answered: exit 0, and a warning."""
    with ChatServer(Reply(steps=(frame("x"), frame(finish=said), usage_frame(1, 1), DONE))) as server:
        done = once(server.base_url, "hi", "--format", "json")
    assert done.returncode == code
    end = summary(done.stdout)
    assert end["finish_reason"] == reason
    assert ("output limit" in " ".join(end["warnings"])) == (reason == "length")


def test_chat_7_reasoning_has_chunks_of_its_own_and_is_not_in_the_text(server: ChatServer) -> None:
    thinking = (
        b'data: {"model":"m","choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}\n\n'
    )
    with ChatServer(Reply(steps=(thinking, frame("yes"), frame(finish="stop"), DONE))) as reasoner:
        done = once(reasoner.base_url, "hi", "--format", "json")
        assert once(reasoner.base_url, "hi").stdout == b"yes\n"
    assert [(each["reasoning"], each["content"]) for each in chunks(done.stdout)[:2]] == [("hm", ""), (None, "yes")]
    assert summary(done.stdout)["reasoning"] == "hm"


@pytest.mark.parametrize(("first", "second", "code"), [(401, 500, 1), (500, 401, 3)])
def test_chat_7_with_fallbacks_the_exit_code_is_the_last_attempt_s(first: int, second: int, code: int) -> None:
    with ChatServer(error(first, "no"), error(second, "no")) as server:
        configure(server)
        done = run("--once", "-m", "mine/m", "--fallback", "mine/other", "--retries", "0", "--format", "json", "hi")
    assert done.returncode == code
    end = summary(done.stdout)
    assert end["error"]["status"] == second
    assert [attempt["model"] for attempt in end["attempts"]] == ["m", "other"]


# ------------------------------------------------------------------------------------------------- what is sent


def test_chat_7_every_setting_reaches_the_request(server: ChatServer, tmp_path: Path) -> None:
    prompt = tmp_path / "system.txt"
    prompt.write_bytes(b"\xef\xbb\xbfBe brief.\n")
    (tmp_path / "note.txt").write_text("a note")
    (tmp_path / "dot.png").write_bytes(PNG)
    options = ["-t", "0.5", "--top-p=0.9", "--max-tokens", "77", "--stop", "A", "--stop", "B", "--seed", "-5"]
    files = ["-a", str(tmp_path / "note.txt"), "--attach", str(tmp_path / "dot.png")]
    done = once(server.base_url, *options, *files, "-s", f"@{prompt}", "--effort", "low", "look", "here")
    assert done.returncode == 0, done.stderr
    assert once(server.base_url, *files).returncode == 0  # a file alone is a question too, and names the conversation
    assert run("history", "list", "-n", "1").stdout.decode().endswith("\tnote.txt, dot.png\n")
    body = server.requests[0].body
    assert (body["temperature"], body["top_p"], body["seed"], body["stop"]) == (0.5, 0.9, -5, ["A", "B"])
    assert body.get("max_tokens", body.get("max_completion_tokens")) == 77
    assert body["reasoning_effort"] == "low"
    assert body["stream"] is True
    system, question = body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    whole = json.dumps(question)
    assert "a note" in whole
    assert base64.b64encode(PNG).decode() in whole
    assert "look here" in whole


def test_chat_7_the_model_is_split_at_the_first_slash(server: ChatServer) -> None:
    configure(server)
    found = sent("-m", "mine/org/model:free", "hi")
    assert (found["provider"], found["model"]) == ("mine", "org/model:free")
    assert sent("--base-url", server.base_url, "--wire", "openai", "-m", "org/model", "hi")["model"] == "org/model"


def test_chat_7_a_bare_name_must_be_unique(server: ChatServer) -> None:
    two = f'[providers.twin]\nwire = "openai"\nbase_url = "{server.base_url}"\nmodels = ["m"]\n'
    configure(server, two)
    assert run("models", "--provider", "mine").returncode == 0
    assert sent("-m", "other", "hi")["provider"] == "mine"
    done = run("--once", "-m", "m", "hi")
    assert done.returncode == 2
    assert "“m” is offered by twin, mine" in done.stderr.decode()


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/v1", "/v1/chat/completions"])
def test_chat_7_a_missing_or_doubled_version_part_is_put_right(server: ChatServer, path: str) -> None:
    assert once(server.root + path, "hi").returncode == 0
    assert server.requests[-1].path == "/v1/chat/completions"


def test_chat_7_stdin_stands_after_the_words_without_its_mark_and_two_dashes_end_the_options(
    server: ChatServer,
) -> None:
    configure(server)
    found = sent("-m", "mine/m", "explain", "--", "-x", "--once", stdin=b"\xef\xbb\xbf\xc3\xa4\n")
    assert found["messages"] == [{"role": "user", "content": "explain -x --once\n\nä", "attachments": []}]


# ------------------------------------------------------------------------------------------------- what goes before what


def test_chat_7_flag_environment_config_default(server: ChatServer) -> None:
    configure(server, 'model = "mine/of-the-config"\n[roles.r]\nsystem = "Be R."\nmodel = "mine/of-the-role"\n')
    variable = {"LLMTUI_MODEL": "mine/of-the-variable"}
    assert sent("hi")["model"] == "of-the-config"
    assert sent("hi", env=variable)["model"] == "of-the-variable"
    assert sent("-m", "mine/of-the-flag", "hi", env=variable)["model"] == "of-the-flag"
    assert sent("-r", "r", "hi")["model"] == "of-the-role"
    assert sent("-r", "r", "-s", "Be S.", "hi")["messages"][0]["content"] == "Be S."


def test_chat_7_the_timeout_of_the_flag_goes_before_the_provider_s_own() -> None:
    end = threading.Event()
    with ChatServer(Reply(steps=(frame(""), end))) as silent:
        configure(silent)
        with Path(os.environ["LLMTUI_CONFIG"]).open("a") as config:
            config.write("timeout_first_s = 50\n")
        done = run("--once", "-m", "mine/m", "--timeout", "0.3", "--format", "json", "hi", timeout=40)
        end.set()
    assert done.returncode == 1
    assert summary(done.stdout)["error"]["kind"] == "timeout"
    assert "--timeout" in done.stderr.decode()


def test_chat_7_the_first_provider_with_a_key_then_a_local_server(server: ChatServer) -> None:
    assert sent("hi", env={"ANTHROPIC_API_KEY": KEY})["provider"] == "anthropic"
    local = f'[providers.box]\nwire = "openai"\nbase_url = "{server.base_url}"\nlocal = true\n'
    Path(os.environ["LLMTUI_CONFIG"]).write_text(local)
    found = sent("hi")
    assert (found["provider"], found["model"]) == ("box", "m")


def test_chat_7_the_order_of_keys(server: ChatServer) -> None:
    """`LLMTUI_<PROVIDER>_API_KEY` (`-` and `.` as `_`), `key_env`, `key_command`; a --base-url's is LLMTUI_CUSTOM_API_KEY."""
    name = "my-own.box"
    Path(os.environ["LLMTUI_CONFIG"]).write_text(
        f'[providers."{name}"]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
        'key_env = "BOX_KEY"\nkey_command = ["echo", "of-the-command-1234"]\n'
    )
    variables = {"LLMTUI_MY_OWN_BOX_API_KEY": "own-key-0123456789", "BOX_KEY": "box-key-0123456789"}
    for env in (variables, {"BOX_KEY": variables["BOX_KEY"]}, {}):
        assert run("--once", "-m", f"{name}/m", "hi", env=env).returncode == 0
    assert once(server.base_url, "hi", env={"LLMTUI_CUSTOM_API_KEY": "custom-key-012345"}).returncode == 0
    assert [request.headers["authorization"].removeprefix("Bearer ") for request in server.requests] == [
        "own-key-0123456789",
        "box-key-0123456789",
        "of-the-command-1234",
        "custom-key-012345",
    ]


def test_chat_7_the_config_s_custom_section_is_for_the_server_of_a_base_url(server: ChatServer) -> None:
    Path(os.environ["LLMTUI_CONFIG"]).write_text('[providers.custom]\nheaders = { X-Team = "red" }\n')
    assert once(server.base_url, "hi").returncode == 0
    assert server.requests[0].headers["x-team"] == "red"


def test_chat_7_files_are_where_the_platform_has_them(server: ChatServer, tmp_path: Path) -> None:
    """`XDG_*` where no variable of ours says otherwise; LLMTUI_CONFIG need not exist, --config must."""
    ours = {"LLMTUI_DATA_DIR": "", "LLMTUI_CACHE_DIR": "", "LLMTUI_CONFIG": ""}
    xdg = {f"XDG_{kind.upper()}_HOME": str(tmp_path / kind) for kind in ("data", "cache", "config")}
    assert once(server.base_url, "hi", env={**ours, **xdg}).returncode == 0
    assert (tmp_path / "data/llmtui/llmtui.db").is_file()
    shown = run("config", "path", env={**ours, **xdg}).stdout.decode().strip()
    assert Path(shown).parent == tmp_path / "config/llmtui"
    nowhere = str(tmp_path / "nowhere.toml")
    assert once(server.base_url, "hi", env={"LLMTUI_CONFIG": nowhere}).returncode == 0
    assert once(server.base_url, "hi", "--config", nowhere).returncode == 2


# ------------------------------------------------------------------------------------------------- conversations


def test_chat_7_a_conversation_is_named_by_a_unique_beginning_of_its_id(server: ChatServer, tmp_path: Path) -> None:
    conversations = [
        {
            "id": identity,
            "title": identity,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "messages": [
                {
                    "id": f"{identity}q",
                    "role": "user",
                    "content": f"to {identity}",
                    "created_at": "2026-01-01T00:00:00Z",
                }
            ],
        }
        for identity in ("abc1", "abd2", "XY3")
    ]
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"format": "llmtui", "version": 1, "conversations": conversations}))
    assert run("history", "import", str(file)).returncode == 0
    assert once(server.base_url, "--conversation", "abc", "more").returncode == 0
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["to abc1", "more"]
    assert once(server.base_url, "--conversation", "XY", "more").returncode == 0  # ids that were imported have capitals
    assert once(server.base_url, "-c", "newest").returncode == 0
    assert server.requests[-1].body["messages"][0]["content"] == "to XY3"
    for wrong, said in (("ab", "could be more than one conversation (abc1, abd2)"), ("zz", "no conversation “zz”")):
        done = once(server.base_url, "--conversation", wrong, "more")
        assert done.returncode == 2
        assert said in done.stderr.decode()


# ------------------------------------------------------------------------------------------------- money and confirmations


def test_chat_7_near_a_limit_it_goes_on_with_a_warning_where_nobody_can_be_asked(server: ChatServer) -> None:
    configure(server, PRICED, "[budget]\ndaily_usd = 0.05\nconfirm_at = 0.01\n")
    done = run("--once", "-m", "mine/m", "--format", "json", "hi")
    assert done.returncode == 0
    assert "of today's $0.0500" in done.stderr.decode()
    assert any("would be left" in warning for warning in summary(done.stdout)["warnings"])


def test_chat_7_a_dry_run_over_the_budget_says_what_it_would_cost_and_is_exit_4(server: ChatServer) -> None:
    configure(server, PRICED, "[budget]\ndaily_usd = 0.001\n")
    done = run("--once", "--dry-run", "--format", "json", "-m", "mine/m", "--max-tokens", "100", "hi")
    assert done.returncode == 4
    found = json.loads(done.stdout)
    assert (found["max_cost_usd"], found["error"]["kind"]) == ("0.001085", "budget")
    assert not server.requests


def test_chat_7_money_in_json_is_a_decimal_string(server: ChatServer) -> None:
    """Every command that takes --json, with whatever is money in it."""
    configure(server, PRICED, "[budget]\ndaily_usd = 5.5\n")
    assert run("--once", "-m", "mine/m", "hi").returncode == 0
    shown = json.loads(run("history", "list", "--json").stdout)[0]["id"]
    commands = [
        ["keys", "list"],
        ["models", "--provider", "mine"],
        ["usage"],
        ["history", "list"],
        ["history", "search", "hi"],
        ["history", "show", shown],
        ["config", "show"],
        ["bench", "-m", "mine/m", "-n", "1"],
    ]
    money = []
    for command in commands:
        done = run(*command, "--json")
        assert done.returncode == 0, (command, done.stderr)
        money += list(_money(json.loads(done.stdout)))
    assert len(money) > 10
    assert [each for each in money if not (each[1] is None or isinstance(each[1], str))] == []


def _money(value: Any, inside: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _money(each, name if "usd" in name or inside != "price_per_million_usd" else inside)
    elif isinstance(value, list):
        for each in value:
            yield from _money(each, inside)
    elif "usd" in inside:
        yield inside, value


def test_a_reader_of_json_gets_a_summary_of_a_wrong_configuration() -> None:
    """CHAT-7: a provider that does not exist is exit 2, with the sentence on stderr and the kind in the summary."""
    done = run("--once", "--format", "json", "-m", "nosuch/model", "hi")
    assert done.returncode == 2
    found = summary(done.stdout)
    assert found["error"]["kind"] == "configuration"
    assert found["cost"]["resolution"] == "none"
    assert "nosuch" in done.stderr.decode()
    assert run("--once", "-m", "nosuch/model", "hi").stdout == b""
