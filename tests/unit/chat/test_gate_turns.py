"""The gate as a turn meets it: what is sent, what is refused with which ways out, who is asked how often."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from llmtui.core.cost import NANO
from llmtui.core.errors import BudgetExceeded
from llmtui.core.messages import ModelRef
from llmtui.core.options import Options
from llmtui.core.request import GenerationSettings
from llmtui.paths import locate
from tests.support.stores import opening, rows, running
from tests.support.wire_server import Reply, WireServer, answer, error_reply

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.chat.session import ChatSession
    from tests.unit.chat.conftest import OpenSession

DEAR = '[prices."custom/m"]\ninput = 2.5\noutput = 10.0\n'
USAGE = {"prompt_tokens": 150, "completion_tokens": 300}


def replies(*before: Reply) -> list[Reply]:
    return [*before, Reply(pieces=answer("yes", usage=USAGE))]


async def ask(session: ChatSession, text: str = "hi there", **how: Any) -> Any:
    return await session.send(text, sink=lambda _: None, **how)


def sent_limit(server: WireServer, number: int = -1) -> int | None:
    body = server.requests[number].json()
    found = body.get("max_tokens", body.get("max_completion_tokens"))
    return None if found is None else int(found)


async def test_bud3_a_refusal_names_cheaper_models_and_what_they_would_cost(session: OpenSession) -> None:
    """BUD-3, P27, P26: nothing is sent; by how much, each way out that helps, the cheaper model at its highest cost."""
    config = (
        f'{DEAR}[prices."other/small"]\ninput = 0.1\noutput = 0.4\n[providers.other]\nwire = "openai"\n'
        'base_url = "http://127.0.0.1:9/v1"\n[budget]\ndaily_usd = 0.005\n'
    )
    with WireServer() as server:
        async with session(server.url, config) as chat:
            assert await chat.list_models("demo")  # known and free, but no way out: it answers nothing
            result = await ask(chat)
        assert server.requests == []
    error = result.error
    assert isinstance(error, BudgetExceeded)
    assert [each.model for each in error.cheaper] == [ModelRef("other", "small")]
    worst = (40 * Decimal("0.1") + 1024 * Decimal("0.4")) / 10**6  # 8 bytes and the chat format's frames
    assert error.cheaper[0].usd == worst
    assert "too much" in error.message
    assert "other/small (at most $0.00041 there)" in error.advice
    assert "raise daily_usd" in error.advice
    assert "Or wait until" in error.sentence
    assert "max tokens 256" in error.advice
    assert error.resets_at is not None
    assert error.resets_at > datetime.now(UTC)


async def test_bud3_what_cannot_help_is_not_offered(session: OpenSession) -> None:
    """BUD-3: a limit of tokens is the same for every model, and a conversation's has no reset to wait for."""
    config = f"{DEAR}[budget]\nconversation_tokens = 100\n"
    with WireServer() as server:
        async with session(server.url, config) as chat:
            error = (await ask(chat)).error
    assert isinstance(error, BudgetExceeded)
    assert (error.cheaper, error.resets_at) == ((), None)
    assert "cheaper" not in error.advice
    assert "wait" not in error.sentence
    assert "begin a new conversation" in error.advice
    assert "raise conversation_tokens" in error.advice


async def test_p26_the_room_left_in_the_window_is_a_limit_too(session: OpenSession) -> None:
    """P26: of asked, the model's limit, the window's room and what the budget affords the smallest is sent."""
    config = (
        f'{DEAR}[budget]\ndaily_usd = 5.0\n[providers.custom]\nwire = "openai"\n'
        'models = [{name = "m", context_window = 3000, max_output_tokens = 2900}]\n'
    )
    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url, config) as chat:
            await ask(chat, "a word " * 100)
            room = sent_limit(server)
            await ask(chat, settings=GenerationSettings(max_output_tokens=500))
    assert room is not None
    assert 2500 < room < 2900
    assert sent_limit(server) == 500


async def test_p26_the_limit_on_the_providers_own_list_is_never_passed(session: OpenSession) -> None:
    """P26: where the provider (or the config) says how much a model can answer, no more is asked for."""
    config = (
        f'{DEAR}[budget]\ndaily_usd = 5.0\n[providers.custom]\nwire = "openai"\n'
        'models = [{name = "m", context_window = 100000, max_output_tokens = 777}]\n'
    )
    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url, config) as chat:
            await ask(chat)
    assert sent_limit(server) == 777


