"""`llmtui keys`: store, list, delete and test API keys; none is ever an argument, none is ever shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.cli.ask import agreed, can_ask, read_secret
from llmtui.cli.parse import text, usage_error
from llmtui.cli.providers import directory_of, open_transport
from llmtui.core.errors import StoreError
from llmtui.waiting import waiting

if TYPE_CHECKING:
    from llmtui.cli.context import Context
    from llmtui.keys import KeySources


def set_key(ctx: Context) -> int:
    from llmtui.keys import set_key as store
    from llmtui.keys.ring import KeyringTrouble

    sources = _sources(ctx)
    given = read_secret(f"Key for {sources.provider} (hidden): ")
    trouble = "" if sources.keyring else "the keyring is switched off in the config"
    if not trouble:
        try:
            with waiting("asking the keyring …"):
                _, note = store(sources, given, environ=ctx.environ)
        except KeyringTrouble as error:
            trouble = str(error)
    if trouble:
        _agree_to_file(ctx, sources, trouble)
        _, note = store(sources, given, to_file=True, environ=ctx.environ)
    place = f"in {sources.key_file}" if trouble else "in the keyring"
    ctx.out.line(f"The key for {sources.provider} is {place}.")
    if note:
        ctx.notice(note)
    return 0


def list_keys(ctx: Context) -> int:
    from llmtui.keys import list_keys as look

    directory = directory_of(ctx)
    names = [name for name in directory.names() if name != "demo"]
    with waiting("asking the keyring …"):
        statuses = look([directory.key_sources(name) for name in names], ctx.environ)
    if ctx.parsed.has("json"):
        ctx.out.json(
            [
                status._asdict()
                | {"trouble": status.trouble or None, "needs_key": directory.needs_key(status.provider)}
                for status in statuses
            ]
        )
        return 0
    rows = []
    for status in statuses:
        source = status.source
        if source == "none" and not directory.needs_key(status.provider):
            source = "none (needs none)"
        rows.append((status.provider, source, f"…{status.last_four}" if status.last_four else ""))
    ctx.out.table(("PROVIDER", "SOURCE", "KEY"), rows)
    for trouble in dict.fromkeys(status.trouble for status in statuses if status.trouble):
        ctx.notice(trouble)
    return 0


def delete_key(ctx: Context) -> int:
    from llmtui.keys import delete_key as remove
    from llmtui.keys import find_key
    from llmtui.keys.ring import KeyringTrouble

    sources = _sources(ctx)
    try:
        with waiting("asking the keyring …"):
            places = remove(sources)
    except KeyringTrouble as error:
        raise StoreError(f"nothing was deleted: {error}", advice="Unlock the keyring and try again.") from None
    if not places:
        ctx.notice(f"no key is stored for {sources.provider}")
        return 1
    ctx.out.line(f"The key for {sources.provider} is gone from the {' and the '.join(places)}.")
    left = find_key(sources._replace(keyring=False, command=()), ctx.environ)
    if left is not None:
        ctx.notice(f"{sources.provider} still has the one in the {left.source}")
    return 0


def test_key(ctx: Context) -> int:
    from llmtui.chat.key_check import check_key
    from llmtui.chat.runtime import run_blocking
    from llmtui.core.sanitize import clean_line

    sources = _sources(ctx)
    target = directory_of(ctx).target(sources.provider)
    with waiting(f"asking {sources.provider} …"), open_transport() as transport:
        run_blocking(check_key(target, transport))
    way = f"takes the key (…{target.key.last_four})" if target.key else "answers without a key"
    ctx.out.line(clean_line(f"{sources.provider} {way}."))
    return 0


def _sources(ctx: Context) -> KeySources:
    """Where the provider's key may be. Raise ConfigError for one that does not exist or takes none."""
    name = text(ctx.words[0], "NAME")
    if name == "demo":
        raise usage_error("the demo provider needs no key", command=ctx.called)
    if name == "custom":
        raise usage_error(
            "the server of a --base-url has no stored key",
            "Set LLMTUI_CUSTOM_API_KEY, or give the server a name of its own in the config.",
        )
    return directory_of(ctx).key_sources(name)


def _agree_to_file(ctx: Context, sources: KeySources, trouble: str) -> None:
    """Return when the user wants the key in a file. Raise StoreError with the three ways out."""
    from llmtui.keys import own_variable

    question = f"{trouble[0].upper()}{trouble[1:]}. Keep the key in {sources.key_file}, readable only by you?"
    if (ctx.parsed.has("yes") or can_ask()) and agreed(ctx, question):
        return
    raise StoreError(
        f"the key was not stored: {trouble}",
        advice=f"Set {own_variable(sources.provider)} in the environment, or name a key_command in the config, "
        f"or agree to a file that only you can read: {ctx.called} {sources.provider} --yes.",
    )
