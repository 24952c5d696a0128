"""The keyring: trusted only where it keeps and hides, never waited for longer than told."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backends import chainer, null
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordSetError

from llmtui.keys.ring import SERVICE, KeyringTrouble, NoKeyring, Ring
from tests.unit.keys.conftest import MemoryKeyring

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture
def ring(memory_keyring: MemoryKeyring) -> Ring:
    assert memory_keyring.stored == {}
    return Ring()


@pytest.fixture
def restored() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_set_get_delete(ring: Ring, memory_keyring: MemoryKeyring) -> None:
    """CHAT-6: keys in the keyring, under the service llmtui."""
    ring.set("openai", "k1")
    assert memory_keyring.stored == {(SERVICE, "openai"): "k1"}
    assert SERVICE == "llmtui"
    assert ring.get_all(["openai", "groq"]) == {"openai": "k1", "groq": None}
    assert ring.delete("openai")
    assert not ring.delete("openai")
    assert ring.get("openai") is None
    assert ring.name()


def test_what_takes_a_key_and_loses_it_is_found_out(memory_keyring: MemoryKeyring) -> None:
    memory_keyring.loses = True
    with pytest.raises(KeyringTrouble, match="did not keep the key"):
        Ring().set("openai", "k")


@pytest.mark.usefixtures("restored")
def test_null_and_plain_backends_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(null.Keyring())  # type: ignore[no-untyped-call]
    with pytest.raises(NoKeyring, match="no keyring on this machine"):
        Ring().set("openai", "k")

    class PlaintextKeyring(MemoryKeyring):
        pass

    PlaintextKeyring.__module__ = "keyrings.alt.file"
    plain = PlaintextKeyring()
    keyring.set_keyring(plain)
    with pytest.raises(NoKeyring, match="a plain file"):
        Ring().set("openai", "k")
    assert plain.stored == {}

    good = MemoryKeyring()
    chain = chainer.ChainerBackend()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(type(chain), "backends", [plain, null.Keyring(), good])  # type: ignore[no-untyped-call]
    keyring.set_keyring(chain)
    Ring().set("openai", "k")
    assert plain.stored == {}
    assert good.stored == {(SERVICE, "openai"): "k"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyringLocked("canary"), "the keyring is locked"),
        (NoKeyringError("canary"), "there is no keyring on this machine"),
        (PasswordSetError("canary"), "the keyring refused to store the key"),
        (InitError("canary"), "the keyring cannot be opened"),
        (ImportError("canary"), "there is no keyring on this machine"),
        (RuntimeError("canary"), "the keyring failed (RuntimeError)"),
    ],
)
def test_every_failure_is_a_sentence(memory_keyring: MemoryKeyring, error: Exception, said: str) -> None:
    def fail(*_: object) -> None:
        raise error

    memory_keyring.interfere = fail
    with pytest.raises(KeyringTrouble) as caught:
        Ring().set("openai", "canary")
    assert str(caught.value) == said


def test_one_that_never_answers_is_waited_for_once(memory_keyring: MemoryKeyring) -> None:
    release = threading.Event()
    asked: list[str] = []

    def hang(username: str) -> None:
        asked.append(username)
        release.wait(60)

    memory_keyring.interfere = hang
    with pytest.raises(KeyringTrouble, match=r"did not answer within 0\.05 s"):
        Ring(0.05).get("a")
    with pytest.raises(KeyringTrouble, match="earlier question"):
        Ring(0.05).get("b")
    assert asked == ["a"]
    release.set()
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join(60)
    assert Ring().get("a") is None


_TRY = """
import sys
from llmtui.keys.ring import KeyringTrouble, Ring
try:
    ring = Ring()
    ring.set("llmtui-test", "sk-\\u00e9"[:3] + "0123")
    print(ring.get("llmtui-test"), ring.delete("llmtui-test"), ring.get("llmtui-test"))
except KeyringTrouble as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("unlocked", "sk-0123 True None\n"),
        ("locked", "the keyring is locked\n"),
        ("nobus", "there is no keyring on this machine\n"),
    ],
)
def test_with_a_real_secret_service(shared: Path, monkeypatch: pytest.MonkeyPatch, mode: str, said: str) -> None:
    """CHAT-6: gnome-keyring over D-Bus, open, locked and absent."""
    if not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")):
        pytest.skip("gnome-keyring is not installed")
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setenv("PYTHONPATH", str(REPO))
    command = ["bash", str(shared / "tools" / "keyring.sh"), mode, "--", sys.executable, "-c", _TRY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == said, done.stderr
