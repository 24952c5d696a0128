"""Commands that tell figures: what was used, what the next request will send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmtui.chat.runtime import run_blocking
from llmtui.core.budget import amount_of, standing
from llmtui.core.context import oldest
from llmtui.core.cost import format_usd
from llmtui.core.errors import ConfigError
from llmtui.core.periods import Scope, local_day, period
from llmtui.core.sanitize import clean_line
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from decimal import Decimal

    from llmtui.plain.chat import Chat


def usage(chat: Chat, _argument: str) -> None:
    store, budget = chat.session.store, chat.session.config.budget
    if chat.id is not None:
        spend = store.ledger.spent(conversation_id=chat.id)
        money = _money(spend.resolved, spend.estimated, spend.uncounted)
        chat.voice.line(f"this conversation: {spend.tokens:,} tokens, {money}")
    day = local_day(datetime.now(UTC), budget.time_zone)
    spans = [period(scope, day, week_starts=budget.week_starts) for scope in (Scope.WEEK, Scope.MONTH)]
    week, month = (span.first_day if span else day for span in spans)
    overview = store.analytics.overview(day, week, month)
    for name, found in (("today", overview.today), ("this week", overview.week), ("this month", overview.month)):
        money = _money(found.confirmed, found.estimated, found.uncounted)
        requests = f"{found.requests:,} request{'' if found.requests == 1 else 's'}"
        chat.voice.line(f"{name}: {requests}, {found.total_tokens:,} tokens, {money}")
    if (demo := store.analytics.demo()).requests:
        requests = f"{demo.requests:,} request{'' if demo.requests == 1 else 's'}"
        chat.voice.line(f"demo and benchmarks: {requests}, {demo.total_tokens:,} tokens, in no other figure")
    for gauge in run_blocking(chat.session.gauges(chat.id or "")):
        chat.voice.line(f"budget: of {gauge.limit.name}, {gauge.text} is used")


def budget(chat: Chat, argument: str) -> None:
    """Each limit; or raise one until the program ends: the config keeps its own."""
    gauges = run_blocking(chat.session.gauges(chat.id or ""))
    if argument:
        name, _, amount = argument.partition(" ")
        limit = next((gauge.limit for gauge in gauges if gauge.limit.setting == name), None)
        if limit is None:
            known = ", ".join(gauge.limit.setting for gauge in gauges)
            raise ConfigError(f"no limit “{name}” is set", advice=f"There is {known}." if known else "")
        allowed = limit._replace(amount=amount_of(amount, limit.unit))
        chat.session.gate.allow(limit, allowed.amount)
        chat.voice.line(f"until llmtui ends: {allowed.name}")
        return
    for gauge in gauges:
        chat.voice.line(f"{gauge.limit.setting}: {standing(gauge)}")
    if not gauges:
        chat.voice.line("no limits are set; [budget] in the config sets them")


def _money(confirmed: Decimal, estimated: Decimal, uncounted: int) -> str:
    parts = [format_usd(confirmed)]
    if estimated:
        parts.append(f"about {format_usd(estimated)} estimated")
    if uncounted:
        parts.append(f"{uncounted} of unknown cost")
    return ", ".join(parts)


def context(chat: Chat, argument: str) -> None:
    """As the session would compose it now, before a further question; or take the oldest exchange out of it."""
    if argument == "drop":
        _drop_oldest(chat)
        return
    if argument:
        raise ConfigError(f"/context takes nothing, or drop, not “{argument}”")
    options = chat.options._replace(settings=chat.settings, system=chat.system, attachments=chat.attachments)
    preview = run_blocking(chat.session.preview("", options, chat.id))
    messages = preview.request.messages[:-1]
    for number, message in enumerate(messages, 1):
        tokens = estimate_tokens(message.content)
        chat.voice.line(f"{number}. {message.role}, about {tokens:,} tokens: {clean_line(message.content, 60)}")
    for item in chat.attachments:
        chat.voice.line(f"attached: {item.name}, {len(item.data):,} bytes")
    for note in preview.notes:
        chat.voice.line(f"note: {note}")
    chat.voice.line(f"in all about {preview.input_tokens:,} tokens before your next message")


def _drop_oldest(chat: Chat) -> None:
    """It stays in the conversation, and is not sent any more."""
    from llmtui.chat.summarise import from_stored

    conversations = chat.session.store.conversations
    found = conversations.get(chat.id) if chat.id else None
    summary = from_stored(found.settings) if found else None
    covered = summary.covers if summary else frozenset[str]()
    gone = oldest(each for each in chat.messages() if not each.excluded and each.id not in covered)
    if not gone:
        raise ConfigError("there is nothing left to drop")

    def mark(*, excluded: bool) -> None:
        for message in gone:
            conversations.mark(message.id, excluded=excluded).result()

    def bring_back() -> str:
        mark(excluded=False)
        return f"sent again: {clean_line(gone[0].content, 60)}"

    mark(excluded=True)
    chat.undoing.append(bring_back)
    chat.voice.line(f"not sent any more: {clean_line(gone[0].content, 60)}; /undo brings it back")
