"""What went wrong on the way, in one place: from sockets, TLS and the HTTP library to our errors, with what to do."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from llmtui.core.errors import ConnectionFailed, LlmtuiError, MalformedResponse, ProviderError, StreamBroken, TimedOut
from llmtui.providers._exchange import Late
from llmtui.providers._json import quote

if TYPE_CHECKING:
    from llmtui.providers._exchange import Exchange
    from llmtui.providers.base import Target

_TRY_AGAIN = "Check the network and base_url, or choose another model with -m."
_CHECK_PROXY = "Check proxy, and HTTPS_PROXY in the environment."


def too_late(what: str, target: Target, *, code: str = "") -> TimedOut:
    """A limit of ours has passed; `code` is `connect` when nothing can have reached the provider."""
    return TimedOut(
        f"{target.name} {what}",
        advice="Try again, raise the limit (--timeout, or [timeouts] in the config), or choose another model with -m.",
        provider=target.name,
        code=code,
    )


def not_opened(
    error: Exception, exchange: Exchange, host: str, port: int, target: Target, *, proxy: str = ""
) -> ProviderError:
    """Why no status line came. `proxy` is the host and port that were connected to instead of the target's own."""
    cause = _cause(error)
    kind: type[ProviderError] = ConnectionFailed
    final, advice = False, _TRY_AGAIN
    if proxy and not exchange.sent_at:  # nothing has been sent yet, so it is the proxy itself
        host = f"the proxy {proxy}"
    if type(error).__name__ == "ProxyError":
        what, final = f"cannot be reached: the proxy refused ({quote(error, target, 120)})", True
        advice = _CHECK_PROXY
    elif exchange.received and not isinstance(cause, OSError) and not _ended_early(error, exchange):
        kind, what, final = (
            MalformedResponse,
            f"answered with something that is not HTTP: {quote(error, target, 120)}",
            True,
        )
        advice = "Check that base_url leads to a model server, and https:// or http:// in it."
    elif _is(cause, "SSLCertVerificationError"):
        reason = quote(getattr(cause, "verify_message", "") or cause, target, 120)
        what, final = f"cannot be trusted: the certificate of {host} is not valid ({reason})", True
        advice = "Behind a company's proxy name its certificates as ca_file; otherwise somebody may be listening."
    elif _is(cause, "SSLError"):
        what, final = f"speaks no TLS at {host} that can be understood ({quote(cause, target, 120)})", True
        advice = "A server on this machine is often plain http: check base_url."
    elif proxy and isinstance(cause, OSError) and not exchange.sent_at:
        what, advice = f"cannot be reached: {_no_proxy(cause, proxy, target)}", _CHECK_PROXY
    elif isinstance(cause, socket.gaierror):
        what = f"cannot be found: there is no host {host}, or no network"
    elif isinstance(cause, ConnectionRefusedError):
        what = f"cannot be reached: nothing answers at {host}:{port}"
        advice = "Start the server, or check base_url." if target.local else _TRY_AGAIN
    elif isinstance(cause, OSError) and not isinstance(cause, ConnectionError):
        what = f"cannot be reached at {host}: {quote(cause.strerror or cause, target, 120)}"
    else:
        what = "closed the connection without an answer"
    message = f"{target.name} {what}"
    return kind(
        target.scrub(message),
        advice=advice,
        provider=target.name,
        should_retry=False if final and kind is ConnectionFailed else None,
    )


def _no_proxy(cause: OSError, proxy: str, target: Target) -> str:
    """Why the proxy itself could not be connected to."""
    if isinstance(cause, socket.gaierror):
        return f"there is no host for the proxy {proxy}, or no network"
    if isinstance(cause, ConnectionRefusedError):
        return f"nothing answers at the proxy {proxy}"
    return f"the proxy {proxy} gave no connection ({quote(cause.strerror or cause, target, 120)})"


def broken_off(error: Exception, target: Target) -> LlmtuiError:
    """Why the body ended early."""
    if isinstance(error, LlmtuiError):
        return error
    return StreamBroken(
        f"The connection to {target.name} broke off in mid-answer",
        advice="Continue from here, or ask again.",
        provider=target.name,
    )


def _ended_early(error: Exception, exchange: Exchange) -> bool:
    """The connection died within the head of an answer that was HTTP as far as it went: nobody's mistake."""
    return exchange.speaks_http and str(error).startswith("Server disconnected")


def _cause(error: BaseException) -> BaseException:
    """The error that the HTTP library wrapped."""
    while isinstance(error.__cause__ or error.__context__, OSError | Late) and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__  # type: ignore[assignment]  # the condition says it is there
    return error


def _is(error: BaseException, name: str) -> bool:
    """Whether it is of the class, without importing ssl to ask."""
    return any(base.__name__ == name for base in type(error).__mro__)
