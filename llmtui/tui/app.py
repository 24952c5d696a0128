"""The full-screen program: paints first, then opens the session, and leaves the terminal as it found it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import WorkerFailed

from llmtui.config.state import State, load_state
from llmtui.core.errors import LlmtuiError
from llmtui.core.sanitize import clean_line
from llmtui.paths import locate
from llmtui.tui import commands, crash, themes
from llmtui.tui.screens.chat import ChatScreen

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from textual.driver import Driver

    from llmtui.chat.session import ChatSession
    from llmtui.config import Config
    from llmtui.core.options import Options

    OpenSession = Callable[[], AbstractAsyncContextManager[ChatSession]]

SETTLE_S = 5.0
"""How long leaving waits for bills to be written; what is left then is put in order at the next start."""


class ChatApp(App[int], inherit_bindings=False):
    """Holds the config and the session; everything that is seen belongs to the chat screen."""

    CSS_PATH = "app.tcss"
    TITLE = "llmtui"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-medium"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (12, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", id="quit", show=False, priority=True)]

    def __init__(self, options: Options, config: Config, open_session: OpenSession | None = None) -> None:
        """`open_session` is how a session is opened; None: as the program does."""
        super().__init__()
        self.options = options
        self.config = config
        self._open_session = open_session
        self._session: AbstractAsyncContextManager[ChatSession] | None = None
        self._pressed_at = float("-inf")
        self._leaving = False
        self.chat = ChatScreen()
        themes.register(self, transparent=config.ui.transparent)
        self.state = self._remembered()
        wanted = [config.ui.theme] if config.ui.theme != themes.DARK.name else [self.state.theme]
        self.theme = next((name for name in wanted if name in self.available_themes), themes.DARK.name)
        self._animations: Literal["full", "none"] = "full" if config.ui.animations else "none"
        self.animation_level = self._animations
        self.farewell = ""
        """Goes to stderr when the screen is gone."""
        self.saved: Callable[[int], object] = lambda _code: None
        """Told the exit code when all is saved and only the screen is left to put in order."""
        self.set_keymap(commands.rebound(config.ui.keys))

    @staticmethod
    def _remembered() -> State:
        path = locate(os.environ).state_file
        return load_state(path)[0]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.DEFAULTS

    def get_driver_class(self) -> type[Driver]:
        from llmtui.tui.terminal import outliving, with_orderly_end, with_safe_paste

        return with_orderly_end(outliving(with_safe_paste(super().get_driver_class())))

    def get_default_screen(self) -> ChatScreen:
        return self.chat

    # ------------------------------------------------------------------------------------------------ beginning

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None), signal.SIGINT):
            if number is not None and sys.platform != "win32":
                loop.add_signal_handler(number, self._signalled, number)
        self.call_after_refresh(self.run_worker, self._start, group="session")

    def on_unmount(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            if hasattr(signal, name) and sys.platform != "win32":
                loop.remove_signal_handler(getattr(signal, name))

    async def _start(self) -> None:
        """After the first paint: open what the first Enter will need."""
        await asyncio.to_thread(import_module, "llmtui.tui.parts")  # not here: keys are being typed
        await self.chat.assemble()
        from llmtui.tui.starting import opened

        try:
            manager = await self._opened()
            session = await manager.__aenter__()
            self._session = manager
            await opened(self.chat, session)
        except LlmtuiError as error:
            self.farewell = error.sentence
            await self.leave(error.exit_code)

    async def _opened(self) -> AbstractAsyncContextManager[ChatSession]:
        if self._open_session is not None:
            return self._open_session()
        wiring = await asyncio.to_thread(import_module, "llmtui.wiring")
        await asyncio.to_thread(import_module, "llmtui.providers._http")
        return cast(
            "AbstractAsyncContextManager[ChatSession]",
            wiring.open_session(self.options, self.config, notice=self.chat.say_from_thread),
        )

    # ------------------------------------------------------------------------------------------------ leaving

    async def action_quit(self) -> None:
        """Ctrl+Q: settle what streams, then end; ask first when something would be lost."""
        if (loss := self.chat.unsaved()) and not self._leaving:
            from llmtui.tui.screens.confirm import ask

            ask(self, loss, yes="Quit", no="Stay", then=lambda: self.run_worker(self.leave(0), group="leaving"))
        else:
            await self.leave(0)

    def pressed_twice(self, within_s: float) -> bool:
        """Whether this was also called shortly before."""
        now = time.monotonic()
        before, self._pressed_at = self._pressed_at, now
        return now - before <= within_s

    def _signalled(self, number: signal.Signals) -> None:
        self.run_worker(self.leave(128 + number), group="leaving")

    async def leave(self, code: int) -> None:
        """Settle what streams, keep the draft, close the session, end with this exit code."""
        if self._leaving:
            return
        self._leaving = True
        if self.chat.is_assembled:
            await self.chat.turns.settle_all(SETTLE_S)
            with suppress(LlmtuiError):  # what cannot be kept must not keep the program
                await self.chat.drafts.keep()
        await self.close_session()
        self.saved(code)
        self.exit(return_code=code)

    async def close_session(self) -> None:
        """Close what `_start` opened; once."""
        session, self._session = self._session, None
        if session is not None:
            await session.__aexit__(None, None, None)

    # ------------------------------------------------------------------------------------------------ remembering

    def use_theme(self, name: str) -> None:
        """Change the colours, now and from now on."""
        self.theme = name
        self.remember(theme=name)

    def remember(self, *, model: str | None = None, theme: str | None = None, sidebar: bool | None = None) -> None:
        """Keep a choice for the next start."""
        from llmtui.config.state import remember

        path = locate(os.environ).state_file
        self.run_worker(partial(remember, path, model=model, theme=theme, sidebar=sidebar), thread=True, group="state")

    # ------------------------------------------------------------------------------------------------ failing

    def fail(self, error: BaseException) -> None:
        """End because of an error that nothing expected."""
        if isinstance(error, Exception):
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """What has a sentence of its own (a database that cannot be read any more) is said, and the chat goes on."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, LlmtuiError) and self.chat.is_assembled:
            self.chat.say(cause.sentence, severity="error")
        else:
            super()._handle_exception(error)

    async def run_action(self, *what: Any, **how: Any) -> bool:
        """The same for what a key does: raised further, it would end whichever widget took the key."""
        try:
            return await super().run_action(*what, **how)
        except LlmtuiError as error:
            self.chat.say(error.sentence, severity="error")
            return True

    def _fatal_error(self) -> None:
        """Textual's own report prints the values of variables, keys among them; ours is a sentence."""
        if self._exception is not None:
            self.farewell = crash.report(self._exception)
        self._close_messages_no_wait()

    # ------------------------------------------------------------------------------------------------ the terminal

    def call_back(self, sentence: str, *, desktop: bool) -> None:
        """Ring the bell, and have the terminal show a desktop notification (OSC 9) of this sentence, which is our own.

        In a browser there is neither: the title of the page says it.
        """
        if self.is_web:
            from llmtui.tui.terminal import tell_page

            tell_page(self, sentence)
            return
        self.bell()
        if desktop and self._driver is not None:
            self._driver.write(f"\x1b]9;llmtui: {sentence}\x1b\\")

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open an address that was checked: where the reader's browser is."""
        if self.is_web:
            super().open_url(url, new_tab=new_tab)
            return
        from llmtui.tui.web_browser import browse

        try:
            browse(url, {provider.key_env for provider in self.config.providers.values() if provider.key_env})
        except OSError as error:
            self.chat.say(f"No browser can be started: {error.strerror or error}", severity="error")

    def on_app_blur(self) -> None:
        self.animation_level = "none"

    def on_app_focus(self) -> None:
        self.animation_level = self._animations


def run(options: Options, config: Config) -> int:
    """The full-screen chat; returns the exit code. Raise ConfigError for keys in `[ui.keys]` that are none."""
    from llmtui.tui.terminal import let_go, watch_the_end

    gc.disable()  # until everything is loaded, see `starting`: collections would only delay the first paint
    app = ChatApp(options, config)
    app.saved = watch_the_end
    try:
        app.run(mouse=config.ui.mouse)
    finally:
        gc.enable()
        if (session := app.chat.session) is not None:
            session.store.close(SETTLE_S)  # a second time does nothing: this is for ends that nobody foresaw
    if app.farewell:
        with suppress(OSError):
            print(clean_line(app.farewell), file=sys.stderr)  # noqa: T201 - the screen is gone
    let_go()
    return app.return_code or 0
