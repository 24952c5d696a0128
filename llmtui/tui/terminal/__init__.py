"""What Textual leaves open at the edge to the terminal: pastes that are only text, and a clipboard that is reached."""

from llmtui.tui.terminal.clipboard import Copied, copy
from llmtui.tui.terminal.paste import PasteSafeParser, with_safe_paste

__all__ = ["Copied", "PasteSafeParser", "copy", "with_safe_paste"]
