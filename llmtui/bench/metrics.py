"""A server's own counters (`/metrics` in the Prometheus text format) as figures that ours can be held against."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)(?:\s+\S+)?\s*$")

# By what the name ends in, whatever the server's prefix: vLLM and SGLang (`vllm:…`), llama.cpp (`llamacpp:…`), others.
_NAMES = (
    ("requests", r"(?:^|[:_])(?:request_success|requests|num_requests|chat_requests|stream_requests)_total$"),
    ("input_tokens", r"(?:^|[:_])(?:prompt|input)_tokens(?:_total|_processed_total|_sum)?$"),
    ("output_tokens", r"(?:^|[:_])(?:generation_tokens|completion_tokens|output_tokens|tokens_predicted|tokens_generated|generated_tokens)(?:_total|_sum)?$"),
    ("ttft_sum", r"(?:^|[:_])(?:time_to_first_token|ttft)(?:_seconds)?_sum$"),
    ("ttft_count", r"(?:^|[:_])(?:time_to_first_token|ttft)(?:_seconds)?_count$"),
    ("duration_sum", r"(?:^|[:_])(?:e2e_request_latency|request_duration|request_latency)(?:_seconds)?_sum$"),
    ("duration_count", r"(?:^|[:_])(?:e2e_request_latency|request_duration|request_latency)(?:_seconds)?_count$"),
)  # fmt: skip
_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _NAMES)


def read_metrics(text: str) -> dict[str, float] | None:
    """What of the text is known here, summed over labels; None when it is not in the format at all."""
    found: dict[str, float] = {}
    samples = 0
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        sample = _SAMPLE.match(line)
        if sample is None:
            continue
        try:
            value = float(sample[2])
        except ValueError:
            continue
        samples += 1
        for name, pattern in _PATTERNS:
            if pattern.search(sample[1]) and isfinite(value):
                found[name] = found.get(name, 0.0) + value
    return found if samples else None


def growth(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """How much each counter grew; one that went down began anew and is left out."""
    return {name: value - before.get(name, 0.0) for name, value in after.items() if value >= before.get(name, 0.0)}
