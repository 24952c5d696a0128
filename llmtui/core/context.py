"""What of a conversation is sent: which messages, the tokens of each, and what stays free for the answer.

A question and its answers are one exchange and go or stay together. The system prompt and the newest exchange always
go; the model's window is never exceeded. Pure: counts come in, a plan comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from llmtui.core.errors import ContextTooLong
from llmtui.core.messages import Message, Role
from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Fate = Literal["sent", "dropped", "excluded", "summarised"]


class ContextSettings(Protocol):
    """What of the config's `[context]` is read here."""

    @property
    def strategy(self) -> Literal["fit", "last", "share", "summary"]: ...
    @property
    def last_messages(self) -> int: ...
    @property
    def share(self) -> float: ...
    @property
    def reserve_output_tokens(self) -> int: ...
    @property
    def warn_at(self) -> float: ...


class MessageTokens(NamedTuple):
    """The tokens of a message, without what the chat format adds."""

    text: int
    attachments: int = 0


class Summary(NamedTuple):
    """A summary that a person asked for, in place of the messages that it covers."""

    message: Message
    """Sent after the system prompt."""
    tokens: int
    covers: frozenset[str]
    """Ids of messages."""


class Entry(NamedTuple):
    """A message and what becomes of it."""

    message: Message
    tokens: int
    """All that it takes when it is sent: text, attachments, format."""
    fate: Fate


class Breakdown(NamedTuple):
    """Where the input's tokens come from. They add up to the plan's tokens."""

    system: int
    context: int
    """Earlier messages, or their summary."""
    current: int
    """The newest exchange, and what begins the reply."""
    attachments: int

    @property
    def total(self) -> int:
        return sum(self)


class ContextPlan(NamedTuple):
    """What the next request sends."""

    entries: tuple[Entry, ...]
    """Every message, in order; a summary stands after the system prompt."""
    breakdown: Breakdown
    window: int | None
    """The model's, in tokens; None where it is not known."""
    reserve: int
    """Tokens kept free for the answer."""
    is_nearly_full: bool
    """From `warn_at` on: worth saying, with the room that is left."""

    @property
    def sent(self) -> tuple[Message, ...]:
        """The messages of the request, in order."""
        return tuple(entry.message for entry in self.entries if entry.fate == "sent")

    @property
    def dropped(self) -> tuple[Message, ...]:
        """What the strategy left out: not what a person took out."""
        return tuple(entry.message for entry in self.entries if entry.fate == "dropped")

    @property
    def tokens(self) -> int:
        """The input's tokens."""
        return self.breakdown.total

    @property
    def room(self) -> int | None:
        """What is left of the window for the answer."""
        return None if self.window is None else self.window - self.tokens


def plan(
    messages: Sequence[Message],
    counts: Sequence[MessageTokens],
    window: int | None,
    settings: ContextSettings,
    *,
    asked_output: int | None = None,
    summary: Summary | None = None,
    newest_exchanges: int = 1,
) -> ContextPlan:
    """Choose what is sent of `messages`, oldest first, the newest last; `counts` are theirs, in the same order.

    `asked_output` is the output limit a person asked for, which is then what stays free. `newest_exchanges` always go: two
    where an answer is continued. Raise ContextTooLong when these, the system prompt and what is pinned do not fit.
    """
    reserve = _reserve(window, settings, asked_output)
    takes = [count.text + count.attachments + MESSAGE_TOKENS for count in counts]
    groups = _exchanges(messages)
    newest = [index for group in groups[-newest_exchanges:] for index in group]
    del groups[-newest_exchanges:]
    fates: dict[int, Fate] = dict.fromkeys(newest, "sent")
    optional = []
    for index, message in enumerate(messages):
        if message.role is Role.SYSTEM and index not in fates:
            fates[index] = "sent"
    for group in groups:
        fate = _settled_fate([messages[index] for index in group], summary)
        if fate is None:
            optional.append(group)
        else:
            fates |= dict.fromkeys(group, fate)
    used = sum(takes[index] for index, fate in fates.items() if fate == "sent") + REPLY_TOKENS
    used += summary.tokens + MESSAGE_TOKENS if summary else 0
    most = None if window is None else window - reserve
    if most is not None and used > most:
        raise _too_long(used, window or 0, reserve)
    if most is not None and window is not None and settings.strategy == "share":
        most = min(most, int(window * settings.share))
    places = settings.last_messages - len(newest) if settings.strategy == "last" else len(messages)
    kept = 0
    for group in reversed(optional):
        size = sum(takes[index] for index in group)
        if len(group) > places or (most is not None and used + size > most):
            break
        fates |= dict.fromkeys(group, "sent")
        used, places, kept = used + size, places - len(group), kept + 1
    for group in optional[: len(optional) - kept]:
        fates |= dict.fromkeys(group, "dropped")
    entries = [Entry(message, takes[index], fates[index]) for index, message in enumerate(messages)]
    if summary:
        first = next((at for at, entry in enumerate(entries) if entry.message.role is not Role.SYSTEM), len(entries))
        entries.insert(first, Entry(summary.message, summary.tokens + MESSAGE_TOKENS, "sent"))
    return ContextPlan(
        tuple(entries),
        _breakdown(messages, counts, fates, newest, summary),
        window,
        reserve,
        is_nearly_full=window is not None and used >= window * settings.warn_at,
    )


