"""The one table of what the chat can do: keys, slash commands, palette and help are all made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from textual.binding import Binding

from llmtui.core.errors import ConfigError
from llmtui.tui.actions import answers, conversations, exporting, personas, program, prompting, settings
from llmtui.tui.terminal import reaches
from llmtui.tui.widgets.completions import Completion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from textual.dom import DOMNode

    from llmtui.tui.app import ChatApp
    from llmtui.tui.screens.chat import ChatScreen

    Run = Callable[[ChatScreen, str], "Awaitable[None] | None"]


class Action(NamedTuple):
    """Something that can be done. `name` is also its name in `[ui.keys]`."""

    name: str
    title: str
    run: Run
    keys: str = ""
    """As Textual names them, separated by commas; empty: no key."""
    slash: str = ""
    """The command without its slash; empty: none."""
    arguments: str = ""
    """What may follow the command, for the help."""
    where: str = "Anywhere"
    needs_argument: bool = False
    """The command alone does nothing: the palette puts it into the prompt."""
    listed: bool = True
    """Stands in the palette."""

    @property
    def usage(self) -> str:
        return f"/{self.slash} {self.arguments}".rstrip() if self.slash else ""


_PROMPT, _STREAM, _ANSWER = "Prompt", "While streaming", "After an answer"

ACTIONS: tuple[Action, ...] = (
    Action("palette", "Command palette", program.palette, "ctrl+p", listed=False),
    Action("help", "Help: every key and command", program.show_help, "f1", "help"),
    Action("new", "New conversation", conversations.new, "ctrl+n", "new"),
    Action("conversations", "Conversation list", conversations.toggle_list, "f5,ctrl+b"),
    Action("model", "Choose the model", settings.choose_model, "f2", "model", "[PROVIDER/MODEL]"),
    Action("search", "Search all conversations", conversations.search, "f3", "search", "[TEXT]"),
    Action("context", "Context: what the next request sends", settings.show_context, "f4", "context"),
    Action("usage", "Usage: costs, shares, speed, budgets", settings.show_usage, "f6", "usage"),
    Action(
        "compare",
        "Compare models on the prompt's question",
        settings.compare,
        "f7",
        "compare",
        "[MODEL MODEL … -- QUESTION]",
    ),
    Action("role", "Roles and templates", personas.choose, "f8", "role", "[NAME]"),
    Action("keys", "Keys and providers", settings.show_keys, "f9", "keys"),
    Action("settings", "Settings and where they come from", settings.show_settings, "f10", "settings"),
    Action("budget", "Budgets: limits, and ways out of a refusal", settings.show_budget, slash="budget"),
    Action("theme", "Theme", settings.choose_theme, slash="theme", arguments="[NAME]"),
    Action("undo", "Bring back what was deleted last", conversations.undo, slash="undo"),
    Action("quit", "Quit", program.quit_chat, "ctrl+q", slash="quit"),
    Action("interrupt", "Copy the selection, else stop, else (twice) quit", program.interrupt, "ctrl+c", listed=False),
    Action("escape", "Close, drop, end, stop or leave: one thing a press", program.escape, "escape", listed=False),
    Action("editor", "Write the prompt in $EDITOR", prompting.edit_outside, "ctrl+g", where=_PROMPT),
    Action(
        "attach", "Attach a text or image file", prompting.attach, "", "attach", "FILE", _PROMPT, needs_argument=True
    ),
    Action(
        "set",
        "Set temperature, top_p, max_tokens, effort, stop or seed",
        settings.set_generation,
        "",
        "set",
        "NAME VALUE",
        _PROMPT,
        needs_argument=True,
    ),
    Action(
        "system",
        "Show or set the system prompt; - removes it",
        settings.set_system,
        "",
        "system",
        "[TEXT]",
        _PROMPT,
        needs_argument=True,
    ),
    Action("rename", "Rename this conversation", conversations.rename, "", "rename", "[TITLE]", _PROMPT),
    Action(
        "pin", "Pin this conversation at the top of the list, or unpin it", conversations.pin, "", "pin", "", _PROMPT
    ),
    Action(
        "archive", "Put this conversation away, or fetch it back", conversations.archive, "", "archive", "", _PROMPT
    ),
    Action(
        "summarise", "Summarise the older part of the conversation", settings.summarise, "", "summarise", where=_PROMPT
    ),
    Action("clear", "Begin anew with the same model and settings", conversations.clear, "", "clear", where=_PROMPT),
    Action("scroll-up", "Scroll the transcript up", prompting.scroll_up, "pageup", where=_PROMPT, listed=False),
    Action("scroll-down", "Scroll the transcript down", prompting.scroll_down, "pagedown", where=_PROMPT, listed=False),
    Action("follow", "Follow the newest text", prompting.follow, "ctrl+end", where=_PROMPT),
    Action("transcript", "Go into the transcript", prompting.enter_transcript, "shift+tab,ctrl+up", where=_PROMPT),
    Action(
        "retry",
        "Answer again; while waiting: retry now",
        answers.retry,
        "ctrl+r",
        "retry",
        "[MODEL] [TEMPERATURE]",
        _ANSWER,
    ),
    Action("edit", "Edit the last question and send it again", answers.edit, "ctrl+t", "edit", where=_ANSWER),
    Action(
        "copy", "Copy the last answer, as Markdown or plain text", answers.copy, "ctrl+o", "copy", "[plain]", _ANSWER
    ),
    Action("queue", "Send the failed question when its provider is back", answers.queue, slash="queue", where=_ANSWER),
    Action("earlier", "Earlier answers to the same question", exporting.earlier, slash="earlier", where=_ANSWER),
    Action(
        "export",
        "Write this conversation into a file",
        exporting.export,
        slash="export",
        arguments="[markdown|json|html] [FILE]",
        where=_ANSWER,
    ),
    Action("continue", "Go on where a cut answer ended", answers.continue_, slash="continue", where=_ANSWER),
)
BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}
BY_SLASH: Mapping[str, Action] = {action.slash: action for action in ACTIONS if action.slash}


def bindings() -> list[Binding]:
    """The keys of the chat screen."""
    return [
        Binding(action.keys, f"run('{action.name}')", action.title, id=action.name, show=False)
        for action in ACTIONS
        if action.keys and action.name != "quit"  # which the app binds, so that it works over every dialog
    ]


def parse(text: str) -> tuple[Action, str] | None:
    """The command and its argument that a prompt stands for; None for a question.

    Raise ConfigError for a word that looks like a command and is none. `//` at the beginning sends what follows as text.
    """
    if not text.startswith("/") or text.startswith("//"):
        return None
    word, _, argument = text[1:].partition(" ")
    if action := BY_SLASH.get(word):
        return action, argument.strip()
    if not word.isalpha() or "\n" in text:
        return None
    raise ConfigError(f"There is no command /{word}", advice="Type / alone to see them, or // to send it as text.")


def rebound(keys: Mapping[str, str]) -> dict[str, str]:
    """`[ui.keys]` as Textual's keymap. Raise ConfigError for an action or a key that does not exist."""
    known = rebindable() if keys else ()
    for name, wanted in keys.items():
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            advice = f"Did you mean “{near[0]}”?" if near else "The help screen (F1) lists the names."
            raise ConfigError(f"[ui.keys] names “{name}”, which is no action", advice=advice)
        for key in wanted.split(","):
            if not _is_key(key.strip()):
                raise ConfigError(
                    f"[ui.keys] gives {name} the key “{key.strip()}”, which does not exist",
                    advice="Write keys as in ctrl+n, f5, alt+left.",
                )
    return dict(keys)


