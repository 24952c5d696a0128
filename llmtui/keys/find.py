"""Finds a provider's key. Where an earlier source has it, the later ones are not touched, nor even imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import KeyNotFound
from llmtui.core.secret import Secret
from llmtui.keys.check import UnfitKey, cleaned_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class KeySources(NamedTuple):
    """Where one provider's key may be."""

    provider: str
    variables: tuple[str, ...] = ()
    """The customary ones, or the `key_env` that replaces them; `LLMTUI_<PROVIDER>_API_KEY` always goes before."""
    command: tuple[str, ...] = ()
    """A program and its arguments that print the key."""
    keyring: bool = True
    keyring_timeout_s: float = 3.0
    key_file: Path | None = None
    """The 0600 file, which need not exist."""


class KeyFound(NamedTuple):
    """A key, and where it was."""

    secret: Secret
    source: str
    """`variable NAME`, `command`, `keyring` or `file`."""


def own_variable(provider: str) -> str:
    """`LLMTUI_<PROVIDER>_API_KEY`: upper case, dashes and dots as underscores."""
    name = "".join(c if c.isalnum() else "_" for c in provider.upper())
    return f"LLMTUI_{name}_API_KEY"


def find_key(sources: KeySources, environ: Mapping[str, str]) -> KeyFound | None:
    """The provider's key, or None. May block: for the command's time limit, for the keyring's.

    Raise KeyNotFound where a source is broken that the user named: a command that fails, a variable or file whose
    content cannot be a key. A keyring that is locked or missing is no error here; see `require_key`.
    """
    return search(sources, environ)[0]


def require_key(sources: KeySources, environ: Mapping[str, str]) -> KeyFound:
    """The provider's key. Raise KeyNotFound with what to do, and with what is the matter with the keyring."""
    found, trouble = search(sources, environ)
    if found is not None:
        return found
    provider = sources.provider
    why = f" ({trouble})" if trouble else ""
    raise KeyNotFound(
        f"there is no key for {provider}{why}",
        advice=f"Store one with “llmtui keys set {provider}”, or set {(own_variable(provider), *sources.variables)[-1]}.",
    )


def search(sources: KeySources, environ: Mapping[str, str]) -> tuple[KeyFound | None, str]:
    """The key, and what was the matter with the keyring, as the rest of a sentence ("" for nothing)."""
    if found := in_environment(sources, environ):
        return found, ""
    if sources.command:
        from llmtui.keys.command import run_key_command

        secret = run_key_command(sources.provider, sources.command, environ, sources.variables)
        return KeyFound(_protected(secret), "command"), ""
    trouble = ""
    if sources.keyring:
        from llmtui.keys.ring import KeyringTrouble, Ring

        try:
            stored = Ring(sources.keyring_timeout_s).get(sources.provider)
        except KeyringTrouble as error:
            trouble = str(error)
        else:
            if stored:
                return KeyFound(_checked(stored, f"the keyring's key for {sources.provider}"), "keyring"), ""
    if sources.key_file is not None:
        from llmtui.keys.file import read_key_file

        stored = read_key_file(sources.key_file).get(sources.provider, "")
        if stored:
            return KeyFound(_checked(stored, f"the key for {sources.provider} in {sources.key_file}"), "file"), ""
    return None, trouble


def in_environment(sources: KeySources, environ: Mapping[str, str]) -> KeyFound | None:
    """The key in a variable; an empty one counts as unset. Raise KeyNotFound when its content cannot be a key."""
    for name in (own_variable(sources.provider), *sources.variables):
        if environ.get(name, "").strip():
            return KeyFound(_checked(environ[name], f"the variable {name}"), f"variable {name}")
    return None


def _checked(text: str, where: str) -> Secret:
    try:
        secret = Secret(cleaned_key(text))
    except UnfitKey as error:
        raise KeyNotFound(f"{where} cannot be a key: it {error}", advice="Set it again.") from None
    return _protected(secret)


def _protected(secret: Secret) -> Secret:
    """From its finding on, no log record can hold it."""
    from llmtui.logs import protect

    protect(secret)
    return secret