def older_part(messages: Sequence[Message], *, keep: int = 4) -> tuple[Message, ...]:
    """What a summary would stand for: all but the last `keep` messages, whole exchanges, without what is pinned, taken
    out, or the system's."""
    groups = _exchanges(messages)
    recent = 0
    while groups and (recent == 0 or recent + len(groups[-1]) <= keep):
        recent += len(groups.pop())
    parts = [[messages[index] for index in group] for group in groups]
    return tuple(
        message for part in parts if not any(each.pinned or each.excluded for each in part) for message in part
    )


def _reserve(window: int | None, settings: ContextSettings, asked: int | None) -> int:
    """What a person asked for; else the configured reserve, of a small window at most half."""
    if asked is not None:
        return asked
    reserve = settings.reserve_output_tokens
    return reserve if window is None else min(reserve, window // 2)


def _exchanges(messages: Sequence[Message]) -> list[tuple[int, ...]]:
    """The indices of the messages, a group for each question with what answers it. System prompts are in none."""
    groups: list[tuple[int, ...]] = []
    for index, message in enumerate(messages):
        if message.role is Role.SYSTEM:
            continue
        if message.role is Role.USER or not groups:
            groups.append(())
        groups[-1] += (index,)
    return groups


def _settled_fate(group: Sequence[Message], summary: Summary | None) -> Fate | None:
    """What becomes of an exchange whatever the strategy; None where the strategy decides."""
    if any(message.excluded for message in group):
        return "excluded"
    if any(message.pinned for message in group):
        return "sent"
    if summary and all(message.id in summary.covers for message in group):
        return "summarised"
    return None


def _breakdown(
    messages: Sequence[Message],
    counts: Sequence[MessageTokens],
    fates: dict[int, Fate],
    newest: Sequence[int],
    summary: Summary | None,
) -> Breakdown:
    system = context = attachments = 0
    current = REPLY_TOKENS
    if summary:
        context += summary.tokens + MESSAGE_TOKENS
    for index, fate in fates.items():
        if fate != "sent":
            continue
        attachments += counts[index].attachments
        tokens = counts[index].text + MESSAGE_TOKENS
        if messages[index].role is Role.SYSTEM:
            system += tokens
        elif index in newest:
            current += tokens
        else:
            context += tokens
    return Breakdown(system, context, current, attachments)


def _too_long(used: int, window: int, reserve: int) -> ContextTooLong:
    return ContextTooLong(
        f"This takes about {used:,} tokens, and the model's window of {window:,} has room for {max(0, window - reserve):,} "
        f"when {reserve:,} are kept for the answer",
        advice="Shorten the message, attach less, unpin something, or choose a model with a larger window.",
    )


def oldest(sent: Iterable[Message]) -> list[Message]:
    """Of what is sent the oldest exchange that may be dropped: a question and what answers it."""
    group: list[Message] = []
    for message in sent:
        if not message.id or message.pinned:
            continue
        if group and message.role is Role.USER:
            break
        group.append(message)
    return group
