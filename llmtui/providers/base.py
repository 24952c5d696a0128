"""The one interface between a wire format and the rest: what to send, and how to read what comes back.

An adapter does no I/O. It turns a `ChatRequest` into a `WireRequest`, and its decoder is fed the bytes of the answer in
whatever pieces the network delivers and returns stream events. So one driver serves every provider, asynchronous or
blocking, and an adapter can be tested byte by byte without a socket.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from llmtui.core.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from llmtui.core.errors import ProviderError
    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage


class Target(NamedTuple):
    """Where requests go: one configured provider, ready to be asked."""

    name: str
    """The provider's name in the config, `custom` for a `--base-url`."""
    wire: str
    base_url: str
    """As the user wrote it; the adapter puts a missing or doubled version part right."""
    key: Secret | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    """Extra headers from the config."""
    proxy: str = ""
    ca_file: str = ""
    insecure_http: bool = False
    local: bool = False
    """Costs nothing and may take long to its first token."""

    def scrub(self, text: str) -> str:
        """The text without the key, and without the values of the extra headers, which may be keys as well.

        To be done before a text is cut: a piece of a key is not found any more.
        """
        own = list(self.headers.values())
        secrets = {*own, *(value.rpartition(" ")[2] for value in own), self.key.reveal() if self.key else ""}
        for secret in sorted(secrets, key=len, reverse=True):
            text = Secret(secret).scrub(text)
        return text


class WireRequest(NamedTuple):
    """An HTTP request, whole."""

    method: str
    url: str
    headers: Mapping[str, str]
    """Includes content type and authorisation; never logged."""
    body: bytes = b""
    notes: tuple[str, ...] = ()
    """What was dropped or changed because this provider does not take it: sentences for the reader."""


class ModelInfo(NamedTuple):
    """A model as a provider lists it; None is unknown."""

    name: str
    context_window: int | None = None
    """Tokens, input and output together."""
    max_output_tokens: int | None = None
    takes_images: bool | None = None
    reasons: bool | None = None
    input_price: Decimal | None = None
    """USD per million tokens, where the list itself says so."""
    output_price: Decimal | None = None
    cache_read_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    shutdown_date: str = ""
    display_name: str = ""


class Decoder(Protocol):
    """Reads one answer. After `StreamEnded` or `StreamFailed` it returns nothing more."""

    def feed(self, data: bytes) -> Sequence[StreamEvent]:
        """Take the next bytes as they came, split anywhere; return the events they complete."""
        ...

    def close(self) -> Sequence[StreamEvent]:
        """The connection has ended; return what an unfinished last line still says."""
        ...


class Speaks(Protocol):
    """As much of a wire format as an answer takes. Stateless: everything a request needs is passed in."""

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        """The streaming request. Parameters the provider does not take are left out, with a note."""
        ...

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        """A fresh decoder for the answer to one request (status 200)."""
        ...

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        """The error that a status other than 200 stands for; header names are lower case, the body may be anything."""
        ...


class Adapter(Speaks, Protocol):
    """One wire format."""

    wire: str

    def models(self, target: Target, page: str = "") -> WireRequest:
        """The request that lists the provider's models; `page` is what `parse_models` gave for the next one."""
        ...

    def parse_models(self, body: bytes) -> tuple[list[ModelInfo], str]:
        """The models of one page, and the next page's mark (empty: none). Raise MalformedResponse on anything else."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """What an adapter has besides where its provider can be asked later what a request cost."""

    def generation_id(self, headers: Mapping[str, str]) -> str | None:
        """The id to ask with, where the answer's headers (names in lower case) say it before its first event does."""
        ...

    def generation(self, target: Target, response_id: str) -> WireRequest:
        """The request that asks what an earlier request cost."""
        ...

    def parse_generation(self, body: bytes) -> Usage | None:
        """What that request used, its `cost_usd` set; None while it is not known."""
        ...


@runtime_checkable
class TellsWindows(Protocol):
    """What an adapter has besides where a server says in another place what it has really loaded."""

    def windows(self, target: Target) -> WireRequest | None:
        """The request that asks; None where this target is not such a server."""
        ...

    def parse_windows(self, body: bytes) -> Mapping[str, int]:
        """Context windows in tokens by model, under "" that of every model; empty for anything else."""
        ...
