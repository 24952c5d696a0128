"""The database schema, version by version: each migration is a tuple of statements, run in one transaction.

Times are milliseconds since 1970, UTC. Money is in whole nano-dollars. Ids are 16 hex digits. JSON is stored as text.
"""

from __future__ import annotations

# Sums of the ledger by day and by conversation, kept in step by triggers whoever changes a row, so that every figure of a
# million rows is there in milliseconds. What was not sent and what is still open is not in them; `counted` is 0 for the
# demo and for benchmarks, which are marked like it.
_AMOUNTS = (
    ("requests", "1"),
    ("resolved_nanos", "coalesce({row}.cost_nanos, 0)"),
    ("estimated_nanos", "coalesce({row}.estimate_nanos, 0)"),
    ("uncounted", "({row}.resolution = 'unpriced' OR ({row}.resolution = 'unknown' AND {row}.estimate_nanos IS NULL))"),
    ("input_tokens", "coalesce({row}.input_tokens, 0)"),
    ("cache_read_tokens", "coalesce({row}.cache_read_tokens, 0)"),
    ("cache_write_tokens", "coalesce({row}.cache_write_tokens, 0)"),
    ("output_tokens", "coalesce({row}.output_tokens, 0)"),
    ("reasoning_tokens", "coalesce({row}.reasoning_tokens, 0)"),
)
SUMS = tuple(name for name, _ in _AMOUNTS)
"""The summed columns of a rollup."""

_COUNTED = "({row}.demo = 0)"
_BOOKED = "{row}.state NOT IN ('open', 'void')"
_DAY = (("day", "{row}.day"), ("counted", _COUNTED))
_MODEL = (("provider", "{row}.provider"), ("model", "{row}.model"))
_ROLLUPS = (
    ("days", (*_DAY, *_MODEL), _BOOKED),
    ("topic_days", (*_DAY, ("topic", "{row}.topic")), _BOOKED),
    ("error_days", (*_DAY, *_MODEL, ("kind", "{row}.error_kind")), f"{_BOOKED} AND {{row}}.error_kind IS NOT NULL"),
    (
        "conversation_days",
        (("conversation_id", "{row}.conversation_id"), ("day", "{row}.day")),
        f"{_BOOKED} AND {_COUNTED} AND {{row}}.conversation_id <> ''",
    ),
)


def _rollup(table: str, keys: tuple[tuple[str, str], ...], booked: str) -> tuple[str, str, str]:
    """A table of sums, what adds a row to it and what takes one away; `{row}` is the trigger's new or old."""
    names = ", ".join(name for name, _ in keys)
    columns = ", ".join(f"{name} {'INTEGER' if name == 'counted' else 'TEXT'} NOT NULL" for name, _ in keys)
    sums = ", ".join(f"{name} INTEGER NOT NULL" for name in SUMS)
    values = ", ".join(value for _, value in (*keys, *_AMOUNTS))
    more = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
    less = ", ".join(f"{name} = {name} - {value}" for name, value in _AMOUNTS)
    same = " AND ".join(f"{name} = {value}" for name, value in keys)
    return (
        f"CREATE TABLE {table} ({columns}, {sums}, PRIMARY KEY ({names})) STRICT, WITHOUT ROWID",
        f"INSERT INTO {table} ({names}, {', '.join(SUMS)}) SELECT {values} WHERE {booked} ON CONFLICT DO UPDATE SET {more};",
        f"UPDATE {table} SET {less} WHERE {same} AND {booked};",  # noqa: S608
    )


def _rollups() -> tuple[str, ...]:
    tables, adds, takes = zip(*(_rollup(*each) for each in _ROLLUPS), strict=True)
    add, take = " ".join(adds).format(row="new"), " ".join(takes).format(row="old")
    return (
        *tables,
        f"CREATE TRIGGER attempts_insert AFTER INSERT ON attempts WHEN {_BOOKED.format(row='new')} BEGIN {add} END",
        f"CREATE TRIGGER attempts_update AFTER UPDATE ON attempts BEGIN {take} {add} END",
        f"CREATE TRIGGER attempts_delete AFTER DELETE ON attempts BEGIN {take} END",
    )


MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE conversations (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL DEFAULT '',
            title_source TEXT NOT NULL DEFAULT 'auto' CHECK (title_source IN ('auto', 'model', 'user')),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            leaf_id TEXT,                       -- the message at the end of the branch that is shown
            model TEXT NOT NULL DEFAULT '',     -- provider/name, '' for the default
            settings TEXT NOT NULL DEFAULT '{}',-- system prompt, role, generation settings
            pinned INTEGER NOT NULL DEFAULT 0,
            archived INTEGER NOT NULL DEFAULT 0,
            deleted_at INTEGER,                 -- set: in the bin, purged later
            source TEXT NOT NULL DEFAULT ''     -- where it was imported from
        ) STRICT
        """,
        "CREATE INDEX conversations_by_date ON conversations (pinned DESC, updated_at DESC) WHERE deleted_at IS NULL",
        "CREATE INDEX conversations_in_bin ON conversations (deleted_at) WHERE deleted_at IS NOT NULL",
        """
        CREATE TABLE messages (
            seq INTEGER PRIMARY KEY,            -- order of arrival; the key of the search index
            id TEXT NOT NULL UNIQUE,
            conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            parent_id TEXT,                     -- siblings share a parent: regenerated answers, edited questions
            role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
            content TEXT NOT NULL,
            reasoning TEXT NOT NULL DEFAULT '',
            opaque TEXT NOT NULL DEFAULT '[]',  -- the provider's own reasoning state
            model TEXT NOT NULL DEFAULT '',
            state TEXT NOT NULL DEFAULT 'complete'
                CHECK (state IN ('complete', 'streaming', 'cancelled', 'truncated', 'interrupted', 'failed')),
            finish_reason TEXT,
            error TEXT,
            created_at INTEGER NOT NULL,
            excluded INTEGER NOT NULL DEFAULT 0,
            pinned INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        "CREATE INDEX messages_by_conversation ON messages (conversation_id, parent_id)",
        "CREATE INDEX messages_streaming ON messages (state) WHERE state = 'streaming'",
        # Earlier answers to the same question are found by how the question begins.
        "CREATE INDEX messages_by_question ON messages (substr(content, 1, 64)) WHERE role = 'user'",
        """
        CREATE TABLE attachments (
            message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (message_id, position)
        ) STRICT, WITHOUT ROWID
        """,
        # An answer while it streams, piece by piece: flushing costs what arrived, not what has arrived so far. The pieces
        # become the message's content when the turn settles or the sweep finds them.
        """
        CREATE TABLE partials (
            seq INTEGER PRIMARY KEY,
            message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
            content TEXT NOT NULL DEFAULT '',
            reasoning TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        "CREATE INDEX partials_by_message ON partials (message_id, seq)",
        # The ledger. No foreign keys: deleting a conversation leaves its bill.
        """
        CREATE TABLE attempts (
            id TEXT PRIMARY KEY,
            turn_id TEXT NOT NULL,
            number INTEGER NOT NULL,            -- within the turn, from 1
            conversation_id TEXT NOT NULL DEFAULT '',
            message_id TEXT NOT NULL DEFAULT '',
            purpose TEXT NOT NULL DEFAULT 'chat' CHECK (purpose IN ('chat', 'title', 'summary', 'compare', 'bench', 'meter')),
            topic TEXT NOT NULL DEFAULT '',     -- code, explanation, follow-up
            provider TEXT NOT NULL,
            model TEXT NOT NULL,                -- asked for
            answered_by TEXT NOT NULL DEFAULT '',-- the model named in the answer
            demo INTEGER NOT NULL DEFAULT 0,    -- outside averages, trends, budgets and alerts
            state TEXT NOT NULL DEFAULT 'open'
                CHECK (state IN ('open', 'completed', 'cancelled', 'truncated', 'failed', 'rejected', 'interrupted', 'void')),
            sent INTEGER NOT NULL DEFAULT 0,    -- the request may have reached the provider
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            day TEXT NOT NULL,                  -- the budget day, local calendar, fixed when the reservation is made
            input_tokens INTEGER,               -- all input; NULL: unknown
            cache_read_tokens INTEGER,
            cache_write_tokens INTEGER,
            output_tokens INTEGER,              -- all output
            reasoning_tokens INTEGER,
            usage_source TEXT CHECK (usage_source IN ('provider', 'estimate')),
            resolution TEXT NOT NULL DEFAULT 'none' CHECK (resolution IN ('resolved', 'unpriced', 'unknown', 'none')),
            cost_nanos INTEGER,                 -- confirmed; only with 'resolved'
            cost_source TEXT CHECK (cost_source IN ('provider', 'price_table', 'config')),
            estimate_nanos INTEGER,             -- exposure: may be billed, not confirmed
            pending INTEGER NOT NULL DEFAULT 0, -- the provider's look-up will replace the estimate
            reserved_nanos INTEGER NOT NULL DEFAULT 0,   -- only while open
            reserved_tokens INTEGER NOT NULL DEFAULT 0,
            price TEXT,                         -- JSON of the price it was booked with
            ttft_ms REAL,
            duration_ms REAL,
            chunk_count INTEGER NOT NULL DEFAULT 0,
            retries INTEGER NOT NULL DEFAULT 0,
            wait_ms REAL NOT NULL DEFAULT 0,
            finish_reason TEXT,
            error_kind TEXT,
            error_message TEXT,
            status INTEGER,
            response_id TEXT,                   -- the provider's id, for look-ups
            owner_pid INTEGER NOT NULL,         -- with its start time and the boot: whose reservation this is
            owner_start TEXT NOT NULL DEFAULT '',
            owner_boot TEXT NOT NULL DEFAULT '',
            metadata TEXT NOT NULL DEFAULT '{}',
            CHECK ((resolution = 'resolved') = (cost_nanos IS NOT NULL)),
            CHECK (purpose <> 'bench' OR demo = 1),
            CHECK (state = 'open' OR (reserved_nanos = 0 AND reserved_tokens = 0))
        ) STRICT
        """,
        "CREATE INDEX attempts_open ON attempts (state) WHERE state = 'open'",
        "CREATE INDEX attempts_pending ON attempts (pending) WHERE pending = 1",
        "CREATE INDEX attempts_by_day ON attempts (day, demo, provider, model, ttft_ms, duration_ms)",
        # Percentiles of very many attempts are taken from some of them: ids are random.
        "CREATE INDEX attempts_sampled ON attempts (id, day, demo, provider, model, ttft_ms, duration_ms) WHERE id < '1'",
        "CREATE INDEX attempts_by_conversation ON attempts (conversation_id)",
        "CREATE INDEX attempts_by_time ON attempts (started_at)",
        *_rollups(),
        """
        CREATE TABLE drafts (
            conversation_id TEXT PRIMARY KEY,   -- '' for the one not yet begun
            text TEXT NOT NULL,
            attachments TEXT NOT NULL DEFAULT '[]',
            updated_at INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE TABLE prompts (seq INTEGER PRIMARY KEY, text TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
        """
        CREATE TABLE outbox (                   -- questions to be sent when their provider is back
            id TEXT PRIMARY KEY,
            conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            message_id TEXT NOT NULL,
            model TEXT NOT NULL,
            queued_at INTEGER NOT NULL
        ) STRICT
        """,
    ),
)
"""Migration i brings a database from version i to i + 1."""

VERSION = len(MIGRATIONS)

# Substrings of three characters and more, in any script, as they are typed. Not part of a migration: an SQLite without
# FTS5 or without its trigram tokenizer keeps the conversations all the same, and searches more slowly.
SEARCH_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS messages_fts USING fts5(content, content='messages', content_rowid='seq', tokenize='trigram')",
    "INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')",
)

SEARCH_TRIGGERS = (
    (
        "CREATE TRIGGER IF NOT EXISTS messages_fts_insert AFTER INSERT ON messages WHEN new.content <> '' BEGIN"
        "  INSERT INTO messages_fts (rowid, content) VALUES (new.seq, new.content); END"
    ),
    (
        "CREATE TRIGGER IF NOT EXISTS messages_fts_delete AFTER DELETE ON messages WHEN old.content <> '' BEGIN"
        "  INSERT INTO messages_fts (messages_fts, rowid, content) VALUES ('delete', old.seq, old.content); END"
    ),
    (
        "CREATE TRIGGER IF NOT EXISTS messages_fts_update AFTER UPDATE OF content ON messages BEGIN"
        "  INSERT INTO messages_fts (messages_fts, rowid, content) SELECT 'delete', old.seq, old.content WHERE old.content <> '';"
        "  INSERT INTO messages_fts (rowid, content) SELECT new.seq, new.content WHERE new.content <> ''; END"
    ),
)
"""Keep the index in step with the messages."""

SEARCH_TRIGGER_NAMES = ("messages_fts_insert", "messages_fts_delete", "messages_fts_update")
