"""What Textual leaves open at the edge to the terminal: pastes, clipboard, a window that is closed, a browser."""

from llmtui.tui.terminal.browser import offered, reaches, tell_page, with_orderly_end
from llmtui.tui.terminal.clipboard import Copied, copy
from llmtui.tui.terminal.hangup import let_go, outliving, watch_the_end
from llmtui.tui.terminal.paste import PasteSafeParser, with_safe_paste

__all__ = [
    "Copied",
    "PasteSafeParser",
    "copy",
    "let_go",
    "offered",
    "outliving",
    "reaches",
    "tell_page",
    "watch_the_end",
    "with_orderly_end",
    "with_safe_paste",
]
