"""Where lines break and how wide text is: clusters (a letter with its marks, an emoji sequence, a flag) stay whole."""

from __future__ import annotations

import re

from rich.cells import cell_len, split_graphemes

# Every character in here is one cell wide and stands alone; the rest is measured cluster by cluster.
_other = re.compile(
    "[^ -~\xa0-\xac\xae-\u02ff\u0370-\u0377\u0384-\u0482\u048a-\u0530\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2100-\u2319\u2500-\u25fc]"
).search

_NO_START = frozenset(
    "、。，．・：；？！）］｝〉》」』】〕〗〙ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎ々゛゜…‥,.:;?!)]}%”’»"
)
_NO_END = frozenset("（［｛〈《「『【〔〖〘([{“‘«")

Range = tuple[int, int]


def single(text: str) -> bool:
    """Whether every character takes exactly one cell."""
    return text.isascii() or _other(text) is None


def width(text: str) -> int:
    """Cells a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def settle(text: str) -> str:
    """The same number of characters, without those that make measured and drawn width differ.

    A joiner counts only between two emoji, a skin tone only on an emoji, a selector only on a character.
    """
    if "\u200d" not in text and "\ufe0f" not in text and not _TONE.search(text):
        return text
    return _LOOSE.sub(_loosen, text)


_EMOJI = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\ufe0f\u20e3]"
_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_LOOSE = re.compile(
    f"(?<!{_EMOJI})\u200d|\u200d(?!{_EMOJI})|^[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|(?<!{_EMOJI})[\U0001f3fb-\U0001f3ff]"
)


def _loosen(found: re.Match[str]) -> str:
    return "\u200c" if found[0] == "\u200d" else "◌"


def clusters(text: str) -> list[tuple[int, int, int]]:
    """Start, end, cells of each piece that must not be cut."""
    spans, _ = split_graphemes(text)
    out: list[tuple[int, int, int]] = []
    flag = False  # the last cluster is the first half of a flag
    for start, end, cells in spans:
        half = "\U0001f1e6" <= text[start] <= "\U0001f1ff"
        if out and ((flag and half) or not cells):
            first, _, before = out[-1]
            out[-1] = (first, end, before + cells)
            flag = False
        else:
            out.append((start, min(end, len(text)), cells))
            flag = half
    return out


def wrap(text: str, room: int) -> list[Range]:
    """Cut into ranges of at most `room` (≥ 2) cells: at spaces and between wide characters, inside a word if it must be.

    Spaces at the end of a row are in no range. A newline always ends a row.
    """
    if "\n" not in text:
        return _wrap(text, 0, room)
    out: list[Range] = []
    start = 0
    for part in text.split("\n"):
        out += [(a + start, b + start) for a, b in _wrap(part, 0, room)]
        start += len(part) + 1
    return out


def _wrap(text: str, start: int, room: int) -> list[Range]:
    if not single(text):
        return _wrap_clusters(text, room)
    out: list[Range] = []
    end = len(text)
    while end > start and text[end - 1] == " ":
        end -= 1
    while end - start > room:
        cut = text.rfind(" ", start, start + room + 1)
        stop = cut
        while stop > start and text[stop - 1] == " ":
            stop -= 1
        if stop <= start:
            stop = cut = start + room
        out.append((start, stop))
        start = cut
        while start < end and text[start] == " ":
            start += 1
    out.append((start, end))
    return out


def _wrap_clusters(text: str, room: int) -> list[Range]:
    out: list[Range] = []
    start = x = 0  # first character and cells of the row being filled
    cut = resume = 0  # where it may end, and where the next one would begin; no place yet if cut == start
    x_resume = 0  # cells up to there
    wide = False
    before = " "
    for a, b, cells in clusters(text):
        char = text[a]
        space = char == " " and b - a == 1
        if space:
            if before != " ":
                cut = a
            resume, x_resume = b, x + 1
        elif before != " " and (wide or cells == 2) and char not in _NO_START and before not in _NO_END:
            cut, resume, x_resume = a, a, x
        if x + cells > room and not space:
            if cut <= start:
                cut = resume = a
                x_resume = x
            out.append((start, cut))
            start, x = resume, x - x_resume
            cut = start
        x += cells
        if start == a and space and out:
            start, x = b, 0
            cut = resume = b
        wide = cells == 2
        before = char
    end = len(text)
    while end > start and text[end - 1] == " ":
        end -= 1
    out.append((start, end))
    return out


def chop(text: str, room: int) -> list[Range]:
    """Cut every `room` cells, wherever that is: for code."""
    if single(text):
        return [(a, min(a + room, len(text))) for a in range(0, len(text), room)] or [(0, 0)]
    out: list[Range] = []
    start = x = 0
    for a, _, cells in clusters(text):
        if x + cells > room:
            out.append((start, a))
            start, x = a, 0
        x += cells
    out.append((start, len(text)))
    return out
