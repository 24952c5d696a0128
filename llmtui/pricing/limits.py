"""How much the usual models can answer at most, for providers whose lists do not say it (OpenAI's among them).

With a hard budget an output limit is always sent, and a provider refuses one above its model's own: so a family stands
here with a limit that all its members take, and what is not here is left to the caller's careful default.
"""

from __future__ import annotations

_OUTPUT_LIMITS = (
    ("gpt-4o", 16_384),
    ("chatgpt-4o", 16_384),
    ("gpt-4.1", 32_768),
    ("gpt-4", 4_096),
    ("gpt-3.5", 4_096),
    ("gpt-5-chat", 16_384),
    ("gpt-oss", 32_768),
    ("gpt-", 128_000),
    ("o1-mini", 65_536),
    ("o1-preview", 32_768),
    ("o1", 100_000),
    ("o3", 100_000),
    ("o4", 100_000),
    ("claude-3-5", 8_192),
    ("claude-3.5", 8_192),
    ("claude-3-7", 64_000),
    ("claude-3.7", 64_000),
    ("claude-3", 4_096),
    ("claude-2", 4_096),
    ("claude-", 32_000),
    ("gemini-1", 8_192),
    ("gemini-2.0", 8_192),
    ("gemini-", 65_536),
)
"""By how a model's name begins; the first that fits. Tokens."""


def output_limit(model: str) -> int | None:
    """The most output tokens that a model can be asked for, or None; `model` with or without a router's `maker/`."""
    name = model.rpartition("/")[2].lower()
    return next((limit for start, limit in _OUTPUT_LIMITS if name.startswith(start)), None)
