"""Guesses a text's tokens from its characters, at the speed of a copy, and learns from what providers then report.

About 4 characters a token in prose; symbols and digits weigh more, so that code and data are not guessed too low; scripts
weigh what a modern vocabulary makes of them. Whoever shows such a figure marks it `~`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ \t\n\r"
_DIGITS = b"0123456789"
# Thousandths of a token a character, fitted to o200k_base on prose, code, JSON and eleven languages, a little on the
# high side. By bytes in UTF-8: Greek, Cyrillic, Arabic …; Chinese, Japanese, Korean, Indic …; emoji and the rest.
_LETTER, _DIGIT, _SYMBOL = 233, 400, 500
_TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = 350, 800, 1500


def estimate_tokens(text: str) -> int:
    """The tokens of a text, guessed: 0 for no text, at least 1 for any other."""
    size = len(text)
    if size <= 6 and text.isascii():  # most deltas are a word or less: a look is enough
        return 1 if size else 0
    plain = text.encode("ascii", "ignore")
    weight = 0
    if len(plain) != len(text):
        four = len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text)
        above = len(text) - len(plain) - four  # of two or three bytes
        three = len(text.encode("utf-8", "surrogatepass")) - len(plain) - 4 * four - 2 * above
        weight = (above - three) * _TWO_BYTES + three * _THREE_BYTES + four * _FOUR_BYTES
    if b"    " in plain:
        plain = plain.replace(b"    ", b" ")  # indentation is a token a run, not one for every four blanks
    others = plain.translate(None, _LETTERS)
    symbols = len(others.translate(None, _DIGITS)) if others else 0
    weight += (len(plain) - len(others)) * _LETTER + (len(others) - symbols) * _DIGIT + symbols * _SYMBOL
    return max(1, (weight + 500) // 1000)


def estimate_request(texts: Iterable[str]) -> int:
    """The input tokens of a request whose messages have these texts."""
    return sum(estimate_tokens(text) + MESSAGE_TOKENS for text in texts) + REPLY_TOKENS


class Calibration(NamedTuple):
    """How a provider's reported tokens compare with our estimates: sums that fade, so that the recent weighs more.

    A value per provider; kept by the caller, as two numbers, wherever it likes.
    """

    estimated: float = 0.0
    reported: float = 0.0

    def observe(self, estimated: int, reported: int) -> Calibration:
        """With one more request's input. What cannot be (nothing estimated, nothing reported) is left out."""
        if estimated <= 0 or reported <= 0:
            return self
        return Calibration(self.estimated * 0.9 + estimated, self.reported * 0.9 + reported)

    @property
    def factor(self) -> float:
        """Reported tokens for each estimated one, 1 until something has been observed; never beyond 4 either way."""
        if self.estimated <= 0:
            return 1.0
        return min(4.0, max(0.25, self.reported / self.estimated))

    def apply(self, estimated: int) -> int:
        """The estimate as this provider would count it; 0 stays 0, other text at least 1."""
        return max(1, round(estimated * self.factor)) if estimated else 0
