"""Conversations as documents: lossless as JSON, harmless as HTML, readable as Markdown."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, MessageState, ModelRef, Role
from llmtui.transfer.as_html import to_html
from llmtui.transfer.as_json import from_json, to_json
from llmtui.transfer.as_markdown import to_markdown
from llmtui.transfer.document import Bill, Document

MODEL = ModelRef("openai", "gpt/5")
QUESTION = Message(
    Role.USER,
    "Why is `a < b`?",
    id="q1",
    attachments=(Attachment("x.png", "image/png", b"\x89PNG\0\xff"), Attachment("n.txt", "text/plain", "ü".encode())),
    created_at=1763640123456,
    pinned=True,
)
FIRST = Message(
    Role.ASSISTANT,
    "Because.",
    id="a1",
    parent_id="q1",
    model=MODEL,
    state=MessageState.CANCELLED,
    finish_reason="cancelled",
    created_at=1763640124000,
    excluded=True,
    error="stopped",
)
SECOND = Message(
    Role.ASSISTANT,
    "**Because** of `x`.\n\n```py\n1 < 2\n```\n",
    id="a2",
    parent_id="q1",
    model=MODEL,
    reasoning="Let me think.",
    opaque=({"type": "thinking", "signature": "s"},),
    finish_reason="stop",
    created_at=1763640125001,
)
DOCUMENT = Document(
    "c1",
    "A <title>",
    1763640123000,
    1763640125001,
    "a2",
    "openai/gpt/5",
    {"system": "Be *brief*."},
    True,
    False,
    (QUESTION, FIRST, SECOND),
)


def test_json_loses_nothing() -> None:
    """CHAT-1: exported, imported."""
    other = Document("c2", "", 0, 1, None, "", {}, False, True, ())
    assert from_json(to_json([DOCUMENT, other]), "f") == [DOCUMENT, other]


@given(content=st.text(), reasoning=st.text(), title=st.text(), at=st.integers(0, 2**42))
def test_json_loses_no_text_and_no_millisecond(content: str, reasoning: str, title: str, at: int) -> None:
    message = Message(Role.USER, content, id="m", reasoning=reasoning, created_at=at)
    document = Document("c", title, at, at, "m", "", {}, False, False, (message,))
    assert from_json(to_json([document]), "f") == [document]


def test_messages_are_put_in_order_and_streaming_ones_are_over() -> None:
    streaming = Message(Role.ASSISTANT, "half", id="s", parent_id="a2", state=MessageState.STREAMING)
    mixed = DOCUMENT._replace(messages=(streaming, SECOND, QUESTION, FIRST))
    [back] = from_json(to_json([mixed]), "f")
    assert [message.id for message in back.messages] == ["q1", "a2", "s", "a1"]
    assert back.messages[2].state is MessageState.INTERRUPTED


def broken(**changes: Any) -> str:
    table = json.loads(to_json([DOCUMENT]))
    conversation = table["conversations"][0]
    for key, value in changes.items():
        if key.startswith("message_"):
            conversation["messages"][1][key.removeprefix("message_")] = value
        elif key in {"format", "version", "conversations"}:
            table[key] = value
        else:
            conversation[key] = value
    return json.dumps(table)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "f is not JSON"),
        ("[" * 100_000, "f is not JSON"),
        ("[]", "f is not an export of llmtui. Only"),
        (broken(format="other"), "f is not an export of llmtui"),
        (broken(version=2), "written by a newer llmtui (format version 2)"),
        (broken(version="x"), "written by a newer llmtui"),
        (broken(conversations={}), "f: conversations: a JSON array was expected"),
        (broken(conversations=[3]), "f: conversation 1: a JSON object was expected"),
        (broken(title=3), "f: conversation 1: title must be text"),
        (broken(id="a b"), "f: conversation 1: id must be letters and digits"),
        (broken(created_at="yesterday"), "f: conversation 1: created_at must be a time"),
        (broken(leaf_id="zz"), "leaf_id names no message"),
        (broken(settings=[]), "settings: a JSON object"),
        (broken(message_role="robot"), "f: conversation 1, message 2: role must be one of"),
        (broken(message_state="gone"), "message 2: state must be one of"),
        (broken(message_content=None, message_id="q1"), "two messages have the same id"),
        (broken(message_parent_id="zz"), "message a1 has a parent that is not there"),
        (broken(message_parent_id="a1"), "message a1 has a parent that is not there"),
        (broken(message_model="nothing"), "message 2: model: “nothing” is not a model"),
        (broken(message_attachments=[{"name": "x", "data": "%"}]), "not base64"),
        (broken(message_attachments={}), "a JSON array was expected"),
    ],
)
def test_what_is_no_export_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_json(text, "f")
    assert said in caught.value.sentence


def test_the_branch_that_is_shown() -> None:
    assert [message.id for message in DOCUMENT.shown()] == ["q1", "a2"]
    assert [message.id for message in DOCUMENT._replace(leaf_id="a1").shown()] == ["q1", "a1"]
    assert [message.id for message in DOCUMENT._replace(leaf_id=None).shown()] == ["q1", "a2"]
    assert DOCUMENT._replace(messages=()).shown() == []


def test_markdown_reads_well() -> None:
    text = to_markdown([DOCUMENT, DOCUMENT._replace(title="", leaf_id="a1", settings={})])
    assert "---\n\n# A <title>\n\n## System\n\nBe *brief*.\n\n## You\n\n" in text
    assert "- attached: x.png (image/png, 6 bytes)\n" in text
    assert "<details><summary>Reasoning</summary>\n\nLet me think.\n\n</details>" in text
    assert "## openai/gpt/5\n\n" in text
    assert "```py\n1 < 2\n```\n" in text
    assert text.count("\n---\n\n# ") == 2
    assert "\n# Untitled\n" in text
    assert "*cancelled: stopped*" in text


BILL = Bill(3, 450, 900, Decimal("0.00337500"), Decimal("0.002"), 1)


def test_markdown_begins_with_its_facts() -> None:
    """CHAT-1: front matter with model, tokens and cost; a title can end neither it nor its line."""
    document = DOCUMENT._replace(title='a "b"\n---\x1b[31m', bill=BILL)
    rule, *facts = to_markdown([document]).split("\n\n# ")[0].splitlines()
    assert (rule, facts.pop()) == ("---", "---")
    assert facts == [
        'title: "a \\"b\\" --- ␛[31m"'.replace(" --- ", " ---"),
        'id: "c1"',
        "created: 2025-11-20T12:02:03.000Z",
        "updated: 2025-11-20T12:02:05.001Z",
        'model: "openai/gpt/5"',
        "tokens: 1350",
        "input_tokens: 450",
        "output_tokens: 900",
        'cost_usd: "0.00337500"',
        'cost_estimate_usd: "0.002"',
        "requests_of_unknown_cost: 1",
    ]
    unknown = document._replace(bill=BILL._replace(confirmed=None))
    assert "cost_usd: null\n" in to_markdown([unknown])  # COST-2: unknown is never 0


HOSTILE = "<script>x</script> [a](javascript:alert(1)) [b](data:text/html,x) ![p](https://h/t.gif) <https://ok> &lt;"


def test_html_holds_no_foreign_markup_and_loads_nothing() -> None:
    """SEC-1: what a model or a file says is text, never markup, script or a request."""
    hostile = Message(
        Role.ASSISTANT,
        HOSTILE,
        id="h",
        reasoning=HOSTILE,
        error="<b>",
        model=ModelRef("<i>", "</h3>"),
        attachments=(Attachment('"><script>', 'image/svg+xml"><script>', b"<svg onload=x>"),),
    )
    document = Document("c", "</title><script>", 0, 0, "h", "<u>", {"system": HOSTILE}, False, False, (hostile,))
    page = to_html([document])
    assert "<script" not in page
    assert "<svg" not in page
    assert 'href="javascript' not in page
    assert 'href="data' not in page
    assert "<img" not in page
    assert 'href="https://ok"' in page
    assert "default-src 'none'" in page
    assert "&lt;/title&gt;" in page


def test_html_shows_what_there_is() -> None:
    page = to_html([DOCUMENT])
    assert "<title>A &lt;title&gt;</title>" in page
    assert '<img alt="x.png (image/png, 6 bytes)" src="data:image/png;base64,iVBORwD/">' in page
    assert "attached: n.txt" in page
    assert "<strong>Because</strong>" in page
    assert "<em>brief</em>" in page
    assert '<code class="language-py"><span class="number">1</span> &lt; <span class="number">2</span>\n</code>' in page
    assert "<details><summary>Reasoning</summary><p>Let me think.</p>" in page
    assert "Conversations</title>" in to_html([DOCUMENT, DOCUMENT._replace(leaf_id="a1")])
    assert "cancelled: stopped" in to_html([DOCUMENT._replace(leaf_id="a1")])
    assert "· 450 tokens in, 900 out · $0.0034 · ~$0.0020 estimated" in to_html([DOCUMENT._replace(bill=BILL)])


def test_html_shows_what_a_terminal_would_obey_and_links_only_what_may_open() -> None:
    """SEC-1: control and bidirectional characters become visible marks; a link with a user name is none."""
    text = "a\x1b[31m\u202eb <http://u:p@evil.example/> [x](//evil.example) <https://ok.example>"
    page = to_html([DOCUMENT._replace(messages=(Message(Role.USER, text, id="m"),), leaf_id="m")])
    assert not {"\x1b", "\u202e"} & set(page)
    assert page.count("href=") == 1
    huge = Message(Role.USER, "```py\n" + "x = 1\n" * 40_000 + "```", id="m")  # not coloured: it would take seconds
    assert '<span class="number">' not in to_html([DOCUMENT._replace(messages=(huge,), leaf_id="m")])
