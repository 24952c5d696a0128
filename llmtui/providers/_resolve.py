"""Host names to addresses, in a thread that can be left behind.

The system's resolver can neither be given a limit nor be interrupted, and may take a minute where the network is gone.
The thread is a daemon, so that a program that ends does not wait for it either.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from llmtui.providers._address import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable


def is_address(host: str) -> bool:
    """Whether there is nothing to ask a name server: an address, or a name of this machine."""
    return is_loopback(host) or ":" in host or host.replace(".", "").isdigit()


def look_up(host: str, port: int, answer: Callable[[list[str] | OSError], object]) -> None:
    """Start asking for the host's addresses; `answer` gets them, or the error, in another thread."""

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            answer(error)
        except UnicodeError:
            answer(socket.gaierror(socket.EAI_NONAME, "not a host name"))
        else:
            answer(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

    threading.Thread(target=ask, name="llmtui-resolver", daemon=True).start()
