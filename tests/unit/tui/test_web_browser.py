"""Links open in the reader's browser, which is given the address and no key (CHAT-6, SEC-1)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from llmtui.tui.web_browser import browse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_the_browser_gets_the_address_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-6: neither a customary variable nor one that the config names."""
    script, found = tmp_path / "browser", tmp_path / "found"
    script.write_text(f'#!/bin/sh\n(env; echo "address $1") > "{found}"\n')
    script.chmod(0o700)
    monkeypatch.setenv("BROWSER", os.fspath(script))
    monkeypatch.setenv("OPENAI_API_KEY", "canary-1")
    monkeypatch.setenv("HF_TOKEN", "canary-2")
    monkeypatch.setenv("MY_SERVER", "canary-3")
    waiting = browse("https://a.example/?a=1&b=$(2)", {"MY_SERVER"})
    waiting.join(60)
    text = found.read_text()
    assert "address https://a.example/?a=1&b=$(2)\n" in text
    assert "canary" not in text
