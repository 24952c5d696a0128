"""A session under asyncio against a scripted server on loopback."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.config import load_config
from llmtui.core.options import Options
from llmtui.wiring import open_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from llmtui.chat.session import ChatSession

    OpenSession = Callable[..., AbstractAsyncContextManager[ChatSession]]


def _write(config: str) -> None:
    Path(os.environ["LLMTUI_CONFIG"]).write_text(config, "utf-8")


@pytest.fixture
def session() -> OpenSession:
    """Opens a session: `base_url` of a server whose model is “m”, `config` as TOML, other options by name."""

    @asynccontextmanager
    async def opened(base_url: str = "", config: str = "", **options: Any) -> AsyncIterator[ChatSession]:
        if config:
            _write(config)
        if base_url:
            options = {"base_url": base_url, "wire": "openai", "model": "m", **options}
        async with open_session(Options(**options), load_config(None, os.environ), notice=print) as ready:
            yield ready

    return opened
