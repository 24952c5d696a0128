"""Commands that ask several models the same question, one after the other, and keep one of the answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.chat.compare import Comparison, can_be_kept, models_in
from llmtui.chat.runtime import run_blocking
from llmtui.core.errors import ConfigError
from llmtui.core.events import FinishReason
from llmtui.core.messages import new_id

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from llmtui.chat.control import TurnControl
    from llmtui.core.events import Sink, TurnResult
    from llmtui.core.messages import ModelRef
    from llmtui.plain.chat import Chat


class Compared(NamedTuple):
    """The last comparison: every answer with the id that it gets when it is kept."""

    comparison: Comparison
    answers: list[tuple[str, ModelRef, TurnResult | None]]


def compare(chat: Chat, argument: str) -> None:
    """Each answer is told with its figures, as any other."""
    words, _, question = f"{argument} ".partition(" -- ")
    if not question.strip():
        raise ConfigError("say which models, and the question", advice="/compare MODEL MODEL … -- QUESTION")
    models = models_in(chat.session.directory, words)
    comparison = Comparison(
        question.strip(),
        conversation_id=chat.id,
        branch=chat.messages(),
        system=chat.system,
        settings=chat.settings,
        attachments=chat.attachments,
    )
    run_blocking(comparison.look(chat.session))
    chat.attachments = ()
    chat.compared = Compared(comparison, [])
    codes = []
    for number, model in enumerate(models, 1):
        chat.voice.line(f"answer {number} of {len(models)}: {model}")
        answer_id = new_id()
        result = chat.run_aside(partial(_ask, chat, comparison, model, answer_id))
        chat.compared.answers.append((answer_id, model, result))
        codes.append(chat.exit_code)
        if result is not None and result.finish_reason is FinishReason.CANCELLED:
            break
    if any(can_be_kept(result) for _, _, result in chat.compared.answers):
        chat.exit_code = min(codes)
        chat.voice.line("/keep NUMBER goes on with that answer; until then none is part of the conversation")


def _ask(
    chat: Chat, comparison: Comparison, model: ModelRef, answer_id: str, sink: Sink, control: TurnControl
) -> Coroutine[Any, Any, TurnResult]:
    return comparison.ask(chat.session, model, answer_id=answer_id, sink=sink, control=control)


def keep(chat: Chat, argument: str) -> None:
    """Store question and answer in the conversation, and go on from there."""
    if chat.compared is None:
        raise ConfigError("nothing was compared yet", advice="/compare MODEL MODEL … -- QUESTION")
    if not (chat.options.keep_text and chat.session.config.storage.keep_text):
        raise ConfigError("conversations are not kept here")
    comparison, answers = chat.compared
    if argument not in [str(number) for number in range(1, len(answers) + 1)]:
        raise ConfigError(f"/keep takes the number of an answer, 1 to {len(answers)}, not “{argument}”")
    answer_id, model, result = answers[int(argument) - 1]
    if result is None or not can_be_kept(result):
        raise ConfigError(f"answer {argument} cannot be kept: it is none")
    comparison.keep(chat.session, answer_id, result).result()
    if comparison.is_new:
        chat.begin_anew()
        chat.id = comparison.conversation_id
        chat.keep_settings()
    elif chat.id != comparison.conversation_id:
        chat.open(comparison.conversation_id)
    chat.compared = None
    chat.voice.line(f"kept: the answer of {model}")
