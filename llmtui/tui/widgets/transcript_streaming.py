"""Answers that are arriving: text is gathered and shown some 25 times a second, the first token at once.

A burst is drawn in pieces, each in a turn of its own, so that keys are served in between.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from llmtui.core.messages import MessageState, Role
from llmtui.tui.widgets.transcript_item import Item
from llmtui.tui.widgets.transcript_smooth import Burst
from llmtui.tui.widgets.transcript_view import TranscriptView

if TYPE_CHECKING:
    from textual.timer import Timer

FRAME_S = 0.04
"""Seconds between two paints of arriving text."""
BURST = 4000
"""Characters drawn in one turn of the event loop at most."""
TICK_S = 0.1
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class _Arrival:
    """One answer on its way."""

    __slots__ = ("began", "burst", "ending", "status", "thinking_began")

    def __init__(self, began: float) -> None:
        self.began = began
        self.thinking_began: float | None = None
        self.status = ""
        """The app's own words, in place of “thinking”."""
        self.burst = Burst()
        """Text held back for the next frames."""
        self.ending: Item | None = None
        """How the message looks once all its text is drawn."""


class StreamingView(TranscriptView):
    """A `TranscriptView` whose messages grow."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.smooth = False
        """Whether bursts are spread over a few frames."""
        self._arrivals: dict[str, _Arrival] = {}
        self._shown = 0.0  # monotonic seconds of the last frame
        self._frame_due = False
        self._ticks = 0
        self._ticker: Timer | None = None

    # ------------------------------------------------------------------------------------------------ the app's calls
    def begin_answer(self, message_id: str, label: str, *, time: str = "") -> None:
        """An answer was asked for: its label and the thinking mark show, with the seconds since now."""
        self.add_message(Item(message_id, Role.ASSISTANT, label, time=time, state=MessageState.STREAMING))

    def add_message(self, item: Item) -> None:
        """Put a message at the end. One that is still streaming goes on with `append_text`."""
        self.model.insert(len(self.model), [item], self.dress.width)
        if item.state is MessageState.STREAMING:
            self._arrive(item.id)
        self.added(len(self.model) - 1)

    def append_text(self, message_id: str, text: str) -> None:
        """More text of a streaming answer, in any pieces. Raise KeyError when there is no such answer."""
        arrival = self._arrivals[message_id]
        view = self.model.find(message_id)
        is_first = not view.body and not arrival.burst
        if self.smooth:
            arrival.burst.add(text, monotonic())
        else:
            view.body.append(text)
        if is_first and arrival.thinking_began is not None:
            view.update(view.item._replace(reasoning_s=monotonic() - arrival.thinking_began))
        self._want_frame(at_once=is_first)

    def append_reasoning(self, message_id: str, text: str) -> None:
        """More of a streaming answer's reasoning."""
        arrival = self._arrivals[message_id]
        is_first = arrival.thinking_began is None
        if is_first:
            arrival.thinking_began = monotonic()
        self.model.find(message_id).thoughts.append(text)
        self._want_frame(at_once=is_first)

    def set_status(self, message_id: str, text: str) -> None:
        """What is going on, in place of “thinking”: “retrying 2/5 in 3 s”, “stopping”. Empty: nothing special."""
        self._arrivals[message_id].status = text
        self._tell_status(message_id)

    def finish_answer(
        self,
        message_id: str,
        state: MessageState = MessageState.COMPLETE,
        **changes: object,
    ) -> None:
        """The answer is over. `changes` are fields of `Item`: metadata, notes, error, actions, reasoning_s, label …

        The ending shows as soon as all text is drawn. Raise KeyError when there is no such answer.
        """
        item = self.model.find(message_id).item
        self._arrivals[message_id].ending = item._replace(**changes, state=state)  # type: ignore[arg-type]
        self._want_frame(at_once=True)

    # ------------------------------------------------------------------------------------------------ frames
    def _arrive(self, message_id: str) -> None:
        self._arrivals[message_id] = _Arrival(monotonic())
        self.is_streaming = True
        if self._ticker is None:
            self._ticker = self.set_interval(TICK_S, self._tick)
        self._ticker.resume()
        self._tell_status(message_id)

    def _want_frame(self, *, at_once: bool = False) -> None:
        if not self._frame_due:
            self._frame_due = True
            self.soon(self._frame, 0.0 if at_once else max(0.0, self._shown + FRAME_S - monotonic()))

    def _frame(self) -> None:
        """Draw what came; show it when a frame is due or nothing more waits."""
        self._frame_due = False
        if not self.screen_rows:
            return
        for message_id, arrival in self._arrivals.items():
            if arrival.burst and monotonic() >= self._shown + FRAME_S:
                self.model.find(message_id).body.append(arrival.burst.take(monotonic()))
        ready = {message_id: self.model.find(message_id).feed(self.dress, BURST) for message_id in self._arrivals}
        is_waiting = not all(ready.values())
        if not is_waiting or monotonic() >= self._shown + FRAME_S:
            for message_id, is_ready in ready.items():
                self._show(message_id, is_ready=is_ready)
            self._shown = monotonic()
        if is_waiting:
            self._frame_due = True
            self.soon(self._frame)
        elif any(arrival.burst for arrival in self._arrivals.values()):
            self._want_frame()

    def _show(self, message_id: str, *, is_ready: bool) -> None:
        arrival, view = self._arrivals[message_id], self.model.find(message_id)
        if is_ready and arrival.ending is not None and not arrival.burst:
            del self._arrivals[message_id]
            view.update(arrival.ending)
            view.status = ""
            self.conclude(view)
            self._over(message_id)
        elif view.body and not arrival.status:
            view.status = ""
        self.settle(self.model.index(message_id), is_news=True)

    def _over(self, message_id: str) -> None:
        """A message is whole."""
        self._quiet_down()

    def _quiet_down(self) -> None:
        """No timer runs when nothing is on its way."""
        if not self._arrivals:
            if self.is_streaming and self.follow and self._has_slack:
                self.call_later(self._take_up_slack)
            self.is_streaming = False
            if self._ticker is not None:
                self._ticker.pause()

    def _take_up_slack(self) -> None:
        """Rows were kept free below the text for what was to come; nothing more comes."""
        if self.follow and not self.is_streaming:
            self.redraw()

    # ------------------------------------------------------------------------------------------------ the thinking mark
    def _tick(self) -> None:
        """Ten times a second while an answer is awaited: the mark moves, unless the reader looks elsewhere."""
        self._ticks += 1
        for message_id in self._arrivals:
            self._tell_status(message_id)

    def _tell_status(self, message_id: str) -> None:
        arrival, view = self._arrivals[message_id], self.model.find(message_id)
        is_moving = self.app.app_focus and self.app.animation_level != "none"
        mark = _SPINNER[self._ticks % len(_SPINNER)] if is_moving else "…"
        began = arrival.thinking_began or arrival.began
        elapsed = monotonic() - began
        seconds = f"{elapsed:.1f}" if is_moving else f"{elapsed:.0f}"
        status = arrival.status or ("" if view.body else f"thinking {seconds} s")
        status = f"{mark} {status}" if status else ""
        if status != view.status:
            view.status = status
            self.settle(self.model.index(message_id))
