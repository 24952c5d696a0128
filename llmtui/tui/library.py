"""The store as the screen asks it: every read in a thread, every write awaited where its outcome matters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from llmtui.core.budget import Spend
    from llmtui.core.messages import Message, ModelRef
    from llmtui.store.database import Store
    from llmtui.store.figures import Grouping
    from llmtui.store.records import BookedAttempt, Conversation, SearchHit
    from llmtui.store.tree import Removed

T = TypeVar("T")
LISTED = 500
"""Conversations in the list; the rest is found by typing."""


class Library:
    """What the chat wants to know of what is stored."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def _read(self, job: Callable[[], T]) -> T:
        return await asyncio.to_thread(job)

    async def conversations(self, title: str = "") -> Sequence[Conversation]:
        """Newest first; `title`: those whose title has it in it, at the end also what was put away."""

        def look() -> list[Conversation]:
            listed = self._store.conversations.listed
            found = list(listed(LISTED, title=title))
            return [*found, *listed(LISTED - len(found), title=title, archived=True)] if title else found

        return await self._read(look)

    async def find(self, prefix: str) -> str:
        """The id that begins so. Raise ConfigError."""
        return await self._read(lambda: self._store.conversations.resolve(prefix))

    async def newest(self) -> str | None:
        return await self._read(self._store.conversations.newest)

    async def conversation(self, conversation_id: str) -> Conversation | None:
        return await self._read(lambda: self._store.conversations.get(conversation_id))

    async def thread(self, conversation_id: str) -> Sequence[Message]:
        """The branch that is shown, oldest first."""
        return await self._read(lambda: self._store.conversations.thread(conversation_id))

    async def siblings(self, message_id: str) -> Sequence[str]:
        """The ids of a message and its other versions, oldest first."""
        return await self._read(lambda: self._store.conversations.siblings(message_id))

    async def versions(self, conversation_id: str) -> Mapping[str, tuple[int, int]]:
        """Of the messages that have other versions: which of how many they are, from 1."""
        return await self._read(lambda: _versions(self._store.conversations.whole(conversation_id)))

    async def spent(self, conversation_id: str) -> Spend:
        """What its attempts cost and used."""
        return await self._read(lambda: self._store.ledger.spent(conversation_id=conversation_id))

    async def figures(self, conversation_id: str) -> Mapping[str, tuple[BookedAttempt, ...]]:
        """What the ledger says of each answer: its attempts, oldest first."""
        return await self._read(lambda: self._store.ledger.figures(conversation_id))

    async def earlier_answers(self, question: str) -> Sequence[tuple[str, Message]]:
        """Whole answers to the very same question, newest first, each with its conversation's id."""
        return await self._read(lambda: self._store.conversations.earlier_answers(question))

    async def spent_on(self, by: Grouping, key: str) -> Sequence[tuple[Conversation, int]]:
        """The conversations behind a row of the usage figures, with the nano-dollars of their requests, dearest first."""

        def look() -> list[tuple[Conversation, int]]:
            found = self._store.analytics.conversations(by, key)
            known = [(self._store.conversations.get(each), nanos) for each, nanos in found]
            return [(conversation, nanos) for conversation, nanos in known if conversation is not None]

        return await self._read(look)

    async def models_used(self) -> Sequence[ModelRef]:
        """Models that were asked lately, the newest first."""
        return await self._read(self._store.analytics.models_used)

    async def search(self, text: str) -> Sequence[SearchHit]:
        """Messages with all the words, newest first."""
        return await self._read(lambda: self._store.search(text))

    # ------------------------------------------------------------------------------------------------ changing

    async def _written(self, future: Future[T]) -> T:
        return await asyncio.wrap_future(future)

    async def rename(self, conversation_id: str, title: str) -> None:
        await self._written(self._store.conversations.rename(conversation_id, title))

    async def improve_title(self, conversation_id: str, title: str) -> bool:
        """Give it a model's title; False when a person has given it one."""
        return await self._written(self._store.conversations.rename(conversation_id, title, "model"))

    async def pin(self, conversation_id: str, *, pinned: bool) -> None:
        await self._written(self._store.conversations.pin(conversation_id, pinned=pinned))

    async def archive(self, conversation_id: str, *, archived: bool) -> None:
        await self._written(self._store.conversations.archive(conversation_id, archived=archived))

    async def delete(self, conversation_id: str) -> None:
        await self._written(self._store.conversations.delete(conversation_id))

    async def undelete(self, conversation_id: str) -> None:
        await self._written(self._store.conversations.undelete(conversation_id))

    async def remove_message(self, conversation_id: str, message_id: str) -> Removed:
        """Take a message out with what follows it. Raise ConfigError while an answer is coming there."""
        return await self._written(self._store.conversations.remove_message(conversation_id, message_id))

    async def restore_messages(self, removed: Removed) -> None:
        await self._written(self._store.conversations.restore_messages(removed))

    async def set_model(self, conversation_id: str, model: str) -> None:
        await self._written(self._store.conversations.set_model(conversation_id, model))

    async def set_settings(self, conversation_id: str, settings: Mapping[str, Any]) -> None:
        await self._written(self._store.conversations.set_settings(conversation_id, settings))

    async def show_branch(self, conversation_id: str, message_id: str) -> None:
        """Let the branch be shown that a message is on."""
        await self._written(self._store.conversations.set_leaf(conversation_id, message_id))

    async def mark(self, message_id: str, *, excluded: bool, pinned: bool) -> None:
        await self._written(self._store.conversations.mark(message_id, excluded=excluded, pinned=pinned))

    # ------------------------------------------------------------------------------------------------ what was typed

    async def keep_draft(self, conversation_id: str, text: str) -> None:
        """ "" is the conversation that has not begun."""
        await self._written(self._store.drafts.save(conversation_id, text))

    async def draft(self, conversation_id: str) -> str:
        return (await self._read(lambda: self._store.drafts.get(conversation_id))).text

    async def remember_prompt(self, text: str) -> None:
        await self._written(self._store.prompts.add(text))

    async def prompts(self, limit: int) -> Sequence[str]:
        """The newest prompts, oldest first."""
        return (await self._read(lambda: self._store.prompts.recent(limit)))[::-1]


def _versions(messages: Sequence[Message]) -> Mapping[str, tuple[int, int]]:
    groups: dict[tuple[str | None, str], list[str]] = {}
    for message in messages:
        groups.setdefault((message.parent_id, message.role), []).append(message.id)
    return {each: (number, len(ids)) for ids in groups.values() if len(ids) > 1 for number, each in enumerate(ids, 1)}
