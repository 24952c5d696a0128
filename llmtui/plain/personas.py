"""Commands on the config's roles and templates: who the model is, and prompts with variables."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.templates import fill, names_in

if TYPE_CHECKING:
    from llmtui.plain.chat import Chat


def take_role(chat: Chat, argument: str) -> None:
    roles = chat.session.config.roles
    if not argument:
        chat.voice.line("roles: " + ", ".join(roles) if roles else "the config has no roles")
        return
    if argument.partition(" ")[0] in chat.session.config.templates and argument not in roles:
        use_template(chat, argument)
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


def use_template(chat: Chat, argument: str) -> None:
    """Send a template, its variables filled in; a person is asked for those that are missing."""
    templates = chat.session.config.templates
    if not argument:
        named = ", ".join(name + _wanted(text) for name, text in templates.items())
        chat.voice.line(f"templates: {named}" if templates else "the config has no templates")
        return
    name, _, rest = argument.partition(" ")
    if name not in templates:
        raise ConfigError(f"there is no template “{name}”", advice="/template lists them.")
    values = _values(name, rest)
    missing = [each for each in names_in(templates[name]) if each not in values]
    if missing and not chat.is_asked:
        given = " ".join(f"{each}=…" for each in missing)
        raise ConfigError(f"the template “{name}” needs {', '.join(missing)}", advice=f"/template {name} {given}")
    for each in missing:
        value = chat.source.line(f"{each}: ")
        if value is None:
            chat.voice.line("nothing was sent")
            return
        values[each] = value
    text = fill(name, templates[name], values)
    chat.voice.block(f"you: {text}")
    chat.ask(text)


def _wanted(text: str) -> str:
    names = names_in(text)
    return f" ({', '.join(names)})" if names else ""


def _values(name: str, text: str) -> dict[str, str]:
    """`K=V`, one or more; a value with spaces stands in quotes."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ConfigError("a quotation mark is not closed", advice=f'/template {name} NAME="a value"') from None
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise ConfigError(f"“{word}” is not NAME=VALUE", advice=f'/template {name} NAME="a value"')
        found[key] = value
    return found
