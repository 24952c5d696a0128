"""Makes the `Options` value from what was typed: each value checked, files read, contradictions named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.cli.parse import shown, shown_path, text, usage_error
from llmtui.core.options import Options
from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from llmtui.cli.parse import Parsed
    from llmtui.core.messages import Attachment
    from llmtui.core.options import OutputFormat
    from llmtui.core.request import ReasoningEffort

__all__ = ["Options", "make_options"]

LARGEST_TEXT = 4 * 1024 * 1024
"""Bytes of a system prompt's file."""


def make_options(parsed: Parsed) -> Options:
    """The options of the chat or of `--once`. Raise ConfigError: one sentence that names the flag."""
    _refuse_contradictions(parsed)
    config = parsed.last("config")
    return Options(
        once=parsed.has("once"),
        plain=parsed.has("plain"),
        prompt=" ".join(text(word, "the prompt") for word in parsed.words),
        demo=parsed.has("demo"),
        continue_newest=parsed.has("continue"),
        conversation=_filled(parsed, "conversation"),
        model=_filled(parsed, "model").strip(),
        fallback=tuple(_model(value) for value in parsed.all("fallback")),
        system=_system(parsed.last("system")),
        role=_filled(parsed, "role"),
        template=_filled(parsed, "template"),
        variables=tuple(_variable(value) for value in parsed.all("var")),
        settings=_settings(parsed),
        attachments=_attachments(parsed),
        base_url=base_url(_filled(parsed, "base-url")),
        wire=parsed.last("wire") or "",
        timeout_s=_number(parsed, "timeout", 0.1, 86_400, "a number of seconds"),
        retries=_whole(parsed, "retries", 0, 100),
        keep_text=not parsed.has("no-store"),
        yes=parsed.has("yes"),
        config_file=Path(config) if config is not None else None,
        verbose=parsed.has("verbose"),
        format=_format(parsed.last("format")),
        stream=not parsed.has("no-stream"),
        dry_run=parsed.has("dry-run"),
        extract="first" if parsed.has("extract") else "last" if parsed.has("extract-last") else None,
    )


def _refuse_contradictions(parsed: Parsed) -> None:
    if not parsed.has("once"):
        for name in ("format", "no-stream", "dry-run", "extract", "extract-last"):
            if parsed.has(name):
                raise usage_error(f"--{name} goes with --once only")
    for one, other in (
        ("extract", "extract-last"),
        ("once", "plain"),
        ("continue", "conversation"),
        ("demo", "base-url"),
    ):
        if parsed.has(one) and parsed.has(other):
            raise usage_error(f"--{one} and --{other} exclude each other")
    if parsed.has("demo") and "/" in (model := parsed.last("model") or "") and not model.startswith("demo/"):
        raise usage_error(f"--demo answers from the demo provider, not from {shown(model)}")
    for one, other in (("wire", "base-url"), ("base-url", "wire"), ("var", "template")):
        if parsed.has(one) and not parsed.has(other):
            raise usage_error(f"--{one} needs --{other} beside it")
    if parsed.last("format") in {"json", "sse"} and (parsed.has("extract") or parsed.has("extract-last")):
        raise usage_error(f"--extract prints a code block alone; it does not go with --format {parsed.last('format')}")


def _filled(parsed: Parsed, name: str) -> str:
    value = parsed.last(name)
    if value is not None and not value.strip():
        raise usage_error(f"--{name} needs a value that is not empty")
    return value or ""


def _model(value: str) -> str:
    if not value.strip():
        raise usage_error("--fallback needs a model: PROVIDER/MODEL")
    return value.strip()


def _variable(value: str) -> tuple[str, str]:
    name, equals, content = value.partition("=")
    if not equals or not name.strip():
        raise usage_error(f"--var must be NAME=VALUE, not “{shown(value)}”")
    return name.strip(), content


def base_url(value: str) -> str:
    """The address that `--base-url` gives. Raise ConfigError when it is none."""
    scheme, found, rest = value.partition("://")
    if value and not (
        found
        and scheme.lower() in {"http", "https"}
        and rest.split("/")[0]
        and value.isprintable()
        and " " not in value
    ):
        raise usage_error("--base-url must be an address that begins with http:// or https://")
    if "@" in rest.split("/")[0]:
        raise usage_error(
            "--base-url must have no user name or password in it", "A key goes into LLMTUI_CUSTOM_API_KEY."
        )
    return value


def _system(value: str | None) -> str | None:
    """The text itself, or the content of `@FILE`."""
    if value is None or not value.startswith("@"):
        return value
    file = Path(os.fsdecode(value[1:].encode("utf-8")) if not value.isascii() else value[1:])
    from llmtui.cli.files import read_limited

    data = read_limited(file, "--system", LARGEST_TEXT)
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise usage_error(f"--system: {shown_path(file)} is not UTF-8 text") from None


def _attachments(parsed: Parsed) -> tuple[Attachment, ...]:
    names = parsed.all("attach")
    if not names:
        return ()
    from llmtui.cli.files import read_attachment

    return tuple(read_attachment(Path(name)) for name in names)


def _settings(parsed: Parsed) -> GenerationSettings:
    return GenerationSettings(
        temperature=_number(parsed, "temperature", 0, 2),
        top_p=_number(parsed, "top-p", 0, 1),
        max_output_tokens=_whole(parsed, "max-tokens", 1, 10**9),
        stop=_stops(parsed.all("stop")),
        seed=_whole(parsed, "seed", -(2**63), 2**63 - 1),
        reasoning_effort=_effort(parsed.last("effort")),
    )


def _stops(values: tuple[str, ...]) -> tuple[str, ...]:
    if "" in values:
        raise usage_error("--stop needs a text that is not empty")
    return values


def _number(parsed: Parsed, name: str, least: float, most: float, what: str = "a number") -> float | None:
    given = parsed.last(name)
    if given is None:
        return None
    try:
        number = float(given)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise usage_error(f"--{name} must be {what} from {least} to {most}, not “{shown(given)}”")
    return number


def _whole(parsed: Parsed, name: str, least: int, most: int) -> int | None:
    given = parsed.last(name)
    if given is None:
        return None
    digits = given.strip().removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) < 24 and least <= int(given) <= most:
        return int(given)
    upper = f" to {most}" if most < 10**9 else " on"
    wanted = f"a whole number from {least}{upper}" if least > -(2**63) else "a whole number of at most 64 bits"
    raise usage_error(f"--{name} must be {wanted}, not “{shown(given)}”")


def _effort(value: str | None) -> ReasoningEffort | None:
    match value:
        case None | "none" | "minimal" | "low" | "medium" | "high" | "max":
            return value
    raise AssertionError(value)  # the table allows no other


def _format(value: str | None) -> OutputFormat | None:
    match value:
        case None | "raw" | "markdown" | "json" | "sse":
            return value
    raise AssertionError(value)  # the table allows no other
