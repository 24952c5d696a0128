"""Commands on who answers, and how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.chat.runtime import run_blocking
from llmtui.core import tuning
from llmtui.core.errors import ConfigError

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


def take_role(chat: Chat, argument: str) -> None:
    roles = chat.session.config.roles
    if not argument:
        chat.voice.line("roles: " + ", ".join(roles) if roles else "the config has no roles")
        return
    if argument not in roles:
        raise ConfigError(f"there is no role “{argument}”", advice="/role lists them.")
    role = roles[argument]
    if role.model:
        chat.session.default_model = chat.session.directory.find_model(role.model)
    if role.temperature is not None:
        chat.settings = replace(chat.settings, temperature=role.temperature)
    chat.system = role.system
    chat.keep_settings()
    chat.voice.line(f"role: {argument}; model: {chat.model}")


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
