"""A key is not shown by accident, and a word that was taken for one does not make a text unreadable."""

from __future__ import annotations

import pickle

import pytest

from llmtui.core.secret import Secret


def test_it_is_replaced_wherever_it_stands() -> None:
    key = Secret("sk-12345")
    assert key.scrub("sk-12345: no sk-12345") == "[key]: no [key]"
    assert "sk-12345" not in f"{key} {key!r} {[key]}"


@pytest.mark.parametrize("value", ["", "x", "e", "ollama", "no-keys"])
def test_what_is_too_short_to_be_a_key_leaves_texts_alone(value: str) -> None:
    """A local server takes any word for a key; its messages stay readable."""
    assert Secret(value).scrub("ollama: no-keys wanted, extra words") == "ollama: no-keys wanted, extra words"


def test_it_is_never_pickled() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret("sk-12345"))
