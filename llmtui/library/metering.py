"""Metering: any iterator of strings as if a provider had sent it, so that the turn, its chunks and its bill are the same.

The source stands where the network stands, and a decoder makes stream events of its strings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from llmtui.chat.breaker import CircuitBreaker
from llmtui.chat.candidate import Candidate, Endpoint
from llmtui.chat.gate import Gate
from llmtui.config.values import BudgetConfig, ProviderConfig
from llmtui.core.errors import ConfigError, LlmtuiError, ServerError
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.request import ChatRequest
from llmtui.library.base import SourceFailed
from llmtui.library.metered_text import decoder_for
from llmtui.library.request import Ask, CommonOptions, check_names, checked_metadata
from llmtui.library.shared import library_for
from llmtui.pricing.billing import cost_of
from llmtui.pricing.prices import Seller
from llmtui.providers.base import Target, WireRequest
from llmtui.providers.registry import KNOWN
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from llmtui.chat.directory import Directory
    from llmtui.core.cost import Cost, Price
    from llmtui.core.errors import ProviderError
    from llmtui.core.usage import Usage
    from llmtui.pricing.prices import Prices
    from llmtui.providers.base import Decoder
    from llmtui.providers.transport import Response

Format: TypeAlias = Literal["raw", "json", "sse"]


class MeterOptions(CommonOptions, total=False):
    """What `meter` takes besides the source; all may be left out."""

    prompt: str
    """What was asked, for an estimate of the input where the source reports none."""


def prepare_meter(
    source: AsyncIterable[str] | Iterable[str], model: str | ModelRef, form: Format, options: MeterOptions
) -> Ask:
    """Check what was asked for. Raise ConfigError, TypeError."""
    check_names(options, MeterOptions)
    if form not in ("raw", "json", "sse"):
        raise ConfigError(f"there is no format “{form}”", advice="It is raw, json or sse.")
    if isinstance(source, str) or not isinstance(source, AsyncIterable | Iterable):
        raise ConfigError("what is metered is an iterator of strings, plain or async")
    library = library_for(store=options.get("store", True))
    ref = ModelRef.parse(str(model)) if "/" in str(model) else library.directory.find_model(str(model))
    prompt = options.get("prompt", "")
    endpoint = _endpoint(library.directory, library.config.providers, ref, form, options.get("prices"))
    return Ask(
        library=library,
        directory=library.directory,
        request=ChatRequest(ref, (Message(Role.USER, prompt),)),
        chain=[Candidate(ref, lambda: endpoint)],
        timeouts=library.config.timeouts,
        retry=library.config.retry._replace(max_retries=0),
        breaker=CircuitBreaker(library.config.retry),
        gate=Gate(BudgetConfig(), None, priced=False),  # nothing is sent, so nothing can be refused
        input_tokens=estimate_tokens(prompt),
        metadata=checked_metadata(options.get("metadata")),
        agent_id=options.get("agent_id"),
        on_cost=options.get("on_cost"),
        raise_errors=options.get("raise_errors", True),
        purpose="meter",
        transport=_Source(source, ref),
    )


def _endpoint(
    directory: Directory, providers: Mapping[str, ProviderConfig], ref: ModelRef, form: Format, prices: Prices | None
) -> Endpoint:
    """The model as far as a price is concerned; its provider need not be known, and no key is looked for."""
    section, known = providers.get(ref.provider, ProviderConfig()), KNOWN.get(ref.provider)
    wire = section.wire or (known.wire if known else "")
    base_url = section.base_url or (known.base_url if known else "")
    seller = Seller(ref.provider, wire, base_url, bool(section.local))
    table = prices or directory.prices

    def price(input_tokens: int) -> Price | None:
        return table.price_for(seller, ref.name, at=datetime.now(UTC), input_tokens=input_tokens)

    def cost(usage: Usage, answered_by: str) -> Cost:
        return cost_of(usage, seller, ref.name, at=datetime.now(UTC), prices=table, answered_by=answered_by)

    target = Target(name=ref.provider, wire=wire, base_url=base_url)
    return Endpoint(ref, _Adapter(form), target, price, cost, first_content_s=_FOREVER_S, demo=wire == "demo")


_FOREVER_S = 1e9


class _Adapter:
    """Asks nothing, and reads what the source gives."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def chat(self, request: ChatRequest, target: Target) -> WireRequest:
        return WireRequest("", "", {})

    def decoder(self, request: ChatRequest, target: Target) -> Decoder:
        return decoder_for(self._form, request, target)

    def error(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ChatRequest | None, target: Target
    ) -> ProviderError:
        return ServerError(body.decode("utf-8", "replace"), provider=target.name, status=status)


class _Source:
    """A transport whose one answer is the source."""

    def __init__(self, source: AsyncIterable[str] | Iterable[str], ref: ModelRef) -> None:
        self._source = source
        self._ref = ref

    async def open(self, request: WireRequest, target: Target, *, connect_s: float, header_s: float) -> Response:
        if isinstance(self._source, AsyncIterable):
            return _AsyncAnswer(aiter(self._source), self._ref)
        return _PlainAnswer(iter(self._source), self._ref)

    async def warm(self, target: Target) -> None:
        """There is no connection."""

    async def close(self) -> None:
        """There is no connection."""


class _Answer(ABC):
    """Strings as the bytes of an answer. An error of the source ends it, and is kept for the caller."""

    status = 200
    sent_at = 0.0

    def __init__(self, source: Any, ref: ModelRef) -> None:
        self._source = source
        self._ref = ref
        self.headers: Mapping[str, str] = {}

    def limit(self, seconds: float) -> None:  # noqa: B027  (nothing to do, in either)
        """The source takes the time it takes."""

    async def read(self) -> bytes:
        while True:
            try:
                piece = await self._piece()
            except LlmtuiError:
                raise
            except Exception as error:
                raise SourceFailed(self._ref, error) from error
            if piece is None:
                return b""
            if not isinstance(piece, str):
                raise SourceFailed(self._ref, TypeError(f"the source gave {type(piece).__name__}, not str"))
            if piece:
                return piece.encode("utf-8", "surrogatepass")

    async def body(self, limit: int) -> bytes:
        return (await self.read())[:limit]

    @abstractmethod
    async def close(self) -> None:
        """Let the source clean up."""

    @abstractmethod
    async def _piece(self) -> str | None:
        """The next string; None at the end."""


class _PlainAnswer(_Answer):
    async def _piece(self) -> str | None:
        return next(self._source, None)

    async def close(self) -> None:
        if hasattr(self._source, "close"):
            self._source.close()


class _AsyncAnswer(_Answer):
    async def _piece(self) -> str | None:
        piece: str | None = await anext(self._source, None)
        return piece

    async def close(self) -> None:
        if hasattr(self._source, "aclose"):
            await self._source.aclose()
