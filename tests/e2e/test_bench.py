"""`llmtui bench` against servers of every kind over real sockets (CHAT-10)."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.chat_server import CLOSE, DONE, RESET, ChatServer, Reply, answer, error, frame, usage_frame
from tests.e2e.program import environment, run, start
from tests.e2e.test_cli_terminal import Terminal


def bench(server: ChatServer, *args: str, wire: str = "openai", model: str = "m") -> subprocess.CompletedProcess[bytes]:
    url = server.base_url if wire.startswith("openai") else server.root
    return run("bench", "--base-url", url, "--wire", wire, "-m", model, "--prompt", "hi", *args)


def measured(server: ChatServer, *args: str, code: int = 0, **how: str) -> dict[str, Any]:
    """The object that is printed, with its one result's verdicts by name under `by_name`."""
    done = bench(server, "--json", *args, **how)
    assert done.returncode == code, done
    found: dict[str, Any] = json.loads(done.stdout)
    verdicts: dict[str, list[tuple[str, str]]] = {}
    for result in found["results"]:
        for check in result["checks"]:
            verdicts.setdefault(check["name"], []).append((check["status"], check["message"]))
    return found | {"by_name": verdicts}


def attempts() -> list[tuple[Any, ...]]:
    with sqlite3.connect(Path(os.environ["LLMTUI_DATA_DIR"]) / "llmtui.db") as connection:
        return connection.execute(
            "SELECT purpose, demo, state, reserved_nanos, output_tokens FROM attempts ORDER BY started_at"
        ).fetchall()


def write_config(text: str) -> None:
    Path(os.environ["LLMTUI_CONFIG"]).write_text(text, "utf-8")


GOOD = answer("one ", "two ", "three", prompt=9, completion=5)
PRICED = '[prices."custom/m"]\ninput = 100.0\noutput = 100.0\n'


def test_chat_10_several_models_after_one_m() -> None:
    """CHAT-10: `-m MODEL…`; COST-2: a cost that nobody knows is not shown as $0.00."""
    with ChatServer(GOOD, models=("m", "other")) as server:
        text = bench(server, "-n", "1", "other").stdout.decode()
        found = measured(server, "-n", "1", "other")
    assert "custom/m at" in text
    assert "custom/other at" in text
    assert "$0.00" not in text
    assert "1 of unknown cost" in text
    assert [(each["model"], each["cost"]["usd"]) for each in found["results"]] == [("m", None), ("other", None)]


def test_chat_10_everything_is_measured_and_judged() -> None:
    """CHAT-10"""
    with ChatServer(GOOD) as server:
        done = bench(server, "-n", "3", "--concurrency", "2")
        bodies = [request.body for request in server.requests]
    text = done.stdout.decode()
    assert done.returncode == 0, text
    for name in ("min", "mean", "p50", "p90", "p95", "p99", "max"):
        assert name in text
    for begun in ("first token, ms", "between tokens, ms", "duration, ms", "tokens/s"):
        assert f"\n{begun}" in text
    assert "✓ success: 3 of 3 answered (100 %)" in text
    assert "✓ stream: 18 frames in order" in text
    assert "✓ times: " in text
    assert "✓ usage: reported by 3 of 3; output 0.0 % from what we estimated" in text
    assert "✓ model list: 1 model" in text
    assert done.stderr.decode().splitlines()[-1] == "llmtui: custom/m (chat): 3 of 3"
    assert len(bodies) == 3
    assert all(body["messages"] == [{"role": "user", "content": "hi"}] for body in bodies)
    assert attempts() == [("bench", 1, "completed", 0, 5)] * 3


def test_it_stands_outside_usage_and_budgets() -> None:
    """Booked and marked like the demo: a budget that is used up neither stops it nor is touched by it."""
    write_config("[budget]\ndaily_tokens = 10\n")
    with ChatServer(GOOD) as server:
        assert measured(server, "-n", "2")["results"][0]["answered"] == 2
    assert json.loads(run("usage", "--json").stdout)["today"]["requests"] == 0