def rebindable() -> Collection[str]:
    """Every name that `[ui.keys]` may have."""
    from llmtui.tui.widgets.prompt_area import PromptArea
    from llmtui.tui.widgets.transcript import Transcript

    own = [
        binding.id
        for widget in (PromptArea, Transcript)
        for binding in widget.BINDINGS
        if isinstance(binding, Binding) and binding.id
    ]
    return [*(action.name for action in ACTIONS if action.keys), *own]


def _is_key(key: str) -> bool:
    from textual.keys import KEY_NAME_REPLACEMENTS, Keys

    *modifiers, name = key.split("+") if key != "+" else ["+"]
    named = {each.value for each in Keys} | set(KEY_NAME_REPLACEMENTS.values())
    return set(modifiers) <= {"ctrl", "shift", "alt", "super", "meta", "hyper"} and (len(name) == 1 or name in named)


def completions(typed: str) -> list[Completion]:
    """Slash commands that begin with what was typed after the slash."""
    return [
        Completion(f"/{action.slash}", f"{action.arguments}  {action.title}".strip(), final=not action.needs_argument)
        for action in sorted(ACTIONS, key=lambda action: action.slash)
        if action.slash and action.slash.startswith(typed.lower())
    ]


def key_text(node: DOMNode, action: Action) -> str:
    """The keys of an action as people write them, after rebinding; empty when it has none."""
    return keys_of(node, Binding(action.keys, "", id=action.name)) if action.keys else ""


def keys_of(node: DOMNode, binding: Binding) -> str:
    """A binding's keys as people write them, after rebinding, without those that a browser keeps."""
    wanted = cast("ChatApp", node.app).config.ui.keys.get(binding.id or "", binding.key)
    return " ".join(written(key) for key in wanted.split(",") if reaches(node.app, key))


def written(key: str) -> str:
    """`ctrl+n` as `Ctrl+N`."""
    names = {
        "pageup": "PageUp",
        "pagedown": "PageDown",
        "left_square_bracket": "[",
        "right_square_bracket": "]",
        "slash": "/",
        "less_than_sign": "<",
        "greater_than_sign": ">",
    }
    parts = key.strip().split("+")
    if len(parts) == 1 and len(key) == 1:
        return key
    return "+".join(names.get(part, part[:1].upper() + part[1:]) for part in parts)
