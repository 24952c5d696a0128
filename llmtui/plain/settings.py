"""Commands on who answers, and how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.chat.runtime import run_blocking
from llmtui.core import tuning
from llmtui.core.budget import limits_of
from llmtui.core.errors import ConfigError
from llmtui.plain.narrator import Watch

if TYPE_CHECKING:
    from llmtui.plain.chat import Chat

_MOST_LISTED = 60


def choose_model(chat: Chat, argument: str) -> None:
    if argument:
        chat.session.default_model = chat.session.directory.find_model(argument)
        if chat.id is not None:
            chat.session.store.conversations.set_model(chat.id, str(chat.model)).result()
    chat.voice.line(f"model: {chat.model}")


def list_models(chat: Chat, argument: str) -> None:
    with Watch(chat.voice, "still asking the providers"):
        found = run_blocking(chat.session.list_models())
    for provider, error in chat.session.list_errors.items():
        chat.voice.line(f"{provider} did not answer: {error.message}")
    names = [str(ref) for ref, _ in found if argument.lower() in str(ref).lower()]
    for name in names[:_MOST_LISTED]:
        chat.voice.line(name)
    if len(names) > _MOST_LISTED:
        chat.voice.line(f"{len(names) - _MOST_LISTED} more; /models TEXT lists those with TEXT in their name")
    elif not names:
        chat.voice.line("there is no such model" if argument else "no provider lists any")


def set_system(chat: Chat, argument: str) -> None:
    if argument:
        chat.system = "" if argument == "-" else argument
        chat.keep_settings()
    chat.voice.block(f"system prompt: {chat.system}" if chat.system else "there is no system prompt")


def set_generation(chat: Chat, argument: str) -> None:
    name, _, value = argument.partition(" ")
    if not name:
        given = tuning.to_stored(chat.settings, None)
        chat.voice.line(
            "set: " + ", ".join(f"{key} {value}" for key, value in given.items()) if given else "nothing is set"
        )
        return
    chat.settings = tuning.changed(chat.settings, name, value.strip())
    chat.keep_settings()
    chat.voice.line(f"{name}: {value.strip() or 'as the provider chooses'}")


def attach(chat: Chat, argument: str) -> None:
    from llmtui.chat.files import read_attachment

    if not argument:
        raise ConfigError("say which file", advice="/attach FILE")
    found = read_attachment(Path(argument).expanduser())
    chat.attachments = (*chat.attachments, found)
    names = ", ".join(item.name for item in chat.attachments)
    chat.voice.line(f"goes with the next message: {names}")


def list_keys(chat: Chat, _argument: str) -> None:
    """Where each provider's key comes from; never more of it than its last four characters."""
    from llmtui.logs import scrubbed

    with Watch(chat.voice, "still asking the keyring"):
        statuses = chat.session.providers()
    for status in statuses:
        where = f"; {scrubbed(status.base_url)}" if status.name != "demo" else ""
        chat.voice.line(f"{status.name}: {status.key_words}{where}")
    chat.voice.line("`llmtui keys set NAME` stores one")


def show(chat: Chat, _argument: str) -> None:
    paths = chat.session.directory.paths
    kept = chat.options.keep_text and chat.session.config.storage.keep_text
    limits = ", ".join(limit.name for limit in limits_of(chat.session.config.budget))
    chat.voice.line(f"model: {chat.model}")
    set_generation(chat, "")
    chat.voice.line(f"budgets: {limits or 'no limits'}")
    chat.voice.line(f"conversations: {'kept' if kept else 'not kept'}")
    for name, path in (("config file", paths.config_file), ("database", paths.database), ("log file", paths.log_file)):
        chat.voice.line(f"{name}: {path}{'' if path.exists() else ' (not there)'}")
    chat.voice.line("`llmtui config show` prints every setting as it applies")
