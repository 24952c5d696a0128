"""Counting for callers without an event loop: the same process, started for one call."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from llmtui.tokens import process
from llmtui.tokens.encodings import encoding_for
from llmtui.tokens.process import Count, added_up, batches, cut, estimated
from llmtui.tokens.vocabulary import is_present

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def count_batch(texts: Sequence[str], model: str, vocabularies: Path, *, timeout_s: float = 30.0) -> list[Count]:
    """The tokens of each text, as `TokenCounter.count_batch` gives them; estimates where they cannot be counted."""
    encoding = encoding_for(model)
    if encoding is None or not any(texts) or not is_present(encoding, vocabularies):
        return [estimated(text) for text in texts]
    pieces = [cut(text) for text in texts]
    lines = batches([piece for parts, _ in pieces for piece in parts])
    try:
        done = subprocess.run(
            process.command(),
            input=b"".join(json.dumps([0, encoding, batch]).encode() + b"\n" for batch in lines),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            check=True,
            env=process.environment(vocabularies),
            **process.options(),
        )
        return added_up(pieces, [count for line in done.stdout.splitlines() for count in json.loads(line)[1]])
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return [estimated(text) for text in texts]
