"""Streams that go wrong, in every dialect and at every byte, and what may become of them.

What a case allows follows from the bytes that were sent: the answer is complete from the finish reason on, and not before.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from tests.support.dialects import DIALECTS, Counts
from tests.support.wire_server import CLOSE, HANG, RESET, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.dialects import Script
    from tests.support.wire_server import Piece

TEXTS = ("Grüße, ", "“世界” 🎉\n", "```py\nx = 1\n", "```\nEnd.")
"""What every script says."""
COUNTS = Counts(40, 10, 0, 20, 5)
GARBAGE = b'\x00{]\xff"\x1b[2J'
"""No JSON, no field, no UTF-8, wherever it stands."""


class Case(NamedTuple):
    """One stream with one fault."""

    number: int
    fault: str
    script: Script
    at: int
    """The byte at which it happens."""
    sent: tuple[Piece, ...]
    is_whole: bool | None
    """Whether the answer is complete; None: it may be, if its text is."""

    def reply(self, before_last: Callable[[], bytes]) -> Reply:
        """What the server answers; it calls `before_last` before it does the last thing."""
        return Reply(pieces=[*self.sent[:-1], before_last, self.sent[-1]], content_type=self.script.content_type)

    def __str__(self) -> str:
        return f"case {self.number}: {self.fault} at byte {self.at} of {self.script.wire} ({self.sent[-1]!r:.20})"


def scripts() -> list[Script]:
    return [
        dialect.script(TEXTS, COUNTS, reasoning=["Let me ", "see."] if dialect.thinks else [])
        for dialect in DIALECTS.values()
    ]


def cases(count: int) -> list[Case]:
    """So many, the same at every run: seven tenths cuts, and as many stalls, pieces of garbage and errors each."""
    dice = random.Random(7)
    made: list[Case] = []
    every_byte = [(script, at) for script in scripts() for at in range(1, len(script.body))]
    cuts = every_byte if count * 7 // 10 >= len(every_byte) else dice.sample(every_byte, count * 7 // 10)
    for script, at in cuts:
        made.append(_cut(len(made), script, at, (CLOSE, RESET, None)[at % 3]))
    makers = (_stall, _garbage, _error)
    while len(made) < count:
        script, at = dice.choice(every_byte)
        made.append(makers[len(made) % 3](len(made), script, at))
    return made[:count]


def _cut(number: int, script: Script, at: int, how: Piece | None) -> Case:
    sent = (script.body[:at], *(() if how is None else (how,)))
    return Case(number, "cut", script, at, sent, at >= script.whole_from)


def _stall(number: int, script: Script, at: int) -> Case:
    """Silence. A frame whose line end is missing may be read or not when the limit passes."""
    return Case(number, "stall", script, at, (script.body[:at], HANG), at >= script.whole_from)


def _garbage(number: int, script: Script, at: int) -> Case:
    """Bytes that are nothing, within the JSON of a frame: not in a field's name, where they would make it another field."""
    place = 0
    for frame in script.frames:
        start = place + frame.find(b"{")
        place += len(frame)
        if b"{" in frame and start < at < place - 4:
            break
    else:
        at, place = script.whole_from, len(script.body)
    is_before_the_end = at < script.whole_from
    sent = (script.body[:at], GARBAGE, script.body[at:])
    return Case(number, "garbage", script, at, sent, False if is_before_the_end else None)


def _error(number: int, script: Script, at: int) -> Case:
    """The provider's own error between two frames, before the finish reason; some servers go on after it."""
    place = at % (script.finish + 1)
    failure = DIALECTS[script.wire].failure("the model gave up", (500, 503, 429)[at % 3])
    head, rest = script.frames[:place], script.frames[place:]
    return Case(
        number, "error", script, len(b"".join(head)), (b"".join([*head, failure, *(rest if at % 2 else [])]),), False
    )
