"""The doctor's checks: each looks at one thing and yields what it finds."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from llmtui.cli.doctor import Finding
from llmtui.cli.stores import quiet_store
from llmtui.core.errors import LlmtuiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmtui.cli.context import Context
    from llmtui.providers.base import Target


def config(ctx: Context) -> Iterator[Finding]:
    _ = ctx.config
    file = ctx.paths.config_file
    yield Finding(
        "config", "ok", f"{file}: no mistakes" if file.exists() else f"{file} does not exist: the defaults apply"
    )


def files(ctx: Context) -> Iterator[Finding]:
    from llmtui.config.state import load_state
    from llmtui.keys.file import read_key_file

    for folder in (ctx.paths.data, ctx.paths.cache):
        yield _folder(folder)
    _, warning = load_state(ctx.paths.state_file)
    if warning:
        yield Finding("files", "note", warning)
    if read_key_file(ctx.paths.key_file):  # raises where others can read it
        yield Finding("files", "ok", f"{ctx.paths.key_file} is readable by you alone")


def _folder(folder: Path) -> Finding:
    from llmtui.paths import make_private

    make_private(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("files", "broken", f"{folder} cannot be written to")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return Finding(
            "files", "note", f"{folder} can be looked into by others (mode {mode:o}); chmod 700 keeps them out"
        )
    return Finding("files", "ok", f"{folder} is yours alone")


def database(ctx: Context) -> Iterator[Finding]:
    with quiet_store(ctx) as store:
        state = store.ready.result()
        if state.sentence:
            yield Finding("database", "broken" if state.ephemeral else "note", state.sentence)
        if state.ephemeral:
            return
        said = store.read(lambda connection: connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        count = store.read(
            lambda connection: connection.execute(
                "SELECT count(*) FROM conversations WHERE deleted_at IS NULL"
            ).fetchone()[0]
        )
    if said == "ok":
        yield Finding("database", "ok", f"{ctx.paths.database}: sound, {count} conversations")
    else:
        yield Finding("database", "broken", f"{ctx.paths.database} is damaged: {said}")


def keyring(ctx: Context) -> Iterator[Finding]:
    from llmtui.keys.ring import KeyringTrouble, Ring

    if not ctx.config.keys.keyring:
        yield Finding("keyring", "note", "switched off in the config")
        return
    ring = Ring(ctx.config.keys.keyring_timeout_s)
    try:
        ring.get("openai")  # a locked one is found out only by asking
        yield Finding("keyring", "ok", ring.name())
    except KeyringTrouble as error:
        yield Finding(
            "keyring", "note", f"{error}: keys can come from the environment, a key_command or a private file"
        )


def terminal(ctx: Context) -> Iterator[Finding]:
    if not ctx.out.terminal:
        yield Finding("terminal", "note", "stdout is no terminal: the full-screen chat needs one")
        return
    kind = ctx.environ.get("TERM", "")
    if kind in {"", "dumb"}:
        yield Finding(
            "terminal",
            "broken",
            f"TERM is “{kind}”: the full-screen chat needs a terminal that can draw; llmtui --plain does not",
        )
        return
    size = os.get_terminal_size(1)
    encoding = (sys.stdout.encoding or "").lower()
    if not encoding.startswith("utf"):
        yield Finding("terminal", "note", f"the locale's encoding is {encoding or 'unknown'}: set LANG to a UTF-8 one")
    small = 0 < size.columns < 40 or 0 < size.lines < 12  # 0: the terminal does not say
    measured = f"{size.columns}×{size.lines}" if size.columns and size.lines else "its size is not known"
    yield Finding(
        "terminal",
        "note" if small else "ok",
        f"{kind}, {measured}" + (", smaller than the 40×12 that the chat needs" if small else ""),
    )


def providers(ctx: Context) -> Iterator[Finding]:
    """Asks all that could be asked, at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    from llmtui.cli.providers import directory_of

    directory = directory_of(ctx)
    usable = directory.listable()
    targets = [directory.target(name) for name in usable]
    if not any(not target.local for target in targets):
        yield Finding("providers", "note", "no key was found: “llmtui keys set NAME” stores one")
    with ThreadPoolExecutor(max(1, min(8, len(targets)))) as pool:
        for target, trouble in zip(targets, pool.map(_reach, targets), strict=True):
            named = target.name in ctx.config.providers
            if trouble is None:
                yield Finding("providers", "ok", f"{target.name} answers")
            elif named or not target.local:
                named_already = trouble.startswith(f"{target.name} ")
                yield Finding("providers", "broken", trouble if named_already else f"{target.name}: {trouble}")


def _reach(target: Target) -> str | None:
    """None when the provider answers and takes the key, else what it says."""
    from llmtui.chat.key_check import check_key
    from llmtui.chat.runtime import run_blocking
    from llmtui.cli.providers import open_transport

    try:
        with open_transport() as transport:
            run_blocking(check_key(target, transport))
    except LlmtuiError as error:
        return error.sentence
    return None


def alerts(ctx: Context) -> Iterator[Finding]:
    """USE-3: the last 24 hours, and the budgets."""
    from llmtui.cli.budgets import gauges
    from llmtui.core.alerts import alerts_of

    with quiet_store(ctx) as store:
        recent = store.analytics.recent()
        found_gauges = gauges(store, ctx.config.budget)
    ttft = recent.latency.ttft_p95
    found = alerts_of(
        ctx.config.alerts,
        requests=recent.requests,
        error_rate=recent.error_rate,
        ttft_p95_s=None if ttft is None else ttft / 1000,
        rate_limits_per_hour=recent.rate_limits_per_hour,
        gauges=found_gauges,
    )
    for sentence in found:
        yield Finding("alerts", "note", sentence)
    if not found:
        yield Finding("alerts", "ok", f"none; {recent.requests} requests in the last 24 hours")
