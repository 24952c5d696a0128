"""The page of `llmtui serve`: everything it needs comes from its own server (CHAT-9)."""

from __future__ import annotations

import re

import pytest

from llmtui.serve.site import _OWN, FILES, HEADERS

_LOADED = re.compile(r"""(?:src|href)=["']?([^"'\s>]+)|url\(["']?([^"')]+)|@import\s+(\S+)""")


@pytest.mark.parametrize("name", ["/", *(name for name in FILES if name.endswith(".css"))])
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    """CHAT-9: neither scripts nor styles, fonts or pictures; the policy in the headers is the second lock."""
    file = _OWN / "index.html" if name == "/" else FILES[name][0]
    text = file.read_text("utf-8")
    found = {next(filter(None, match)) for match in _LOADED.findall(text)}
    assert found <= {*FILES, "data:,"}
    assert not re.search(r"<style|<script>|\son[a-z]+=", text)  # the policy would refuse it


def test_every_file_is_there() -> None:
    """CHAT-9: what the pinned textual-serve brings is where we look for it, and has what the page relies on."""
    for file, _kind in FILES.values():
        assert file.read_bytes()
    script = FILES["/terminal.js"][0].read_text("utf-8")
    for relied_on in (
        "window.onload=",
        "sessionWebsocketUrl",
        "-first-byte",
        "-closed",
        "new WebSocket(this.websocket_url",
    ):
        assert relied_on in script


def test_the_policy_allows_this_server_alone() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in HEADERS["Content-Security-Policy"].split(";"))
    assert rules.pop("default-src") == "'none'"
    assert {word for rule in rules.values() for word in rule.split()} <= {
        "'self'",
        "'none'",
        "'unsafe-inline'",
        "data:",
    }
    assert "'unsafe-inline'" not in rules["script-src"]
