"""`llmtui --plain`: the whole chat in whole lines, for screen readers, dumb terminals, pipes and logs.

Nothing is drawn: no cursor is moved, no line changes once it stands. It uses the same session as the full screen, without
an event loop.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError, LlmtuiError
from llmtui.plain import commands
from llmtui.plain.keyboard import DumbTerminal, Lines, Piped, Terminal, find_readline, read_message
from llmtui.plain.signals import Interrupted, Signals
from llmtui.plain.voice import Voice

if TYPE_CHECKING:
    from llmtui.chat.session import ChatSession
    from llmtui.config import Config
    from llmtui.core.options import Options
    from llmtui.plain.chat import Chat
    from llmtui.plain.keyboard import Source

CLOSED_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""
_EARLIER = 200
"""How many earlier messages can be called back at the prompt."""


def run(options: Options, config: Config) -> int:
    """Chat until the end; returns the exit code. Raise LlmtuiError when it cannot begin.

    From a terminal 0; from a pipe that of the last question that was not answered, 0 when the last one was.
    """
    if sys.stdin is None or sys.stdout is None:
        raise ConfigError("the chat needs a standard input and output")
    signals = Signals()
    signals.install()
    voice = Voice(sys.stdout.buffer, terminal=sys.stdout.isatty(), abandoned=signals.abandon)
    code = 0
    try:
        code = _chat(options, config, voice, signals)
    except Interrupted:  # while it was still opening
        code = 130
    if signals.ending is not None:
        return 128 + signals.ending
    if voice.closed:
        return CLOSED_PIPE
    if voice.error is not None:
        raise ConfigError(f"the chat cannot be written to the output: {voice.error.strerror}")
    return code


def _chat(options: Options, config: Config, voice: Voice, signals: Signals) -> int:
    from llmtui.plain.chat import Chat
    from llmtui.wiring import blocking_session

    is_asked = sys.stdin.isatty()
    with ExitStack() as stack:
        session = stack.enter_context(blocking_session(options, config, notice=voice.line))
        stack.enter_context(signals.held_at_exit())
        source = _source(session, voice, signals, is_asked=is_asked)
        chat = Chat(session, options, voice=voice, source=source, signals=signals, is_asked=is_asked)
        session.confirm = chat.confirm
        _greet(chat)
        return _loop(chat, voice, signals)


def _source(session: ChatSession, voice: Voice, signals: Signals, *, is_asked: bool) -> Source:
    lines = Lines(sys.stdin.fileno(), signals.wait)
    if not is_asked:
        return Piped(lines, echo=voice.line)
    readline = find_readline()
    if readline is None:
        return DumbTerminal(lines, show=voice.prompt if sys.stdout.isatty() else voice.line)
    words = [f"/{command.name}" for command in commands.COMMANDS]
    return Terminal(readline, words=words, earlier=_earlier(session))


def _greet(chat: Chat) -> None:
    from llmtui import __version__
    from llmtui.plain.queue import tell_waiting

    chat.voice.line(f"llmtui {__version__}, plain chat; model: {chat.model}")
    if chat.model and chat.model.provider == "demo":
        chat.voice.line("the demo provider answers: nothing leaves this machine")
    chat.voice.line("/help lists the commands, Ctrl-D quits" if chat.is_asked else "each line is a message")
    if not chat.options.keep_text:
        chat.voice.line("no text is kept: each question stands alone")
    conversation = chat.session.resume(chat.options)
    if conversation is not None:
        chat.open(conversation)
    if chat.options.keep_text:
        tell_waiting(chat)


def _loop(chat: Chat, voice: Voice, signals: Signals) -> int:
    if chat.options.prompt:
        _step(chat, signals, chat.options.prompt)
    while not (chat.over or voice.failed or signals.ending):
        try:
            text = read_message(chat.source)
        except Interrupted:
            if signals.means_quit or not chat.is_asked:
                return 130
            voice.line("")
            voice.line("Ctrl-C once more, or Ctrl-D, quits")
            continue
        except ConfigError as error:
            voice.line(f"error: {error.sentence}")
            if not chat.is_asked:
                return error.exit_code
            continue
        if text is None:
            break
        signals.presses = 0
        if text.strip() and not _step(chat, signals, text):
            return 130
    if chat.is_asked:
        voice.line("bye")
        return 0
    return chat.exit_code


def _step(chat: Chat, signals: Signals, text: str) -> bool:
    """Do what one message says; False when an interruption ends the chat."""
    try:
        found = commands.parse(text)
        if found is None:
            if chat.is_asked and chat.options.keep_text:
                chat.session.store.prompts.add(text)
            chat.ask(text[1:] if text.startswith("//") else text)
        else:
            found[0].run(chat, found[1])
    except LlmtuiError as error:
        chat.exit_code = error.exit_code
        chat.voice.line(f"error: {error.sentence}")
    except Interrupted:
        chat.voice.end_text()
        chat.voice.line("stopped")
    return chat.is_asked or not signals.presses


def _earlier(session: ChatSession) -> list[str]:
    try:
        return session.store.prompts.recent(_EARLIER)[::-1]
    except LlmtuiError:
        return []
