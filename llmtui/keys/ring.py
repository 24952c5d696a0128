"""The operating system's keyring, asked in a thread of its own with a time limit: a locked one may never answer.

keyring itself is imported in that thread, and only here. What only looks like a keyring (a plain file, a null backend)
is refused: it would take a key and lose it, or lay it open.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keyring.backend import KeyringBackend

SERVICE = "llmtui"

_T = TypeVar("_T")

_unanswered: list[threading.Thread] = []
"""The question that the keyring has not answered yet, at most one: while it hangs, nobody else waits for it too."""


class KeyringTrouble(Exception):
    """The keyring cannot be used; `str()` says why, as the rest of a sentence."""


class NoKeyring(KeyringTrouble):
    """There is none on this machine."""


class Ring:
    """The keyring. Every method blocks for at most the time limit and raises KeyringTrouble."""

    def __init__(self, timeout_s: float = 3.0) -> None:
        self._timeout_s = timeout_s

    def get(self, provider: str) -> str | None:
        return self.get_all([provider])[provider]

    def get_all(self, providers: Iterable[str]) -> dict[str, str | None]:
        """Several providers' keys within one time limit."""
        return self._ask(lambda backend: {name: backend.get_password(SERVICE, name) for name in providers})

    def set(self, provider: str, key: str) -> None:
        """Store a key and read it back: some backends take everything and keep nothing."""

        def work(backend: KeyringBackend) -> str | None:
            backend.set_password(SERVICE, provider, key)
            return backend.get_password(SERVICE, provider)

        if self._ask(work) != key:
            raise KeyringTrouble("the keyring did not keep the key")

    def delete(self, provider: str) -> bool:
        """Remove a key; False when there was none."""

        def work(backend: KeyringBackend) -> bool:
            if backend.get_password(SERVICE, provider) is None:
                return False
            backend.delete_password(SERVICE, provider)
            return True

        return self._ask(work)

    def name(self) -> str:
        """What the keyring is called, for the doctor."""
        return self._ask(lambda backend: str(backend.name))

    def _ask(self, work: Callable[[KeyringBackend], _T]) -> _T:
        results: list[_T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(work(_backend()))
            except BaseException as error:  # noqa: BLE001 (handed to the caller)
                errors.append(error)

        if any(thread.is_alive() for thread in _unanswered):
            raise KeyringTrouble("the keyring has not answered an earlier question; it may be locked")
        thread = threading.Thread(target=run, name="keyring", daemon=True)  # daemon: the end does not wait for it
        thread.start()
        thread.join(self._timeout_s)
        if results:
            return results[0]
        if not errors:
            _unanswered[:] = [thread]
            raise KeyringTrouble(f"the keyring did not answer within {self._timeout_s:g} s; it may be locked")
        raise _trouble(errors[0])


def _backend() -> KeyringBackend:
    """The backend that keyring chose, or the first trustworthy one where it chose a chain of them."""
    import keyring
    from keyring.backends.chainer import ChainerBackend

    chosen = keyring.get_keyring()
    candidates = list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]
    for backend in candidates:
        if _is_trustworthy(backend):
            return backend
    if any(type(backend).__module__.startswith("keyrings.") for backend in candidates):
        raise NoKeyring("the only keyring here is a plain file")
    raise NoKeyring("there is no keyring on this machine")


def _is_trustworthy(backend: KeyringBackend) -> bool:
    module = type(backend).__module__
    return not module.startswith(("keyrings.alt", "keyrings.file", "keyring.backends.fail", "keyring.backends.null"))


def _trouble(error: BaseException) -> KeyringTrouble:
    """A backend's own exception as a sentence; its words may quote what was to be stored, so they are not repeated."""
    if isinstance(error, KeyringTrouble):
        return error
    from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordSetError

    match error:
        case KeyringLocked():
            return KeyringTrouble("the keyring is locked")
        case NoKeyringError():
            return NoKeyring("there is no keyring on this machine")
        case PasswordSetError():
            return KeyringTrouble("the keyring refused to store the key")
        case InitError():
            return KeyringTrouble("the keyring cannot be opened")
        case ImportError():
            return NoKeyring("there is no keyring on this machine")
        case _:
            return KeyringTrouble(f"the keyring failed ({type(error).__name__})")
