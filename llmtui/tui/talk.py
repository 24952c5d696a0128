"""A conversation as the screen keeps it while it is open or streams: what is shown comes from the store and from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.context import Summary
    from llmtui.core.events import TurnResult
    from llmtui.core.messages import Attachment, Message, ModelRef
    from llmtui.store.records import BookedAttempt
    from llmtui.tui.live import LiveTurn


class Question(NamedTuple):
    """What the reader sent and what goes with it."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(slots=True, eq=False)
class Talk:
    """One conversation. `id` is None until its first question is stored."""

    id: str | None = None
    title: str = ""
    model: ModelRef | None = None
    """Chosen for this conversation; None: the default."""
    settings: GenerationSettings = field(default_factory=GenerationSettings)
    system: str | None = None
    messages: list[Message] = field(default_factory=list)
    """The branch that is shown, oldest first."""
    tokens: int = 0
    """Input and output of all its attempts."""
    cost: Decimal = Decimal(0)
    """Confirmed and estimated USD."""
    cost_estimated: bool = False
    cost_incomplete: bool = False
    """Of some answer nobody knows the cost."""
    context_tokens: int = 0
    """What the newest request took of the model's window, input and output."""
    figures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of answers settled in this session: the line of figures, longest first."""
    results: dict[str, TurnResult] = field(default_factory=dict)
    """Of answers settled in this session: all that is known of their turns."""
    booked: Mapping[str, tuple[BookedAttempt, ...]] = field(default_factory=dict)
    """Of answers of earlier sessions: what the ledger says of their attempts."""
    siblings: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of messages with other versions: which of how many they are, from 1."""
    summary: Summary | None = None
    """Stands for the older part in what is sent."""
    queue: list[Question] = field(default_factory=list)
    """Waits for the session to be ready, or for the answer that streams to end."""
    returned: list[Question] = field(default_factory=list)
    """Was not sent while another conversation was shown: goes back into the prompt."""
    editing: str | None = None
    """The question that the prompt's text will replace."""
    standing: Question | None = None
    """What stood in the prompt when editing began: it comes back when editing ends."""
    counted: tuple[object, int] | None = None
    """What the context's tokens depend on, and the tokens."""
    is_titled: bool = False
    """A model was asked for a title already."""
    context_told: bool = False
    """That its context is nearly full has been said."""
    live: LiveTurn | None = None
