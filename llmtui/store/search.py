"""Full-text search as one types: substrings in any script, newest first, the first results in milliseconds.

Words of three characters and more are looked up in the trigram index; shorter ones, or all where this SQLite has no such
index, are looked for in the newest messages one by one.
"""

from __future__ import annotations

import re
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from llmtui.store.records import SearchHit
from llmtui.store.rows import storable

if TYPE_CHECKING:
    from llmtui.store.database import Store

NEWEST = 20_000
"""How many messages are gone through where the index cannot help."""
SNIPPET = 160

_INDEXED = """
SELECT m.conversation_id, c.title, m.id, m.role, m.created_at, m.content, m.seq
FROM messages_fts f CROSS JOIN messages m ON m.seq = f.rowid JOIN conversations c ON c.id = m.conversation_id
WHERE messages_fts MATCH :query AND f.rowid < :before AND c.deleted_at IS NULL{short}
ORDER BY f.rowid DESC LIMIT :limit
"""
_PLAIN = """
SELECT m.conversation_id, c.title, m.id, m.role, m.created_at, m.content, m.seq
FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.seq < :before AND m.seq > (SELECT min(:before, coalesce(max(seq), 0) + 1) FROM messages) - :newest
  AND c.deleted_at IS NULL{short}
ORDER BY m.seq DESC LIMIT :limit
"""
_LATEST = 2**63 - 1


class Search:
    """`store.search`: call it with a text."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, text: str, limit: int = 50, before: int | None = None) -> list[SearchHit]:
        """Messages with all the words of the text, newest first; `before`: only those older than a hit's `seq`."""
        return self._store.read(partial(search, text=text, limit=limit, before=before))


def search(connection: sqlite3.Connection, text: str, limit: int = 50, before: int | None = None) -> list[SearchHit]:
    """See Search. Quotes, operators and wildcards in the text stand for themselves."""
    words = storable(text).replace("\0", " ").split()
    if not words:
        return []
    long = [word for word in words if len(word) >= 3]
    facts: dict[str, object] = {"before": before or _LATEST, "limit": limit, "newest": NEWEST}
    try:
        if not long:
            raise LookupError
        facts["query"] = " ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in long)
        rows = _run(connection, _INDEXED, [word for word in words if len(word) < 3], facts)
    except (LookupError, sqlite3.OperationalError) as error:
        if not (isinstance(error, LookupError) or "no such" in str(error)):
            raise
        rows = _run(connection, _PLAIN, words, facts)
    pattern = re.compile("|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True)), re.IGNORECASE)
    return [SearchHit(*row[:5], *snippet(row[5], pattern), seq=row[6]) for row in rows]


def _run(
    connection: sqlite3.Connection, query: str, words: list[str], facts: dict[str, object]
) -> list[tuple[str, str, str, str, int, str, int]]:
    """The query with a LIKE for each of the words."""
    likes = "".join(f" AND m.content LIKE :word{i} ESCAPE '\\'" for i in range(len(words)))
    escaped = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
    values = facts | {f"word{i}": f"%{word}%" for i, word in enumerate(escaped)}
    return connection.execute(query.format(short=likes), values).fetchall()


def snippet(content: str, pattern: re.Pattern[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The line with the first hit, cut around it where it is long, and where in it the hits are."""
    hit = pattern.search(content)
    at = hit.start() if hit else 0
    start, end = content.rfind("\n", 0, at) + 1, content.find("\n", at)
    line = content[start : end if end >= 0 else len(content)]
    at -= start
    if len(line) > SNIPPET:
        first = max(0, min(at - SNIPPET // 3, len(line) - SNIPPET))
        line = ("…" if first else "") + line[first : first + SNIPPET - 2] + ("…" if first + SNIPPET < len(line) else "")
    return line, tuple((found.start(), found.end()) for found in pattern.finditer(line))
