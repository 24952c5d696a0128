"""Actions on roles and templates: who the model is in this conversation, and prompts with variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import ModelRef
from llmtui.core.templates import fill, names_in

if TYPE_CHECKING:
    from llmtui.tui.screens.chat import ChatScreen


async def choose(chat: ChatScreen, argument: str) -> None:
    """Take a role or a template by name; without one show them all."""
    config = chat.chat_app.config
    if argument in config.roles:
        await take_role(chat, argument)
    elif argument in config.templates:
        ask_for(chat, argument, config.templates[argument])
    elif argument:
        chat.say(f"There is no role or template “{argument}”; F8 shows them", severity="warning")
    else:
        from llmtui.tui.screens.roles import RolesScreen

        chat.app.push_screen(RolesScreen(chat))


async def take_role(chat: ChatScreen, name: str, system: str | None = None) -> None:
    """Let a role answer in this conversation; `system` in place of its own text."""
    from llmtui.tui.actions.settings import keep

    role, talk = chat.chat_app.config.roles[name], chat.talk
    talk.system = role.system if system is None else system
    if role.temperature is not None:
        talk.settings = replace(talk.settings, temperature=role.temperature)
    await keep(chat, talk)
    if role.model:
        try:
            model = ModelRef.parse(role.model)
        except LlmtuiError as error:
            chat.say(error.sentence, severity="warning")
        else:
            await chat.use_model(model)
    chat.say(f"Role: {name}")


async def no_role(chat: ChatScreen) -> None:
    """Take the system prompt away."""
    from llmtui.tui.actions.settings import keep

    chat.talk.system = ""
    await keep(chat, chat.talk)
    chat.say("There is no system prompt now")


async def edit_role(chat: ChatScreen, name: str) -> None:
    """Open a role's text in the editor; what is saved holds for this conversation alone."""
    role = chat.chat_app.config.roles[name]
    if (text := await _edited(chat, role.system)) is not None:
        await take_role(chat, name, text)


async def edit_template(chat: ChatScreen, name: str) -> None:
    """Open a template in the editor; what is saved is used this once."""
    if (text := await _edited(chat, chat.chat_app.config.templates[name])) is not None:
        ask_for(chat, name, text)


async def _edited(chat: ChatScreen, text: str) -> str | None:
    from llmtui.tui.editor import edit

    try:
        return await edit(chat.chat_app, text)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="warning")
        return None


def ask_for(chat: ChatScreen, name: str, text: str, values: dict[str, str] | None = None) -> None:
    """Ask for a template's variables one by one, then put the whole into the prompt. Esc gives it up."""
    from llmtui.tui.screens.ask_text import AskText

    known = values or {}
    missing = [each for each in names_in(text) if each not in known]
    if not missing:
        standing, attachments = chat.prompt.content()
        filled = fill(name, text, known)
        chat.prompt.fill(f"{filled}\n\n{standing}" if standing.strip() else filled, attachments)
        chat.focus_prompt()
        return

    def answered(value: str | None) -> None:
        if value is not None:
            ask_for(chat, name, text, {**known, missing[0]: value})

    chat.app.push_screen(AskText(f"{name}: {missing[0]}"), answered)
