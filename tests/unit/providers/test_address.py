"""What people write as base_url, put right; and which provider is known how."""

from __future__ import annotations

import pytest

from llmtui.core.errors import ConfigError
from llmtui.providers._address import api_root, host_of, is_loopback, plain_root
from llmtui.providers.base import Target
from llmtui.providers.openrouter import create as create_openrouter
from llmtui.providers.registry import KNOWN, WIRES, adapter


@pytest.mark.parametrize(
    ("written", "root"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("https://api.openai.com", "https://api.openai.com/v1"),
        ("https://api.openai.com/", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/v1/", "https://api.openai.com/v1"),
        ("https://api.openai.com//v1//", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("https://h.test/v1/models", "https://h.test/v1"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/openai", "https://api.groq.com/openai/v1"),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai/",
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        ("https://open.bigmodel.cn/api/paas/v4", "https://open.bigmodel.cn/api/paas/v4"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("https://api.perplexity.ai", "https://api.perplexity.ai"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("localhost:8080", "http://localhost:8080/v1"),
        ("localhost", "http://localhost/v1"),
        ("[::1]:8080", "http://[::1]:8080/v1"),
        ("api.h.test/v1", "https://api.h.test/v1"),
        ("  https://h.test/v1?x=1#y ", "https://h.test/v1"),
    ],
)
def test_a_missing_or_doubled_version_is_put_right(written: str, root: str) -> None:
    """PRV-7 and the config's contract."""
    assert api_root(written) == root


def test_another_wires_version() -> None:
    assert api_root("https://g.test", "v1beta") == "https://g.test/v1beta"
    assert api_root("https://g.test/v1beta", "v1beta") == "https://g.test/v1beta"
    assert api_root("https://g.test/v1", "v1beta") == "https://g.test/v1"


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("", "/api/v1"),
        ("/", "/api/v1"),
        ("/api", "/api/v1"),
        ("/api/v1", "/api/v1"),
        ("/api/v1/chat/completions", "/api/v1"),
        ("/api/v1/api/v1", "/api/v1"),
        ("/v1", "/v1"),
    ],
)
def test_an_api_below_the_root_of_its_host(path: str, root: str) -> None:
    """OpenRouter answers a bare `/v1` with a web page; a gateway of somebody's own may well be there."""
    assert create_openrouter().root(Target("o", "openrouter", f"https://o.test{path}")) == f"https://o.test{root}"


@pytest.mark.parametrize(
    "written",
    ["http://h:11434", "http://h:11434/", "http://h:11434/v1", "http://h:11434/api", "http://h:11434/api/chat"],
)
def test_the_origin_of_a_wire_with_paths_of_its_own(written: str) -> None:
    assert plain_root(written) == "http://h:11434"


@pytest.mark.parametrize("written", ["", "   ", "https://", "ftp://h.test", "http://[::1", "https://h.test:99999"])
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(ConfigError, match="not an address"):
        api_root(written)


def test_loopback() -> None:
    assert all(map(is_loopback, ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"]))
    assert not any(
        map(is_loopback, ["localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.1", "example.com", "1127.0.0.1"])
    )
    assert host_of("HTTPS://API.OpenAI.com/v1") == "api.openai.com"
    assert host_of("http://[::1") == ""


def test_every_wire_has_its_adapter() -> None:
    """PRV-2: one file a wire."""
    for wire in WIRES:
        assert adapter(wire).wire == wire
    with pytest.raises(ConfigError, match="no wire “smoke”"):
        adapter("smoke")


def test_the_known_providers_are_complete() -> None:
    """PRV-1."""
    assert {"openai", "anthropic", "gemini", "openrouter", "ollama", "lmstudio", "llamacpp", "vllm", "groq"} < set(
        KNOWN
    )
    assert {"deepseek", "mistral", "xai", "together", "demo"} < set(KNOWN)
    for name, provider in KNOWN.items():
        assert provider.name == name
        assert provider.wire in WIRES
        assert bool(provider.key_env) is provider.needs_key is not provider.local
        if provider.wire != "demo":
            assert api_root(provider.base_url)
