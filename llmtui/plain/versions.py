"""The command that goes from one version of an answer or a question to another: nothing that was said is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.plain.chat import Chat

_ROLES = {"answer": Role.ASSISTANT, "question": Role.USER}


def version(chat: Chat, argument: str) -> None:
    """Of the last answer, or of the last question; without a number, which one is shown."""
    words = argument.split()
    what = words.pop(0) if words and words[0] in _ROLES else ""
    if not words:
        _tell(chat, what)
        return
    what = what or "answer"
    ids, _ = _versions(chat, what)
    if words[1:] or words[0] not in [str(number) for number in range(1, len(ids) + 1)]:
        has = f"1 to {len(ids)}" if ids else "of which there is none yet"
        raise ConfigError(f"/version takes the number of a version of the {what}, {has}, not “{' '.join(words)}”")
    assert chat.id is not None
    chat.session.store.conversations.set_leaf(chat.id, ids[int(words[0]) - 1]).result()
    _tell(chat, what)
    shown = chat.last(_ROLES[what])
    if shown is not None:
        chat.voice.block(shown.content)


def _tell(chat: Chat, what: str) -> None:
    for name in [what] if what else _ROLES:
        ids, place = _versions(chat, name)
        chat.voice.line(f"{name}: version {place} of {len(ids)}" if ids else f"there is no {name} yet")


def _versions(chat: Chat, what: str) -> tuple[Sequence[str], int]:
    """The ids of all versions, oldest first, and which one is shown, from 1."""
    shown = chat.last(_ROLES[what])
    if shown is None:
        return (), 0
    ids = chat.session.store.conversations.siblings(shown.id)
    return ids, ids.index(shown.id) + 1