async def test_bud4_a_retry_does_not_ask_again(session: OpenSession) -> None:
    """BUD-4: one question, one answer, however often the provider turns the request away."""
    asked = []

    async def yes(question: Any) -> bool:
        asked.append(question.reason)
        return True

    config = f"{DEAR}[budget]\ndaily_usd = 5.0\nconfirm_at = 0.0001\n[retry]\nbase_s = 0.0\njitter = 0.0\n"
    with WireServer() as server:
        server.replies(*replies(error_reply(429, {}), error_reply(429, {})))
        async with session(server.url, config) as chat:
            chat.confirm = yes
            result = await ask(chat)
    assert result.error is None
    assert len(server.requests) == 3
    assert asked == ["near"]


async def test_p33_a_model_without_a_price_is_asked_about_once(session: OpenSession) -> None:
    """P33: never past the gate unasked; a yes holds for that model, a no sends nothing."""
    answers, asked = [False, True], []

    async def confirm(question: Any) -> bool:
        asked.append(question.reason)
        return answers[len(asked) - 1]

    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url, "[budget]\ndaily_usd = 5.0\n") as chat:
            chat.confirm = confirm
            refused = await ask(chat)
            assert isinstance(refused.error, BudgetExceeded)
            assert server.requests == []
            assert (await ask(chat)).error is None
            assert (await ask(chat)).error is None
    assert asked == ["unpriced", "unpriced"]


async def test_p26_who_is_overtaken_by_another_process_asks_for_less(session: OpenSession) -> None:
    """P26, COST-7: between the look and the reservation another process takes most of the day; the question is kept."""
    config = f"{DEAR}[budget]\ndaily_usd = 0.05\nconfirm_at = 0.0001\n"

    async def overtaken(question: Any) -> bool:
        now = datetime.now(UTC)
        with running(locate(os.environ).database, int(now.timestamp() * 1000)) as other:
            today = now.astimezone().date().isoformat()
            other.ledger.open_attempt(opening("a1", day=today, reserved_nanos=NANO // 40)).result()
        return True

    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url, config) as chat:
            chat.confirm = overtaken
            result = await ask(chat)
            assert result.error is None
            assert [message.content for message in chat.store.conversations.thread(result.conversation_id)] == [
                "hi there",
                "yes",
            ]
        assert len(server.requests) == 1
    limit = sent_limit(server)
    assert limit is not None
    assert 2000 < limit <= 2500, "what half the day affords"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_p31_the_day_is_that_of_the_configured_zone_without_limits_too(session: OpenSession, zone: str) -> None:
    """P31, BUD-1: 25 hours lie between these two; a row is booked on the configured zone's day."""
    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url, f'[budget]\ntime_zone = "{zone}"\n') as chat:
            before = datetime.now(ZoneInfo(zone)).date().isoformat()
            await ask(chat)
            after = datetime.now(ZoneInfo(zone)).date().isoformat()
            assert rows(chat.store, "SELECT day FROM attempts")[0][0] in (before, after)


async def test_bud3_a_budget_that_only_warns_says_by_how_much(session: OpenSession) -> None:
    """BUD-2: `on_exceed = "warn"` sends, and says what the limit may be passed by."""
    config = f'{DEAR}[budget]\ndaily_usd = 0.02\non_exceed = "warn"\n'
    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url, config) as chat:
            result = await ask(chat)
        assert len(server.requests) == 1
    assert result.error is None
    assert any("may go over today's $0.0200 by up to" in warning for warning in result.warnings)


async def test_use2_attempts_are_booked_by_kind(session: OpenSession) -> None:
    """USE-2: shares by kind come from what was asked."""
    with WireServer() as server:
        server.replies(*replies())
        async with session(server.url) as chat:
            first = await ask(chat, "Why is the sky blue?")
            await ask(chat, "And at night?", conversation_id=first.conversation_id)
            await ask(chat, "Write a Python function for it", conversation_id=first.conversation_id)
            found = {row.key: row.requests for row in chat.store.analytics.usage("topic")}
    assert found == {"explanation": 1, "follow-up": 1, "code": 1}


