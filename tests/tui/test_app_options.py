"""The options under `[ui]` do what they say."""

from __future__ import annotations

import threading

import pytest

from llmtui.config import Config
from llmtui.config.values import ProviderConfig
from llmtui.core.messages import Role
from llmtui.core.options import Options
from llmtui.tui.widgets.message_view_passage import Passage
from llmtui.tui.widgets.transcript import Item
from tests.e2e.chat_server import DONE, ChatServer, Reply, answer, error, frame
from tests.tui.conftest import Driven, driving


def config(server: ChatServer, **ui: object) -> Config:
    found = Config(providers={"local": ProviderConfig(base_url=server.base_url, wire="openai")})
    return found._replace(ui=found.ui._replace(**ui), retry=found.retry._replace(max_retries=0))  # type: ignore[arg-type]


LOCAL = Options(model="local/m")


async def test_smooth_spreads_a_burst_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """STR-4: what comes at once is shown in several frames; the text is whole when the ending shows."""
    pieces: list[str] = []
    append = Passage.append

    def noted(passage: Passage, text: str) -> None:
        pieces.append(text)
        append(passage, text)

    monkeypatch.setattr(Passage, "append", noted)
    go = threading.Event()
    text = "".join(f"word{n} " for n in range(60))
    steps = (frame("Hi "), go, frame(text), frame(finish="stop"), DONE)
    with ChatServer(Reply(steps=steps)) as server:
        async with driving(options=LOCAL, config=config(server, smooth=True)) as driven:
            driven.chat.prompt.fill("one")
            await driven.press("enter")
            await driven.until(lambda: pieces)
            assert pieces == ["Hi "], "the first text is no burst: it is shown at once"
            go.set()
            await driven.settled()
            assert "".join(pieces) == "Hi " + text
            assert len(pieces) >= 3
            assert driven.chat.transcript.message_source(driven.chat.talk.messages[-1].id) == "Hi " + text


async def titled(driven: Driven) -> None:
    await driven.ask("How do I boil an egg?")
    await driven.until(lambda: not [worker for worker in driven.app.workers if worker.group == "titles"])


async def test_a_model_gives_a_better_title_where_one_is_named() -> None:
    """CHAT-1, COST-2: one more request after the first answer, booked; a person's title is never replaced."""
    with ChatServer(answer("In water."), answer('**"Boiling Eggs."**\n', completion=4)) as server:
        async with driving(options=LOCAL, config=config(server, title_model="local/small")) as driven:
            await titled(driven)
            assert driven.chat.talk.title == "Boiling Eggs"
            assert "Boiling Eggs" in driven.screen_text().splitlines()[0]
            asked, wanted = server.requests
            assert (asked.body["model"], wanted.body["model"]) == ("m", "small")
            assert "How do I boil an egg?" in wanted.body["messages"][-1]["content"]
            assert driven.chat.library is not None
            (kept,) = await driven.chat.library.conversations()
            assert kept.title == "Boiling Eggs"
            assert driven.chat.talk.tokens == (5 + 7) + (5 + 4)
            await driven.ask("And then?")
            assert len(server.requests) == 3, "only the first answer asks for a title"
            await driven.ask("/new")
            driven.chat.prompt.fill("Another")
            await driven.press("enter")
            await driven.ask("/rename Mine")
            await driven.until(lambda: len(server.requests) == 5)
            await driven.until(lambda: not driven.app.workers)
            assert {each.title for each in await driven.chat.library.conversations()} == {"Boiling Eggs", "Mine"}


async def test_without_a_title_model_nothing_more_is_asked() -> None:
    """CHAT-1: the first words at once; no request that nobody turned on."""
    with ChatServer(answer("In water.")) as server:
        async with driving(options=LOCAL, config=config(server)) as driven:
            await titled(driven)
            assert driven.chat.talk.title == "How do I boil an egg?"
            assert len(server.requests) == 1


async def test_a_title_that_fails_is_said_and_the_first_words_stay() -> None:
    """CHAT-1: nothing fails silently."""
    with ChatServer(answer("In water."), error(404, "no such model")) as server:
        async with driving(options=LOCAL, config=config(server, title_model="local/small")) as driven:
            await titled(driven)
            await driven.until(lambda: "No title from local/small" in driven.notices())
            assert driven.chat.talk.title == "How do I boil an egg?"


async def test_without_animations_the_mark_stands_still() -> None:
    """STR-1: whole seconds and no spinning, with the same words."""
    go = threading.Event()
    with ChatServer(Reply(steps=(go, frame("x"), frame(finish="stop"), DONE))) as server:
        async with driving(options=LOCAL, config=config(server, animations=False)) as driven:
            driven.chat.prompt.fill("one")
            await driven.press("enter")
            await driven.until(lambda: "… thinking 0 s" in driven.screen_text())
            go.set()
            await driven.settled()
            assert "thinking" not in driven.screen_text()


@pytest.mark.parametrize("wanted", [True, False])
async def test_messages_are_drawn_ahead_only_where_that_is_wanted(wanted: bool) -> None:
    """STR-13: with `idle_prerender` off only what is looked at is drawn; both show the same."""
    ui = Config().ui._replace(idle_prerender=wanted)
    async with driving(size=(80, 24), config=Config(ui=ui)) as driven:
        transcript = driven.chat.transcript
        items = [
            Item(f"m{n}", Role.ASSISTANT, "x", "\n\n".join(f"{n} line {line}" for line in range(8))) for n in range(20)
        ]
        transcript.open(items)
        await driven.until(lambda: not transcript.ahead._is_due and not transcript._is_filling)
        drawn = [index for index, seen in transcript.model.views() if seen.is_drawn(transcript.dress)]
        assert (len(drawn) > 3) is wanted
        assert "19 line 7" in driven.screen_text()
