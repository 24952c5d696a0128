"""Where API keys come from: variables, a password manager's command, the keyring, a private file; in that order."""

from llmtui.keys.find import KeyFound, KeySources, find_key, own_variable, require_key
from llmtui.keys.manage import KeyStatus, delete_key, list_keys, set_key

__all__ = [
    "KeyFound",
    "KeySources",
    "KeyStatus",
    "delete_key",
    "find_key",
    "list_keys",
    "own_variable",
    "require_key",
    "set_key",
]
