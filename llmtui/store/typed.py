"""What was typed: prompts that were sent, to be called back, and drafts that were not, to survive a restart."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from llmtui.store.records import Draft
from llmtui.store.rows import storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from concurrent.futures import Future

    from llmtui.store.database import Store

KEPT = 1000
"""How many different prompts are remembered."""


class Prompts:
    """`store.prompts`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, text: str) -> Future[None]:
        """Remember a prompt as the newest; an earlier one with the same text gives way."""
        return self._store.submit(partial(add_prompt, text=text, now=self._store.now()))

    def recent(self, limit: int = KEPT) -> list[str]:
        """The newest different prompts, newest first."""
        rows = self._store.read(
            lambda connection: connection.execute(
                "SELECT text FROM prompts ORDER BY seq DESC LIMIT ?", (limit,)
            ).fetchall()
        )
        return [row[0] for row in rows]


class Drafts:
    """`store.drafts`; the conversation that has not begun yet is ""."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, conversation_id: str, text: str, attachments: Sequence[str] = ()) -> Future[None]:
        """Keep what stands in the input; nothing at all forgets it. `attachments` are paths."""
        draft = Draft(text, tuple(attachments))
        return self._store.submit(
            partial(save_draft, conversation_id=conversation_id, draft=draft, now=self._store.now())
        )

    def get(self, conversation_id: str) -> Draft:
        """What stood in the input; empty when there is nothing."""
        row = self._store.read(
            lambda connection: connection.execute(
                "SELECT text, attachments FROM drafts WHERE conversation_id = ?", (conversation_id,)
            ).fetchone()
        )
        return Draft(row[0], tuple(json.loads(row[1]))) if row else Draft("")


def add_prompt(connection: sqlite3.Connection, text: str, now: int) -> None:
    """See Prompts.add; the oldest are forgotten."""
    text = storable(text)
    connection.execute("DELETE FROM prompts WHERE text = ?", (text,))
    connection.execute("INSERT INTO prompts (text, at) VALUES (?, ?)", (text, now))
    connection.execute(
        "DELETE FROM prompts WHERE seq <= (SELECT seq FROM prompts ORDER BY seq DESC LIMIT 1 OFFSET ?)", (KEPT,)
    )


def save_draft(connection: sqlite3.Connection, conversation_id: str, draft: Draft, now: int) -> None:
    """See Drafts.save."""
    if not (draft.text or draft.attachments):
        connection.execute("DELETE FROM drafts WHERE conversation_id = ?", (conversation_id,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO drafts (conversation_id, text, attachments, updated_at) VALUES (?,?,?,?)",
        (conversation_id, storable(draft.text), json.dumps(draft.attachments), now),
    )
