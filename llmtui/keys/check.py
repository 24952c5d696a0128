"""What a key may look like: pasted keys bring blanks and line breaks along, and a header takes only visible ASCII."""

from __future__ import annotations

LONGEST_KEY = 16 * 1024


class UnfitKey(ValueError):
    """A text cannot be a key; `str()` says why, without the text, as the rest of a sentence."""


def cleaned_key(text: str) -> str:
    """The key without what was pasted around it; "" for nothing but blanks. Raise UnfitKey."""
    key = text.strip().strip("\ufeff\u200b").strip()
    if any(c.isspace() for c in key):
        raise UnfitKey("has a blank or a line break inside")
    if not key.isprintable():
        raise UnfitKey("has a control character inside")
    if not key.isascii():
        raise UnfitKey("has a character beyond ASCII inside")
    if len(key) > LONGEST_KEY:
        raise UnfitKey("is too long for a key")
    return key
