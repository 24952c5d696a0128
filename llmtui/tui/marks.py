"""Marks: short labels in the prompt's text that stand for something long, a paste or an attached file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.core.messages import Message, Role
from llmtui.core.sanitize import clean_line
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmtui.core.messages import Attachment

FOLD_LINES = 20
FOLD_CHARACTERS = 2000


def folds(text: str) -> bool:
    """Whether a paste is so long that it stands in the prompt as a mark."""
    return len(text) > FOLD_CHARACTERS or text.count("\n") >= FOLD_LINES


class Marks:
    """What the labels in one prompt stand for. A label that was deleted is kept until the prompt is cleared: undo."""

    def __init__(self) -> None:
        self._content: dict[str, str | Attachment] = {}
        self._tokens: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._content)

    def clear(self) -> None:
        self._content.clear()
        self._tokens.clear()

    def add_paste(self, text: str) -> str:
        """Remember a paste; return its label."""
        lines = text.count("\n") + 1
        return self._add(f"pasted {lines} lines" if lines > 1 else f"pasted {len(text)} characters", text)

    def add_attachment(self, attachment: Attachment) -> str:
        """Remember a file; return its label."""
        kind = "image" if attachment.is_image else "file"
        name = clean_line(attachment.name).replace("[", "(").replace("]", ")")
        return self._add(f"{kind} {name} {size(len(attachment.data))}", attachment)

    def _add(self, name: str, content: str | Attachment) -> str:
        label, number = f"[{name}]", 1
        while label in self._content and self._content[label] != content:
            number += 1
            label = f"[{name} #{number}]"
        self._content[label] = content
        return label

    def spans(self, line: str) -> Iterator[tuple[int, int, str]]:
        """Where labels stand in a line: start, end, label."""
        if self._content:
            for match in self._pattern().finditer(line):
                yield match.start(), match.end(), match.group()

    def pasted(self, label: str) -> str | None:
        """The text a label stands for; None for an attachment."""
        content = self._content.get(label)
        return content if isinstance(content, str) else None

    def expand(self, text: str) -> tuple[str, tuple[Attachment, ...]]:
        """The text with pastes put in and file labels taken out, and the files in their order."""
        if not self._content:
            return text, ()
        attachments: list[Attachment] = []

        def put_in(match: re.Match[str]) -> str:
            content = self._content[match.group()]
            if isinstance(content, str):
                return content
            if content not in attachments:
                attachments.append(content)
            return ""

        expanded = self._pattern().sub(put_in, text)
        return (expanded.strip() if attachments else expanded), tuple(attachments)

    def tokens(self, text: str) -> int:
        """What the text takes when it is sent, estimated; what a label stands for is counted once."""
        if not self._content:
            return estimate_tokens(text)
        labels = self._pattern().findall(text)
        files = {label for label in labels if not isinstance(self._content[label], str)}
        pastes = [label for label in labels if label not in files]
        return estimate_tokens(self._pattern().sub("", text)) + sum(map(self._tokens_of, [*pastes, *files]))

    def _tokens_of(self, label: str) -> int:
        if label not in self._tokens:
            content = self._content[label]
            if isinstance(content, str):
                self._tokens[label] = estimate_tokens(content)
            else:
                from llmtui.chat.compose import count

                self._tokens[label] = count(Message(Role.USER, "", attachments=(content,))).attachments
        return self._tokens[label]

    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(re.escape(label) for label in sorted(self._content, key=len, reverse=True)))


def size(count: int) -> str:
    """A number of bytes for people: `3 KB`."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} KB"
    return f"{count / 1_000_000:.1f} MB"
