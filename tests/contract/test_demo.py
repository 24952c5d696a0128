"""The demo: real bytes through the real client path, from no network."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.errors import ModelNotFound, RateLimited
from llmtui.core.events import FinishReason, ReasoningDelta, StreamEvent, TextDelta
from llmtui.core.messages import Message, Role
from llmtui.providers._demo_server import MODELS, DemoServer
from llmtui.providers._demo_text import answer as demo_answer
from llmtui.providers._http import AsyncTransport, BlockingTransport
from llmtui.providers.demo import create
from tests.contract.pieces import finished, reasoning, request, target, text, usage, user
from tests.contract.test_transport import drive

if TYPE_CHECKING:
    from llmtui.providers.transport import Transport

DEMO = target("demo", "demo:", "demo", key="", local=True)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses are noted instead of waited for."""
    waited: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await real(0)

    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


async def ask(
    transport: Transport, model: str, question: str = "Compare two tables", **settings: Any
) -> list[StreamEvent]:
    asked = request(model, user(question), provider="demo", **settings)
    adapter = create()
    response = await transport.open(adapter.chat(asked, DEMO), DEMO, connect_s=9, header_s=9)
    response.limit(60)
    if response.status != 200:
        raise adapter.error(response.status, response.headers, await response.body(9999), asked, DEMO)
    decoder = adapter.decoder(asked, DEMO)
    seen: list[StreamEvent] = []
    while piece := await response.read():
        seen += decoder.feed(piece)
    seen += decoder.close()
    await response.close()
    return seen


def blocking(model: str, question: str = "Compare two tables", **settings: Any) -> list[StreamEvent]:
    seen: list[StreamEvent] = drive(ask(BlockingTransport(), model, question, **settings))
    return seen


@pytest.mark.parametrize("model", ["steady", "quick", "slow"])
def test_it_answers_the_same_blocking_and_asynchronous(model: str, no_waiting: list[float]) -> None:
    """PRV-8."""
    seen = blocking(model)
    assert seen == asyncio.run(ask(AsyncTransport(), model))
    assert "|---" in text(seen) or "|:--" in text(seen)
    end, used = finished(seen), usage(seen)
    assert end is not None
    assert end.reason is FinishReason.STOP
    assert used is not None
    assert used.output_tokens == sum(isinstance(event, TextDelta) for event in seen)
    assert used.input_tokens > 0


def test_it_reaches_no_network(no_waiting: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """PRV-8: not even loopback."""

    def refused(*args: Any) -> None:
        raise AssertionError("the demo opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket.socket, "bind", refused)
    assert text(blocking("quick"))


def test_it_keeps_its_pace(no_waiting: list[float]) -> None:
    """`steady` gives about 60 tokens a second."""
    tokens = len(blocking("steady"))
    assert sum(no_waiting[1:]) == pytest.approx(tokens / 60, rel=0.15)
    assert no_waiting[0] == MODELS["steady"].first_s


def test_the_thinker_thinks_first(no_waiting: list[float]) -> None:
    """STR-1."""
    seen = blocking("thinker")
    kinds = [type(event) for event in seen if isinstance(event, TextDelta | ReasoningDelta)]
    assert kinds == sorted(kinds, key=lambda kind: kind is TextDelta)
    used = usage(seen)
    assert used is not None
    assert used.reasoning_tokens == kinds.count(ReasoningDelta) > 20
    assert reasoning(seen).startswith("The user asks about")


def test_flaky_plays_a_rate_limit_and_then_answers(no_waiting: list[float]) -> None:
    """ROB-1, to be watched."""

    async def twice() -> str:
        transport = BlockingTransport()
        with pytest.raises(RateLimited) as caught:
            await ask(transport, "flaky")
        assert caught.value.retry_after_s == 3
        return text(await ask(transport, "flaky"))

    assert drive(twice())


def test_an_unknown_demo_model(no_waiting: list[float]) -> None:
    with pytest.raises(ModelNotFound, match="steady"):
        blocking("nope")


def test_limits_and_stops_are_kept(no_waiting: list[float]) -> None:
    """PRV-3."""
    seen = blocking("thinker", max_output_tokens=100)
    used, end = usage(seen), finished(seen)
    assert used is not None
    assert end is not None
    assert (used.output_tokens, end.reason) == (100, FinishReason.LENGTH)
    short = text(blocking("quick", stop=("a comparison",)))
    assert "comparison" not in short.split("##")[-1]


def test_it_lists_its_models() -> None:
    adapter = create()

    async def listed() -> bytes:
        transport = BlockingTransport()
        response = await transport.open(adapter.models(DEMO), DEMO, connect_s=9, header_s=9)
        return await response.body(99999)

    models, _ = adapter.parse_models(drive(listed()))
    assert [model.name for model in models] == list(MODELS)


def test_the_pace_is_interrupted_by_a_signal() -> None:
    """Ctrl-C while the demo pretends to think."""

    class Stop(Exception):
        pass

    def stop(number: int, frame: Any) -> None:
        raise Stop

    before = signal.signal(signal.SIGUSR1, stop)
    threading.Timer(0.05, signal.pthread_kill, [threading.main_thread().ident, signal.SIGUSR1]).start()
    try:
        with pytest.raises(Stop):
            blocking("slow")
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_cancelling_ends_it_at_once() -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(ask(AsyncTransport(), "slow"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


@pytest.mark.parametrize(
    ("question", "words"), [("a story in 500 words", 500), ("write 10,000 words", 10_000), ("a very long essay", 1500)]
)
def test_it_is_as_long_as_asked(question: str, words: int) -> None:
    assert words <= len(demo_answer(question, 1).split()) <= words * 1.3 + 200
    assert len(demo_answer("write 99999999999 words", 1).split()) < 60_000


@pytest.mark.parametrize(
    "question", ["", "hi", "```\ncode\n```", "*", "日本語で？", "x" * 100_000, "\n\n", "What is **that**?"]
)
def test_any_question_is_answered_in_well_formed_markdown(question: str) -> None:
    """Fences are closed; the same question gives the same answer; something of it comes back."""
    said = demo_answer(question, 7)
    assert said == demo_answer(question, 7)
    assert said.count("```") % 2 == 0
    assert len(said) > 20


def test_the_answers_hold_every_kind_of_markdown() -> None:
    """PRV-8: believable Markdown."""
    questions = ["python", "rust", "javascript", "sql", "compare", "how", "quote", "translate", "cost"]
    everything = "".join(demo_answer(question, seed) for seed, question in enumerate(questions))
    for mark in (
        "```python",
        "```rust",
        "```sql",
        "```bash",
        "| ",
        "> >",
        "1. ",
        "     - ",
        "**",
        "~~",
        "](https://",
        "日本語",
        "🐢",
    ):
        assert mark in everything


def test_the_server_reads_parts_and_counts_what_came_before() -> None:
    body = {
        "model": "quick",
        "messages": [
            {"role": "system", "content": "s"},
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "hello"}],
            },
        ],
    }
    reply = DemoServer()("POST", "/v1/chat/completions", json.dumps(body).encode())
    data = b"".join(piece for _, piece in reply.pieces)
    assert "Hello" in "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content", "")
        for line in data.decode().split("\n")
        if line.startswith("data: {") and json.loads(line[6:])["choices"]
    )


def test_messages_of_every_role_are_sent(no_waiting: list[float]) -> None:
    asked = request(
        "quick", Message(Role.SYSTEM, "S"), user("hi"), Message(Role.ASSISTANT, "Hello"), user("hi"), provider="demo"
    )
    assert len(json.loads(create().chat(asked, DEMO).body)["messages"]) == 4
