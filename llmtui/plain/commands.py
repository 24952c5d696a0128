"""The one table of what can be typed besides messages: parsing, help and completion are all made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import ConfigError
from llmtui.plain import answers, compare, conversations, figures, personas, queue, settings, summary, versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.plain.chat import Chat


class Command(NamedTuple):
    """A command. `run` is given the chat and what stands after the name."""

    name: str
    help: str
    run: Callable[[Chat, str], None]
    arguments: str = ""


def _show_help(chat: Chat, _argument: str) -> None:
    rows = [(f"/{command.name} {command.arguments}".rstrip(), command.help) for command in COMMANDS]
    width = max(len(usage) for usage, _ in rows)
    chat.voice.block("\n".join([*(f"{usage:<{width}}  {explained}" for usage, explained in rows), *_NOTES]))


_NOTES = (
    'A message of several lines: end its lines with a backslash, or write """ before and after it.',
    "A message that begins with a slash: write two. Ctrl-C stops an answer, Ctrl-D quits.",
)


def _quit(chat: Chat, _argument: str) -> None:
    chat.over = True


COMMANDS = (
    Command("help", "this list", _show_help),
    Command("new", "begin another conversation", conversations.new),
    Command("clear", "begin anew with the same model and settings", conversations.clear),
    Command("list", "the newest conversations", conversations.list_newest, "[NUMBER]"),
    Command("open", "go on with a conversation", conversations.open_one, "ID"),
    Command("show", "read out this conversation", conversations.show),
    Command("search", "search all conversations", conversations.search, "TEXT"),
    Command("rename", "give this conversation a title", conversations.rename, "TITLE"),
    Command("pin", "keep this conversation at the top of the list, or no longer", conversations.pin),
    Command("archive", "put this conversation away, or fetch it back", conversations.archive),
    Command("export", "this conversation as a document, here or into a new file", conversations.export, "[markdown|json|html] [FILE]"),
    Command("delete", "remove this conversation, or another one", conversations.delete, "[ID]"),
    Command("undo", "bring back what was removed last", conversations.undo),
    Command("retry", "answer the last question again", answers.retry, "[MODEL] [TEMPERATURE]"),
    Command("edit", "write the last question anew and send it", answers.edit, "[TEXT]"),
    Command("continue", "go on where a cut answer ended", answers.continue_),
    Command("version", "other versions of the last answer or question; show one", versions.version, "[question] [NUMBER]"),
    Command("compare", "ask two to four models the same, one after the other", compare.compare, "MODEL MODEL … -- QUESTION"),
    Command("keep", "go on with an answer of the comparison", compare.keep, "NUMBER"),
    Command("queue", "wait until the provider of a failed question is back and send it; or drop what waits", queue.queue, "[drop]"),
    Command("earlier", "earlier answers to the last question", queue.earlier),
    Command("copy", "the last answer into the clipboard, as Markdown or plain text, or a code block of it", answers.copy, "[plain|NUMBER]"),
    Command("model", "who answers; choose another", settings.choose_model, "[PROVIDER/MODEL]"),
    Command("models", "what the providers offer", settings.list_models, "[TEXT]"),
    Command("system", "the system prompt; - removes it", settings.set_system, "[TEXT]"),
    Command("role", "the roles of the config; take one", personas.take_role, "[NAME]"),
    Command("template", "send a template of the config; list them", personas.use_template, "[NAME] [VARIABLE=VALUE …]"),
    Command("set", "temperature, top_p, max_tokens, effort, stop or seed; without a value as the provider chooses", settings.set_generation, "NAME [VALUE]"),
    Command("attach", "send a text or image file with the next message", settings.attach, "FILE"),
    Command("usage", "tokens and cost: this conversation, today, this week, this month", figures.usage),
    Command("budget", "each limit: used, percentage, reset; raise one until the program ends", figures.budget, "[LIMIT AMOUNT]"),
    Command("context", "what the next request will send; drop takes the oldest exchange out", figures.context, "[drop]"),
    Command("summarise", "summarise the older part: what it saves and costs, then a yes", summary.summarise),
    Command("keys", "where each provider's key comes from", settings.list_keys),
    Command("settings", "what is in force, and which files it comes from", settings.show),
    Command("quit", "end", _quit),
)  # fmt: skip
_BY_NAME = {command.name: command for command in COMMANDS}


def parse(text: str) -> tuple[Command, str] | None:
    """The command that a message stands for, with its argument; None for a message.

    Raise ConfigError for a word that looks like a command and is none.
    """
    if not text.startswith("/") or text.startswith("//"):
        return None
    word, _, argument = text[1:].partition(" ")
    if command := _BY_NAME.get(word):
        return command, argument.strip()
    if not word.isalpha() or "\n" in text:
        return None  # a path, a piece of code
    from difflib import get_close_matches

    near = get_close_matches(word, _BY_NAME, 1)
    meant = f"Did you mean /{near[0]}? " if near else ""
    raise ConfigError(f"there is no command /{word}", advice=f"{meant}/help lists them; // sends it as text.")
