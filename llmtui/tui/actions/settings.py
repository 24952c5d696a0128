"""Actions on settings: the model, how answers are made, the theme, keys, where everything comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from llmtui.core.errors import ConfigError
from llmtui.core.messages import ModelRef
from llmtui.core.request import GenerationSettings, ReasoningEffort
from llmtui.tui import themes
from llmtui.tui.actions.conversations import settings_to

if TYPE_CHECKING:
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.talk import Talk

_RANGES = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0)}
_FIELDS = {"max_tokens": "max_output_tokens", "effort": "reasoning_effort"}


async def choose_model(chat: ChatScreen, argument: str) -> None:
    """Choose who answers: by name, or from the list."""
    if argument:
        try:
            await chat.use_model(ModelRef.parse(argument))
        except ConfigError as error:
            chat.say(error.sentence, severity="warning")
        return
    from llmtui.tui.screens.models import ModelScreen

    chat.app.push_screen(ModelScreen(chat))


def show_keys(chat: ChatScreen, _argument: str) -> None:
    from llmtui.tui.screens.keys import KeysScreen

    if chat.session is not None:
        chat.app.push_screen(KeysScreen(chat))


def compare(chat: ChatScreen, argument: str) -> None:
    """Send what stands in the prompt to several models: those named, or picked from the list."""
    from llmtui.chat.compare import models_in
    from llmtui.core.errors import LlmtuiError
    from llmtui.tui.screens.compare import begin
    from llmtui.tui.screens.compare_models import CompareModels

    if chat.session is None:
        return
    if not argument:
        chat.app.push_screen(CompareModels(chat))
        return
    words, _, question = argument.partition(" -- ")
    try:
        models = models_in(chat.session.directory, words)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="warning")
        return
    if question:
        chat.prompt.fill(question)
    begin(chat, models)


def show_usage(chat: ChatScreen, _argument: str) -> None:
    from llmtui.tui.screens.usage import UsageScreen

    if chat.session is not None:
        chat.app.push_screen(UsageScreen(chat))


def show_budget(chat: ChatScreen, _argument: str) -> None:
    """The limits, and the ways out of what was refused last."""
    from llmtui.tui.screens.budget import BudgetScreen

    chat.app.push_screen(BudgetScreen(chat, chat.budgets.refused))


def show_settings(chat: ChatScreen, _argument: str) -> None:
    from llmtui.tui.screens.settings import SettingsScreen

    chat.app.push_screen(SettingsScreen(chat))


def choose_theme(chat: ChatScreen, argument: str) -> None:
    """Change the colours: by name, or from a list that shows each as it is marked."""
    app = chat.chat_app
    if not argument:
        from llmtui.tui.screens.theme import ThemeScreen

        app.push_screen(ThemeScreen())
    elif argument in themes.selectable(app):
        app.use_theme(argument)
    else:
        chat.say(f"There is no theme {argument}", severity="warning")


async def set_generation(chat: ChatScreen, argument: str) -> None:
    """`/set NAME VALUE`; without a value the provider's own choice returns."""
    name, _, text = argument.partition(" ")
    try:
        chat.talk.settings = changed(chat.talk.settings, name, text.strip())
    except ConfigError as error:
        chat.say(error.sentence, severity="warning")
        return
    await keep(chat, chat.talk)
    chat.say(f"{name}: {text.strip() or 'as the provider chooses'}")


def changed(settings: GenerationSettings, name: str, text: str) -> GenerationSettings:
    """The settings with one value set from text. Raise ConfigError with what is expected."""
    field = _FIELDS.get(name, name)
    value: Any = None
    if name in _RANGES:
        low, high = _RANGES[name]
        value = _number(name, text, float) if text else None
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{name} is between {low:g} and {high:g}, not {text}")
    elif name in {"max_tokens", "seed"}:
        value = _number(name, text, int) if text else None
        if name == "max_tokens" and value is not None and value <= 0:
            raise ConfigError(f"max_tokens is a number above 0, not {text}")
    elif name == "effort":
        if text and text not in get_args(ReasoningEffort):
            raise ConfigError(f"effort is one of {', '.join(get_args(ReasoningEffort))}, not {text}")
        value = text or None
    elif name == "stop":
        value = (*settings.stop, text) if text else ()
    else:
        raise ConfigError(
            f"There is no setting {name!r}", advice="Write /set temperature|top_p|max_tokens|effort|stop|seed VALUE."
        )
    return replace(settings, **{field: value})


def _number(name: str, text: str, kind: type[float | int]) -> float | int:
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{name} is a number, not {text!r}") from None


async def set_system(chat: ChatScreen, argument: str) -> None:
    """Set the system prompt of this conversation; `-` removes it, without a text it is shown."""
    if not argument:
        shown = chat.talk.system
        chat.say(f"The system prompt (/system - removes it):\n{shown}" if shown else "There is no system prompt")
        return
    chat.talk.system = "" if argument == "-" else argument
    await keep(chat, chat.talk)
    chat.say("The system prompt is set" if chat.talk.system else "There is no system prompt now")


async def keep(chat: ChatScreen, talk: Talk) -> None:
    """Store what is set for a conversation, once it has begun."""
    if chat.library is not None and talk.id is not None:
        await chat.library.set_settings(talk.id, settings_to(talk))


def show_context(chat: ChatScreen, _argument: str) -> None:
    from llmtui.tui.screens.context import ContextScreen

    if chat.session is not None:
        chat.app.push_screen(ContextScreen(chat))


def summarise(chat: ChatScreen, _argument: str) -> None:
    """Offer a summary of the older part, with what it saves and costs; it is made when the reader says yes."""
    from llmtui.core.errors import LlmtuiError
    from llmtui.tui import context
    from llmtui.tui.screens.confirm import ask

    talk = chat.talk
    if talk.live is not None:
        chat.say("An answer is still coming")
        return
    try:
        wanted = context.offer(chat)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="warning")
        return
    if wanted is None:
        chat.say("There is nothing old enough to be worth a summary")
        return

    async def make() -> None:
        await context.summarise(chat, talk, wanted)
        if (reload := getattr(chat.app.screen, "reload", None)) is not None:
            reload()

    ask(chat.app, wanted.question, yes="Summarise", then=lambda: chat.run_worker(make, group="summary", exclusive=True))  # type: ignore[arg-type]