def test_json_is_one_object_with_every_figure() -> None:
    with ChatServer(GOOD) as server:
        found = measured(server, "-n", "4")
    result = found["results"][0]
    assert (result["requests"], result["answered"], result["failed"], result["success_rate"]) == (4, 4, 0, 1.0)
    assert set(result["ttft_ms"]) == {"min", "mean", "p50", "p90", "p95", "p99", "max"}
    assert (
        result["ttft_ms"]["min"] <= result["ttft_ms"]["p50"] <= result["ttft_ms"]["max"] <= result["duration_ms"]["max"]
    )
    assert result["usage"]["output_tokens"] == 20
    assert result["cost"] == {"usd": None, "estimate_usd": "0", "uncounted": 4}
    assert found["ok"] is True
    assert found["interrupted"] is False


def test_both_endpoints_are_measured_one_after_the_other() -> None:
    words = [
        b'data: {"id":"x","choices":[{"index":0,"text":"a"}]}\n\n',
        b'data: {"id":"x","choices":[{"index":0,"text":"b","finish_reason":"stop"}]}\n\n',
    ]
    text = Reply(steps=(*words, usage_frame(1, 2), DONE))
    with ChatServer(GOOD, text) as server:
        found = measured(server, "-n", "1", "--endpoint", "both")
    assert [result["endpoint"] for result in found["results"]] == ["chat", "completions"]
    assert [request.path for request in server.requests] == ["/v1/chat/completions", "/v1/completions"]
    assert found["results"][1]["answered"] == 1


def test_several_models_are_measured() -> None:
    with ChatServer(GOOD) as server:
        found = measured(server, "-n", "1", "-m", "other")
    assert [result["model"] for result in found["results"]] == ["m", "other"]
    assert found["by_name"]["models"][1][0] == "warn"


def test_without_a_model_the_first_listed_is_taken() -> None:
    with ChatServer(GOOD, models=("first", "second")) as server:
        done = run("bench", "--base-url", server.base_url, "--wire", "openai", "-n", "1", "--json")
    assert json.loads(done.stdout)["results"][0]["model"] == "first"


# ------------------------------------------------------------------------------------------ what is found wrong


def test_failures_are_counted_by_kind_and_fail_the_check() -> None:
    with ChatServer(error(500, "boom"), error(429, "slow down"), GOOD) as server:
        found = measured(server, "-n", "4", code=1)
    assert found["results"][0]["errors"] == {"server_error": 1, "rate_limited": 1}
    assert found["by_name"]["success"][0][0] == "fail"
    assert found["ok"] is False
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (Reply(steps=(frame("a"), CLOSE)), "fail", "ends without a finish reason"),
        (Reply(steps=(frame("a"), RESET)), "fail", "ends without a finish reason"),
        (Reply(steps=(frame("a"), frame(finish="stop"))), "warn", "ends with the finish reason, but without [DONE]"),
        (Reply(steps=(frame("a"), frame(finish="stop"), frame("b"), DONE)), "fail", "sends text after the finish reason"),
        (Reply(steps=(frame("a"), frame(finish="stop"), frame(finish="stop"), DONE)), "warn", "more than one finish reason"),
        (Reply(steps=(frame("a"), frame(finish="stop"), DONE + frame("b"))), "fail", "frames after the terminal mark"),
        (Reply(steps=(*[each for i in range(3) for each in [frame(f"w{i}")] * 2], frame(finish="stop"), DONE)), "fail", "frames twice"),
        (Reply(steps=(frame("a"), frame("b", id="c2"), frame(finish="stop"), DONE)), "warn", "changes the answer's id"),
    ],
)  # fmt: skip
def test_str_2_str_3_what_is_wrong_with_a_stream_is_named(reply: Reply, status: str, words: str) -> None:
    """STR-2, STR-3"""
    with ChatServer(reply) as server:
        found = measured(server, "-n", "1", code=1 if status == "fail" else 0)
    assert any(each[0] == status and words in each[1] for each in found["by_name"]["stream"]), found["by_name"]


def test_a_server_without_usage_models_or_health_is_tolerated() -> None:
    nowhere = [(404, b"not found")]
    gets = dict.fromkeys(("/v1/models", "/health", "/healthz", "/v1/health", "/metrics"), nowhere)
    with ChatServer(Reply(steps=(frame("a"), frame("b"), frame(finish="stop"), DONE)), gets=gets) as server:
        found = measured(server, "-n", "1")
    by_name = found["by_name"]
    assert by_name["usage"] == [("warn", "usage: the server reports none, so cost can only be estimated")]
    assert by_name["models"][0] == ("warn", "model list: the server answers 404")
    assert by_name["health"][0][0] == "warn"
    assert found["ok"] is True


