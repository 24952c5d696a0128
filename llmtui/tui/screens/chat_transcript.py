"""The chat screen's answers to what the transcript asks for: copy, edit, again, siblings, links, find."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import MessageState, Role
from llmtui.tui.actions import answers, conversations
from llmtui.tui.talk import Question

if TYPE_CHECKING:
    from llmtui.core.messages import Message
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.widgets import transcript_events as told


class Requests(Screen[None]):
    """Mixed into the chat screen. Handlers are found by name: the transcript is not imported for the first paint."""

    @property
    def _chat(self) -> ChatScreen:
        return cast("ChatScreen", self)

    def message(self, message_id: str) -> Message | None:
        """A message of the branch that is shown."""
        return next((message for message in self._chat.talk.messages if message.id == message_id), None)

    # ------------------------------------------------------------------------------------------------ copying

    def on_transcript_copy_requested(self, event: told.CopyRequested) -> None:
        self._chat.copy(event.text, event.what)

    def on_transcript_link_activated(self, event: told.LinkActivated) -> None:
        from llmtui.tui.screens import link

        link.offer(self._chat, event.url)

    def on_transcript_new_lines_arrived(self, event: told.NewLinesArrived) -> None:
        self._chat.prompt.show_news(event.count)

    def on_transcript_left(self) -> None:
        self._chat.focus_prompt()

    async def on_transcript_escape_pressed(self) -> None:
        await self._chat.action_run("escape")

    def on_transcript_find_progressed(self, event: told.FindProgressed) -> None:
        self._chat.prompt.show_find(self._chat.transcript.sought, event.current, event.total)

    def on_transcript_find_ended(self) -> None:
        self._chat.prompt.show_find("", 0, 0)

    def on_transcript_find_requested(self) -> None:
        from llmtui.tui.screens.ask_text import AskText

        def typed(text: str | None) -> None:
            if text:
                self._chat.transcript.find(text)

        self.app.push_screen(AskText("Find in this conversation"), typed)

    # ------------------------------------------------------------------------------------------------ again

    def edit_question(self, question: Message) -> None:
        """Take a question into the prompt; what is sent becomes another version of it."""
        talk, prompt = self._chat.talk, self._chat.prompt
        if talk.editing is None and prompt.text.strip():
            talk.standing = Question(*prompt.content())
        talk.editing = question.id
        prompt.clear()
        prompt.fill(question.content, question.attachments)
        self._chat.focus_prompt()
        self._chat.refresh_status()
        self._chat.say("Enter sends the edited question; the earlier version stays")

    def leave_editing(self) -> None:
        """What is sent from now on is a new question; what stood in the prompt before comes back."""
        talk, prompt = self._chat.talk, self._chat.prompt
        standing, talk.editing, talk.standing = talk.standing, None, None
        prompt.clear()
        if standing is not None:
            prompt.fill(*standing)
        self._chat.focus_prompt()
        self._chat.refresh_status()

    def on_transcript_edit_requested(self, event: told.EditRequested) -> None:
        message = self.message(event.message_id)
        if message is not None and message.role is Role.USER and self._idle():
            self.edit_question(message)

    def on_transcript_regenerate_requested(self, event: told.RegenerateRequested) -> None:
        """Again; what was not the last answer asks first, since it spends money where one may not expect it."""
        chat = self._chat
        newest = answers.last(chat, Role.ASSISTANT)
        message = self.message(event.message_id)
        if message is None or message.role is not Role.ASSISTANT or not self._idle():
            return
        if newest is not None and message.id == newest.id:
            chat.turns.regenerate(chat.talk, message.id)
            return
        from llmtui.tui.screens.confirm import ask

        question = "This is not the last answer. Ask for another one all the same?"
        ask(self.app, question, yes="Ask again", then=lambda: chat.turns.regenerate(chat.talk, message.id))

    def on_transcript_continue_requested(self, event: told.ContinueRequested) -> None:
        message = self.message(event.message_id)
        if message is None or not self._idle():
            return
        if message.content and (message.state in answers.CUT or message.finish_reason == "length"):
            self._chat.turns.continue_answer(self._chat.talk, message)
        else:
            self._chat.say("This answer is complete")

    async def on_transcript_detail_requested(self, event: told.DetailRequested) -> None:
        message = self.message(event.message_id)
        talk = self._chat.talk
        if message is not None:
            from llmtui.tui import context
            from llmtui.tui.screens.detail import DetailScreen

            parts = context.behind(self._chat, message)
            if self._chat.library is not None and talk.id is not None:
                talk.booked = await self._chat.library.figures(talk.id)
            booked = talk.booked.get(message.id, ())
            self.app.push_screen(DetailScreen(message, talk.results.get(message.id), booked, parts))

    # ------------------------------------------------------------------------------------------------ the tree

    async def on_transcript_sibling_requested(self, event: told.SiblingRequested) -> None:
        """Show another version of a message, with what follows it."""
        chat = self._chat
        if chat.library is None or chat.talk.id is None or not self._idle():
            return
        ids = list(await chat.library.siblings(event.message_id))
        if event.message_id not in ids or len(ids) < 2:
            return
        wanted = ids[(ids.index(event.message_id) + event.delta) % len(ids)]
        await chat.library.show_branch(chat.talk.id, wanted)
        await conversations.load(chat, chat.talk)
        chat.view.show(chat.talk, at=wanted)

    async def on_transcript_exclude_toggled(self, event: told.ExcludeToggled) -> None:
        message = self.message(event.message_id)
        if message is not None:
            await self.mark_message(message, excluded=not message.excluded)

    async def on_transcript_pin_toggled(self, event: told.PinToggled) -> None:
        message = self.message(event.message_id)
        if message is not None:
            await self.mark_message(message, pinned=not message.pinned)

    async def mark_message(self, old: Message, **changes: bool) -> None:
        """Take a message in or out of the context (`excluded`), or keep it there (`pinned`)."""
        chat, new = self._chat, replace(old, **changes)  # type: ignore[arg-type]  # both are flags
        if chat.library is None or new.state is MessageState.STREAMING:
            return
        await chat.library.mark(new.id, excluded=new.excluded, pinned=new.pinned)
        chat.talk.messages[chat.talk.messages.index(old)] = new
        chat.view.replace(new)

    async def on_transcript_delete_requested(self, event: told.DeleteRequested) -> None:
        """Take a message out with what follows it; /undo brings both back."""
        chat, library, talk = self._chat, self._chat.library, self._chat.talk
        if not self._idle() or library is None or talk.id is None or self.message(event.message_id) is None:
            return
        try:
            removed = await library.remove_message(talk.id, event.message_id)
        except LlmtuiError as error:
            chat.say(error.sentence, severity="warning")
            return

        async def bring_back() -> None:
            await library.restore_messages(removed)
            if chat.talk.id == removed.conversation_id and chat.talk.live is None:
                await self._show_anew(event.message_id)

        what = "the message" if len(removed.messages) == 1 else f"{len(removed.messages)} messages"
        chat.deleted.append((what, bring_back))
        await self._show_anew(None)
        chat.transcript.focus()
        chat.say(
            f"Deleted {what}. /undo brings it back"
            if len(removed.messages) == 1
            else f"Deleted {what}, one and all that followed. /undo brings them back"
        )

    async def _show_anew(self, at: str | None) -> None:
        """The tree is another: read and show it."""
        await conversations.load(self._chat, self._chat.talk)
        self._chat.view.show(self._chat.talk, at=at)
        self._chat.reload_list()
        self._chat.refresh_status()

    def _idle(self) -> bool:
        if self._chat.talk.live is not None:
            self._chat.say("An answer is still coming; Esc stops it")
            return False
        return True
