"""What is to be measured, and what one request told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from llmtui.bench.anatomy import Anatomy
    from llmtui.core.cost import Cost
    from llmtui.core.messages import ModelRef
    from llmtui.core.usage import Usage

EndpointKind = Literal["chat", "completions", ""]
PROMPT = "Write about two hundred words on how tides work, in plain prose without headings."
OUTPUT_TOKENS = 1024
"""The output limit of every request, so that what a run can cost is known beforehand."""


class BenchPlan(NamedTuple):
    """The command's options, checked."""

    models: tuple[str, ...] = ()
    """As given; none: the default."""
    requests: int = 10
    """For each model and endpoint."""
    concurrency: int = 1
    endpoints: tuple[EndpointKind, ...] = ("",)
    """"" is what the provider's wire has."""
    prompt: str = PROMPT
    max_cost: Decimal | None = None
    """USD that the run may cost at most."""


class Sample(NamedTuple):
    """One request and its answer. Times are in seconds."""

    ok: bool
    cancelled: bool
    error_kind: str
    """"" when it was answered."""
    error_message: str
    ttft_s: float | None
    """From the request written to the first text or reasoning."""
    duration_s: float
    """From the request written to the end of the answer."""
    gaps_s: tuple[float, ...]
    """Between one piece of content and the next, as they came out of the network."""
    tokens_per_second: float | None
    """Output over the time from first to last content."""
    usage: Usage | None
    """As reported; None where nothing was."""
    usage_is_nonsense: bool
    text: str
    reasoned: bool
    anatomy: Anatomy | None
    """What the stream was made of; None when none came."""
    cost: Cost


class Measured(NamedTuple):
    """One model at one endpoint."""

    model: ModelRef
    wire: str
    endpoint: str
    """chat, completions, or the wire's own name for it."""
    base_url: str
    samples: tuple[Sample, ...]
    elapsed_s: float
    """From the first request to the end of the last."""
    counted: Counted | None = None


class Counted(NamedTuple):
    """Our own count of what the answered samples used, to hold the reported one against."""

    input_tokens: int
    """Of one request."""
    output_tokens: tuple[int | None, ...]
    """One a sample; None where there is nothing to compare."""
    exact: bool
    """By the model's own tokenizer; else estimated."""


class Server(NamedTuple):
    """What the server says of itself, besides its answers."""

    health: tuple[str, str]
    """A mark (ok, warn, fail) and a sentence; so is the next."""
    models: tuple[str, str]
    listed: frozenset[str] = frozenset()
    metrics: Mapping[str, float] | None = None
    """How much its own counters grew while we measured; None where it has none that can be read."""
