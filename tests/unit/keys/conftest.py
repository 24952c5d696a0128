"""A keyring in memory in the place of the machine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import PasswordDeleteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class MemoryKeyring(KeyringBackend):
    """Keeps passwords in a dict."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types here
        self.stored: dict[tuple[str, str], str] = {}
        self.interfere: Callable[[str], object] | None = None
        """Called with the user name before anything is read or written; may raise or wait."""
        self.loses = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.interfere is not None:
            self.interfere(username)
        return self.stored.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.interfere is not None:
            self.interfere(username)
        if not self.loses:
            self.stored[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.stored.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)
