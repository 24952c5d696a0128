"""Questions that wait for their provider to be back: which may wait, how one is written down, how often is asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llmtui.core.messages import Message, MessageState, ModelRef, Role, new_id
from llmtui.store.records import QueuedQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBE_S = 30.0
"""Seconds between two probes."""

AWAY = {"connection", "timeout", "rate_limited", "overloaded", "server_error", "quota", "stream_broken"}
"""Kinds of failures of a provider that nobody here can mend: to wait for it is worth naming."""


def failed_answer(messages: Sequence[Message]) -> Message | None:
    """The answer that failed at the end of a branch: its question may wait."""
    newest = messages[-1] if messages else None
    failed = newest is not None and newest.role is Role.ASSISTANT and newest.state is MessageState.FAILED
    return newest if failed else None


def queued(conversation_id: str, message_id: str, model: ModelRef) -> QueuedQuestion:
    """A question of a conversation, as it is stored while it waits."""
    return QueuedQuestion(new_id(), conversation_id, message_id, str(model), int(time.time() * 1000))
