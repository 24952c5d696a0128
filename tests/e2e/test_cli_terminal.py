"""The commands at a terminal: a pty that is typed into and read byte for byte."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.e2e.chat_server import ChatServer, answer
from tests.e2e.list_server import Listing, ListServer
from tests.e2e.program import LLMTUI, environment, once, run

KEY = "sk-canary-0123456789abcd"


class Terminal:
    """The program on a pty of 100 columns."""

    def __init__(self, *args: str, **env: str) -> None:
        self.output = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            import fcntl
            import struct
            import termios

            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            os.execvpe(LLMTUI[0], [*LLMTUI, *args], environment({"TERM": "xterm-256color", **env}))

    def wait_for(self, text: str) -> None:
        """Until the program has written this."""
        end = time.monotonic() + 60
        while text.encode() not in self.output:
            assert time.monotonic() < end, self.output
            self._read()

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def end(self) -> tuple[int, str]:
        """The exit code and all that was written."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status), self.output.decode()

    def _read(self) -> bool:
        if select.select([self._fd], [], [], 60)[0]:
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                return False
            self.output += data
            return bool(data)
        raise AssertionError(self.output)


def data_folder() -> Path:
    return Path(os.environ["LLMTUI_DATA_DIR"])


def test_a_key_is_typed_unseen_and_a_file_needs_a_yes() -> None:
    """CHAT-6"""
    terminal = Terminal("keys", "set", "openai")
    terminal.wait_for("Key for openai (hidden): ")
    terminal.type(KEY + "\n")
    terminal.wait_for("[y/N] ")
    terminal.type("y\n")
    code, text = terminal.end()
    assert code == 0, text
    assert "canary" not in text
    assert "There is no keyring on this machine. Keep the key in" in text
    assert json.loads(run("keys", "list", "--json").stdout)[0]["source"] == "file"


def test_without_a_yes_nothing_is_written() -> None:
    """CHAT-6"""
    terminal = Terminal("keys", "set", "openai")
    terminal.wait_for("(hidden): ")
    terminal.type(KEY + "\n")
    terminal.wait_for("[y/N] ")
    terminal.type("\n")
    code, text = terminal.end()
    assert code == 1
    assert "the key was not stored" in text
    assert not (data_folder() / "keys.toml").exists()


def test_ctrl_c_at_the_prompt_ends_with_130_and_no_traceback() -> None:
    terminal = Terminal("keys", "set", "openai")
    terminal.wait_for("(hidden): ")
    terminal.type("\x03")
    code, text = terminal.end()
    assert code == 130
    assert "Traceback" not in text


def test_the_end_of_input_at_the_prompt_is_a_sentence() -> None:
    terminal = Terminal("keys", "set", "openai")
    terminal.wait_for("(hidden): ")
    terminal.type("\x04")
    code, text = terminal.end()
    assert code == 2
    assert "llmtui: no key was given" in text


@pytest.mark.parametrize(("typed", "code", "requests"), [("n\n", 4, 0), ("y\n", 0, 1), ("\x03", 130, 0)])
def test_bud_4_near_a_limit_a_person_at_the_terminal_is_asked(typed: str, code: int, requests: int) -> None:
    with ChatServer(answer("fine")) as server:
        Path(os.environ["LLMTUI_CONFIG"]).write_text(
            '[budget]\ndaily_usd = 0.05\nconfirm_at = 0.01\n[prices."mine/m"]\ninput = 2.5\noutput = 10.0\n'
            f'[providers.mine]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
        )
        terminal = Terminal("--once", "-m", "mine/m", "--format", "raw", "hi")
        terminal.wait_for("Send it all the same? [y/N]")
        terminal.type(typed)
        found, out = terminal.end()
    assert (found, len(server.requests)) == (code, requests)
    assert ("fine" in out) == bool(requests)
    assert "Traceback" not in out


def test_sec_1_json_of_a_command_is_cleaned_on_a_terminal() -> None:
    with ChatServer(answer("a\x9b31m\u202eb")) as server:
        once(server.base_url, "hi")
    shown = json.loads(run("history", "list", "--json").stdout)[0]["id"]
    terminal = Terminal("history", "show", shown, "--json")
    code, out = terminal.end()
    assert code == 0
    assert not {"\x9b", "\u202e"} & set(out)
    assert "\u202eb" in json.loads(run("history", "show", shown, "--json").stdout)["messages"][1]["content"]


