"""`llmtui history`: conversations on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.cli.parse import shown, text, usage_error
from llmtui.cli.stores import open_store
from llmtui.cli.when import iso, local

if TYPE_CHECKING:
    from llmtui.cli.context import Context
    from llmtui.core.messages import Message
    from llmtui.store.records import Conversation

LONGEST_TITLE = 200
_SHORT = 8
"""Digits of an ID on a terminal: enough to name a conversation."""


def list_conversations(ctx: Context) -> int:
    limit = _limit(ctx)
    with open_store(ctx) as store:
        found = list(store.conversations.listed(limit))
        if limit is None or len(found) < limit:
            found += store.conversations.listed(None if limit is None else limit - len(found), archived=True)
        models = store.conversations.answered_by()
    found = [each if each.model else each._replace(model=models.get(each.id, "")) for each in found]
    if ctx.parsed.has("json"):
        ctx.out.json([conversation_dict(each) for each in found])
        return 0
    short = ctx.out.terminal
    ctx.out.table(
        ("ID", "CHANGED", "MESSAGES", "MODEL", "TITLE"),
        [
            (
                each.id[:_SHORT] if short else each.id,
                local(each.updated_at) if short else iso(each.updated_at),
                str(each.message_count),
                each.model,
                each.title,
            )
            for each in found
        ],
        right=(2,),
    )
    return 0


def search(ctx: Context) -> int:
    wanted = " ".join(text(word, "TEXT") for word in ctx.words)
    if not wanted.strip():
        raise usage_error("TEXT is empty: there is nothing to look for", command=ctx.called)
    with open_store(ctx) as store:
        hits = store.search(wanted, _limit(ctx) or 50)
    if ctx.parsed.has("json"):
        ctx.out.json(
            [hit._asdict() | {"created_at": iso(hit.created_at), "spans": [*map(list, hit.spans)]} for hit in hits]
        )
        return 0
    short = ctx.out.terminal
    ctx.out.table(
        ("ID", "WHEN", "WHO", "TITLE", "TEXT"),
        [
            (
                hit.conversation_id[:_SHORT] if short else hit.conversation_id,
                local(hit.created_at) if short else iso(hit.created_at),
                hit.role,
                hit.conversation_title[:30] if short else hit.conversation_title,
                hit.snippet,
            )
            for hit in hits
        ],
    )
    return 0


def show(ctx: Context) -> int:
    with open_store(ctx) as store:
        conversation, messages = _find(store, ctx.words[0])
    if ctx.parsed.has("json"):
        from llmtui.transfer.as_json import message_dict

        ctx.out.json(conversation_dict(conversation) | {"messages": [message_dict(each) for each in messages]})
        return 0
    heading = f"{conversation.title or 'Untitled'}  ({conversation.id})"
    ctx.out.write((ctx.out.bold(heading) if ctx.out.terminal else heading) + "\n")
    for message in messages:
        _show_message(ctx, message)
    return 0


def rename(ctx: Context) -> int:
    title = " ".join(" ".join(text(word, "TITLE") for word in ctx.words[1:]).split())
    if not title:
        raise usage_error("TITLE is empty", command=ctx.called)
    if len(title) > LONGEST_TITLE:
        raise usage_error(f"TITLE has {len(title):,} characters; {LONGEST_TITLE} are the most", command=ctx.called)
    with open_store(ctx, to_change=True) as store:
        found = store.conversations.resolve(ctx.words[0])
        store.conversations.rename(found, title).result()
    return 0


def delete(ctx: Context) -> int:
    from llmtui.cli.ask import agreed

    with open_store(ctx, to_change=True) as store:
        found = [_find(store, word) for word in dict.fromkeys(ctx.words)]
        for conversation, messages in found:
            name = conversation.title or conversation.id
            if not agreed(ctx, f"Delete “{name}” ({len(messages)} messages)?"):
                return 1
            store.conversations.delete(conversation.id).result()
    return 0


def conversation_dict(conversation: Conversation) -> dict[str, Any]:
    """A conversation without its messages, as JSON has it."""
    return conversation._asdict() | {
        "created_at": iso(conversation.created_at),
        "updated_at": iso(conversation.updated_at),
        "settings": dict(conversation.settings),
    }


def _find(store: Any, prefix: str) -> tuple[Conversation, list[Message]]:
    found = store.conversations.resolve(prefix)
    return store.conversations.get(found), list(store.conversations.thread(found))


def _show_message(ctx: Context, message: Message) -> None:
    from llmtui.transfer.document import size, speaker

    out = ctx.out
    when = local(message.created_at) if out.terminal else iso(message.created_at)
    heading = f"{speaker(message)}  {when}"
    out.write("\n" + (out.bold(heading) if out.terminal else heading) + "\n")
    for each in message.attachments:
        out.line(f"[{each.name}, {each.media_type}, {size(each.data)}]")
    if message.content:
        out.line(message.content.rstrip("\n"))
    if message.error or message.state != "complete":
        out.line(f"[{': '.join(filter(None, (str(message.state), message.error)))}]")


def _limit(ctx: Context) -> int | None:
    given = ctx.parsed.last("limit")
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given)):
        raise usage_error(f"--limit must be a whole number from 1 on, not “{shown(given)}”", command=ctx.called)
    return int(given)
