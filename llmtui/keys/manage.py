"""Stores, lists and deletes keys, for `llmtui keys` and for the keys screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.core.errors import ConfigError, KeyNotFound, LlmtuiError
from llmtui.keys.check import UnfitKey, cleaned_key
from llmtui.keys.find import in_environment, own_variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.keys.find import KeySources


class KeyStatus(NamedTuple):
    """Where a provider's key comes from; never the key."""

    provider: str
    source: str
    """`variable NAME`, `command`, `keyring`, `file` or `none`."""
    last_four: str = ""
    """Of long keys only; of a command's key unknown, for the command is not run to list."""
    trouble: str = ""
    """What is the matter with a source, as a sentence."""


def set_key(
    sources: KeySources, text: str, *, to_file: bool = False, environ: Mapping[str, str]
) -> tuple[Literal["keyring", "file"], str]:
    """Store a key; returns where, and what the user should know about it ("" as a rule).

    `to_file` stores it in the 0600 file: only after the user's explicit yes.
    Raise ConfigError for what cannot be a key, `KeyringTrouble` (from `keys.ring`) when the keyring does not take it.
    """
    try:
        key = cleaned_key(text)
    except UnfitKey as error:
        raise ConfigError(f"this cannot be a key: it {error}", advice="Copy it again, alone.") from None
    if not key:
        raise ConfigError("no key was given: the input is empty")
    if to_file:
        _set_in_file(sources, key)
    else:
        from llmtui.keys.ring import Ring

        Ring(sources.keyring_timeout_s).set(sources.provider, key)
    return "file" if to_file else "keyring", _what_goes_before(sources, environ)


def delete_key(sources: KeySources) -> list[str]:
    """Remove a key from keyring and file; returns from where (empty: there was none). Raise KeyringTrouble, KeyNotFound."""
    from llmtui.keys.file import read_key_file, write_key_file
    from llmtui.keys.ring import KeyringTrouble, NoKeyring, Ring

    removed = []
    trouble: KeyringTrouble | None = None
    try:
        if sources.keyring and Ring(sources.keyring_timeout_s).delete(sources.provider):
            removed.append("keyring")
    except NoKeyring:
        pass
    except KeyringTrouble as error:
        trouble = error
    if sources.key_file is not None:
        keys = read_key_file(sources.key_file)
        if keys.pop(sources.provider, None) is not None:
            write_key_file(sources.key_file, keys)
            removed.append("file")
    if trouble is not None and not removed:
        raise trouble
    return removed


def list_keys(all_sources: Sequence[KeySources], environ: Mapping[str, str]) -> list[KeyStatus]:
    """Where each provider's key comes from. No command is run; the keyring is asked once for all that need it."""
    from llmtui.keys.file import read_key_file

    early = {sources.provider: _early_status(sources, environ) for sources in all_sources}
    waiting = [sources for sources in all_sources if early[sources.provider] is None and sources.keyring]
    stored, trouble = _ask_keyring(waiting)
    statuses = []
    for sources in all_sources:
        status = early[sources.provider]
        if status is None and (key := stored.get(sources.provider)):
            status = KeyStatus(sources.provider, "keyring", _last_four(key))
        if status is None and sources.key_file is not None:
            try:
                if key := read_key_file(sources.key_file).get(sources.provider):
                    status = KeyStatus(sources.provider, "file", _last_four(key))
            except KeyNotFound as error:
                status = KeyStatus(sources.provider, "none", trouble=error.sentence)
        statuses.append(status or KeyStatus(sources.provider, "none", trouble=trouble if sources.keyring else ""))
    return statuses


def _early_status(sources: KeySources, environ: Mapping[str, str]) -> KeyStatus | None:
    """By variable or command; None when the keyring has to be asked."""
    try:
        found = in_environment(sources, environ)
    except LlmtuiError as error:
        return KeyStatus(sources.provider, "none", trouble=error.sentence)
    if found is not None:
        return KeyStatus(sources.provider, found.source, found.secret.last_four)
    return KeyStatus(sources.provider, "command") if sources.command else None


def _ask_keyring(all_sources: Sequence[KeySources]) -> tuple[dict[str, str | None], str]:
    if not all_sources:
        return {}, ""
    from llmtui.keys.ring import KeyringTrouble, NoKeyring, Ring

    try:
        names = [sources.provider for sources in all_sources]
        return Ring(max(sources.keyring_timeout_s for sources in all_sources)).get_all(names), ""
    except NoKeyring:
        return {}, ""  # that there is none is no trouble for somebody who only looks
    except KeyringTrouble as error:
        return {}, str(error)


def _set_in_file(sources: KeySources, key: str) -> None:
    from llmtui.keys.file import read_key_file, write_key_file

    if sources.key_file is None:
        raise ConfigError("there is no place for a key file")
    keys = read_key_file(sources.key_file)
    try:
        write_key_file(sources.key_file, keys | {sources.provider: key})
    except OSError as error:
        raise ConfigError(f"the key file {sources.key_file} cannot be written: {error.strerror}") from None


def _what_goes_before(sources: KeySources, environ: Mapping[str, str]) -> str:
    """A variable or a command that hides the stored key, as a sentence."""
    for name in (own_variable(sources.provider), *sources.variables):
        if environ.get(name, "").strip():
            return f"the variable {name} goes before it as long as it is set"
    return "the key_command of the config goes before it" if sources.command else ""


def _last_four(key: str) -> str:
    from llmtui.core.secret import Secret

    return Secret(key.strip()).last_four
