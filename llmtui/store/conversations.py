"""Conversations as the rest of the program sees them: writes give futures, reads block the calling thread shortly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from llmtui.store import catalogue, tree, turns
from llmtui.store.bookings import open_attempt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from llmtui.core.messages import Message
    from llmtui.store.database import Store
    from llmtui.store.records import AttemptOpening, Conversation, HardLimit
    from llmtui.store.tree import Removed


class Conversations:
    """`store.conversations`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ------------------------------------------------------------------------------------------ a turn

    def begin_turn(
        self,
        conversation_id: str,
        question: Message | None,
        answer: Message,
        opening: AttemptOpening | None,
        limits: Sequence[HardLimit] = (),
    ) -> Future[None]:
        """Question, answer's place and the attempt with its reservation, in one transaction, before the first byte.

        A new id makes a new conversation, titled by the question's first words. `question` None: it is there already.
        `opening` None: nothing will be sent, and the answer is stored as it is. The future fails with BudgetExceeded,
        and nothing is stored, when a limit would be passed.
        """
        store = self._store

        def job(connection: sqlite3.Connection) -> None:
            turns.begin(connection, conversation_id, question, answer, store.now())
            if opening is not None:
                open_attempt(connection, opening, store.owner, limits)

        return store.submit(job)

    def flush(self, answer_id: str, content: str, reasoning: str = "") -> None:
        """Keep pieces of an answer that streams; not waited for."""
        self._store.submit(partial(turns.flush, answer_id=answer_id, content=content, reasoning=reasoning))

    def finish_answer(self, answer: Message) -> Future[None]:
        """The final text and state of an answer whose last settlement did not carry it; one that has ended stays."""
        now = self._store.now()

        def job(connection: sqlite3.Connection) -> None:
            turns.finish(connection, answer, now)

        return self._store.submit(job)

    # ------------------------------------------------------------------------------------------ reading

    def listed(
        self, limit: int | None = None, offset: int = 0, *, title: str = "", archived: bool = False
    ) -> Sequence[Conversation]:
        """Pinned ones first, then by date, newest first; `title`: those whose title has it in it."""
        return self._store.read(partial(catalogue.listed, limit=limit, offset=offset, title=title, archived=archived))

    def get(self, conversation_id: str) -> Conversation | None:
        return self._store.read(partial(catalogue.get, conversation_id=conversation_id))

    def answered_by(self) -> dict[str, str]:
        """By conversation the model, `provider/name`, that answered last in it; not those that end with a question."""
        return self._store.read(catalogue.answered_by)

    def newest(self) -> str | None:
        """The id of the one that was used last."""
        return self._store.read(catalogue.newest)

    def resolve(self, prefix: str) -> str:
        """The id that begins so. Raise ConfigError when there is none, or more than one."""
        return self._store.read(partial(catalogue.resolve, prefix=prefix))

    def thread(self, conversation_id: str, leaf: str | None = None, last: int | None = None) -> Sequence[Message]:
        """The branch that is shown (or ends at `leaf`), oldest first; `last`: only so many of its newest messages."""
        return self._store.read(partial(tree.thread, conversation_id=conversation_id, leaf=leaf, last=last))

    def whole(self, conversation_id: str) -> Sequence[Message]:
        """Every message of the tree, parents before their children."""
        return self._store.read(partial(tree.whole, conversation_id=conversation_id))

    def siblings(self, message_id: str) -> Sequence[str]:
        """The ids of a message and of those that stand in its place, oldest first."""
        return self._store.read(partial(tree.siblings, message_id=message_id))

    def earlier_answers(self, question: str, limit: int = 5) -> Sequence[tuple[str, Message]]:
        """Complete answers to the very same question, newest first, each with its conversation's id."""
        return self._store.read(partial(tree.earlier_answers, question=question, limit=limit))

    # ------------------------------------------------------------------------------------------ changing

    def set_leaf(self, conversation_id: str, message_id: str) -> Future[str]:
        """Show the branch that a message is on, down to its newest end, whose id is the result."""
        return self._store.submit(partial(tree.set_leaf, conversation_id=conversation_id, message_id=message_id))

    def mark(self, message_id: str, *, excluded: bool | None = None, pinned: bool | None = None) -> Future[None]:
        """In or out of the context; None leaves it as it is."""
        return self._store.submit(partial(tree.mark, message_id=message_id, excluded=excluded, pinned=pinned))

    def remove_message(self, conversation_id: str, message_id: str) -> Future[Removed]:
        """Take a message out with everything below it; the result is what `restore_messages` puts back.

        The future fails with ConfigError when it is not there, or when an answer is still coming below it.
        """
        return self._store.submit(partial(tree.remove, conversation_id=conversation_id, message_id=message_id))

    def restore_messages(self, removed: Removed) -> Future[None]:
        """Put back what was taken out, and show it."""
        return self._store.submit(partial(tree.restore, removed=removed))

    def create(
        self,
        conversation: Conversation,
        messages: Iterable[Message] = (),
        *,
        title_source: str = "user",
        source: str = "",
    ) -> Future[None]:
        """Store a conversation as it is, messages in an order of parents before children (import)."""
        every = tuple(messages)
        return self._store.submit(
            partial(
                catalogue.create, conversation=conversation, messages=every, title_source=title_source, source=source
            )
        )

    def rename(self, conversation_id: str, title: str, source: str = "user") -> Future[bool]:
        """`source` is user or model; a person's title is not replaced by a model's: then the result is False."""
        return self._store.submit(
            partial(catalogue.rename, conversation_id=conversation_id, title=title, source=source)
        )

    def set_model(self, conversation_id: str, model: str) -> Future[bool]:
        """`provider/name`, empty for the default."""
        return self._change(conversation_id, model=model)

    def set_settings(self, conversation_id: str, settings: Mapping[str, Any]) -> Future[bool]:
        """Replace system prompt, role and generation settings; a value of None is left out."""
        kept = dict(settings)
        return self._store.submit(partial(catalogue.set_settings, conversation_id=conversation_id, settings=kept))

    def pin(self, conversation_id: str, *, pinned: bool = True) -> Future[bool]:
        return self._change(conversation_id, pinned=pinned)

    def archive(self, conversation_id: str, *, archived: bool = True) -> Future[bool]:
        return self._change(conversation_id, archived=archived)

    def delete(self, conversation_id: str) -> Future[bool]:
        """Put it into the bin, from where `undelete` brings it back for thirty days."""
        return self._change(conversation_id, deleted_at=self._store.now())

    def undelete(self, conversation_id: str) -> Future[bool]:
        return self._change(conversation_id, deleted_at=None)

    def purge(self, conversation_id: str | None = None) -> Future[int]:
        """Empty the bin, or remove one deleted conversation for good; its bill stays. The number removed."""
        now = self._store.now()
        return self._store.submit(partial(catalogue.purge, before=now, conversation_id=conversation_id))

    def _change(self, conversation_id: str, **columns: Any) -> Future[bool]:
        job: Callable[[sqlite3.Connection], bool] = partial(
            catalogue.change, conversation_id=conversation_id, **columns
        )
        return self._store.submit(job)
