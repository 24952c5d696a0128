"""`llmtui history export` and `import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.cli.parse import shown_path, usage_error
from llmtui.cli.stores import open_store
from llmtui.core.errors import ConfigError
from llmtui.transfer.document import of_conversation
from llmtui.transfer.formats import render

if TYPE_CHECKING:
    from llmtui.cli.context import Context
    from llmtui.store.database import Store
    from llmtui.transfer.document import Document

LARGEST_IMPORT = 1024 * 1024 * 1024


def export(ctx: Context) -> int:
    with open_store(ctx) as store:
        found = [store.conversations.resolve(word) for word in dict.fromkeys(ctx.words)]
        documents = [of_conversation(store.conversations, each) for each in found]
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
    from llmtui.transfer.as_json import from_json

    documents = [each for word in ctx.words for each in from_json(_read(word), _name(word))]
    taken = known = 0
    with open_store(ctx, to_change=True) as store:
        for each in documents:
            if store.conversations.get(each.id) is None:
                _store(store, each)
                taken += 1
            else:
                store.conversations.undelete(each.id).result()
                known += 1
    note = f", {known} already here" if known else ""
    ctx.out.line(f"{taken} imported{note}")
    return 0


def _store(store: Store, each: Document) -> None:
    from llmtui.store.records import Conversation

    facts = each._asdict()
    del facts["messages"]
    conversation = Conversation(**facts, message_count=len(each.messages))
    store.conversations.create(conversation, each.messages, source="llmtui").result()


def _name(word: str) -> str:
    return "stdin" if word == "-" else shown_path(word)


def _read(word: str) -> str:
    from llmtui.cli.files import read_limited

    data = sys.stdin.buffer.read() if word == "-" else read_limited(Path(word), "import", LARGEST_IMPORT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{_name(word)} is not UTF-8 text") from None