async def test_prv9_a_nearly_used_up_budget_makes_auto_choose_a_smaller_model(session: OpenSession) -> None:
    """PRV-9: the router hears how much of the budget is used."""
    hard = "Prove this theorem step by step and analyse the complexity of the algorithm: " + "x " * 300
    with WireServer() as server:
        server.replies(*replies())
        config = (
            f'[providers.own]\nwire = "openai"\nbase_url = "{server.url}/v1"\nlocal = true\n'
            '[router]\nsimple = ["own/small"]\nstandard = ["own/middle"]\ncomplex = ["own/large"]\n'
            "[budget]\ndaily_tokens = 1000\nconfirm_at = 1.0\n"
        )
        async with session(model="auto", config=config) as chat:
            first = await ask(chat, hard, settings=GenerationSettings(max_output_tokens=10))
            assert (first.error, first.model) == (None, ModelRef("own", "large"))
            await ask(chat, "hello", model=ModelRef("own", "small"), settings=GenerationSettings(max_output_tokens=10))
            second = await ask(
                chat, "Prove the theorem and analyse it", settings=GenerationSettings(max_output_tokens=10)
            )
    assert second.model == ModelRef("own", "small")


async def test_p26_where_the_tokenizer_is_exact_its_count_is_reserved(
    session: OpenSession, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P26, TOK-1: 10 tokens, 4 for the message and 3 for the reply; what is left of the cents is output."""
    if not (shared / "tiktoken").is_dir():
        pytest.skip("the real vocabularies are not beside this checkout")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(shared / "tiktoken"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with WireServer() as server:
        server.replies(*replies())
        config = f'[providers.openai]\nbase_url = "{server.url}/v1"\n[budget]\ndaily_usd = 0.0205\n'
        async with session(model="openai/gpt-4o", config=config) as chat:
            assert await chat.prepare_counting(ModelRef("openai", "gpt-4o"))
            await ask(chat, "The quick brown fox jumps over the lazy dog.")
    assert sent_limit(server) == int((Decimal("0.0205") - 17 * Decimal("2.5") / 10**6) / (Decimal(10) / 10**6))


async def test_tok1_what_a_provider_reports_calibrates_the_next_estimate(session: OpenSession) -> None:
    """TOK-1: a server that counts twice what we guess is believed."""
    text = "a word " * 100
    with WireServer() as server:
        async with session(server.url) as chat:
            before = (await chat.preview(text, Options())).input_tokens
            server.replies(Reply(pieces=answer("yes", usage={"prompt_tokens": 2 * before, "completion_tokens": 1})))
            await ask(chat, text)
            after = (await chat.preview(text, Options())).input_tokens
    assert after == pytest.approx(2 * before, rel=0.05)


async def test_bud1_a_conversation_whose_text_is_not_kept_has_its_limit_too(session: OpenSession) -> None:
    """BUD-1, P26: `--no-store` records the usage, and the conversation's limit is held against it."""
    config = "[budget]\nconversation_tokens = 1600\nconfirm_at = 1.0\n"
    short = GenerationSettings(max_output_tokens=1100)
    with WireServer() as server:
        server.replies(Reply(pieces=answer("yes", usage={"prompt_tokens": 100, "completion_tokens": 900})))
        async with session(server.url, config, keep_text=False) as chat:
            first = await ask(chat, settings=short)
            assert first.error is None
            second = await ask(chat, settings=short, conversation_id=first.conversation_id)
            assert isinstance(second.error, BudgetExceeded)
            assert (await ask(chat, settings=short)).error is None, "another conversation has a limit of its own"
        assert len(server.requests) == 2


async def test_p26_a_limit_of_the_budget_goes_by_the_name_that_the_server_takes(session: OpenSession) -> None:
    """P26, PRV-3: nobody asked for a limit, the budget sends one, and the server calls it otherwise: it is sent again so."""
    refused = error_reply(
        400, {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}
    )
    with WireServer() as server:
        server.replies(*replies(refused))
        async with session(server.url, f"{DEAR}[budget]\ndaily_usd = 1.0\n") as chat:
            result = await ask(chat)
        assert result.error is None
        first, second = (request.json() for request in server.requests)
        assert second["max_completion_tokens"] == first["max_tokens"] > 0
        assert "max_tokens" not in second


async def test_bud3_a_refusal_wakes_no_password_manager(session: OpenSession, tmp_path: Path) -> None:
    """BUD-3: other models are named without running the key_command of the provider they are at, however many there are."""
    woken = tmp_path / "woken"
    models = "".join(f'[prices."other/small-{n}"]\ninput = 0.1\noutput = 0.4\n' for n in range(5))
    config = (
        f'{DEAR}{models}[providers.other]\nwire = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
        f'key_command = ["touch", "{woken}"]\n[budget]\ndaily_usd = 0.005\n'
    )
    with WireServer() as server:
        async with session(server.url, config) as chat:
            result = await ask(chat)
    assert isinstance(result.error, BudgetExceeded)
    assert {each.model.provider for each in result.error.cheaper} == {"other"}
    assert not woken.exists()
