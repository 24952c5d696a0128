"""What kind of question an attempt was for. USE-2."""

from __future__ import annotations

import pytest

from llmtui.core.messages import Message, Role
from llmtui.core.topics import topic_of

EARLIER = [Message(Role.USER, "What is a monad?"), Message(Role.ASSISTANT, "A burrito.")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What is a monad?", "explanation"),
        ("Write fibonacci in Python, iterative", "code"),
        ("```\nx = 1\n```\nwhy?", "code"),
        ("Traceback (most recent call last):", "code"),
        ("def f(x):\n    return x", "code"),
        ("Why is the sky blue?", "explanation"),
        ("  ", ""),
    ],
)
def test_use2_kinds_of_first_questions(text: str, kind: str) -> None:
    assert topic_of([Message(Role.SYSTEM, "Be a python expert."), Message(Role.USER, text)]) == kind


def test_use2_what_follows_an_answer_is_a_follow_up_unless_it_is_about_code() -> None:
    assert topic_of([*EARLIER, Message(Role.USER, "And why?")]) == "follow-up"
    assert topic_of([*EARLIER, Message(Role.USER, "Show me the code in Haskell")]) == "code"
    assert topic_of([]) == ""
