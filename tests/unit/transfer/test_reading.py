"""Other programs' exports and databases, read whole or refused with the place (CHAT-1)."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.transfer import reading
from llmtui.transfer.as_json import to_json
from llmtui.transfer.document import Document
from llmtui.transfer.reading import read_import

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = 1_800_000_000_000
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def read(data: bytes) -> list[Document]:
    return read_import(data, "f", now=NOW).documents


def said(documents: Sequence[Document]) -> list[tuple[str, str]]:
    """What the branch that is shown says."""
    return [(str(message.role), message.content) for message in documents[0].shown()]


def refusal(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(data)
    return caught.value.sentence


def test_our_own_export_is_read_as_before() -> None:
    document = Document("c", "t", 1, 2, "m", "", {}, False, False, (Message(Role.USER, "x", id="m", created_at=1),))
    found = read_import(b"\xef\xbb\xbf" + to_json([document]).encode(), "f", now=NOW)
    assert (found.source, found.documents) == ("llmtui", [document])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "f is not JSON"),
        (b"\xff", "f is not UTF-8"),
        (b"[]", "f is no export that is known here. Known are"),
        (b'{"a":1}', "f is no export that is known here"),
        (b"3", "f is no export that is known here"),
        (b"PK\x03\x04broken", "f cannot be unpacked"),
        (b"SQLite format 3\0broken" + b"\0" * 100, "f cannot be read as a database"),
    ],
)
def test_what_is_no_export_is_refused(data: bytes, words: str) -> None:
    assert words in refusal(data)


# ------------------------------------------------------------------------------------------ ChatGPT


def node(key: str, parent: str | None, role: str = "", text: str = "", **facts: Any) -> dict[str, Any]:
    message: dict[str, Any] | None = None
    if role:
        content = facts.pop("content", {"content_type": "text", "parts": [text]})
        message = {"id": key, "author": {"role": role}, "content": content, "metadata": {}} | facts
    return {"id": key, "message": message, "parent": parent, "children": []}


def chatgpt(*nodes: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "conversation_id": "conv-1",
        "title": "A  talk",
        "create_time": 1700000000.5,
        "update_time": 1700000100,
        "current_node": nodes[-1]["id"] if nodes else None,
        "mapping": {each["id"]: each for each in nodes},
    } | facts


BRANCHED = chatgpt(
    node("a2", "q", "assistant", "second", metadata={"model_slug": "gpt-4o"}, create_time=1700000020.25),
    node("root", None),
    node("sys", "root", "system", "", metadata={"is_visually_hidden_from_conversation": True}),
    node("q", "sys", "user", "why?", create_time=1700000001),
    node("a1", "q", "assistant", "first"),
)


def test_chatgpt_every_branch_is_kept_and_the_shown_one_is_shown() -> None:
    found = read_import(dump([BRANCHED | {"current_node": "a2", "is_archived": True}]), "f", now=NOW)
    [document] = found.documents
    assert found.source == "chatgpt"
    assert (document.title, document.created_at, document.updated_at) == ("A talk", 1700000000500, 1700000100000)
    assert (document.archived, document.pinned) == (True, False)
    assert said([document]) == [("user", "why?"), ("assistant", "second")]
    question, *answers = document.messages
    assert question.parent_id is None
    assert {answer.content: answer.parent_id for answer in answers} == {"second": question.id, "first": question.id}
    second = next(answer for answer in answers if answer.content == "second")
    assert (second.model, second.created_at) == (ModelRef("openai", "gpt-4o"), 1700000020250)
    assert next(answer for answer in answers if answer.content == "first").created_at == 1700000000500


def test_the_same_export_gives_the_same_ids_and_another_conversation_others() -> None:
    one, same = read(dump([BRANCHED])), read(dump(BRANCHED))
    other = read(dump([BRANCHED | {"conversation_id": "conv-2"}]))
    assert one == same
    assert {message.id for message in one[0].messages}.isdisjoint(message.id for message in other[0].messages)
    assert one[0].id != other[0].id


def test_chatgpt_thoughts_become_reasoning_and_tools_are_left_out() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "think"}, {"summary": "more"}]}
    nodes = [
        node("q", None, "user", "run it"),
        node("t", "q", "assistant", content=thoughts),
        node("call", "t", "assistant", "print(1)", recipient="python"),
        node("tool", "call", "tool", "1"),
        node("recap", "tool", "assistant", content={"content_type": "reasoning_recap", "content": "Thought for 2 s"}),
        node("a", "recap", "assistant", "done", recipient="all"),
        node("code", "a", "assistant", content={"content_type": "code", "language": "python", "text": "x = 1"}),
    ]
    [document] = read(dump([chatgpt(*nodes)]))
    assert said([document]) == [("user", "run it"), ("assistant", "done"), ("assistant", "```python\nx = 1\n```")]
    assert document.messages[1].reasoning == "think\n\nmore"


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def test_chatgpt_pictures_come_out_of_the_zip() -> None:
    parts = [
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-AbC"},
        {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_gone"},
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Txt"},
        {"content_type": "audio_transcription", "text": "said aloud"},
        "what is this?",
    ]
    talk = chatgpt(node("q", None, "user", content={"content_type": "multimodal_text", "parts": parts}))
    packed = zipped(
        {"export/conversations.json": dump([talk]), "export/file-AbC-photo.png": PNG, "file-Txt.txt": b"no picture"}
    )
    [document] = read(packed)
    assert said([document]) == [("user", "said aloud\nwhat is this?")]
    [picture] = document.messages[0].attachments
    assert (picture.name, picture.media_type, picture.data) == ("file-AbC-photo.png", "image/png", PNG)
    assert read(dump([talk]))[0].messages[0].attachments == ()


def test_a_zip_in_parts_is_read_whole() -> None:
    two = BRANCHED | {"conversation_id": "conv-2"}
    packed = zipped(
        {"conversations-001.json": dump([two]), "conversations-000.json": dump([BRANCHED]), "user.json": b"{}"}
    )
    assert len(read(packed)) == 2


def test_a_zip_that_is_none_of_these(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "has no conversations.json in it" in refusal(zipped({"other.json": b"[]"}))
    assert "f: conversations.json is not JSON" in refusal(zipped({"conversations.json": b"{"}))
    monkeypatch.setattr(reading, "LARGEST_UNPACKED", 10)
    assert "too large" in refusal(zipped({"conversations.json": dump([BRANCHED])}))


@pytest.mark.parametrize(
    ("conversation", "words"),
    [
        (chatgpt() | {"mapping": []}, "f: conversation 1: mapping: a JSON object"),
        (chatgpt(conversation_id=None), "neither conversation_id nor id"),
        (chatgpt(title=3), "f: conversation 1: title must be text"),
        (chatgpt(create_time="x"), "f: conversation 1: create_time must be seconds"),
        (chatgpt(create_time=-1), "create_time must be seconds"),
        (chatgpt(node("a", "gone", "user", "x")), "node a: its parent gone is not there"),
        (chatgpt(node("a", "b"), node("b", "a")), "is its own ancestor"),
        (chatgpt(node("a", None, "robot", "x")), "node a: author.role is “robot”"),
        (chatgpt(node("a", None, "user", content=[])), "node a: content: a JSON object"),
        (chatgpt(node("a", None, "user", content={"content_type": "text", "parts": 3})), "node a: parts: a JSON array"),
        (chatgpt(node("a", None, "user", "x", author=None)), "node a: author: a JSON object"),
        (chatgpt() | {"mapping": {"a": 3}}, "node a: a JSON object"),
        (chatgpt() | {"mapping": {"a": {"message": 3}}}, "node a: message: a JSON object"),
    ],
)
def test_chatgpt_what_does_not_fit_is_named(conversation: dict[str, Any], words: str) -> None:
    assert words in refusal(dump([conversation]))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "parent", "author", "content", "parts", "role", "x"]), inner), max_leaves=12))  # fmt: skip
def test_rob_8_chatgpt_any_node_is_read_or_refused_in_a_sentence(raw: Any) -> None:
    """ROB-8"""
    try:
        said_by = read(dump([{"id": "c", "mapping": {"a": raw}}]))[0].id
    except ConfigError as error:
        said_by = error.sentence
    assert said_by


# ------------------------------------------------------------------------------------------ Claude


def claude(*messages: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "uuid": "u-1",
        "name": "Tides",
        "created_at": "2025-01-02T03:04:05.678901Z",
        "updated_at": "2025-01-02T04:00:00Z",
        "account": {"uuid": "me"},
        "chat_messages": list(messages),
    } | facts


def uttered(uuid: str, sender: str, text: str, **facts: Any) -> dict[str, Any]:
    return {"uuid": uuid, "sender": sender, "text": text, "created_at": "2025-01-02T03:05:00Z"} | facts


def test_claude_texts_thinking_and_files_are_kept() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "tool_use", "name": "web_search", "input": {}},
        {"type": "text", "text": "The moon"},
        {"type": "text", "text": "pulls."},
    ]
    file = {"file_name": "a\x1b.txt", "file_size": 3, "file_type": "txt", "extracted_content": "abc"}
    found = read_import(
        dump([claude(uttered("1", "human", "why?", attachments=[file, {"file_name": "empty"}]), uttered("2", "assistant", "old", content=blocks), is_starred=True)]), "f", now=NOW,
    )  # fmt: skip
    [document] = found.documents
    assert (found.source, document.title, document.pinned) == ("claude", "Tides", True)
    assert document.created_at == 1735787045678
    assert said([document]) == [("user", "why?"), ("assistant", "The moon\n\npulls.")]
    question, answer = document.messages
    assert (answer.reasoning, answer.parent_id, answer.model) == ("hm", question.id, None)
    [attached] = question.attachments
    assert (attached.name, attached.data) == ("a␛.txt", b"abc")


def test_claude_branches_are_kept_where_they_are_named() -> None:
    root = "00000000-0000-4000-8000-000000000000"
    talk = claude(
        uttered("1", "human", "q", parent_message_uuid=root),
        uttered("e", "assistant", "", parent_message_uuid="1"),
        uttered("2", "assistant", "one", parent_message_uuid="e"),
        uttered("3", "assistant", "two", parent_message_uuid="1"),
        current_leaf_message_uuid="2",
    )
    [document] = read(dump([talk]))
    assert said([document]) == [("user", "q"), ("assistant", "one")]
    assert [message.parent_id for message in document.messages[1:]] == [document.messages[0].id] * 2


@pytest.mark.parametrize(
    ("conversation", "words"),
    [
        (claude(uuid=None), "f: conversation 1: it has no uuid"),
        (claude(chat_messages={}), "chat_messages: a JSON array"),
        (claude(uttered("1", "robot", "x")), "f: conversation 1, message 1: sender is “robot”"),
        (claude(uttered("1", "human", "x"), uttered("1", "human", "y")), "message 2: its uuid is another message's"),
        (claude(uttered("1", "human", "x", created_at="soon")), "message 1: created_at must be a time"),
        (claude(uttered("1", "human", "x", content=[3])), "message 1: content: a JSON object"),
        (claude(uttered("1", "human", "x", attachments=3)), "message 1: attachments: a JSON array"),
        (claude(created_at="soon"), "f: conversation 1: created_at must be a time"),
    ],
)
def test_claude_what_does_not_fit_is_named(conversation: dict[str, Any], words: str) -> None:
    assert words in refusal(dump([conversation]))


# ------------------------------------------------------------------------------------------ databases


def database(folder: Path, *statements: str | tuple[str, tuple[Any, ...]], wal: bool = False) -> bytes:
    file = folder / "x.db"
    connection = sqlite3.connect(file)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    for each in statements:
        connection.execute(*each) if isinstance(each, tuple) else connection.execute(each)
    connection.commit()
    connection.close()
    return file.read_bytes()


LLM = (
    "CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT)",
    (
        "CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,"
        " response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT, input_tokens INTEGER,"
        " output_tokens INTEGER, token_details TEXT, schema_id TEXT, resolved_model TEXT)"
    ),
    "CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT)",
    'CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER)',
    'CREATE TABLE system_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER)',
    "CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB)",
    'CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER)',
)
RESPONSE = "INSERT INTO responses (id, model, prompt, system, response, conversation_id, datetime_utc, resolved_model) VALUES (?,?,?,?,?,?,?,?)"


THREADS = (
    "CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT)",
    (
        "CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,"
        " resolved_model TEXT, datetime_utc TEXT)"
    ),
    "CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT)",
    (
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT,"
        " payload TEXT)"
    ),
)
THREAD = "INSERT INTO threads VALUES (?,?,?,?,?)"
TURN = "INSERT INTO turns VALUES (?,?,?,?,?,?,?)"
MESSAGE = "INSERT INTO messages VALUES (?,?,?,NULL)"
PART = "INSERT INTO parts (message_hash, position, type, text, payload) VALUES (?,?,?,?,?)"


def test_llm_threads_of_newer_versions_are_kept_and_older_conversations_beside_them(tmp_path: Path) -> None:
    """Forks share a beginning; a text may be put together of fragments; tools are left out."""
    data = database(
        tmp_path,
        *LLM,
        *THREADS,
        ("INSERT INTO conversations VALUES (?,?,?)", ("t1", "as it was", "m")),  # migrated: the thread is it
        (RESPONSE, ("r0", "m", "old p", None, "old a", "t1", "2025-01-01T00:00:00", None)),
        (RESPONSE, ("r", "m", "p", None, "a", "old", "2025-01-01T00:00:00", None)),
        ("INSERT INTO fragments VALUES (?,?,?,?,?)", (7, "h", "a long text", None, None)),
        ("INSERT INTO attachments VALUES (?,?,?,?,?)", ("f1", "image/png", None, None, PNG)),
        ("INSERT INTO attachments VALUES (?,?,?,?,?)", ("f2", "image/png", "/etc/passwd", None, None)),
        (PART, ("u", 3, "attachment", None, '{"attachment": {"id": ["no", "name"]}}')),
        (MESSAGE, ("s", None, "system")),
        (MESSAGE, ("u", "s", "user")),
        (MESSAGE, ("call", "u", "assistant")),
        (MESSAGE, ("result", "call", "tool")),
        (MESSAGE, ("a", "result", "assistant")),
        (MESSAGE, ("u2", "a", "user")),
        (MESSAGE, ("a2", "u2", "assistant")),
        (PART, ("s", 0, "text", "be nice", None)),
        (PART, ("u", 1, "attachment", None, '{"attachment": {"id": "f1"}}')),
        (PART, ("u", 2, "attachment", None, '{"attachment": {"id": "f2"}}')),
        (PART, ("u", 0, "text", None, '{"text_ref": [{"fragment": 7}, {"literal": " and names?"}]}')),
        (PART, ("call", 0, "tool_call", None, '{"name": "x"}')),
        (PART, ("result", 0, "tool_result", None, '{"output": "y"}')),
        (PART, ("a", 0, "reasoning", "hm", None)),
        (PART, ("a", 1, "text", "Edam", None)),
        (PART, ("u2", 0, "text", "more", None)),
        (PART, ("a2", 0, "text", "Brie", None)),
        (TURN, ("1", "t1", "u", "a", "gpt-4o", None, "2026-11-02 03:04:05+00:00")),
        (TURN, ("2", "t2", "u2", "a2", "gpt-4o", "gpt-4o-2026", "2026-11-03 03:04:05.5+00:00")),
        (THREAD, ("t1", "Cheese", "a", None, "2026-11-02 03:04:04+00:00")),
        (THREAD, ("t2", None, "a2", "t1", "2026-11-03 03:04:05+00:00")),
        (THREAD, ("t3", "never asked", None, None, "2026-11-03 03:04:05+00:00")),
    )
    found = read_import(data, "logs.db", now=NOW)
    cheese, fork, old = found.documents
    assert said([cheese]) == [("user", "a long text and names?"), ("assistant", "Edam")]
    assert said([fork])[1:] == [("assistant", "Edam"), ("user", "more"), ("assistant", "Brie")]
    assert said([old]) == [("user", "p"), ("assistant", "a")]
    assert (cheese.title, fork.title) == ("Cheese", "a long text and names?")
    assert cheese.settings == fork.settings == {"system": "be nice"}
    assert [str(message.model) for message in fork.messages[1::2]] == ["llm/gpt-4o", "llm/gpt-4o-2026"]
    assert (cheese.messages[1].reasoning, cheese.messages[1].created_at) == ("hm", 1793588645000)
    assert [item.data for item in cheese.messages[0].attachments] == [PNG]
    assert not {message.id for message in cheese.messages} & {message.id for message in fork.messages}


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([(THREAD, ("t", "n", "gone", None, None))], "logs.db: thread t: message gone is not there"),
        (
            [(MESSAGE, ("a", "b", "user")), (MESSAGE, ("b", "a", "user")), (THREAD, ("t", "n", "a", None, None))],
            "thread t: it has no beginning",
        ),
        (
            [(MESSAGE, ("a", None, "robot")), (THREAD, ("t", "n", "a", None, None))],
            "thread t, message a: role “robot” is not known",
        ),
        (
            [
                (MESSAGE, ("a", None, "user")),
                (PART, ("a", 0, "text", None, "{")),
                (THREAD, ("t", "n", "a", None, None)),
            ],
            "message a: payload is not JSON",
        ),
        (
            [
                (MESSAGE, ("a", None, "user")),
                (PART, ("a", 0, "text", None, '{"text_ref": [{"fragment": 1}]}')),
                (THREAD, ("t", "n", "a", None, None)),
            ],
            "message a: text_ref names a fragment that is not there",
        ),
    ],
)
def test_an_llm_thread_that_does_not_fit_is_named(
    tmp_path: Path, statements: list[tuple[str, tuple[Any, ...]]], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_import(database(tmp_path, *LLM, *THREADS, *statements), "logs.db", now=NOW)
    assert told in caught.value.sentence


def test_llm_conversations_fragments_and_attachments_are_kept(tmp_path: Path) -> None:
    data = database(
        tmp_path,
        *LLM,
        ("INSERT INTO conversations VALUES (?,?,?)", ("c1", "Cheese names", "gpt-4o-mini")),
        (
            RESPONSE,
            ("r2", "gpt-4o-mini", "more", None, "Brie", "c1", "2025-01-02T03:04:06.5+00:00", "gpt-4o-mini-2024"),
        ),
        (RESPONSE, ("r1", "gpt-4o-mini", "names?", "Be brief", "Edam", "c1", "2025-01-02T03:04:05", None)),
        (RESPONSE, ("r3", "m", "alone", None, "", None, "2025-01-03T00:00:00", None)),
        ("INSERT INTO fragments VALUES (?,?,?,?,?)", (1, "h", "a long text", None, None)),
        ("INSERT INTO prompt_fragments VALUES (?,?,?)", ("r1", 1, 0)),
        ("INSERT INTO system_fragments VALUES (?,?,?)", ("r1", 1, 0)),
        ("INSERT INTO attachments VALUES (?,?,?,?,?)", ("a1", "image/png", None, None, PNG)),
        ("INSERT INTO attachments VALUES (?,?,?,?,?)", ("a2", "image/png", "/etc/passwd", None, None)),
        ("INSERT INTO prompt_attachments VALUES (?,?,?)", ("r1", "a1", 0)),
        ("INSERT INTO prompt_attachments VALUES (?,?,?)", ("r1", "a2", 1)),
    )
    found = read_import(data, "logs.db", now=NOW)
    first, alone = found.documents
    assert found.source == "llm"
    assert said([first]) == [
        ("user", "a long text\n\nnames?"),
        ("assistant", "Edam"),
        ("user", "more"),
        ("assistant", "Brie"),
    ]
    assert (first.title, first.settings) == ("Cheese names", {"system": "a long text\n\nBe brief"})
    assert (first.created_at, first.updated_at) == (1735787045000, 1735787046500)
    assert [str(message.model) for message in first.messages[1::2]] == ["llm/gpt-4o-mini", "llm/gpt-4o-mini-2024"]
    assert [item.data for item in first.messages[0].attachments] == [PNG]
    assert (alone.title, said([alone])) == ("alone", [("user", "alone")])


OTERM = (
    'CREATE TABLE chat (id INTEGER PRIMARY KEY, name TEXT, model TEXT NOT NULL, system TEXT, provider TEXT DEFAULT "ollama", parameters TEXT)',
    'CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, images TEXT DEFAULT "[]")',
)  # fmt: skip


@pytest.mark.parametrize("wal", [False, True])
def test_oterm_chats_and_pictures_are_kept(tmp_path: Path, wal: bool) -> None:
    data = database(
        tmp_path,
        *OTERM,
        "INSERT INTO chat VALUES (1, 'chat #1', 'llama3:8b', 'Be kind', 'ollama', '{}')",
        "INSERT INTO chat VALUES (2, '', 'gpt', NULL, 'openai-chat', '{}')",
        ("INSERT INTO message VALUES (1, 1, 'me', 'look', ?)", (json.dumps([base64.b64encode(PNG).decode()]),)),
        "INSERT INTO message VALUES (2, 1, 'ollama', 'nice', '[]')",
        "INSERT INTO message VALUES (3, 2, 'me', 'hello there', NULL)",
        wal=wal,
    )
    found = read_import(data, "store.db", now=NOW)
    one, two = found.documents
    assert found.source == "oterm"
    assert said([one]) == [("user", "look"), ("assistant", "nice")]
    assert (one.title, one.settings, one.created_at) == ("chat #1", {"system": "Be kind"}, NOW)
    assert one.messages[1].model == ModelRef("ollama", "llama3:8b")
    assert one.messages[0].attachments[0].media_type == "image/png"
    assert two.title == "hello there"


def test_oterm_before_messages_had_ids(tmp_path: Path) -> None:
    data = database(
        tmp_path,
        "CREATE TABLE chat (id INTEGER PRIMARY KEY, name TEXT, model TEXT NOT NULL, context TEXT)",
        "CREATE TABLE message (chat_id INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL)",
        "INSERT INTO chat VALUES (1, 'old', 'm', '')",
        "INSERT INTO message VALUES (1, 'me', 'a')",
        "INSERT INTO message VALUES (1, 'ollama', 'b')",
    )
    assert said(read(data)) == [("user", "a"), ("assistant", "b")]


ELIA = (
    "CREATE TABLE chat (id INTEGER PRIMARY KEY, model TEXT NOT NULL, title TEXT, started_at DATETIME, archived BOOLEAN)",
    "CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role TEXT, content TEXT, timestamp DATETIME, meta JSON, parent_id INTEGER, model TEXT)",
)


def test_elia_chats_system_prompts_and_times_are_kept(tmp_path: Path) -> None:
    data = database(
        tmp_path,
        *ELIA,
        "INSERT INTO chat VALUES (7, 'anthropic/claude-3', NULL, '2024-06-01 12:00:00.000000', 1)",
        "INSERT INTO message VALUES (1, 7, 'system', 'Be kind', '2024-06-01 12:00:00', '{}', NULL, NULL)",
        "INSERT INTO message VALUES (2, 7, 'user', 'hi', '2024-06-01 12:00:01', '{}', NULL, NULL)",
        "INSERT INTO message VALUES (3, 7, 'assistant', 'hello', '2024-06-01 12:00:02', '{}', NULL, 'gpt-4o')",
        "INSERT INTO message VALUES (4, 7, 'assistant', 'again', '2024-06-01 12:00:03', '{}', NULL, NULL)",
    )
    found = read_import(data, "elia.sqlite", now=NOW)
    [document] = found.documents
    assert found.source == "elia"
    assert said([document]) == [("user", "hi"), ("assistant", "hello"), ("assistant", "again")]
    assert (document.settings, document.archived, document.created_at) == ({"system": "Be kind"}, True, 1717243200000)
    assert [str(message.model) for message in document.messages[1:]] == ["openai/gpt-4o", "anthropic/claude-3"]


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (("CREATE TABLE other (x)",), "f is a database that is not known here"),
        (("CREATE TABLE chat (id)", "CREATE TABLE message (x)"), "not known here"),
        ((*OTERM, "INSERT INTO chat VALUES (1,'a','m',NULL,NULL,NULL)", "INSERT INTO message VALUES (1,1,'robot','x','[]')"), "f: chat 1, message 1: “robot” is nobody"),
        ((*OTERM, "INSERT INTO chat VALUES (1,'a','m',NULL,NULL,NULL)", "INSERT INTO message VALUES (1,1,'me','x','[3]')"), "message 1: images must be pictures"),
        ((*ELIA, "INSERT INTO chat VALUES (1,'m','t','soon',0)"), "f: chat 1: started_at must be a time"),
        ((*ELIA, "INSERT INTO chat VALUES (1,'m',x'00','2024-06-01',0)"), "f: chat 1: title must be text"),
        ((*LLM, (RESPONSE, ("r", "m", "p", None, "a", "c", "soon", None))), "f: conversation c, response r: datetime_utc must be a time"),
        ((*LLM, (RESPONSE, ("r", "m", b"p", None, "a", "c", "2025-01-01", None))), "response r: prompt must be text"),
        (("CREATE TABLE conversations (id)", "CREATE TABLE responses (x)"), "f cannot be read as a database: no such column"),
    ],
)  # fmt: skip
def test_a_database_that_does_not_fit_is_named(tmp_path: Path, statements: Any, words: str) -> None:
    assert words in refusal(database(tmp_path, *statements))
