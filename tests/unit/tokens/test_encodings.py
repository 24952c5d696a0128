"""Which encoding counts a model: TOK-1."""

from __future__ import annotations

import hashlib

import pytest

from llmtui.tokens.encodings import VOCABULARIES, encoding_for

O200K, CL100K = "o200k_base", "cl100k_base"


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", O200K),
        ("gpt-4o-mini-2024-07-18", O200K),
        ("GPT-4.1-nano", O200K),
        ("gpt-5-mini", O200K),
        ("gpt-5.2", O200K),
        ("chatgpt-4o-latest", O200K),
        ("o1", O200K),
        ("o3-mini", O200K),
        ("o4-mini-high", O200K),
        ("gpt-oss:20b", O200K),
        ("openai/gpt-4o", O200K),
        ("openrouter/openai/gpt-4o", O200K),
        ("ft:gpt-4o-mini-2024-07-18:me::id", O200K),
        ("gpt-4", CL100K),
        ("gpt-4-turbo", CL100K),
        ("gpt-4-0613", CL100K),
        ("gpt-3.5-turbo", CL100K),
        ("claude-sonnet-4-5", None),
        ("anthropic/gpt-4o", None),
        ("deepseek-r1:8b", None),
        ("o1x", None),
        ("o30", None),
        ("gpt-42", None),
        ("gpt-9", None),
        ("", None),
    ],
)
def test_encoding_for(model: str, encoding: str | None) -> None:
    assert encoding_for(model) == encoding


def test_it_agrees_with_tiktoken_on_the_models_that_it_names() -> None:
    model = pytest.importorskip("tiktoken.model")
    for name, encoding in model.MODEL_TO_ENCODING.items():
        if encoding in VOCABULARIES and name.startswith(("gpt", "o")):  # the others do not chat
            assert encoding_for(name) == encoding, name


def test_file_names_are_tiktokens_own() -> None:
    """TOK-2: cached where tiktoken looks: the SHA-1 of the address."""
    for vocabulary in VOCABULARIES.values():
        assert vocabulary.file_name == hashlib.sha1(vocabulary.url.encode()).hexdigest()
