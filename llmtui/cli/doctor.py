"""`llmtui doctor`: looks at everything that a chat needs and says what is broken, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.core.errors import LlmtuiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from llmtui.cli.context import Context

Verdict = Literal["ok", "note", "broken"]
_MARKS = {"ok": "✓", "note": "·", "broken": "✗"}


class Finding(NamedTuple):
    """What one check came to."""

    check: str
    verdict: Verdict
    message: str


def examine(ctx: Context) -> int:
    from llmtui.cli import checks

    groups: list[tuple[str, Callable[[Context], Iterable[Finding]]]] = [
        ("config", checks.config),
        ("files", checks.files),
        ("database", checks.database),
        ("keyring", checks.keyring),
        ("terminal", checks.terminal),
        ("providers", checks.providers),
        ("alerts", checks.alerts),
    ]
    findings: list[Finding] = []
    for name, check in groups:
        for finding in _guarded(ctx, name, check):
            findings.append(finding)
            if not ctx.parsed.has("json"):
                ctx.out.line(f"{_MARKS[finding.verdict]} {finding.check:<10} {' '.join(finding.message.split())}")
        if name == "config" and findings[-1].verdict == "broken":
            ctx.forget_config()  # else every other check would fail of the same mistake
    broken = [finding for finding in findings if finding.verdict == "broken"]
    if ctx.parsed.has("json"):
        ctx.out.json({"ok": not broken, "checks": [finding._asdict() for finding in findings]})
    return 1 if broken else 0


def _guarded(ctx: Context, name: str, check: Callable[[Context], Iterable[Finding]]) -> Iterator[Finding]:
    """A check that fails by itself is a finding, not the end."""
    try:
        yield from check(ctx)
    except LlmtuiError as error:
        yield Finding(name, "broken", error.sentence)
    except OSError as error:
        yield Finding(name, "broken", f"{error.filename or name}: {error.strerror or error}")
