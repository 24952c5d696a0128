"""What the app gives the transcript to show: one value a message, strings that are ready to be read."""

from __future__ import annotations

from typing import NamedTuple

from llmtui.core.messages import MessageState, Role


class Action(NamedTuple):
    """A way out that is offered after a failure."""

    text: str
    """What stands on the button, for example “Retry now /retry”; the last word is the command."""
    name: str
    """The action's own."""
    argument: str = ""
    """As after the slash command."""


class Item(NamedTuple):
    """A message as it is shown. Text may hold anything: it is cleaned before it is drawn."""

    id: str
    role: Role
    label: str
    """Who speaks: “you”, “openai/gpt-5-mini”."""
    text: str = ""
    time: str = ""
    """Stands at the right end of the label's line: “14:02”."""
    reasoning: str = ""
    reasoning_s: float | None = None
    """Seconds the model thought; None when unknown."""
    state: MessageState = MessageState.COMPLETE
    metadata: tuple[str, ...] = ()
    """The line of figures under an answer, longest first: the first that fits is shown."""
    notes: tuple[str, ...] = ()
    """What the reader should know: a dropped parameter, an earlier answer shown in place of a new one. A line each."""
    error: str = ""
    """What failed, why, and what to do, as one sentence."""
    sibling: tuple[int, int] = (1, 1)
    """Which of how many answers to the same question this is, from 1."""
    excluded: bool = False
    """Taken out of the context."""
    pinned: bool = False
