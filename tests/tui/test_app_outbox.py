"""The queue: a failed question waits for its provider, is sent when it is back, and after a restart only when said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.chat.session import ChatSession
from llmtui.core.errors import ConnectionFailed
from llmtui.core.messages import MessageState, ModelRef
from llmtui.core.options import Options
from tests.tui.conftest import driving

if TYPE_CHECKING:
    import pytest

    from tests.tui.conftest import Driven


async def failed(driven: Driven) -> None:
    """A question whose answer failed; from now on the model that works is chosen."""
    await driven.ask("important")
    await driven.until(lambda: driven.chat.talk.messages[-1].state is MessageState.FAILED)
    driven.chat.talk.model = ModelRef("demo", "instant")


async def command(driven: Driven, text: str) -> None:
    driven.chat.prompt.fill(text)
    driven.chat.focus_prompt()
    await driven.press("enter")


def waiting(driven: Driven) -> int:
    assert driven.chat.session is not None
    return len(driven.chat.session.store.outbox.waiting())


async def test_a_failed_question_is_sent_when_a_free_probe_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-6: not while the provider is away; then once, as a new version of the failed answer."""
    is_back = False

    async def probe(_session: ChatSession, provider: str) -> None:
        assert provider == "demo"
        if not is_back:
            raise ConnectionFailed("away")

    monkeypatch.setattr(ChatSession, "probe", probe)
    async with driving(options=Options(demo=True, model="nosuch")) as driven:
        await command(driven, "/queue")
        await driven.until(lambda: "nothing to queue" in driven.notices())
        await failed(driven)
        await command(driven, "/queue")
        await driven.until(lambda: waiting(driven) == 1)
        driven.chat.outbox.probe()
        await driven.pilot.pause(0.1)
        assert waiting(driven) == 1
        is_back = True
        driven.chat.outbox.probe()
        await driven.until(lambda: driven.chat.talk.messages[-1].state is MessageState.COMPLETE)
        assert waiting(driven) == 0
        assert driven.chat.talk.messages[0].content == "important"
        assert len(driven.chat.talk.messages) == 2
        await command(driven, "/queue")
        await driven.until(lambda: "Only a question whose answer failed" in driven.notices())


async def test_the_demo_is_probed_for_real() -> None:
    """ROB-6: the probe is the model list, which costs nothing."""
    async with driving(options=Options(demo=True, model="nosuch")) as driven:
        await failed(driven)
        await command(driven, "/queue")
        await driven.until(lambda: waiting(driven) == 1)
        driven.chat.outbox.probe()
        await driven.until(lambda: driven.chat.talk.messages[-1].state is MessageState.COMPLETE)


async def test_queueing_twice_takes_it_out_again() -> None:
    """ROB-6: nothing is sent that is no longer wanted."""
    async with driving(options=Options(demo=True, model="nosuch")) as driven:
        await failed(driven)
        await command(driven, "/queue")
        await driven.until(lambda: waiting(driven) == 1)
        await command(driven, "/queue")
        await driven.until(lambda: waiting(driven) == 0)


async def test_after_a_restart_it_asks_first() -> None:
    """ROB-6: yes sends it when the provider is back, no drops it."""
    async with driving(options=Options(demo=True, model="nosuch")) as driven:
        await failed(driven)
        await command(driven, "/queue")
        await driven.until(lambda: waiting(driven) == 1)
    async with driving() as driven:
        await driven.until(lambda: "1 question waits" in driven.screen_text())
        await driven.press("y")
        driven.chat.outbox.probe()
        await driven.until(lambda: waiting(driven) == 0)
        await driven.settled()
        assert driven.chat.library is not None
        conversation = await driven.chat.library.newest()
        assert conversation is not None
        assert (await driven.chat.library.thread(conversation))[-1].state is MessageState.COMPLETE


async def test_a_no_after_a_restart_drops_it() -> None:
    async with driving(options=Options(demo=True, model="nosuch")) as driven:
        await failed(driven)
        await command(driven, "/queue")
        await driven.until(lambda: waiting(driven) == 1)
    async with driving() as driven:
        await driven.until(lambda: "1 question waits" in driven.screen_text())
        await driven.press("n")
        await driven.until(lambda: waiting(driven) == 0)
