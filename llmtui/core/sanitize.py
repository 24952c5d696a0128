"""Makes text from outside harmless for a terminal: whatever could command it, or hide in it, is replaced by a visible symbol.

One code point is always replaced by one code point, so an offset in the cleaned text is the same offset in the raw text,
and a control sequence that arrives split over two pieces is as harmless as a whole one. Tab and newline stay.
"""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

MARKS = 4
"""Combining marks that may stand on one base character."""

ZEROS = 2
"""Characters without width that may follow one another: enough for every emoji sequence."""

FLOOD = "◌"
"""Stands for each combining mark or invisible character beyond the limit."""

_LEFT, _RIGHT = "⇠", "⇢"

# Replaced wherever they occur: controls, line separators, direction controls, invisible letters and tags, surrogates.
_VISIBLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "␦"),
    0x85: "␤",
    0x9B: "␛",
    0xAD: "‐",
    **dict.fromkeys((0x200F, 0x061C, 0x202B, 0x202E, 0x2067), _LEFT),
    **dict.fromkeys((0x200E, 0x202A, 0x202D, 0x2066, 0x2068), _RIGHT),
    **dict.fromkeys((0x202C, 0x2069), "⇥"),
    0x2028: "␤",
    0x2029: "¶",
    **dict.fromkeys((*range(0x206A, 0x2070), 0x3164, 0xFFA0, *range(0xFFF9, 0xFFFC), *range(0x1D173, 0x1D17B)), FLOOD),
}

_ALWAYS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200e\u200f\u2028-\u202e\u2065-\u206f\u3164\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)

# Where marks and characters without width live, with some neighbours: a run of these is counted one by one.
_STACKING = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u061b\u064b-\u0670\u06d6-\u06ed\u0711-\u109f\u1160-\u11ff\u135d-\u135f"
    "\u1700-\u1dff\u200b-\u200d\u2060-\u2064\u20d0-\u20ff\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a"
    "\ua66f-\ua6ff\ua800-\uabff\ud7b0-\ud7ff\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000101fd-\U00011fff"
    "\U00013430-\U00013455\U00016100-\U00016fff\U0001bc00-\U0001bcaf\U0001cf00-\U0001d172\U0001d17b-\U0001d24f"
    "\U0001da00-\U0001e94f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
)

_control = re.compile("[\x00-\x08\x0b-\x1f\x7f]").search


class _Patterns(NamedTuple):
    suspect: re.Pattern[str]  # whether there is anything to do in a whole text
    piece: re.Pattern[str]  # one character that is always replaced, or a run to be counted
    run: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Compiled when the first text beyond ASCII comes: 3 ms that a short answer need not pay."""
    always, run = f"[{_ALWAYS}]", f"[{_STACKING}]"
    return _Patterns(re.compile(f"{always}|{run}{{3,}}"), re.compile(f"{always}|{run}+"), re.compile(f"{run}+"))


def _suspect(text: str) -> bool:
    found = _control(text) if text.isascii() else _patterns().suspect.search(text)
    return found is not None


_NO_WIDTH = frozenset(
    (0x34F, *range(0x180B, 0x1810), *range(0x200B, 0x200E), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), 0xFEFF)
)

# Unassigned ones may be marks of a newer Unicode than this Python's.
_KINDS = {"Mn": "mark", "Mc": "mark", "Me": "mark", "Cn": "mark", "Cf": "zero"}


def clean(text: str) -> str:
    """The text as a terminal may see it; as many code points as before."""
    if not _suspect(text):
        return text
    return Cleaner().feed(text)


def clean_line(text: str, limit: int | None = None) -> str:
    """A title, name or error as one line: newlines and tabs become spaces; cut with `…` at `limit` characters."""
    text = clean(text.replace("\r\n", "\n").replace("\n", " ").replace("\t", " "))
    return text if limit is None or len(text) <= limit else text[: max(0, limit - 1)] + "…"


class Cleaner:
    """Cleans a text that comes in pieces: the result is the same wherever the pieces are cut."""

    __slots__ = ("_marks", "_zeros")

    def __init__(self) -> None:
        self._marks = self._zeros = 0  # how many the last base character already carries

    def feed(self, text: str) -> str:
        """The next piece, cleaned."""
        if not text:
            return text
        if not (self._marks or self._zeros) and text.isascii() and not _suspect(text):
            return text
        parts: list[str] = []
        done = 0
        patterns = _patterns()
        if patterns.run.match(text) is None:
            self._marks = self._zeros = 0
        for found in patterns.piece.finditer(text):
            start, end = found.span()
            if start > done:
                self._marks = self._zeros = 0
                parts.append(text[done:start])
            parts.append(self._pile(found[0]))
            done = end
        if done < len(text):
            self._marks = self._zeros = 0
            parts.append(text[done:])
        return "".join(parts)

    def _pile(self, run: str) -> str:
        out: list[str] = []
        for char in run:
            if (shown := _VISIBLE.get(ord(char))) is not None:
                self._marks = self._zeros = 0
            elif (kind := _kind(char)) == "mark":
                self._marks += 1
                shown = char if self._marks <= MARKS else FLOOD
            elif kind == "zero":
                self._zeros += 1
                shown = char if self._zeros <= ZEROS else FLOOD
            elif kind == "lost":
                self._marks = self._zeros = 0
                shown = "\ufffd"
            else:
                self._marks = self._zeros = 0
                shown = char
            out.append(shown)
        return "".join(out)


def _kind(char: str) -> str:
    """`mark`, `zero` (no width), `lost` (no character at all, or a hidden tag) or `base`."""
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF or 0xFFF0 <= code <= 0xFFFF or code == 0x2065:
        return "lost"
    if code in _NO_WIDTH or 0xE0100 <= code <= 0xE01EF:
        return "zero"
    if 0xE0000 <= code <= 0xE0FFF:
        return "lost"
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF or 0x1F3FB <= code <= 0x1F3FF:
        return "mark"  # vowels and finals of Korean syllables, skin tones: drawn onto what stands before
    return _KINDS.get(unicodedata.category(char), "base")
