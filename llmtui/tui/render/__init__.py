"""Markdown to rows of the screen: what the transcript draws a message's body with."""

from llmtui.tui.render.codeblocks import CodeBlock
from llmtui.tui.render.document import Document
from llmtui.tui.render.line import Line
from llmtui.tui.render.look import Look
from llmtui.tui.render.plain import PlainDocument

__all__ = ["CodeBlock", "Document", "Line", "Look", "PlainDocument"]