def test_a_model_list_that_makes_no_sense_and_a_sick_server() -> None:
    with ChatServer(GOOD, gets={"/v1/models": [(200, b"<html>")], "/health": [(503, b"loading")]}) as server:
        found = measured(server, "-n", "1", code=1)
    assert found["by_name"]["models"][0][0] == "warn"
    assert found["by_name"]["health"] == [("fail", "health: /health answers 503")]


def test_a_server_that_hangs_up_on_what_it_does_not_know_is_tolerated() -> None:
    class Curt(ChatServer):
        def _one(self, connection: Any, stream: Any) -> bool:
            if stream.peek(4)[:4] == b"GET ":
                return False
            return super()._one(connection, stream)

    with Curt(GOOD) as server:
        found = measured(server, "-n", "1")
    assert [found["by_name"][name][0][0] for name in ("success", "health", "models")] == ["ok", "warn", "warn"]


def test_p19_usage_that_makes_no_sense_fails() -> None:
    """P19"""
    with ChatServer(Reply(steps=(frame("a"), frame(finish="stop"), usage_frame(-5, 1), DONE))) as server:
        found = measured(server, "-n", "1", code=1)
    assert found["by_name"]["usage"][0][0] == "fail"


def test_usage_far_from_our_own_count_is_a_warning() -> None:
    with ChatServer(answer("one two three", prompt=9, completion=500)) as server:
        found = measured(server, "-n", "1")
    assert found["by_name"]["usage"][0][0] == "warn"
    assert found["results"][0]["usage"]["mean_output_deviation"] > 10


# ------------------------------------------------------------------------------------------ the server's own figures

METRICS = """# HELP vllm:generation_tokens_total Number of generation tokens processed.
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total{model_name="m"} %d
vllm:prompt_tokens_total{model_name="m"} %d
vllm:request_success_total{finished_reason="stop",model_name="m"} %d
vllm:time_to_first_token_seconds_sum{model_name="m"} %f
vllm:time_to_first_token_seconds_count{model_name="m"} %d
vllm:num_requests_running{model_name="m"} NaN
"""


def test_a_server_s_prometheus_counters_are_compared_with_ours() -> None:
    """As vLLM names them."""
    before, after = METRICS % (100, 50, 7, 1.0, 7), METRICS % (110, 68, 9, 1.00001, 9)
    gets = {"/metrics": [(200, before.encode()), (200, after.encode())], "/health": [(200, b"")]}
    with ChatServer(GOOD, gets=gets) as server:
        found = measured(server, "-n", "2")
    assert ("ok", "metrics: 10 output tokens by the server's count, 10 by ours") in found["by_name"]["metrics"]
    assert ("ok", "metrics: 18 input tokens by the server's count, 18 by ours") in found["by_name"]["metrics"]
    assert ("ok", "metrics: 2 requests by the server's count, 2 by ours") in found["by_name"]["metrics"]
    assert any("mean first token" in sentence for _, sentence in found["by_name"]["metrics"])
    assert found["by_name"]["health"] == [("ok", "health: /health answers 200")]


def test_llama_cpp_s_timings_are_compared_with_ours() -> None:
    timings = {"prompt_n": 9, "prompt_ms": 0.001, "predicted_n": 3, "predicted_per_second": 0.5}
    last = (
        usage_frame(9, 5, timings=None)[:-2].replace(
            b'"choices": []', b'"choices": [], "timings": ' + json.dumps(timings).encode()
        )
        + b"\n\n"
    )
    with ChatServer(Reply(steps=(frame("a"), frame("b"), frame(finish="stop"), last, DONE))) as server:
        found = measured(server, "-n", "1")
    assert [status for status, _ in found["by_name"]["timings"]] == ["warn", "ok"]
    assert "0.5 tokens/s by the server's clock" in found["by_name"]["timings"][0][1]


