"""What was typed and not sent: kept for each conversation, a moment after the last key, and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from textual.timer import Timer

    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.talk import Talk

QUIET_S = 1.0
"""How long nothing is typed before the draft is kept."""
REMEMBERED = 200
"""Prompts that Up goes through."""


class Kept(NamedTuple):
    """What was stored last, and under which id: a conversation has none ("") until it begins."""

    talk: Talk
    id: str
    text: str


class Drafts:
    """The prompt's memory. Attachments are not kept: quitting asks before it loses them."""

    def __init__(self, chat: ChatScreen) -> None:
        self._chat = chat
        self._timer: Timer | None = None
        self._kept = Kept(chat.talk, "", "")

    def edited(self) -> None:
        """The prompt's text changed."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._chat.set_timer(QUIET_S, self.keep)

    async def keep(self) -> None:
        """Store the draft of the conversation that is shown, if it changed."""
        library = self._chat.library
        now = Kept(self._chat.talk, self._chat.talk.id or "", self._chat.prompt.content()[0])
        if library is None or now == self._kept:
            return
        before, self._kept = self._kept, now
        if before.talk is now.talk and before.id != now.id:
            await library.keep_draft(before.id, "")  # the conversation has begun meanwhile
        await library.keep_draft(now.id, now.text)

    async def bring_back(self) -> None:
        """Put the draft of the conversation that is shown into the prompt, unless something is typed already."""
        library = self._chat.library
        if library is None or self._chat.prompt.text:
            return
        talk = self._chat.talk
        text = await library.draft(talk.id or "")
        self._kept = Kept(talk, talk.id or "", text)
        if text and not self._chat.prompt.text:
            self._chat.prompt.fill(text)

    def sent(self, text: str) -> None:
        """A prompt was sent: Up brings it back from now on."""
        area = self._chat.prompt.area
        area.earlier = [*area.earlier, text][-REMEMBERED:]
        self._chat.run_worker(self._remember(text), group="drafts")

    async def _remember(self, text: str) -> None:
        if self._chat.library is not None:
            await self._chat.library.remember_prompt(text)
            await self.keep()

    async def load_earlier(self) -> None:
        """Bring the prompts of earlier sessions within reach of Up."""
        library = self._chat.library
        if library is not None:
            stored = await library.prompts(REMEMBERED)
            self._chat.prompt.area.earlier = [*stored, *self._chat.prompt.area.earlier][-REMEMBERED:]
