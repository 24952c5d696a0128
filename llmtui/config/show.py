"""The settings as they apply, for people and scripts to look at; whatever could be a secret is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from llmtui.config.schema import TOP

if TYPE_CHECKING:
    from llmtui.config.values import Config, ProviderConfig

HIDDEN = "(hidden)"
_SECRET_WORDS = ("auth", "key", "token", "secret", "cookie", "pass", "credential", "session")


def public_table(config: Config) -> dict[str, Any]:
    """The config as a table with the file's own names; what is not set and has no default is left out."""
    table = _plain(config._asdict())
    table["providers"] = {name: _provider(section) for name, section in config.providers.items()}
    settings = config.generation
    table["generation"] = _plain(
        {
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.max_output_tokens,
            "stop": settings.stop,
            "seed": settings.seed,
            "effort": settings.reasoning_effort,
        }
    )
    table["prices"] = {
        name: _plain({key: getattr(price, key) for key in ("input", "output", "cache_read", "cache_write")})
        for name, price in config.prices.items()
    }
    table["templates"] = {name: {"text": text} for name, text in config.templates.items()}
    del table["timeouts"]["after_finish_s"]
    if not config.model:
        del table["model"]
    return {name: table[name] for name in TOP if name in table}


def _provider(section: ProviderConfig) -> dict[str, Any]:
    from llmtui.logs import scrubbed

    table = _plain(section._asdict())
    table["headers"] = {name: _header(name, value) for name, value in section.headers.items()}
    table["key_command"] = [*section.key_command[:1], *([HIDDEN] if section.key_command[1:] else [])]
    for name in ("proxy", "base_url", "key_env"):
        table[name] = scrubbed(table[name]).replace("[key]", HIDDEN)
    return {name: value for name, value in table.items() if value not in ("", [], {})}


def _header(name: str, value: str) -> str:
    from llmtui.logs import scrubbed

    return HIDDEN if any(word in name.lower() for word in _SECRET_WORDS) else scrubbed(value).replace("[key]", HIDDEN)


def _plain(value: Any) -> Any:
    """Named tuples and mappings as dicts, tuples as lists, without what is None."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def with_money_as_text(value: Any) -> Any:
    """For JSON: amounts as decimal strings, so that no reader rounds them."""
    if isinstance(value, dict):
        return {key: with_money_as_text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_money_as_text(each) for each in value]
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