def ollama_answer() -> Reply:
    lines = [
        {"model": "m", "message": {"role": "assistant", "content": "one "}, "done": False},
        {"model": "m", "message": {"role": "assistant", "content": "two"}, "done": False},
        {
            "model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
            "load_duration": 1000, "prompt_eval_count": 9, "prompt_eval_duration": 1000, "eval_count": 4, "eval_duration": 10**9,
        },
    ]  # fmt: skip
    return Reply(
        steps=tuple(json.dumps(line).encode() + b"\n" for line in lines),
        headers=(("Content-Type", "application/x-ndjson"),),
    )


def test_ollama_is_measured_with_its_own_timings() -> None:
    tags = json.dumps({"models": [{"name": "m"}]}).encode()
    with ChatServer(ollama_answer(), gets={"/api/tags": [(200, tags)], "/api/version": [(200, b"{}")]}) as server:
        found = measured(server, "-n", "2", wire="ollama")
    assert found["results"][0]["usage"]["output_tokens"] == 8
    assert found["by_name"]["health"] == [("ok", "health: /api/version answers 200")]
    assert found["by_name"]["stream"][0][0] == "ok"
    assert "4.0 tokens/s by the server's clock" in found["by_name"]["timings"][0][1]


def sse(*frames: dict[str, Any], names: bool = False) -> Reply:
    head = [f"event: {each['type']}\n".encode() if names else b"" for each in frames]
    return Reply(
        steps=tuple(
            first + b"data: " + json.dumps(each).encode() + b"\n\n" for first, each in zip(head, frames, strict=True)
        )
    )


ANTHROPIC: tuple[dict[str, Any], ...] = (
    {
        "type": "message_start",
        "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "one "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "two"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
)


def test_anthropic_is_measured() -> None:
    with ChatServer(sse(*ANTHROPIC, names=True)) as server:
        found = measured(server, "-n", "1", wire="anthropic")
    assert found["results"][0]["answered"] == 1
    assert found["by_name"]["stream"] == [("ok", "stream: 7 frames in order, none twice, each answer with its end")]


def test_gemini_is_measured() -> None:
    frames = (
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "one "}]}}], "responseId": "r"},
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": "two"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13},
            "responseId": "r",
        },
    )
    with ChatServer(sse(*frames)) as server:
        found = measured(server, "-n", "1", wire="gemini")
    assert found["results"][0]["answered"] == 1
    assert found["by_name"]["stream"][0][0] == "ok"


def test_responses_out_of_order_are_found() -> None:
    kinds = [
        {"type": "response.created", "sequence_number": 0, "response": {"id": "r", "model": "m"}},
        {"type": "response.output_text.delta", "sequence_number": 2, "delta": "a", "output_index": 0, "content_index": 0, "item_id": "i"},
        {"type": "response.output_text.delta", "sequence_number": 1, "delta": "b", "output_index": 0, "content_index": 0, "item_id": "i"},
        {
            "type": "response.completed", "sequence_number": 3,
            "response": {"id": "r", "model": "m", "status": "completed", "output": [], "usage": {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}},
        },
    ]  # fmt: skip
    with ChatServer(sse(*kinds, names=True)) as server:
        found = measured(server, "-n", "1", wire="openai-responses", code=1)
    assert found["by_name"]["stream"] == [("fail", "stream: 1 of 1 numbers its frames out of order")]


# ------------------------------------------------------------------------------------------ money and ends


def test_max_cost_stops_before_it_would_be_exceeded() -> None:
    """A request can cost at most some $0.107 here; each costs $0.0014."""
    write_config(PRICED)
    with ChatServer(GOOD) as server:
        found = measured(server, "-n", "50", "--max-cost", "0.12")
    sent = len(server.requests)
    assert 1 < sent < 50
    assert found["stopped_by_max_cost"] is True
    assert found["results"][0]["cost"]["usd"] == format(sent * 14 / 10_000, "f").rstrip("0")
    assert sent * 0.0014 + 0.1 < 0.12


def test_max_cost_that_affords_nothing_sends_nothing() -> None:
    write_config(PRICED)
    with ChatServer(GOOD) as server:
        done = bench(server, "--max-cost", "0.01")
        assert server.requests == []
    assert done.returncode == 4
    assert b"affords not even one request" in done.stderr


