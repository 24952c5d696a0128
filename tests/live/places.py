"""Where the live checks ask: the real providers whose keys are in the environment, and a local server for each wire."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.dialects import DIALECTS, Counts
from tests.support.wire_server import HANG, Reply, WireServer, error_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmtui.core.cost import Price

ENVIRONMENT = dict(os.environ)
"""As it was before any test: each test's own has no keys."""
CAP_USD = Decimal(ENVIRONMENT.get("LLMTUI_LIVE_USD", "0.05"))
"""All the live checks together ask nothing that could cost more."""
WORD = "pong"
PROMPT = f"Reply with this one word and nothing else: {WORD}"
MOST_TOKENS = 1024


class Place(NamedTuple):
    """A provider and a model to ask."""

    provider: str
    wire: str
    model: str
    base_url: str = ""
    """Empty: the provider's own."""
    key: str = "sk-local-0123456789"
    server: WireServer | None = None
    """Plays the provider; None: it is the real one."""
    price: Price | None = None
    """None: as the table has it."""

    def rehearse(self, reply: Reply, *, list_reply: Reply | None = None) -> None:
        """What a local server will answer next, and what it lists; the real one answers as it likes."""
        if self.server is not None:
            self.server.replies(reply)
            self.server.list_reply = list_reply or self.server.list_reply


_REAL = (
    # provider, wire, the variable with its key, a small model
    ("openai", "openai", "OPENAI_API_KEY", "gpt-4o-mini"),
    ("openai", "openai-responses", "OPENAI_API_KEY", "gpt-4o-mini"),
    ("anthropic", "anthropic", "ANTHROPIC_API_KEY", "claude-haiku-4-5"),
    ("gemini", "gemini", "GEMINI_API_KEY", "gemini-2.5-flash-lite"),
    ("openrouter", "openrouter", "OPENROUTER_API_KEY", "openai/gpt-4o-mini"),
    ("groq", "openai", "GROQ_API_KEY", "llama-3.1-8b-instant"),
    ("deepseek", "openai", "DEEPSEEK_API_KEY", "deepseek-chat"),
    ("mistral", "openai", "MISTRAL_API_KEY", "mistral-small-latest"),
    ("xai", "openai", "XAI_API_KEY", "grok-3-mini"),
)
LOOKED_UP = Decimal("0.0000345")
_GENERATION = (
    b'{"data": {"id": "gen-1", "total_cost": %s, "native_tokens_prompt": 30, "native_tokens_completion": 50}}'
    % str(LOOKED_UP).encode()
)
"""What a router says of a request when it is asked later."""
REAL = [f"{provider}-{wire}" for provider, wire, _, _ in _REAL]
LOCAL = list(DIALECTS)


def real(name: str) -> Place:
    """A real provider. Skips where its key is not in the environment; `LLMTUI_LIVE_MODEL_OPENAI` and the like name another
    model."""
    provider, wire, variable, model = _REAL[REAL.index(name)]
    key = ENVIRONMENT.get(variable, "")
    if not key:
        pytest.skip(f"{variable} is not set")
    return Place(provider, wire, ENVIRONMENT.get(f"LLMTUI_LIVE_MODEL_{provider.upper()}", model), key=key)


def local(wire: str, price: Price) -> Iterator[Place]:
    """A server on loopback that speaks this wire."""
    with WireServer() as server:
        server.list_reply = Reply(pieces=[_GENERATION], chunked=False, content_type="application/json")
        yield Place("custom", wire, "m", server.url, server=server, price=price)


def whole(wire: str) -> Reply:
    """The answer to the prompt."""
    script = DIALECTS[wire].script(["po", "ng"], Counts(17, 0, 0, 2, 0))
    return Reply(pieces=script.frames, content_type=script.content_type)


def begun(wire: str) -> Reply:
    """One that begins and goes on for ever."""
    script = DIALECTS[wire].script(["one two three four", " five"], Counts(30, 0, 0, 50, 0))
    kept = script.frames[: script.finish - (wire == "anthropic")]
    return Reply(pieces=[*kept, HANG], content_type=script.content_type)


def listed() -> Reply:
    """A list of models, in whichever of the formats it is asked for."""
    body = b'{"object": "list", "data": [{"id": "m", "object": "model"}], "models": [{"name": "m", "model": "m"}]}'
    return Reply(pieces=[body], chunked=False, content_type="application/json")


def refused() -> Reply:
    """What a wrong key gets."""
    return error_reply(401, {"error": {"message": "invalid key", "type": "authentication_error"}})
