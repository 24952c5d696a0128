"""The way to a server: proxies, certificates, and where a key may not go."""

from __future__ import annotations

import gzip
import ssl
import zlib
from pathlib import Path

import pytest

from llmtui.core.errors import ConfigError, MalformedResponse
from llmtui.core.messages import Attachment, Message, Role
from llmtui.core.secret import Secret
from llmtui.providers._attachments import data_url, pictures, text_with_files
from llmtui.providers._content import Unpacker, unpacker
from llmtui.providers._route import Route, certificates, check_key, proxy_address, route
from llmtui.providers.base import Target

CA = Path(__file__).parent.parent.parent / "support" / "tls" / "ca.pem"
PLAIN = Target("acme", "openai", "https://h.test/v1")
KEYED = Target("acme", "openai", "https://h.test/v1", Secret("sk-canary"))


@pytest.mark.parametrize(
    ("environment", "scheme", "host", "proxy"),
    [
        ({}, "https", "h.test", ""),
        ({"HTTPS_PROXY": "http://p:1"}, "https", "h.test", "http://p:1"),
        ({"https_proxy": "p:1"}, "https", "h.test", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http", "h.test", ""),
        ({"ALL_PROXY": "http://p:2"}, "https", "h.test", "http://p:2"),
        ({"ALL_PROXY": "http://p:2", "NO_PROXY": "h.test"}, "https", "h.test", ""),
        ({"ALL_PROXY": "http://p:2", "NO_PROXY": ".test"}, "https", "h.test", ""),
        ({"ALL_PROXY": "http://p:2", "NO_PROXY": "*"}, "https", "h.test", ""),
        ({"ALL_PROXY": "http://p:2"}, "http", "localhost", ""),
        ({"ALL_PROXY": "http://p:2"}, "http", "127.0.0.1", ""),
    ],
)
def test_proxies_of_the_environment(
    environment: dict[str, str], scheme: str, host: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PRV-7: honoured, and never asked for this machine itself."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert route(scheme, host, PLAIN) == Route(scheme, proxy)


def test_the_targets_own_proxy_goes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://other:1")
    target = Target("acme", "openai", "https://h.test", proxy="http://mine:2", ca_file="/ca.pem")
    assert route("https", "h.test", target) == Route("https", "http://mine:2", "/ca.pem")
    assert route("http", "127.0.0.1", target).proxy == "http://mine:2"


def test_what_is_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="neither http"):
        route("ftp", "h.test", PLAIN)
    with pytest.raises(ConfigError, match="no known kind"):
        route("https", "h.test", Target("acme", "openai", "", proxy="gopher://p"))
    with pytest.raises(ConfigError) as caught:
        route("https", "h.test", Target("acme", "openai", "", proxy="socks5://p:1"))
    assert "install llmtui[socks]" in caught.value.sentence


@pytest.mark.parametrize(
    "proxy",
    ["http://[::1", "http://127.0.0.1:99999", "http://", "http://a b:1", "http://p:x", "http://p..q", "p\x7f:1"],
)
def test_a_proxy_that_is_no_address_is_said_with_the_name_of_its_setting(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PRV-7: one sentence; its value may hold a password and is not repeated."""
    with pytest.raises(ConfigError, match="is not an address") as caught:
        route("https", "h.test", Target("acme", "openai", "", proxy=proxy))
    assert "(proxy under [providers.acme])" in caught.value.sentence
    assert proxy not in caught.value.message
    for name in ("HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
        with pytest.raises(ConfigError, match=rf"\({name}\) is not an address"):
            route("https", "h.test", PLAIN)
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        ("http://p", "p:80"),
        ("https://u:pw@p.test", "p.test:443"),
        ("http://[::1]:3128/", "[::1]:3128"),
        ("socks5h://p", "p:1080"),
    ],
)
def test_the_address_of_a_proxy(proxy: str, address: str) -> None:
    assert proxy_address(proxy) == address


@pytest.mark.parametrize("host", ["h.test", "10.0.0.1", "localhost.evil.test"])
def test_no_key_in_the_clear(host: str) -> None:
    """CHAT-6: plain http only to loopback, or where the config says so."""
    with pytest.raises(ConfigError, match="in the clear"):
        check_key("http", host, {}, KEYED)
    with pytest.raises(ConfigError, match="in the clear"):
        check_key("http", host, {}, Target("acme", "openai", "", headers={"Authorization": "Bearer x"}))
    check_key("https", host, {}, KEYED)
    check_key("http", host, {}, PLAIN)
    check_key("http", "127.0.0.1", {}, KEYED)
    check_key("http", host, {}, Target("acme", "openai", "", Secret("k"), insecure_http=True))


@pytest.mark.parametrize("value", ["Bearer sk-canary\n", "Bearer sk-cänary", "a\x00"])
def test_a_header_that_no_header_can_hold_is_named_without_its_value(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_key("https", "h.test", {"authorization": value}, KEYED)
    assert "canary" not in caught.value.sentence
    assert "authorization" in caught.value.sentence


def test_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PRV-7: a file of one's own, SSL_CERT_FILE, SSL_CERT_DIR, else the usual list; the names are always checked."""
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    assert len(certificates(str(CA)).get_ca_certs()) == 1
    assert len(certificates("").get_ca_certs()) > 50
    monkeypatch.setenv("SSL_CERT_FILE", str(CA))
    context = certificates("")
    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert certificates("").get_ca_certs() == []
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for file in (broken, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match="cannot be read"):
            certificates(str(file))


def unpacked(encoding: str, packed: bytes, size: int) -> bytes:
    found, out = Unpacker(encoding), b""
    for start in range(0, len(packed), size):
        out += found.unpack(packed[start : start + size])
        while found.has_more:
            out += found.unpack()
    return out


@pytest.mark.parametrize("size", [1, 7, 10_000_000])
def test_content_encodings(size: int) -> None:
    data = b"data: {}\n\n" * 100_000
    raw = zlib.compressobj(wbits=-15)
    assert unpacked("gzip", gzip.compress(data), size) == data
    assert unpacked("deflate", zlib.compress(data), size) == data
    assert unpacked("deflate", raw.compress(data) + raw.flush(), size) == data
    assert unpacker(None) is unpacker("identity") is unpacker(" ") is None


def test_a_bomb_unpacks_in_bounded_pieces() -> None:
    """ROB-8: a few kilobytes that would be half a gigabyte."""
    found = unpacker("GZIP")
    assert found is not None
    assert len(found.unpack(gzip.compress(b"\0" * (64 << 20)))) <= 256 * 1024
    assert found.has_more


def test_damaged_and_unknown_encodings_are_one_clear_error() -> None:
    with pytest.raises(MalformedResponse, match="damaged"):
        Unpacker("gzip").unpack(b"not gzip at all")
    with pytest.raises(MalformedResponse, match="damaged"):
        Unpacker("deflate").unpack(b"\xff\xff\xff\xff nothing")
    with pytest.raises(MalformedResponse, match="br"):
        unpacker("br")


def test_attachments() -> None:
    """PRV-3: pictures as data URLs, text between fences that nothing in it can close."""
    message = Message(
        Role.USER,
        "What is this?",
        attachments=(
            Attachment("a.png", "image/png", b"\x89PNG"),
            Attachment("b`\n.md", "text/markdown", "```\né\n````".encode()),
            Attachment("c.svg", "image/svg+xml", b"<svg/>\n"),
        ),
    )
    assert [picture.name for picture in pictures(message)] == ["a.png"]
    assert data_url(message.attachments[0]) == "data:image/png;base64,iVBORw=="
    expected = "File `b' .md`:\n`````\n```\né\n````\n`````\n\nFile `c.svg`:\n```\n<svg/>\n```\n\nWhat is this?"
    assert text_with_files(message) == expected
    assert text_with_files(Message(Role.USER, "", attachments=message.attachments[2:])).endswith("```")
