"""Every key a config file may have, with its check. A new setting is a field in `values.py` and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.config import checks
from llmtui.config.checks import Unfit, exact, flag, line, list_of, number, one_of, seconds, text, whole
from llmtui.config.values import (
    AlertsConfig,
    BudgetConfig,
    ContextConfig,
    GuardConfig,
    KeysConfig,
    ModelEntry,
    ProviderConfig,
    RoleConfig,
    RouterConfig,
    StorageConfig,
    UiConfig,
)
from llmtui.core.cost import Price
from llmtui.core.policy import RetryPolicy, Timeouts
from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmtui.config.checks import Check

WIRES = ("openai", "openai-responses", "openai-completions", "anthropic", "gemini", "ollama", "openrouter", "demo")
EFFORTS = ("none", "minimal", "low", "medium", "high", "max")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_usd = exact(unit="an amount in USD")
_price = exact(most=10**6, unit="USD per million tokens")
_share = number(0, 1)


class Section(NamedTuple):
    """A table with known keys, and the value that is made of it."""

    make: Callable[..., Any]
    keys: Mapping[str, Check | Named]
    required: tuple[str, ...] = ()


class Named(NamedTuple):
    """A table of tables (or values) under names that the user chooses."""

    name: Check
    item: Section | Check


def _settings(
    *, max_tokens: int | None = None, effort: Any = None, stop: tuple[str, ...] = (), **rest: Any
) -> GenerationSettings:
    """The file's names are those of the flags; a `max_tokens` of 0 leaves the limit to the provider."""
    return GenerationSettings(max_output_tokens=max_tokens or None, reasoning_effort=effort, stop=stop, **rest)


def _price_of(**amounts: Any) -> Price:
    return Price(**amounts, source="config")


def _template(*, text: str) -> str:
    return text


def _provider_name(name: object) -> str:
    if (
        not isinstance(name, str)
        or not name.isascii()
        or not name.replace("-", "a").replace("_", "a").replace(".", "a").isalnum()
    ):
        raise Unfit("named with letters, digits, dashes, dots and underscores")
    return name


def _model_name(name: object) -> str:
    provider, slash, rest = str(name).partition("/")
    if not (provider and slash and rest):
        raise Unfit('named "PROVIDER/MODEL"')
    return str(name)


def _plain_name(name: object) -> str:
    if not line(name):
        raise Unfit("named")
    return str(name)


def _model_entry(value: object) -> ModelEntry:
    if isinstance(value, str):
        return ModelEntry(_plain_name(value))
    if not isinstance(value, dict) or "name" not in value:
        raise Unfit("a name, or {name, context_window, max_output_tokens}")
    keys = {"name": _plain_name, "context_window": whole(1), "max_output_tokens": whole(1)}
    for key, content in value.items():
        if key not in keys:
            raise Unfit("a name, or {name, context_window, max_output_tokens}", within=key)
        keys[key](content)
    return ModelEntry(**value)


PROVIDER = Section(
    ProviderConfig,
    {
        "wire": one_of(*WIRES),
        "base_url": checks.web_address,
        "key_env": checks.variable,
        "key_command": checks.command,
        "headers": checks.headers,
        "proxy": checks.proxy,
        "ca_file": line,
        "insecure_http": flag,
        "local": flag,
        "models": list_of(_model_entry, "models"),
        "timeout_first_s": seconds(),
    },
)

TOP: Mapping[str, Check | Section | Named] = {
    "model": checks.model,
    "fallback": checks.models,
    "providers": Named(_provider_name, PROVIDER),
    "prices": Named(
        _model_name,
        Section(
            _price_of,
            {"input": _price, "output": _price, "cache_read": _price, "cache_write": _price},
            required=("input", "output"),
        ),
    ),
    "generation": Section(
        _settings,
        {
            "temperature": number(0, 2),
            "top_p": number(0, 1),
            "max_tokens": whole(),
            "stop": list_of(text, "texts"),
            "seed": whole(-(2**63), 2**63 - 1),
            "effort": one_of(*EFFORTS),
        },
    ),
    "budget": Section(
        BudgetConfig,
        {
            **{f"{span}_usd": _usd for span in ("conversation", "daily", "weekly", "monthly")},
            **{f"{span}_tokens": whole() for span in ("conversation", "daily", "weekly", "monthly")},
            "warn_at": checks.fractions,
            "confirm_at": _share,
            "on_exceed": one_of("block", "warn"),
            "week_starts": one_of(*WEEKDAYS),
            "time_zone": checks.time_zone,
        },
    ),
    "retry": Section(
        RetryPolicy,
        {
            "max_retries": whole(0, 100),
            "base_s": seconds(),
            "factor": number(1, 100),
            "max_wait_s": seconds(),
            "max_total_s": seconds(),
            "jitter": number(0, 1),
            "breaker_failures": whole(1, 1000),
            "breaker_reset_s": seconds(),
        },
    ),
    "timeouts": Section(
        Timeouts,
        {
            "connect_s": seconds("0.1"),
            "first_content_s": seconds("0.1"),
            "first_content_slow_s": seconds("0.1"),
            "idle_s": seconds("0.1"),
        },
    ),
    "context": Section(
        ContextConfig,
        {
            "strategy": one_of("fit", "last", "share", "summary"),
            "last_messages": whole(1),
            "share": number("0.01", 1),
            "reserve_output_tokens": whole(),
            "warn_at": _share,
            "summary_model": checks.one_model,
        },
    ),
    "guard": Section(
        GuardConfig,
        {
            "mode": one_of("off", "warn", "confirm", "block"),
            "max_chars": whole(),
            "patterns": list_of(checks.pattern, "regular expressions"),
        },
    ),
    "router": Section(RouterConfig, dict.fromkeys(("simple", "standard", "complex"), checks.models)),
    "roles": Named(
        _plain_name,
        Section(RoleConfig, {"system": text, "model": checks.model, "temperature": number(0, 2)}),
    ),
    "templates": Named(_plain_name, Section(_template, {"text": text}, required=("text",))),
    "alerts": Section(
        AlertsConfig,
        {"error_rate": _share, "ttft_p95_s": seconds(), "rate_limits_per_hour": number()},
    ),
    "keys": Section(KeysConfig, {"keyring": flag, "keyring_timeout_s": number("0.1", 120, unit="a number of seconds")}),
    "storage": Section(StorageConfig, {"keep_text": flag, "log_level": one_of("debug", "info", "warning", "error")}),
    "ui": Section(
        UiConfig,
        {
            "theme": line,
            "mouse": flag,
            "animations": flag,
            "smooth": flag,
            "transparent": flag,
            "notify": one_of("off", "bell", "desktop"),
            "title_model": checks.one_model,
            "idle_prerender": flag,
            "keys": Named(_plain_name, line),
        },
    ),
}
"""The whole file, by its top-level keys."""
