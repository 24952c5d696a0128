"""The settings as values, with their defaults. Named tuples: `--once` defines them all at start, and they are cheap."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from llmtui.core.policy import RetryPolicy, Timeouts
from llmtui.core.request import GenerationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.cost import Price

NOTHING: Mapping[str, Any] = MappingProxyType({})
_NO_USD = Decimal(0)


class ModelEntry(NamedTuple):
    """A model of a server that cannot list its models."""

    name: str
    context_window: int | None = None
    max_output_tokens: int | None = None


class ProviderConfig(NamedTuple):
    """`[providers.NAME]`. Empty: as the well-known provider of that name has it."""

    wire: str = ""
    base_url: str = ""
    key_env: str = ""
    """Replaces the customary variables."""
    key_command: tuple[str, ...] = ()
    headers: Mapping[str, str] = NOTHING
    proxy: str = ""
    ca_file: str = ""
    insecure_http: bool = False
    local: bool | None = None
    """None: as the well-known provider has it, else false."""
    models: tuple[ModelEntry, ...] = ()
    timeout_first_s: float = 0.0
    """Seconds; 0: the general one."""


class BudgetConfig(NamedTuple):
    """`[budget]`: limits in USD and in tokens; 0 is no limit."""

    conversation_usd: Decimal = _NO_USD
    daily_usd: Decimal = _NO_USD
    weekly_usd: Decimal = _NO_USD
    monthly_usd: Decimal = _NO_USD
    conversation_tokens: int = 0
    daily_tokens: int = 0
    weekly_tokens: int = 0
    monthly_tokens: int = 0
    warn_at: tuple[float, ...] = (0.75, 0.9)
    confirm_at: float = 0.9
    on_exceed: Literal["block", "warn"] = "block"
    week_starts: str = "monday"
    time_zone: str = ""
    """An IANA name; empty: the system's."""


class ContextConfig(NamedTuple):
    """`[context]`: what of a conversation is sent."""

    strategy: Literal["fit", "last", "share", "summary"] = "fit"
    last_messages: int = 10
    share: float = 0.75
    reserve_output_tokens: int = 2000
    warn_at: float = 0.75
    summary_model: str = ""


class GuardConfig(NamedTuple):
    """`[guard]`: what is looked at before it is sent."""

    mode: Literal["off", "warn", "confirm", "block"] = "confirm"
    max_chars: int = 0
    """0: only the model's window."""
    patterns: tuple[str, ...] = ()
    """Regular expressions, added to the built-in ones."""


class RouterConfig(NamedTuple):
    """`[router]`: models by tier for `auto`; the first with a key wins."""

    simple: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()
    complex: tuple[str, ...] = ()


class RoleConfig(NamedTuple):
    """`[roles.NAME]`: a named system prompt, with a model and a temperature if given."""

    system: str = ""
    model: str = ""
    temperature: float | None = None


class AlertsConfig(NamedTuple):
    """`[alerts]`: from where on the last 24 hours are worth a warning."""

    error_rate: float = 0.01
    ttft_p95_s: float = 2.0
    rate_limits_per_hour: float = 2


class KeysConfig(NamedTuple):
    """`[keys]`."""

    keyring: bool = True
    keyring_timeout_s: float = 3.0


class StorageConfig(NamedTuple):
    """`[storage]`."""

    keep_text: bool = True
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class UiConfig(NamedTuple):
    """`[ui]`."""

    theme: str = "llmtui-dark"
    mouse: bool = True
    animations: bool = True
    smooth: bool = False
    transparent: bool = False
    notify: Literal["off", "bell", "desktop"] = "off"
    title_model: str = ""
    idle_prerender: bool = True
    keys: Mapping[str, str] = NOTHING
    """Action to its keys, separated by commas."""


class Config(NamedTuple):
    """All settings."""

    model: str = ""
    """`provider/name`, a bare name or `auto`; empty: none chosen."""
    fallback: tuple[str, ...] = ()
    providers: Mapping[str, ProviderConfig] = NOTHING
    prices: Mapping[str, Price] = NOTHING
    """By `provider/model`."""
    generation: GenerationSettings = GenerationSettings()
    budget: BudgetConfig = BudgetConfig()
    retry: RetryPolicy = RetryPolicy()
    timeouts: Timeouts = Timeouts()
    context: ContextConfig = ContextConfig()
    guard: GuardConfig = GuardConfig()
    router: RouterConfig = RouterConfig()
    roles: Mapping[str, RoleConfig] = NOTHING
    templates: Mapping[str, str] = NOTHING
    """Name to text, with `{{variable}}` in it."""
    alerts: AlertsConfig = AlertsConfig()
    keys: KeysConfig = KeysConfig()
    storage: StorageConfig = StorageConfig()
    ui: UiConfig = UiConfig()
