"""What Textual leaves open at the edge to the terminal: pastes, clipboard, a window that is closed."""

from llmtui.tui.terminal.clipboard import Copied, copy
from llmtui.tui.terminal.hangup import let_go, outliving, watch_the_end
from llmtui.tui.terminal.paste import PasteSafeParser, with_safe_paste

__all__ = ["Copied", "PasteSafeParser", "copy", "let_go", "outliving", "watch_the_end", "with_safe_paste"]