def test_a_command_that_waits_for_a_server_says_so_and_wipes_it() -> None:
    """Progress on stderr for anything over a second."""
    waiting = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                waiting.wait(60)
                body = b'{"data":[{"id":"slow-one"}]}'
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        threading.Thread(target=serve, daemon=True).start()
        Path(os.environ["LLMTUI_CONFIG"]).write_text(
            f'[providers.mine]\nwire = "openai"\nbase_url = "http://127.0.0.1:{listener.getsockname()[1]}/v1"\n'
        )
        terminal = Terminal("models", "--provider", "mine")
        terminal.wait_for("asking mine …")  # how many seconds it is by then, a busy machine decides
        waiting.set()
        code, out = terminal.end()
    assert code == 0
    assert out.rindex("\r\x1b[K") < out.index("mine/slow-one")


def test_what_a_server_calls_its_models_commands_no_terminal() -> None:
    """SEC-1"""
    listing = Listing(json.dumps({"data": [{"id": "m\x1b]52;c;eA==\x07\x1b[2J\x9b2J\u202e"}]}).encode())
    with ListServer(listing) as server:
        Path(os.environ["LLMTUI_CONFIG"]).write_text(
            f'[providers."box"]\nwire = "openai"\nbase_url = "{server.base_url}"\n', "utf-8"
        )
        code, text = Terminal("models", "--provider", "box", NO_COLOR="1").end()
    assert code == 0
    assert "MODEL" in text
    assert "␛]52" in text
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


def test_history_on_a_terminal_is_aligned_cleaned_and_asks_before_it_deletes() -> None:
    """CHAT-1, SEC-1"""
    with ChatServer(answer("evil \x1b[2J\x07 text")) as server:
        once(server.base_url, "a \x1b[31mred question", "-a", __file__)
    identity = json.loads(run("history", "list", "--json").stdout)[0]["id"]
    code, text = Terminal("history", "list", NO_COLOR="1").end()
    assert code == 0
    assert text.splitlines()[0].split() == ["ID", "CHANGED", "MESSAGES", "MODEL", "TITLE"]
    assert identity[:8] in text
    assert identity not in text
    assert "\x1b" not in text
    code, text = Terminal("history", "show", identity).end()
    assert code == 0
    assert "evil ␛[2J␇ text" in text
    assert "test_cli_terminal.py, text/plain" in text
    assert {part[:3] for part in text.split("\x1b")[1:]} == {"[1m", "[0m"}

    for typed, code in (("n\n", 1), ("yes\n", 0)):
        terminal = Terminal("history", "delete", identity)
        terminal.wait_for("[y/N] ")
        terminal.type(typed)
        assert terminal.end()[0] == code
    assert run("history", "list").stdout == b""


def test_usage_draws_bars() -> None:
    """USE-2"""
    with ChatServer(answer("ok")) as server:
        once(server.base_url, "x")
    code, text = Terminal("usage", NO_COLOR="1").end()
    assert code == 0
    assert "  ████████████\r\n" in text
    assert "\x1b" not in text


def test_the_doctor_looks_at_the_terminal() -> None:
    assert "✓ terminal   xterm-256color, 100×30" in Terminal("doctor").end()[1]
    code, text = Terminal("doctor", TERM="dumb").end()
    assert code == 1
    assert "✗ terminal   TERM is “dumb”" in text


@pytest.mark.parametrize("mode", ["unlocked", "locked"])
def test_keys_in_a_real_keyring(shared: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """CHAT-6: stored, listed, used and removed through the Secret Service; a locked one is said."""
    if not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")):
        pytest.skip("gnome-keyring is not installed")
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    program = f"{sys.executable} -m llmtui"
    script = (
        f"printf %s {KEY} | {program} keys set openai; {program} keys list | grep ^openai; "
        f"{program} keys delete openai; {program} keys list | grep ^openai"
    )
    command = ["bash", str(shared / "tools" / "keyring.sh"), mode, "--", "bash", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment())
    assert "canary" not in done.stdout + done.stderr
    if mode == "unlocked":
        assert done.stdout.splitlines() == [
            "The key for openai is in the keyring.",
            "openai\tkeyring\t…abcd",
            "The key for openai is gone from the keyring.",
            "openai\tnone\t",
        ], done.stderr
    else:
        assert done.stdout.splitlines() == ["openai\tnone\t"] * 2
        assert done.stderr.count("the keyring is locked") == 4
        assert "LLMTUI_OPENAI_API_KEY" in done.stderr
