"""What was asked for on the command line, checked, as one value that every front end is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.core.messages import Attachment

OutputFormat = Literal["raw", "markdown", "json", "sse"]


class Options(NamedTuple):
    """The options shared by the chat and `--once`, and `--once`'s own. Empty, None and False: not given."""

    once: bool = False
    plain: bool = False
    """The chat in whole lines."""
    prompt: str = ""
    """The filled template, then the words that are no option, joined by blanks; without what stdin may add."""
    demo: bool = False
    continue_newest: bool = False
    conversation: str = ""
    """A conversation's id or a prefix of it."""
    model: str = ""
    """`provider/name`, a bare name, or `auto`; as given."""
    fallback: tuple[str, ...] = ()
    system: str | None = None
    """The system prompt itself: `@FILE` has been read. "" is a system prompt that is empty."""
    role: str = ""
    """A role's name; what it says is already in `system`, `model` and `settings` when a front end gets the options."""
    template: str = ""
    """A template's name; its text is already in `prompt`."""
    variables: tuple[tuple[str, str], ...] = ()
    """For the template, in the order given; the last of a name counts."""
    settings: GenerationSettings = GenerationSettings()
    attachments: tuple[Attachment, ...] = ()
    base_url: str = ""
    wire: str = ""
    timeout_s: float | None = None
    """Seconds to the first content."""
    retries: int | None = None
    keep_text: bool = True
    """False: `--no-store`, which records usage and keeps no text."""
    yes: bool = False
    config_file: Path | None = None
    """None: the usual one, which need not exist."""
    verbose: bool = False
    format: OutputFormat | None = None
    """None: markdown on a terminal, raw elsewhere."""
    stream: bool = True
    dry_run: bool = False
    extract: Literal["first", "last"] | None = None
    """Print only this code block of the answer."""
