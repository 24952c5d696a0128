"""The prompt: the text area in its frame, the completions above it, the estimate on its lower edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.content import Content

from llmtui.core.sanitize import clean_line
from llmtui.tui.messages import PromptEdited, PromptSubmitted
from llmtui.tui.widgets.completions import Completion, Completions
from llmtui.tui.widgets.prompt_area import PromptArea

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.widgets import TextArea

    from llmtui.core.messages import Attachment

    Source = Callable[[str, "Callable[[Sequence[Completion]], None]"], None]


LONGEST_FIND = 24
"""Characters of what is looked for that the edge shows."""


class Prompt(Vertical):
    """Where questions and slash commands are typed."""

    DEFAULT_CSS = """
    Prompt { height: auto; border: round $border; }
    Prompt:focus-within { border: round $accent; }
    Prompt { border-subtitle-color: $muted; border-subtitle-align: right; }
    Prompt { border-title-color: $accent; border-title-align: right; }
    """

    def __init__(self, complete: Source, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        """`complete` is given the word being typed and a function that takes its candidates."""
        super().__init__(id=id)
        self.area = PromptArea(id="prompt-area")
        self._complete = complete
        self._completions: Completions | None = None
        self._news = self._editing = self._found = ""
        self.area.steer = self._steer

    def compose(self) -> ComposeResult:
        yield self.area

    # ------------------------------------------------------------------------------------------------ content

    @property
    def text(self) -> str:
        """As shown: marks are not expanded."""
        return self.area.text

    def fill(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """Put a text in place of what stands there, files as marks before it."""
        labels = [self.area.marks.add_attachment(attachment) for attachment in attachments]
        self.area.set_text(" ".join([*labels, text]) if labels else text)

    def attach(self, attachment: Attachment) -> None:
        """Add a file as a mark where the cursor stands."""
        self.area.insert(self.area.marks.add_attachment(attachment) + " ")

    def content(self) -> tuple[str, tuple[Attachment, ...]]:
        """The text with pastes put in, and the attached files."""
        return self.area.marks.expand(self.area.text)

    def tokens(self) -> int:
        """What `content` takes when it is sent, estimated."""
        return self.area.marks.tokens(self.area.text)

    def clear(self) -> None:
        self.area.empty()

    def show_estimate(self, text: str) -> None:
        """Write on the lower edge."""
        self.border_subtitle = Content(text) if text else None

    def show_news(self, count: int) -> None:
        """On the upper edge: how many lines have come below what the reader looks at; 0 takes the mark away."""
        lines = "line" if count == 1 else "lines"
        self._news = f"↓ {count:,} new {lines} · Ctrl+End" if count else ""
        self._entitle()

    def show_find(self, text: str, current: int, total: int) -> None:
        """On the upper edge: how a find stands; without a text it is over."""
        shown = f"“{clean_line(text, LONGEST_FIND)}”"
        stands = f"{shown} {current:,}/{total:,} · n N" if total else f"{shown} is not found"
        self._found = f"{stands} · Esc ends" if text else ""
        self._entitle()

    def show_editing(self, *, editing: bool) -> None:
        """On the upper edge: that what is sent becomes another version of an earlier question."""
        self._editing = "Editing · Esc leaves" if editing else ""
        self._entitle()

    def _entitle(self) -> None:
        said = " · ".join(part for part in (self._editing, self._found, self._news) if part)
        self.border_title = Content(said) if said else None

    # ------------------------------------------------------------------------------------------------ completions

    def offer(self, candidates: Sequence[Completion]) -> None:
        """Show candidates for the word at the cursor; none closes the list."""
        if self._completions is None:
            if not candidates:
                return
            self._completions = Completions()
            self.mount(self._completions, before=self.area)
        self._completions.show(candidates)

    @property
    def is_completing(self) -> bool:
        return self._completions is not None and self._completions.is_open

    def word(self) -> str:
        """What can be completed at the cursor: `/command` at the very beginning, or `@file`; else empty."""
        row, column = self.area.cursor_location
        before = self.area.document.get_line(row)[:column]
        if row == 0 and before.startswith("/") and " " not in before:
            return before
        start = max(before.rfind(" "), before.rfind("\t")) + 1
        return before[start:] if before[start:].startswith("@") else ""

    def _steer(self, key: str) -> bool:
        """Give a key to the list of candidates; False where it has no use for it."""
        completions = self._completions
        if completions is None or (current := completions.current) is None:
            return False
        if key == "escape":
            self.offer(())
            return True
        if key in {"up", "down"}:
            completions.move(-1 if key == "up" else 1)
            return True
        word = self.word()
        if key == "enter" and (current.value == word or not word):
            self.offer(())
            return False
        self._take(word, current.value)
        return not (key == "enter" and current.final)

    def _take(self, word: str, value: str) -> None:
        row, column = self.area.cursor_location
        text = value if value.endswith("/") else value + " "
        self.area.replace(text, (row, column - len(word)), (row, column))
        self.offer(())

    # ------------------------------------------------------------------------------------------------ from the area

    @on(PromptArea.Changed)
    def _edited(self, event: TextArea.Changed) -> None:
        event.stop()
        if word := self.word():
            self._complete(word, self.offer)
        else:
            self.offer(())
        self.post_message(PromptEdited(len(self.area.text)))

    @on(PromptArea.Submitted)
    def _submitted(self, event: PromptArea.Submitted) -> None:
        event.stop()
        self.post_message(PromptSubmitted(event.text, event.attachments))

    @on(PromptArea.Left)
    def _left(self, event: PromptArea.Left) -> None:
        event.stop()
        ways_out = self.screen.query("WaysOut Button")
        self.screen.focus_next("WaysOut Button" if ways_out else "*")
