"""The conversation that is open in the plain chat, and the turns that are run in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.chat.control import TurnControl
from llmtui.chat.runtime import run_blocking
from llmtui.core.errors import BudgetExceeded, ConfigError, InputRefused, LlmtuiError
from llmtui.core.events import TurnSettled
from llmtui.core.messages import MessageState, ModelRef, Role
from llmtui.core.tuning import from_stored, to_stored
from llmtui.plain.narrator import Narrator

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from llmtui.chat.session import ChatSession
    from llmtui.core.budget import Mark
    from llmtui.core.events import Sink, TurnEvent, TurnResult
    from llmtui.core.messages import Attachment, Message
    from llmtui.core.options import Options
    from llmtui.core.request import GenerationSettings
    from llmtui.plain.compare import Compared
    from llmtui.plain.keyboard import Source
    from llmtui.plain.signals import Signals
    from llmtui.plain.voice import Voice

    Start = Callable[[Sink, TurnControl], Coroutine[Any, Any, TurnResult]]

_CUT = {MessageState.CANCELLED, MessageState.TRUNCATED, MessageState.INTERRUPTED, MessageState.FAILED}


class Chat:
    """State of the chat: who answers, how, in which conversation."""

    def __init__(
        self, session: ChatSession, options: Options, *, voice: Voice, source: Source, signals: Signals, is_asked: bool
    ) -> None:
        """`is_asked`: somebody sits there who can be asked."""
        self.session = session
        self.options = options
        self.voice = voice
        self.source = source
        self.is_asked = is_asked
        self._signals = signals
        self.id: str | None = None
        """None until the first question is stored."""
        self.settings: GenerationSettings = options.settings
        self.system: str | None = options.system
        self.attachments: tuple[Attachment, ...] = options.attachments
        """Go with the next message."""
        self.undoing: list[Callable[[], str]] = []
        """What `/undo` does, the newest last; each says what it brought back."""
        self.over = False
        self.exit_code = 0
        """Of the last question that was not answered."""
        self.compared: Compared | None = None
        """The last comparison, until an answer of it is kept."""
        self._unsent: tuple[str, tuple[Attachment, ...]] | None = None
        """A question that was refused: `/retry` sends it again."""
        self._told: frozenset[Mark] = frozenset()

    # ------------------------------------------------------------------------------------------ conversations

    @property
    def model(self) -> ModelRef | None:
        return self.session.default_model

    def messages(self) -> Sequence[Message]:
        """The branch that is shown, oldest first."""
        return self.session.store.conversations.thread(self.id) if self.id else ()

    @property
    def newest_question(self) -> str | None:
        """The text of the last question, be it one that was refused."""
        if self._unsent is not None:
            return self._unsent[0]
        question = self.last(Role.USER)
        return question.content if question else None

    def last(self, role: Role) -> Message | None:
        return next((message for message in reversed(self.messages()) if message.role is role), None)

    def begin_anew(self) -> None:
        """The next question begins a conversation."""
        self.id = None
        self._unsent = None

    def open(self, conversation_id: str) -> None:
        """Go on with a stored conversation: with its model, settings and system prompt, where it has its own."""
        found = self.session.store.conversations.get(conversation_id)
        if found is None:
            raise ConfigError(f"there is no conversation {conversation_id}")
        self.begin_anew()
        self.id = conversation_id
        if found.model and not self.options.model and not self.options.demo:
            self.session.default_model = ModelRef.parse(found.model)
        self.settings = from_stored(dict(found.settings) | to_stored(self.options.settings, None))
        self.system = found.settings.get("system") if self.options.system is None else self.options.system
        count = f"{found.message_count} message{'' if found.message_count == 1 else 's'}"
        self.voice.line(f"conversation “{found.title or 'Untitled'}”, {count}; /show reads it out")

    def keep_settings(self) -> None:
        """Store what was set with the conversation; its summary stays."""
        if self.id is not None and self.options.keep_text:
            conversations = self.session.store.conversations
            found = conversations.get(self.id)
            summary = {name: value for name, value in (found.settings if found else {}).items() if name == "summary"}
            conversations.set_settings(self.id, to_stored(self.settings, self.system) | summary).result()

    # ------------------------------------------------------------------------------------------ turns

    def ask(self, text: str, *, parent: str | bool | None = False) -> None:
        """Send a question. `parent`: the message it follows, None for a new beginning; False: the newest."""
        attachments, self.attachments = self.attachments, ()
        branch: dict[str, Any] = {} if parent is False else {"parent_id": parent}
        new = self.id is None
        self._unsent = (text, attachments)
        self._run(
            lambda sink, control: self.session.send(
                text,
                sink=sink,
                conversation_id=self.id,
                attachments=attachments,
                settings=self.settings,
                system=self.system,
                control=control,
                **branch,
            )
        )
        if new and to_stored(self.settings, self.system):
            self.keep_settings()

    def again(self, model: ModelRef | None, temperature: float | None) -> None:
        """Answer the last question once more, or send the one that was refused."""
        from dataclasses import replace

        settings = self.settings if temperature is None else replace(self.settings, temperature=temperature)
        if self._unsent is not None:
            text, self.attachments = self._unsent
            self._unsent = None
            self.ask(text)
            return
        answer = self.last(Role.ASSISTANT)
        if answer is None:
            raise ConfigError("there is no answer yet")
        self.answer_again(answer, model, settings)

    def answer_again(self, answer: Message, model: ModelRef | None, settings: GenerationSettings) -> None:
        """Answer its question once more; it stays as a sibling."""
        conversation = self.id
        if conversation is None:
            raise ConfigError("this conversation has not begun")
        self._run(
            lambda sink, control: self.session.regenerate(
                conversation, answer.id, sink=sink, model=model, settings=settings, control=control
            )
        )

    def go_on(self) -> None:
        """Go on where the last answer was cut."""
        answer = self.last(Role.ASSISTANT)
        if answer is None or self.id is None or not answer.content:
            raise ConfigError("there is no answer to continue")
        if answer.state not in _CUT and answer.finish_reason != "length":
            raise ConfigError("the last answer is complete")
        conversation, answer_id = self.id, answer.id
        self._run(
            lambda sink, control: self.session.continue_answer(conversation, answer_id, sink=sink, control=control)
        )

    def run_aside(self, start: Start) -> TurnResult | None:
        """A request beside the conversation; None when it was refused before anything was sent."""
        return self._run(start, aside=True)

    def _run(self, start: Start, *, aside: bool = False) -> TurnResult | None:
        """Run a turn; whatever happens is said."""
        control = TurnControl()
        narrator = Narrator(self.voice, verbose=self.options.verbose, aside=aside)

        def sink(event: TurnEvent) -> None:
            narrator.event(event)
            if type(event) is TurnSettled:
                self.exit_code = event.result.error.exit_code if event.result.error else 0
                if not aside:
                    self._settled(event.result)

        try:
            with self._signals.stopping(control):
                result = run_blocking(start(sink, control))
        except LlmtuiError as error:
            narrator.close()
            self.exit_code = error.exit_code
            self.voice.line(f"failed: {error.sentence}")
            return None
        finally:
            narrator.close()
        self._warn()
        return result

    def _settled(self, result: TurnResult) -> None:
        if isinstance(result.error, BudgetExceeded | InputRefused) and not result.attempts:
            return  # the question is not stored: it can be sent again
        self._unsent = None
        if self.options.keep_text:
            self.id = result.conversation_id

    def _warn(self) -> None:
        """Say of each budget, once, that a level of it has been reached."""
        gauges = run_blocking(self.session.gauges(self.id or ""))
        if not gauges:
            return
        from llmtui.core.budget import new_levels, warning

        news, self._told = new_levels(gauges, self.session.config.budget.warn_at, self._told)
        for gauge, level in news:
            self.voice.line(f"budget: {warning(gauge, level)}")

    async def confirm(self, question: Any) -> bool:
        """Ask before what needs a yes; without anybody to ask, near a limit goes on and the rest does not."""
        if self.options.yes:
            return True
        if not self.is_asked:
            return bool(question.reason == "near")
        return self.agrees(f"{question.sentence.rstrip('.')}. Send it all the same?")

    def agrees(self, question: str) -> bool:
        """Ask for a yes, which `--yes` says beforehand."""
        self.voice.line(question)
        answer = "y" if self.options.yes else self.source.reply("y or n: ")
        return answer is not None and answer.strip().lower() in ("y", "yes")
