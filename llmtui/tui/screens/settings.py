"""Settings: what is in force, and which file each comes from; the ones that can be changed here lead to their dialogs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from llmtui.core.budget import limits_of
from llmtui.paths import locate
from llmtui.tui import themes
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.screens.chat import ChatScreen


class SettingsScreen(Picker[None]):
    """Enter on a line that can be changed here opens its dialog."""

    TITLE_TEXT: ClassVar[str] = "Settings"
    HINT: ClassVar[str] = "Enter changes › · the rest stands in the config file · Esc closes"

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat

    def rows(self) -> Sequence[Row]:
        chat, config = self._chat, self._chat.chat_app.config
        paths = locate(os.environ)
        generation = chat.talk.settings
        made = ", ".join(
            f"{name} {value}" for name in generation.__slots__ if (value := getattr(generation, name)) not in (None, ())
        )
        limits = [limit.name for limit in limits_of(config.budget)]
        kept = not chat.chat_app.options.keep_text or not config.storage.keep_text
        return [
            Row("theme", "Theme", f"{chat.app.theme} · {self._theme_source()}", "›"),
            Row("model", "Model", f"{chat.current_model or 'none'} · {self._model_source()}", "›"),
            Row("keys", "Keys and providers", "", "›"),
            Row("-answers", "This conversation", made or "as the provider chooses"),
            Row("budget", "Budgets", ", ".join(limits) or "no limits", "›"),
            Row("-text", "Conversations", "not kept" if kept else "kept"),
            Row("-config", "Config file", _where(paths.config_file)),
            Row("-database", "Database", _where(paths.database)),
            Row("-state", "What the program remembers", _where(paths.state_file)),
            Row("-log", "Log file", _where(paths.log_file)),
        ]

    def _theme_source(self) -> str:
        app = self._chat.chat_app
        if app.theme == themes.DARK.name:
            return "built in"
        return "config" if app.theme == app.config.ui.theme else "remembered"

    def _model_source(self) -> str:
        """What chose the model of this conversation."""
        chat, app, now = self._chat, self._chat.chat_app, str(self._chat.current_model)
        known = {
            "this conversation's": str(chat.talk.model or ""),
            "command line or LLMTUI_MODEL": app.options.model or "",
            "config": app.config.model,
            "remembered": app.state.model or "",
        }
        return next((source for source, model in known.items() if model and f"/{now}".endswith(f"/{model}")), "found")

    def take(self, row: Row) -> None:
        if not row.id.startswith("-"):
            self.dismiss(None)
            self._chat.run_worker(self._chat.action_run(row.id))


def _where(path: os.PathLike[str]) -> str:
    return f"{os.fspath(path)}" + ("" if os.path.exists(path) else " (not there)")  # noqa: PTH110 - any path