def test_max_cost_needs_a_price() -> None:
    with ChatServer(GOOD) as server:
        done = bench(server, "--max-cost", "1")
        assert server.requests == []
    assert done.returncode == 4
    assert b"has no known price" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"])
def test_p29_a_signal_ends_with_a_report_of_what_was_measured(number: signal.Signals, code: int) -> None:
    """P29"""
    never = threading.Event()
    with ChatServer(GOOD, Reply(steps=(frame("half"), never))) as server:
        child = start(
            "bench", "--base-url", server.base_url, "--wire", "openai", "-m", "m", "--concurrency", "2", "--json"
        )
        server.wait_for_requests(3)
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
        never.set()
    assert child.returncode == code
    found = json.loads(out)
    assert found["interrupted"] is True
    assert found["results"][0]["answered"] == 1
    assert found["results"][0]["cancelled"] == 2
    assert b"Traceback" not in err
    assert sorted(row[2] for row in attempts()) == ["cancelled", "cancelled", "completed"]
    assert all(row[3] == 0 for row in attempts())


def test_a_signal_before_anything_was_sent_says_so() -> None:
    waits = threading.Event()

    class Slow(ChatServer):
        def _one(self, connection: Any, stream: Any) -> bool:
            asked.set()
            waits.wait(30)
            return False

    asked = threading.Event()
    with Slow(GOOD) as server:
        child = start("bench", "--base-url", server.base_url, "--wire", "openai", "-m", "m")
        assert asked.wait(30)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=30)
        waits.set()
    assert child.returncode == 130
    assert "⚠ stopped early" in out.decode()


def test_progress_on_a_terminal_is_one_line_and_hostile_words_command_nothing() -> None:
    """SEC-1"""
    with ChatServer(error(400, "bad\x1b[2J\x9b2J")) as server:
        terminal = Terminal("bench", "--base-url", server.base_url, "--wire", "openai", "-m", "m\x07", "-n", "2")
        code, text = terminal.end()
    assert code == 1
    assert "2 of 2, 2 failed" in text
    assert "✗ success: 0 of 2 answered" in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-n", "0"], "--requests must be a whole number from 1"),
        (["--concurrency", "x"], "--concurrency must be a whole number"),
        (["--max-cost", "much"], "--max-cost must be an amount in USD"),
        (["--max-cost", "-1"], "--max-cost must be an amount in USD"),
        (["--prompt", " "], "--prompt is empty"),
        (["--wire", "openai"], "--wire needs --base-url beside it"),
        (["-m", " "], "--model needs a value"),
        (["-m", "demo/steady", "--endpoint", "both"], "--endpoint chooses between"),
        (["-m", "nowhere/x"], "there is no provider"),
        (["-m", "auto"], "“auto” is no model that could be measured"),
    ],
)
def test_wrong_usage_is_named(args: list[str], words: str) -> None:
    done = run("bench", *args)
    assert done.returncode == 2
    assert words in done.stderr.decode()


def test_without_any_model_it_says_what_to_do() -> None:
    done = run("bench")
    assert done.returncode == 3
    assert b"there is no model to measure" in done.stderr


def test_tok_1_a_count_by_the_model_s_own_tokenizer_is_exact(shared: Path) -> None:
    """TOK-1"""
    import shutil

    folder = Path(os.environ["LLMTUI_CACHE_DIR"]) / "tiktoken"
    shutil.copytree(shared / "tiktoken", folder)
    with ChatServer(answer("one two three", prompt=8, completion=3), models=("gpt-4o",)) as server:
        found = measured(server, "-n", "1", model="gpt-4o")
    if not found["results"][0]["usage"]["counted_exactly"]:
        pytest.skip("the shared vocabulary is not the one that is looked for")
    assert found["by_name"]["usage"] == [("ok", "usage: reported by 1 of 1; output 0.0 % from what we counted")]


def test_no_screen_library_is_loaded() -> None:
    code = (
        "import sys; sys.argv = ['llmtui', 'bench', '-m', 'demo/steady', '-n', '1', '--prompt', 'hello', '--json']\n"
        "from llmtui.__main__ import main\n"
        "main(); print('textual' in sys.modules, 'rich' in sys.modules, file=sys.stderr)"
    )
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True, env=environment())
    assert done.stderr.endswith(b"False False\n")
