"""One question for several models: asked beside the conversation, each answer booked on it, one kept or none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llmtui.chat.compose import look
from llmtui.core.errors import ConfigError
from llmtui.core.events import FinishReason
from llmtui.core.messages import Message, MessageState, Role, new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from llmtui.chat.control import TurnControl
    from llmtui.chat.directory import Directory
    from llmtui.chat.session import ChatSession
    from llmtui.core.events import Sink, TurnResult
    from llmtui.core.messages import Attachment, ModelRef
    from llmtui.core.request import GenerationSettings

FEWEST, MOST = 2, 4


def models_in(directory: Directory, text: str) -> list[ModelRef]:
    """The models that a line names. Raise ConfigError where they are too few, too many, or unknown."""
    models = list(dict.fromkeys(directory.find_model(word) for word in text.split()))
    if not FEWEST <= len(models) <= MOST:
        raise ConfigError("two to four models can be compared")
    return models


class Comparison:
    """Nothing of it is stored but the bills, until an answer is kept."""

    def __init__(
        self,
        text: str,
        *,
        conversation_id: str | None,
        branch: Sequence[Message],
        system: str | None,
        settings: GenerationSettings,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """`branch` is what was said before, oldest first; without a conversation the answer kept begins one."""
        self.is_new = conversation_id is None
        self.conversation_id = conversation_id or new_id()
        self._settings = settings
        self.question = Message(
            Role.USER,
            text,
            id=new_id(),
            parent_id=branch[-1].id if branch else None,
            attachments=tuple(attachments),
            created_at=_now(),
        )
        said = [message for message in branch if message.role is not Role.ASSISTANT or message.content]
        self._messages = [*([Message(Role.SYSTEM, system)] if system else []), *said, self.question]

    async def look(self, session: ChatSession) -> None:
        """Let the guard look at the question, once for all. Raise InputRefused."""
        await look(session.config, self.question, session.confirm)

    async def ask(
        self, session: ChatSession, model: ModelRef, *, answer_id: str, sink: Sink, control: TurnControl
    ) -> TurnResult:
        """One model's answer. Raise LlmtuiError when it is refused before anything is sent."""
        return await session.ask_aside(
            self._messages,
            purpose="compare",
            model=model,
            conversation_id=self.conversation_id,
            sink=sink,
            settings=self._settings,
            answer_id=answer_id,
            control=control,
        )

    def keep(self, session: ChatSession, answer_id: str, result: TurnResult) -> Future[None]:
        """Store the question with this answer; the future fails with StoreError."""
        stopped = result.finish_reason is FinishReason.CANCELLED
        answer = Message(
            Role.ASSISTANT,
            result.content,
            id=answer_id,
            parent_id=self.question.id,
            reasoning=result.reasoning,
            model=result.model,
            state=MessageState.CANCELLED if stopped else MessageState.COMPLETE,
            finish_reason=str(result.finish_reason),
            created_at=_now(),
        )
        return session.store.conversations.begin_turn(self.conversation_id, self.question, answer, None)


def can_be_kept(result: TurnResult | None) -> bool:
    """There is text, and nothing failed."""
    return result is not None and bool(result.content) and result.error is None


def _now() -> int:
    return int(time.time() * 1000)
