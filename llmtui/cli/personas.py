"""Roles and templates of the config, worked into the options: a front end sees a system prompt, settings and a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.config import Config
    from llmtui.core.options import Options

_T = TypeVar("_T")


def with_personas(options: Options, config: Config) -> Options:
    """The options with `--role` and `--template` carried out; flags go before what a role says. Raise ConfigError."""
    if options.role:
        role = _named("role", options.role, config.roles)
        from dataclasses import replace

        settings = options.settings
        if settings.temperature is None and role.temperature is not None:
            settings = replace(settings, temperature=role.temperature)
        options = options._replace(
            system=role.system if options.system is None else options.system,
            model=options.model or ("" if options.demo or options.base_url else role.model),
            settings=settings,
        )
    if options.template:
        from llmtui.core.templates import fill

        text = _named("template", options.template, config.templates)
        filled = fill(options.template, text, dict(options.variables))
        options = options._replace(prompt=f"{filled}\n\n{options.prompt}" if options.prompt else filled)
    return options


def _named(kind: str, name: str, known: Mapping[str, _T]) -> _T:
    if name in known:
        return known[name]
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    if near:
        advice = f"Did you mean “{near[0]}”?"
    elif known:
        advice = f"There are: {', '.join(known)}."
    else:
        advice = f"The config has no [{kind}s.NAME] at all."
    raise ConfigError(f"there is no {kind} “{name}”", advice=advice)
