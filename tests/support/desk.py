"""A whole chat: real session, real SQLite file, real sockets, and without an event loop waits that are noted, not slept.

    desk.server.replies(...)
    asked = desk.ask("Hello?", model="my-anthropic/m")
    assert asked.result.content == "…"
    assert asked.rows[0]["state"] == "completed"

Every dialect has a provider `my-WIRE` on the one server, and so have `one`, `two` and `three`, which speak OpenAI's. One
desk serves a module's tests: what differs between them is the conversation.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from llmtui.chat.directory import Directory
from llmtui.chat.runtime import AsyncRuntime, BlockingRuntime, run_blocking
from llmtui.chat.session import ChatSession
from llmtui.config.load import parse_config
from llmtui.core.events import ChunkArrived, FallbackChosen, RetryScheduled
from llmtui.core.messages import ModelRef
from llmtui.paths import Paths
from llmtui.providers._http import AsyncTransport, BlockingTransport
from llmtui.store.database import Store
from llmtui.tokens.counts import Counts
from tests.support.dialects import DIALECTS
from tests.support.wire_server import Reply, WireServer, error_reply

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Iterator, Sequence

    from llmtui.chat.control import TurnControl
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.events import StreamChunk, TurnEvent, TurnResult
    from llmtui.core.messages import Message
    from llmtui.core.policy import Timeouts
    from llmtui.providers.transport import Transport
    from tests.support.dialects import Script
    from tests.support.wire_server import Piece, Request

PLAIN = ("one", "two", "three")


_IN_MEMORY = Path("/dev/shm")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder for a database that is opened and synced like any other, in memory where the machine has such a place:
    thousands of commits on a disk that others use as well would be most of a test's time."""
    folder = Path(tempfile.mkdtemp(prefix="llmtui-desk-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class NotedWaits(BlockingRuntime):
    """A runtime whose clock needs no time."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.waits: list[float] = []

    async def sleep(self, seconds: float, control: TurnControl) -> None:
        self.waits.append(seconds)


class Asked(NamedTuple):
    """A turn that is over: what it said, what it wrote, what the server saw."""

    result: TurnResult
    events: list[TurnEvent]
    waits: list[float]
    rows: list[dict[str, Any]]
    """The ledger's rows of this turn, in order."""
    requests: list[Request]
    """The questions; that a list of models was asked for is left out."""
    thread: Sequence[Message]
    """The conversation as it is stored."""

    @property
    def chunks(self) -> list[StreamChunk]:
        return [event.chunk for event in self.events if isinstance(event, ChunkArrived)]

    @property
    def retries(self) -> list[RetryScheduled]:
        return [event for event in self.events if isinstance(event, RetryScheduled)]

    @property
    def fallbacks(self) -> list[FallbackChosen]:
        return [event for event in self.events if isinstance(event, FallbackChosen)]


def providers(url: str) -> str:
    """The config's sections: one server for all."""
    wires = dict.fromkeys(PLAIN, "openai") | {f"my-{wire}": wire for wire in DIALECTS}
    return "[keys]\nkeyring = false\n" + "".join(
        f'[providers.{name}]\nwire = "{wire}"\nbase_url = "{url}"\n' for name, wire in wires.items()
    )


def reply(script: Script, pieces: Sequence[Piece] | None = None, **how: Any) -> Reply:
    """A script as the server sends it: its frames, or the pieces given."""
    return Reply(pieces=script.frames if pieces is None else pieces, content_type=script.content_type, **how)


class Desk:
    """One server and one database; sessions as many as are wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = WireServer()
        self.server.list_reply = error_reply(404, "no lists here")
        self.store = Store(folder / "llmtui.db")
        self.transport = BlockingTransport()
        self._caches = 0

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.store.ready.result(30)
        return self

    def __exit__(self, *_: object) -> None:
        run_blocking(self.transport.close())
        self.server.__exit__(None, None, None)
        assert self.store.close(30)

    def config(self, text: str | Config = "") -> Config:
        """The providers, and what is given besides as TOML; a config as it is."""
        if not isinstance(text, str):
            return text
        return parse_config(text + "\n" + providers(self.server.url), self.folder / "config.toml")

    def session(
        self, config: str | Config = "", fallback: Sequence[str] = (), *, after_finish_s: float = 2.0, **options: Any
    ) -> ChatSession:
        """A session with no history: of failures, or of how a provider counts."""
        settings = self.config(config)
        settings = settings._replace(timeouts=settings.timeouts._replace(after_finish_s=after_finish_s))
        session = self._session(settings, NotedWaits(self.transport), **options)
        session.fallback = tuple(map(ModelRef.parse, fallback))
        return session

    @asynccontextmanager
    async def on_loop(
        self, config: str = "", *, timeouts: Timeouts | None = None
    ) -> AsyncIterator[tuple[ChatSession, AsyncRuntime]]:
        """A session under asyncio, with waits that are real, and what it waits by."""
        settings = self.config(config)
        settings = settings._replace(timeouts=timeouts or settings.timeouts)
        runtime = AsyncRuntime(AsyncTransport())
        session = self._session(settings, runtime)
        try:
            yield session, runtime
        finally:
            await session.close()

    def _session(self, settings: Config, runtime: Runtime, **options: Any) -> ChatSession:
        return ChatSession(
            config=settings,
            store=self.store,
            directory=Directory(settings, {}, Paths(self.folder / "config.toml", self.folder, self.folder / "cache")),
            runtime=runtime,
            counts=Counts(self.fresh_cache()),
            **options,
        )

    def fresh_cache(self) -> Path:
        """A cache folder that nobody has written to."""
        self._caches += 1
        return self.folder / f"cache{self._caches}"

    def ask(
        self,
        text: str = "Hello?",
        *,
        model: str = "one/m",
        config: str = "",
        fallback: Sequence[str] = (),
        session: ChatSession | None = None,
        **how: Any,
    ) -> Asked:
        """Ask to the end; without a `session` in one of its own."""
        chat = session or self.session(config, fallback)
        runtime = chat._runtime
        assert isinstance(runtime, NotedWaits)
        events: list[TurnEvent] = []
        before, waited = len(self.server.requests), len(runtime.waits)
        result = run_blocking(chat.send(text, sink=events.append, model=ModelRef.parse(model), **how))
        return Asked(
            result,
            events,
            runtime.waits[waited:],
            self.rows(result.turn_id),
            [request for request in self.server.requests[before:] if request.method == "POST"],
            self.store.conversations.thread(result.conversation_id),
        )

    def rows(self, turn_id: str) -> list[dict[str, Any]]:
        """The ledger's rows of a turn, behind everything that has been queued."""

        def look(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            found = connection.execute("SELECT * FROM attempts WHERE turn_id = ? ORDER BY number", (turn_id,))
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        return self.store.submit(look).result(30)

    def still_reserved(self) -> tuple[int, int, int]:
        """What is set aside now: attempts that are open, nano-dollars, tokens."""

        def look(connection: sqlite3.Connection) -> tuple[int, int, int]:
            found: tuple[int, int, int] = connection.execute(
                "SELECT coalesce(sum(state = 'open'), 0), coalesce(sum(reserved_nanos), 0),"
                " coalesce(sum(reserved_tokens), 0) FROM attempts"
            ).fetchone()
            return found

        return self.store.submit(look).result(30)


def split(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    """The bytes in pieces: cut where the numbers, taken round the length, say."""
    places = sorted({cut % len(data) for cut in cuts} | {0, len(data)})
    for start, end in pairwise(places):
        yield data[start:end]
