"""The way to a target: may the key go there, through which proxy, and whose certificates are believed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from llmtui.core.errors import ConfigError
from llmtui.providers._address import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from llmtui.providers.base import Target


class Route(NamedTuple):
    """What requests must have in common to share connections."""

    scheme: str
    proxy: str = ""
    ca_file: str = ""


def route(scheme: str, host: str, target: Target) -> Route:
    """The target's own proxy, else the environment's, but never one for this machine itself unless the config says so."""
    if scheme not in {"http", "https"}:
        raise ConfigError(
            f"The address of {target.name} begins with neither http:// nor https://", advice="Check base_url."
        )
    if target.proxy:
        proxy, setting = target.proxy, f"proxy under [providers.{target.name}]"
    else:
        proxy, setting = ("", "") if is_loopback(host) else _from_environment(scheme, host)
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy:
        _check_proxy(proxy, setting, target)
    return Route(scheme, proxy, target.ca_file)


def _check_proxy(proxy: str, setting: str, target: Target) -> None:
    """Raise ConfigError with the setting's name and without its value: a password may be in it."""
    if proxy.startswith(("socks5:", "socks5h:")):
        from importlib.util import find_spec

        if find_spec("socksio") is None:
            raise ConfigError(
                f"The proxy of {target.name} ({setting}) is a SOCKS proxy",
                advice="For these install llmtui[socks], or the package socksio.",
            )
    elif not proxy.startswith(("http:", "https:")):
        raise ConfigError(
            f"The proxy of {target.name} ({setting}) is of no known kind",
            advice="Known are http, https, socks5 and socks5h.",
        )
    if not proxy_address(proxy):
        raise ConfigError(
            f"The proxy of {target.name} ({setting}) is not an address", advice="Write for example http://host:3128."
        )


def proxy_address(proxy: str) -> str:
    """Host and port of a proxy; empty when there are none that a connection could be made to."""
    try:
        parts = urlsplit(proxy)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return ""
    if not host or not proxy.isprintable() or set(host) & set(' <>"%\\^`{|}*'):
        return ""
    port = port or {"http": 80, "https": 443}.get(parts.scheme, 1080)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_key(scheme: str, host: str, headers: Mapping[str, str], target: Target) -> None:
    """Raise ConfigError when the request must not go out: a key in the clear, a header that no header can hold."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable() and name.isascii() and name.isprintable()):
            raise ConfigError(
                f"The header “{name.encode('ascii', 'replace').decode()}” for {target.name} has characters that no header can hold",
                advice=f"Set the key again, without line breaks: llmtui keys set {target.name}",
            )
    secret = target.key or any(name.lower() in {"authorization", "x-api-key", "api-key"} for name in target.headers)
    if scheme == "http" and secret and not target.insecure_http and not is_loopback(host):
        raise ConfigError(
            f"The key of {target.name} would go to {host} in the clear",
            advice=f"Use https, or allow it with insecure_http = true under [providers.{target.name}].",
        )


def certificates(ca_file: str) -> ssl.SSLContext:
    """Who is believed: the target's own file, SSL_CERT_FILE or SSL_CERT_DIR, else the list that comes with certifi.

    Loading the list takes some 20 ms, so it is asked for where TLS is spoken only.
    """
    import ssl

    folder = None
    if not ca_file:
        ca_file = os.environ.get("SSL_CERT_FILE", "")
        folder = os.environ.get("SSL_CERT_DIR") or None
    if not ca_file and not folder:
        import certifi

        ca_file = certifi.where()
    try:
        return ssl.create_default_context(cafile=ca_file or None, capath=folder if not ca_file else None)
    except OSError as error:
        reason = error.strerror or "no certificates in it"
        raise ConfigError(
            f"The certificates in {ca_file or folder} cannot be read: {reason}", advice="Check ca_file."
        ) from None


def _from_environment(scheme: str, host: str) -> tuple[str, str]:
    """HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case, and the platform's own settings: the proxy for a
    host, and where it is set."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    kind = scheme if proxies.get(scheme) else "all"
    proxy = proxies.get(kind) or ""
    if not proxy or proxy_bypass(host):
        return "", ""
    variable = f"{kind}_proxy"
    setting = next(
        (name for name in (variable, variable.upper()) if os.environ.get(name) == proxy), "the system's settings"
    )
    return proxy, setting
