"""The chat screen: lays out the parts and passes on what they say; what is done about it stands in the actions."""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from textual import on
from textual.screen import Screen
from textual.widgets import Static

from llmtui.core.errors import LlmtuiError
from llmtui.core.sanitize import clean
from llmtui.tui import commands, figures
from llmtui.tui.messages import ActionChosen, PromptEdited, PromptSubmitted
from llmtui.tui.screens.chat_lists import Lists
from llmtui.tui.screens.chat_transcript import Requests
from llmtui.tui.talk import Question, Talk
from llmtui.tui.widgets.completions import Completion
from llmtui.tui.widgets.header import Header
from llmtui.tui.widgets.prompt import Prompt
from llmtui.tui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.message import Message as Told
    from textual.timer import Timer

    from llmtui.chat.roster import ProviderStatus
    from llmtui.chat.session import ChatSession
    from llmtui.core.messages import Attachment, ModelRef
    from llmtui.tui.app import ChatApp
    from llmtui.tui.live import LiveTurn
    from llmtui.tui.parts import Budgets, Counting, Drafts, Library, ModelBook, Outbox, Transcript, Turns, View

TICK_S = 0.25
"""How often figures that change by themselves are painted while something is under way."""


class ChatScreen(Requests, Lists, Screen[None], inherit_bindings=False):
    """Header, conversation list, transcript, prompt, status bar."""

    BINDINGS: ClassVar[list[BindingType]] = [*Screen.BINDINGS, *commands.bindings()]

    turns: Turns
    models: ModelBook
    drafts: Drafts
    budgets: Budgets
    outbox: Outbox
    counting: Counting
    transcript: Transcript
    view: View
    session: ChatSession | None = None
    library: Library | None = None
    is_assembled = False
    """Everything but the session is there; before that only the prompt works, and what is sent waits."""
    is_ready = False
    """The session is open and everything that the start had to do is done."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk()
        self.prompt = Prompt(self._complete, id="prompt")
        self.status = StatusBar(id="status")
        self.header = Header(id="header")
        self._place = Static(id="place")  # where the transcript will be
        self._ticking: Timer | None = None
        self._statuses: Sequence[ProviderStatus] = ()
        self._early: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._place
        yield self.prompt
        yield self.status

    async def assemble(self) -> None:
        """After the first paint: the transcript, and what does the work."""
        from llmtui.tui.parts import Budgets, Counting, Drafts, ModelBook, Outbox, Transcript, Turns, View

        self.turns, self.models, self.drafts, self.budgets = Turns(self), ModelBook(), Drafts(self), Budgets(self)
        self.outbox, self.counting = Outbox(self), Counting(self)
        self.transcript = Transcript(id="transcript")
        self.transcript.smooth = self.chat_app.config.ui.smooth
        self.transcript.ahead.is_on = self.chat_app.config.ui.idle_prerender
        self.view = View(self)
        with self.app.batch_update():
            await self.mount(self.transcript, after=self.header)
            await self._place.remove()
        self.is_assembled = True
        for name, argument in self._early:
            await self.action_run(name, argument)

    def on_mount(self) -> None:
        self.focus_prompt()
        self.refresh_status()

    @property
    def chat_app(self) -> ChatApp:
        return cast("ChatApp", self.app)

    # ------------------------------------------------------------------------------------------------ doing

    async def _dispatch_message(self, message: Told) -> None:
        """What has a sentence of its own is said: raised further, it would end the screen's handling of anything."""
        try:
            await super()._dispatch_message(message)
        except LlmtuiError as error:
            self.say(error.sentence, severity="error")

    async def action_run(self, name: str, argument: str = "") -> None:
        """Do what stands in the table under this name."""
        if not self.is_assembled:
            self._early.append((name, argument))
            return
        done = commands.BY_NAME[name].run(self, argument)
        if isawaitable(done):
            await done

    @on(ActionChosen)
    async def _action_chosen(self, event: ActionChosen) -> None:
        if event.name in commands.BY_NAME:
            await self.action_run(event.name, event.argument)

    @on(PromptSubmitted)
    async def _submitted(self, event: PromptSubmitted) -> None:
        try:
            command = commands.parse(event.text)
        except LlmtuiError as error:
            self.say(error.sentence, severity="warning")
            self.give_back(self.talk, [Question(event.text, event.attachments)])
            return
        if command is not None:
            await self.action_run(command[0].name, command[1])
        else:
            await self.ask(
                event.text.removeprefix("/") if event.text.startswith("//") else event.text, event.attachments
            )

    async def ask(self, text: str, attachments: tuple[Attachment, ...]) -> None:
        """Send a question, or let it wait for its turn and say so."""
        try:
            question = Question(text, (*attachments, *await self._mentioned(text)))
        except LlmtuiError as error:  # without the file it is another question, and would cost all the same
            self.say(f"{error.sentence} Nothing was sent.", severity="warning")
            self.give_back(self.talk, [Question(text, attachments)])
            return
        if not self.is_assembled:
            self.talk.queue.append(question)
            self.refresh_status()
            return
        if self.talk.live is not None:
            self.say("Queued: it is sent when the answer is complete")
        self.drafts.sent(text)
        self.view.leave_failure()
        self.turns.ask(self.talk, question)
        if self.talk.editing is None and (standing := self.talk.standing) is not None:
            self.talk.standing = None
            self.give_back(self.talk, [standing])
        self.transcript.follow = True
        self.refresh_status()

    async def _mentioned(self, text: str) -> tuple[Attachment, ...]:
        """The files that the text names as `@path`. Raise LlmtuiError for one that cannot be sent."""
        if "@" not in text:
            return ()
        from llmtui.tui.files import mentioned, read_attachment

        return await asyncio.to_thread(lambda: tuple(read_attachment(path) for path in mentioned(text)))

    def _complete(self, word: str, offer: Callable[[Sequence[Completion]], None]) -> None:
        """Candidates for the word being typed in the prompt."""
        if word.startswith("/"):
            offer(commands.completions(word[1:]))
        else:
            self.run_worker(self._complete_file(word, offer), group="complete", exclusive=True)

    async def _complete_file(self, word: str, offer: Callable[[Sequence[Completion]], None]) -> None:
        from llmtui.tui.files import matching

        paths = await asyncio.to_thread(matching, word[1:])
        if self.prompt.word() == word:
            offer([Completion(f"@{path}") for path in paths if path != word[1:]])

    @on(PromptEdited)
    def _edited(self, event: PromptEdited) -> None:
        if self.is_assembled:
            self.drafts.edited()
            self.counting.ahead()
        self.prompt.show_estimate(figures.estimate(self, event.characters))

    def key_escape(self) -> None:
        """Nothing: Textual's screen would drop the selection here and let the key go on; `escape` does one thing a press."""

    # ------------------------------------------------------------------------------------------------ turns

    def turn_began(self) -> None:
        """A turn is under way."""
        if self._ticking is None:
            self._ticking = self.set_interval(TICK_S, self._tick)
        self.refresh_status()

    async def turn_ended(self, talk: Talk, live: LiveTurn) -> None:
        """The turn is settled."""
        if not self.turns.is_busy and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        from llmtui.tui.context import warn

        self._call_back(live)
        if talk is not self.talk and talk.id is not None and live.result is not None:
            self.unread[talk.id] = self.unread.get(talk.id, 0) + 1
        await self.view.ended(talk, live)
        await self.budgets.refresh()
        self.reload_list()
        self.refresh_status()
        self.counting.ahead()
        await warn(self, talk)
        if self.chat_app.config.ui.title_model:
            from llmtui.tui import titles

            if titles.is_wanted(self, talk):
                self.run_worker(titles.improve(self, talk), group="titles")

    def _call_back(self, live: LiveTurn) -> None:
        """Who looks elsewhere is told that the answer is there, if that was asked for."""
        wanted = self.chat_app.config.ui.notify
        if not self.app.app_focus and wanted != "off":
            is_whole = live.result is not None and live.result.error is None
            sentence = "The answer is complete" if is_whole else "The answer failed"
            self.chat_app.call_back(sentence, desktop=wanted == "desktop")

    def give_back(self, talk: Talk, questions: Sequence[Question]) -> None:
        """Put what was not sent back into the prompt, before what stands there."""
        if talk is not self.talk:
            talk.returned += questions
        elif questions:
            standing, attached = self.prompt.content()
            texts = [question.text for question in questions] + ([standing] if standing.strip() else [])
            files = [file for question in questions for file in question.attachments] + list(attached)
            self.prompt.fill("\n".join(texts), files)

    def _tick(self) -> None:
        for talk in self.turns.talks:
            if talk.live is not None:
                talk.live.sample()
        self.view.tick()
        self.refresh_status()

    # ------------------------------------------------------------------------------------------------ what is shown

    @property
    def current_model(self) -> ModelRef | None:
        """Who answers the next question; while one streams, who answers now."""
        return figures.model_of(self)

    async def providers(self, *, refresh: bool = False) -> Sequence[ProviderStatus]:
        """Every provider with its key's source; asks the keyring the first time, off the event loop."""
        if self.session is not None and (refresh or not self._statuses):
            self._statuses = await asyncio.to_thread(self.session.providers)
        return self._statuses

    def refresh_status(self) -> None:
        """Paint the figures of this moment."""
        if self.is_mounted:
            self.status.show(figures.status(self))
            self.prompt.show_editing(editing=self.talk.editing is not None)
            self.header.show(self.talk.title, str(self.current_model or ""))

    def say(self, text: str, *, severity: Literal["information", "warning", "error"] = "information") -> None:
        """A calm line that goes by itself."""
        self.notify(clean(text), severity=severity, markup=False)

    def say_from_thread(self, text: str) -> None:
        """The same, for the store's thread."""
        self.app.call_from_thread(self.say, text)

    def copy(self, text: str, what: str) -> None:
        """Put a text into the clipboard because the reader asked for it."""
        if text:
            self.run_worker(self._write_clipboard(text, what), group="copy")
        else:
            self.say(f"There is no {what} here")

    async def _write_clipboard(self, text: str, what: str) -> None:
        from llmtui.tui.terminal import clipboard

        copied = await clipboard.copy(self.app, text)
        self.say(f"{copied.sentence}: {what}")

    def focus_prompt(self) -> None:
        """At once: a button that is taken away would give the focus to whatever comes next."""
        self.set_focus(self.prompt.area)

    def unsaved(self) -> str:
        """What quitting would lose, as a question; empty for nothing."""
        talks = {self.talk, *self.turns.talks} if self.is_assembled else {self.talk}
        waiting = sum(len(talk.queue) for talk in talks)
        if waiting:
            return f"{waiting} queued message{'s' if waiting > 1 else ''} would be lost. Quit all the same?"
        if self.prompt.content()[1]:
            return "The files attached to the unsent message would be lost. Quit all the same?"
        return ""
