"""Exact counts on screen: the prompt's edge and the context view count an OpenAI model's tokens by its tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.options import Options
from llmtui.tui import context
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "The quick brown fox jumps over the lazy dog."


async def test_tok1_the_prompt_and_the_context_view_count_with_the_models_tokenizer(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TOK-1, TOK-3: 10 tokens by tiktoken (an estimate says otherwise), 4 for the message, 3 for the reply."""
    if not (shared / "tiktoken").is_dir():
        pytest.skip("the real vocabularies are not beside this checkout")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(shared / "tiktoken"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    async with driving(options=Options(model="openai/gpt-4o")) as driven:
        chat = driven.chat
        assert chat.session is not None
        counts = chat.session.counts
        await driven.until(lambda: counts.is_prepared)
        chat.prompt.fill(TEXT)
        await driven.until(lambda: "~17 tokens" in str(chat.prompt.border_subtitle))
        found = await context.look(chat)
    assert found is not None
    assert found.plan.tokens == 17
