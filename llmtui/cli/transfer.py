"""`llmtui history export` and `import`."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.cli.parse import shown_path, usage_error
from llmtui.cli.stores import open_store
from llmtui.core.errors import ConfigError
from llmtui.transfer.document import of_conversation
from llmtui.transfer.formats import render
from llmtui.waiting import waiting

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from llmtui.cli.context import Context
    from llmtui.transfer.document import Document

LARGEST_IMPORT = 1024 * 1024 * 1024


def export(ctx: Context) -> int:
    with open_store(ctx) as store:
        found = [store.conversations.resolve(word) for word in dict.fromkeys(ctx.words)]
        with waiting("collecting the conversations …"):
            documents = [of_conversation(store, each) for each in found]
    with waiting("writing them out …"):
        text = render(documents, ctx.parsed.last("format") or "markdown")
    target = ctx.parsed.last("output")
    if target is None or target == "-":
        ctx.out.write(ctx.out.clean(text) if ctx.out.terminal else text)
        return 0
    try:
        _write(Path(target), text.encode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise usage_error(f"--output: {shown_path(target)} cannot be written: {reason}") from None
    return 0


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all, readable by its owner alone; what is no file (a pipe, /dev/null) is written to, not replaced."""
    from llmtui.paths import write_private

    target = target.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            stream.write(data)
    elif not target.parent.is_dir():
        raise FileNotFoundError(2, f"there is no folder {shown_path(target.parent)}")
    else:
        write_private(target, data)


def import_files(ctx: Context) -> int:
    """Take in conversations: of all files every one that is not here yet, or, when anything does not fit, none."""
    from llmtui.transfer.reading import read_import

    now = int(time.time() * 1000)
    imported = []
    for word in ctx.words:
        with waiting(f"reading {_name(word)} …"):
            imported.append(read_import(_read(word), _name(word), now=now))
    with open_store(ctx, to_change=True) as store:
        new: dict[str, tuple[Document, str]] = {}
        known: set[str] = set()
        for source, each in ((found.source, each) for found in imported for each in found.documents):
            if each.id in new or store.conversations.get(each.id) is not None:
                known.add(each.id)
            else:
                new[each.id] = each, source
        with waiting(f"storing {len(new)} conversations …"):
            store.submit(partial(_take_in, new=list(new.values()))).result()
        for identity in known:
            store.conversations.undelete(identity).result()
    note = f", {len(known)} already here" if known else ""
    ctx.out.line(f"{len(new)} imported{note}")
    return 0


def _take_in(connection: sqlite3.Connection, new: Sequence[tuple[Document, str]]) -> None:
    """Store them all in the one transaction that this runs in."""
    from llmtui.store import catalogue
    from llmtui.store.records import Conversation

    for each, source in new:
        facts = each._asdict()
        del facts["messages"], facts["bill"]
        catalogue.create(connection, Conversation(**facts, message_count=0), each.messages, source=source)


def _name(word: str) -> str:
    return "stdin" if word == "-" else shown_path(word)


def _read(word: str) -> bytes:
    from llmtui.cli.files import read_limited

    if word == "-":
        return sys.stdin.buffer.read()
    data = read_limited(Path(word), "import", LARGEST_IMPORT)
    log = Path(word + "-wal")
    if data.startswith(b"SQLite format 3\0") and log.exists() and log.stat().st_size:
        raise ConfigError(
            f"import: part of {shown_path(word)} is still in {shown_path(log)}",
            advice="End the program that writes it first.",
        )
    return data
