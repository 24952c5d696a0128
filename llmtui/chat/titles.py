"""A conversation's title by a model: a small request of its own, made only where `[ui] title_model` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.messages import Message, Role
from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from llmtui.chat.compose import GuardQuestion
    from llmtui.chat.control import TurnControl
    from llmtui.chat.session import ChatSession
    from llmtui.core.admission import ConfirmNeeded
    from llmtui.core.events import Sink, TurnResult
    from llmtui.core.messages import ModelRef

EXCERPT = 1500
"""Characters of question and answer each that the model is shown: a title must not cost what an answer does."""
AT_MOST = 200
"""Tokens it may write: some models think first."""
LONGEST = 60
"""Characters of a title."""
_ASK = (
    "Give the conversation below a title of at most six words, in its language. "
    "Write the title alone: one line, no quotation marks, no full stop."
)


async def title_for(
    session: ChatSession,
    conversation_id: str,
    question: str,
    answer: str,
    *,
    model: ModelRef,
    sink: Sink,
    control: TurnControl | None = None,
) -> tuple[str, TurnResult]:
    """The title, empty when none came, and the turn's result. Booked on the conversation; never asks about budgets."""
    text = f"{_ASK}\n\nUser: {question[:EXCERPT]}\n\nAssistant: {answer[:EXCERPT]}"
    result = await session.ask_aside(
        [Message(Role.USER, text)],
        purpose="title",
        model=model,
        conversation_id=conversation_id,
        settings=GenerationSettings(max_output_tokens=AT_MOST),
        sink=sink,
        control=control,
        confirm=_never,
    )
    return ("" if result.error is not None else cleaned(result.content)), result


def cleaned(text: str) -> str:
    """What a model wrote as a title: its first line, without the marks that models like to put around one."""
    text = text.rpartition("</think>")[2]  # some servers leave a model's thinking in its answer
    text = "" if text.lstrip().startswith("<think>") else text  # cut off before it had thought to the end
    line = next((line for line in text.splitlines() if line.strip()), "")
    title = " ".join(line.split()).strip("#*_`\"'“”„‘’«» ").removeprefix("Title:").strip().rstrip(".")
    return title if len(title) <= LONGEST else title[:LONGEST].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


async def _never(question: ConfirmNeeded | GuardQuestion) -> bool:  # noqa: ARG001 - nothing is worth it
    """Near a limit, or where something would have to be asked, there is no better title."""
    return False
