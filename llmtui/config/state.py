"""What the program remembers by itself from one run to the next; never the user's file. A broken one is no obstacle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.paths import write_private

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 256 * 1024


class State(NamedTuple):
    """The remembered values; empty and None: nothing remembered."""

    model: str = ""
    """The model used last, `provider/name`."""
    theme: str = ""
    """Chosen on the screen; the config's goes before."""
    sidebar: bool | None = None
    """Whether the conversation list was open."""
    conversation: str = ""
    """The conversation shown last."""


def load_state(path: Path) -> tuple[State, str]:
    """The state and a warning ("" as a rule): a file that is missing or broken gives an empty state."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return State(), ""
    except OSError as error:
        return State(), f"{path} cannot be read ({error.strerror}); last model and theme are forgotten"
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return State(), f"{path} is damaged and ignored; last model and theme are forgotten"
    kinds = {"model": str, "theme": str, "sidebar": bool, "conversation": str}
    return State(**{name: table[name] for name, kind in kinds.items() if isinstance(table.get(name), kind)}), ""


def remember(
    path: Path,
    *,
    model: str | None = None,
    theme: str | None = None,
    sidebar: bool | None = None,
    conversation: str | None = None,
) -> bool:
    """Change some values of the file and leave the others as they are now; False when it cannot be written.

    Nothing is written when nothing changes, so that a `--once` with the same model costs no disk access.
    """
    now, _ = load_state(path)
    wanted: dict[str, Any] = {"model": model, "theme": theme, "sidebar": sidebar, "conversation": conversation}
    new = now._replace(**{name: value for name, value in wanted.items() if value is not None})
    if new == now:
        return True
    import tomli_w

    table = {name: value for name, value in new._asdict().items() if value not in ("", None)}
    try:
        write_private(path, tomli_w.dumps(table).encode("utf-8"))
    except OSError:
        return False
    return True
