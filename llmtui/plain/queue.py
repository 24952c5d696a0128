"""Commands for when everything failed: wait until the provider is back, or look at what was answered before."""

from __future__ import annotations

from contextlib import suppress
from time import sleep
from typing import TYPE_CHECKING

from llmtui.chat.compose import AUTO
from llmtui.chat.queueing import PROBE_S, failed_answer, queued
from llmtui.chat.runtime import run_blocking
from llmtui.core.errors import ConfigError, LlmtuiError
from llmtui.core.messages import ModelRef
from llmtui.plain.conversations import SHORT, when
from llmtui.plain.narrator import Watch
from llmtui.plain.signals import Interrupted

if TYPE_CHECKING:
    from llmtui.plain.chat import Chat
    from llmtui.store.records import QueuedQuestion


def queue(chat: Chat, argument: str) -> None:
    """Wait, in the open, until the provider of what is queued is back, and send it then."""
    outbox = chat.session.store.outbox
    waiting = outbox.waiting()
    if argument == "drop":
        gone = sum(outbox.remove(each.id).result() for each in waiting)
        chat.voice.line(f"taken out of the queue: {_many(gone)}" if gone else "nothing is queued")
        return
    if argument:
        raise ConfigError(f"/queue takes nothing, or drop, not “{argument}”")
    failed = failed_answer(chat.messages())
    model = (failed.model if chat.model == AUTO else chat.model) if failed else None
    if failed and failed.parent_id and model and chat.id and failed.parent_id not in {q.message_id for q in waiting}:
        waiting.append(queued(chat.id, failed.parent_id, model))
        outbox.add(waiting[-1]).result()
    if not waiting:
        raise ConfigError("only a question whose answer failed can be queued")
    try:
        _wait(chat, waiting)
    except Interrupted:
        if waiting:
            chat.voice.end_text()
            chat.voice.line(f"still queued: {_many(len(waiting))}; /queue waits again, /queue drop takes it out")
        raise


def _wait(chat: Chat, waiting: list[QueuedQuestion]) -> None:
    while True:
        away: set[str] = set()
        for each in list(waiting):
            provider = ModelRef.parse(each.model).provider
            if provider not in away and not _is_back(chat, provider):
                away.add(provider)
            if provider not in away:
                waiting.remove(each)
                if chat.session.store.outbox.remove(each.id).result():  # else another window sends it
                    _send(chat, each, provider)
        if not waiting:
            return
        chat.voice.line(f"queued: asking again in {PROBE_S:.0f} s; Ctrl-C stops waiting")
        sleep(PROBE_S)


def _is_back(chat: Chat, provider: str) -> bool:
    """Ask it something that costs nothing."""
    try:
        with Watch(chat.voice, f"still asking whether {provider} is back"):
            run_blocking(chat.session.probe(provider))
    except LlmtuiError as error:
        chat.voice.line(f"queued: {provider} is not back: {error.message}")
        return False
    return True


def _send(chat: Chat, waiting: QueuedQuestion, provider: str) -> None:
    """Answer it as if it were asked for again: the budget is checked as ever."""
    if chat.id != waiting.conversation_id:
        chat.open(waiting.conversation_id)
    failed = failed_answer(chat.messages())
    if failed is None or failed.parent_id != waiting.message_id:
        chat.voice.line("what was queued has been answered, or is no longer shown")
        return
    chat.voice.line(f"{provider} is back: the queued question is sent")
    chat.answer_again(failed, ModelRef.parse(waiting.model), chat.settings)


def tell_waiting(chat: Chat) -> None:
    """At the start: what waits from before is sent only when a person says so."""
    waiting: list[QueuedQuestion] = []
    with suppress(LlmtuiError):  # a database that cannot be read is told of where it is needed
        waiting = chat.session.store.outbox.waiting()
    if waiting:
        chat.voice.line(
            f"queued from before: {_many(len(waiting))}; /queue sends it when its provider is back, /queue drop drops it"
        )


def _many(number: int) -> str:
    return "1 question" if number == 1 else f"{number} questions"


def earlier(chat: Chat, _argument: str) -> None:
    """What was answered before to the very same question, marked as what it is."""
    question = chat.newest_question
    if question is None:
        raise ConfigError("there is no question yet")
    shown = {message.id for message in chat.messages()}
    found = [each for each in chat.session.store.conversations.earlier_answers(question) if each[1].id not in shown]
    for conversation_id, answer in found:
        said = f"an earlier answer, not a new one: {when(answer.created_at)}, {answer.model or 'model'}"
        chat.voice.line(f"{said}; /open {conversation_id[:SHORT]} goes there")
        chat.voice.block(answer.content)
    if not found:
        chat.voice.line("this question has not been answered before")
