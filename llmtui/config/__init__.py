"""The settings: a TOML file that is read, never written, and a state file that the program keeps for itself."""

from llmtui.config.load import load_config
from llmtui.config.values import (
    AlertsConfig,
    BudgetConfig,
    Config,
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

__all__ = [
    "AlertsConfig",
    "BudgetConfig",
    "Config",
    "ContextConfig",
    "GuardConfig",
    "KeysConfig",
    "ModelEntry",
    "ProviderConfig",
    "RoleConfig",
    "RouterConfig",
    "StorageConfig",
    "UiConfig",
    "load_config",
]
