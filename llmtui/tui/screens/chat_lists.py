"""The chat screen's dealings with the conversation list: opening it, filling it, what is chosen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen
from textual.widgets import Input

from llmtui.tui.actions import conversations
from llmtui.tui.messages import ConversationChanged, ConversationChosen, ConversationDeleted
from llmtui.tui.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual import events

    from llmtui.core.messages import ModelRef
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.screens.search import Found
    from llmtui.tui.widgets.sidebar import Sidebar

LOW = 20
"""Rows below which the list is all that there is room for."""
WIDE = 100
"""Columns from which on the list stands beside the transcript instead of over it."""


class Lists(Screen[None]):
    """Mixed into the chat screen."""

    sidebar: Sidebar | None = None

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        """What was deleted in this session and how it comes back, newest last."""
        self.unread: dict[str, int] = {}
        """How many answers ended in conversations that were not shown."""

    @property
    def _chat(self) -> ChatScreen:
        return cast("ChatScreen", self)

    # ------------------------------------------------------------------------------------------------ the list

    async def open_sidebar_if_wide(self) -> None:
        """After start: the list belongs to a wide screen, unless it was closed last time."""
        if self.size.width >= WIDE and self.sidebar is None and self._chat.chat_app.state.sidebar is not False:
            await self._open_sidebar(focus=False)

    async def toggle_sidebar(self) -> None:
        if self.sidebar is None:
            await self._open_sidebar(focus=True)
        elif self.sidebar.has_focus_within:
            await self._close_sidebar()
        else:
            self.sidebar.filter.focus()
        self._chat.chat_app.remember(sidebar=self.sidebar is not None)

    async def _open_sidebar(self, *, focus: bool) -> None:
        from llmtui.tui.widgets.sidebar import Sidebar

        self.sidebar = Sidebar(id="sidebar")
        self._fit_list(self.size.height)
        await self.mount(self.sidebar, before=self._chat.transcript)
        if focus:
            self.sidebar.filter.focus()
        self.reload_list()

    def on_resize(self, event: events.Resize) -> None:
        self._fit_list(event.size.height)
        if event.size.width < WIDE and self.sidebar is not None and not self.sidebar.has_focus_within:
            self.run_worker(self._close_sidebar())  # it would lie over what is being read

    def _fit_list(self, height: int) -> None:
        """Between header and status bar; a docked widget would otherwise be as high as the screen."""
        if self.sidebar is not None:
            self.sidebar.styles.height = max(3, height - 2)
            self.sidebar.set_class(height < LOW, "-low")

    async def _close_sidebar(self) -> None:
        sidebar, self.sidebar = self.sidebar, None
        if sidebar is not None:
            if sidebar.has_focus_within:
                self._chat.focus_prompt()
            await sidebar.remove()

    async def close_overlay(self) -> bool:
        """Close the list where it lies over the transcript; False where there is nothing to close."""
        if self.sidebar is None or self.size.width >= WIDE:
            return False
        await self._close_sidebar()
        return True

    def reload_list(self) -> None:
        """Read the list anew."""
        if self.sidebar is not None:
            self.run_worker(self._load_list(), group="list", exclusive=True)

    async def _load_list(self) -> None:
        chat, sidebar = self._chat, self.sidebar
        if sidebar is None or chat.library is None:
            return
        found = await chat.library.conversations(sidebar.filter.value)
        streaming = {talk.id for talk in chat.turns.talks if talk.live is not None and talk.id}
        if sidebar is self.sidebar and sidebar.is_mounted:
            sidebar.show(found, chat.talk.id, streaming, self.unread)

    @on(Input.Changed, "#sidebar Input")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self.reload_list()

    # ------------------------------------------------------------------------------------------------ choosing

    @on(ConversationChosen)
    async def _chosen(self, event: ConversationChosen) -> None:
        await conversations.open_by_id(self._chat, event.conversation_id, event.message_id)
        if not await self.close_overlay():
            self._chat.focus_prompt()

    async def chosen(self, found: Found | None) -> None:
        """A search ended."""
        if found is not None:
            await conversations.open_by_id(self._chat, found.conversation_id, found.message_id)

    @on(ConversationDeleted)
    async def _deleted(self, event: ConversationDeleted) -> None:
        await conversations.delete(self._chat, event.conversation_id, event.title)

    @on(ConversationChanged)
    async def _changed(self, event: ConversationChanged) -> None:
        if event.what == "rename":
            conversations.ask_title(self._chat, event.conversation_id, event.title)
        else:
            await conversations.toggle(self._chat, event.what, event.conversation_id)

    def fresh_talk(self) -> Talk:
        """A conversation with what the command line gave for new ones."""
        options = self._chat.chat_app.options
        return Talk(system=options.system, settings=options.settings)

    async def show_talk(self, talk: Talk, at: str | None = None) -> None:
        """Put another conversation on the screen; what streams goes on."""
        chat = self._chat
        await chat.drafts.keep()
        chat.prompt.clear()
        chat.talk = talk
        self.unread.pop(talk.id or "", None)
        chat.view.show(talk, at=at)
        chat.give_back(talk, talk.returned)
        talk.returned = []
        await chat.drafts.bring_back()
        chat.reload_list()
        chat.refresh_status()
        chat.focus_prompt()
        chat.run_worker(chat.budgets.refresh(), group="budgets", exclusive=True)

    # ------------------------------------------------------------------------------------------------ models

    async def use_model(self, model: ModelRef, *, default: bool = False) -> None:
        """Let this model answer here from now on; `default`: also in new conversations."""
        from llmtui.core.errors import ConfigError
        from llmtui.tui.starting import warm

        chat = self._chat
        session = chat.session
        if session is None:
            chat.talk.model = model
            return
        try:
            model = session.directory.find_model(str(model))
        except ConfigError as error:
            chat.say(error.sentence, severity="warning")
            return
        chat.talk.model = model
        usual = session.default_model
        stands_in = usual is None or (usual.provider == "demo" and not chat.chat_app.options.demo)
        if default or stands_in:
            session.default_model = model
            if model.provider != "demo":  # a way to look around; the next start looks for models anew
                chat.chat_app.remember(model=str(model))
        if chat.library is not None and chat.talk.id is not None:
            await chat.library.set_model(chat.talk.id, str(model))
        chat.refresh_status()
        chat.turns.flush(chat.talk)
        await warm(chat, session)
