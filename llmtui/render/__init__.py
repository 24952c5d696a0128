"""Markdown to rows of the screen: what the transcript draws a message's body with.

`Document` (Markdown) and `PlainDocument` (as typed) take text by `append`, and give rows by `height`, `line(y)` and
`take_changed()`. When an answer is complete: `finish()`, or `reparse()` in a thread and `adopt()` on the loop.

- `Line.source` runs count characters, not cells; `Line.position(cell)`, `Line.cell_of(offset)` and `Line.span` read them.
- `Line.key` ascends from row to row; `row_of(key)` finds the row again after text came, went or was wrapped anew.
- Heights of what was never drawn are estimates (after `resize`, and far from the end of a long text that came at once):
  `line(y)` makes them exact, rows below y may move, and `take_changed` says from where. `relook` keeps heights.
- Links are in `Line.links` and `link_at`, unchecked and never in a style; whoever opens one checks it.
- With `code_wrap=False` long code lines are cut at their frame; `shift_code(cells)` scrolls them sideways.
- `warm()`, called once in a thread, loads the parser and the usual lexers, so that the first answer need not.
"""

from llmtui.render.codeblocks import CodeBlock
from llmtui.render.document import Document
from llmtui.render.line import Line
from llmtui.render.look import Look
from llmtui.render.plain import PlainDocument
from llmtui.render.warm import warm

__all__ = ["CodeBlock", "Document", "Line", "Look", "PlainDocument", "warm"]
