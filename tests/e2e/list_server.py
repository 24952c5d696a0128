"""A provider on loopback that is only asked for lists: GET after GET is answered from a script."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Listing(NamedTuple):
    """One answer to a GET."""

    body: bytes
    status: int = 200


class ListServer:
    """Answers each GET with the next listing; the last one repeats. Keeps what was asked."""

    def __init__(self, *listings: Listing) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        waiting, asked = list(listings), self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                listing = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                self.send_response(listing.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(listing.body)))
                self.end_headers()
                self.wfile.write(listing.body)

            def log_message(self, *_: Any) -> None:
                """Not to stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
