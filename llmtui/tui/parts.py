"""What the chat needs beyond its first paint, gathered so that one import in a thread brings it all."""

from llmtui.tui.budgets import Budgets
from llmtui.tui.counting import Counting
from llmtui.tui.drafts import Drafts
from llmtui.tui.library import Library
from llmtui.tui.model_book import ModelBook
from llmtui.tui.outbox import Outbox
from llmtui.tui.turns import Turns
from llmtui.tui.view import View
from llmtui.tui.widgets.transcript import Transcript

__all__ = ["Budgets", "Counting", "Drafts", "Library", "ModelBook", "Outbox", "Transcript", "Turns", "View"]
