"""What is sent: TOK-4, TOK-5, TOK-6."""

from __future__ import annotations

import itertools
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.context import ContextPlan, MessageTokens, Summary, older_part, plan
from llmtui.core.errors import ContextTooLong
from llmtui.core.messages import Message, Role
from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS

ROLES = {"s": Role.SYSTEM, "u": Role.USER, "a": Role.ASSISTANT}


class Settings(NamedTuple):
    strategy: Literal["fit", "last", "share", "summary"] = "fit"
    last_messages: int = 10
    share: float = 0.75
    reserve_output_tokens: int = 100
    warn_at: float = 0.75


def talk(roles: str, *, pinned: str = "", excluded: str = "") -> list[Message]:
    """A message a letter, named by its place: `0`, `1` …"""
    return [
        Message(ROLES[role], "", id=str(at), pinned=str(at) in pinned, excluded=str(at) in excluded)
        for at, role in enumerate(roles)
    ]


def sizes(messages: list[Message], each: int = 96) -> list[MessageTokens]:
    """With what the format adds, a message takes 100 tokens."""
    return [MessageTokens(each)] * len(messages)


def sent(found: ContextPlan) -> str:
    return "".join(message.id for message in found.sent)


def dropped(found: ContextPlan) -> str:
    return "".join(message.id for message in found.dropped)


def test_everything_that_fits_is_sent() -> None:
    """TOK-6."""
    messages = talk("suauau")
    found = plan(messages, sizes(messages), 703, Settings())
    assert sent(found) == "012345"
    assert (found.tokens, found.room, found.reserve) == (603, 100, 100)


def test_the_oldest_exchange_goes_first_and_none_is_torn() -> None:
    """TOK-6: one token short, and question and answer go together."""
    messages = talk("suauau")
    found = plan(messages, sizes(messages), 702, Settings())
    assert (sent(found), dropped(found)) == ("0345", "12")
    assert found.tokens == 403


def test_nothing_is_skipped_over_for_an_older_one_that_would_fit() -> None:
    messages = talk("uauau")
    counts = [MessageTokens(1), MessageTokens(1), MessageTokens(500), MessageTokens(1), MessageTokens(1)]
    found = plan(messages, counts, 300, Settings())
    assert (sent(found), dropped(found)) == ("4", "0123")


def test_last_n_messages() -> None:
    """TOK-6: the newest counts; a pair that N would tear stays out."""
    messages = talk("suauauau")
    for last, expected in ((1, "07"), (2, "07"), (3, "0567"), (5, "034567"), (7, "01234567"), (0, "07")):
        assert sent(plan(messages, sizes(messages), None, Settings("last", last_messages=last))) == expected
    assert sent(plan(messages, sizes(messages), 503, Settings("last", last_messages=7))) == "0567"


def test_up_to_a_share_of_the_window() -> None:
    """TOK-6: 75 %; what must go may exceed the share, never the window less the reserve."""
    messages = talk("suauau")
    assert sent(plan(messages, sizes(messages), 804, Settings("share"))) == "012345"
    assert sent(plan(messages, sizes(messages), 803, Settings("share"))) == "0345"
    assert sent(plan(messages, sizes(messages), 320, Settings("share", share=0.1))) == "05"
    assert sent(plan(messages, sizes(messages), None, Settings("share"))) == "012345"


def test_what_is_pinned_goes_whatever_the_strategy_and_takes_its_pair_along() -> None:
    """TOK-5."""
    messages = talk("suauauau", pinned="2")
    found = plan(messages, sizes(messages), None, Settings("last", last_messages=1))
    assert (sent(found), dropped(found)) == ("0127", "3456")


def test_what_is_taken_out_stays_out_with_its_pair() -> None:
    """TOK-5: also when it is pinned; the newest is always in (TOK-6)."""
    messages = talk("suauau", excluded="15", pinned="1")
    found = plan(messages, sizes(messages), None, Settings())
    assert (sent(found), dropped(found)) == ("0345", "")
    assert [entry.fate for entry in found.entries] == ["sent", "excluded", "excluded", "sent", "sent", "sent"]


def test_what_must_go_and_does_not_fit_is_one_clear_sentence() -> None:
    """TOK-6: the window is never exceeded; exit code 6."""
    messages = talk("su")
    assert sent(plan(messages, sizes(messages), 303, Settings())) == "01"
    with pytest.raises(ContextTooLong) as caught:
        plan(messages, sizes(messages), 302, Settings())
    assert caught.value.message == (
        "This takes about 203 tokens, and the model's window of 302 has room for 202 when 100 are kept for the answer"
    )


def test_a_small_window_is_not_eaten_by_the_reserve() -> None:
    """A local model of 2,048 tokens with a reserve of 2,000 would take nothing: it keeps at most half."""
    messages = talk("u")
    assert plan(messages, sizes(messages), 2048, Settings(reserve_output_tokens=2000)).reserve == 1024
    assert plan(messages, sizes(messages), 2048, Settings(), asked_output=1900).reserve == 1900


def test_the_breakdown_adds_up() -> None:
    """TOK-4: system, context, current, attachments."""
    messages = talk("suau")
    counts = [MessageTokens(10), MessageTokens(20, 200), MessageTokens(30), MessageTokens(40, 7)]
    found = plan(messages, counts, None, Settings())
    frame = MESSAGE_TOKENS
    assert found.breakdown == (10 + frame, 20 + 30 + 2 * frame, 40 + frame + REPLY_TOKENS, 207)
    assert found.tokens == 10 + 220 + 30 + 47 + 4 * frame + REPLY_TOKENS


def test_from_warn_at_on_it_says_so() -> None:
    """TOK-5: with the room left for the answer."""
    messages = talk("u")
    assert plan(messages, sizes(messages, 96), 137, Settings(reserve_output_tokens=1)).is_nearly_full
    assert not plan(messages, sizes(messages, 96), 138, Settings(reserve_output_tokens=1)).is_nearly_full
    assert not plan(messages, sizes(messages), None, Settings()).is_nearly_full


def test_a_summary_stands_for_the_old_part() -> None:
    """TOK-6: summary of the old plus the recent; what is pinned stays itself."""
    messages = talk("suauauau", pinned="3")
    summary = Summary(Message(Role.USER, "so far …", id="S"), 46, frozenset("1234"))
    found = plan(messages, sizes(messages), None, Settings("summary"), summary=summary)
    assert sent(found) == "0S34567"
    assert found.tokens == 6 * 100 + 50 + 3
    assert found.breakdown.context == 50 + 400
    assert [entry.fate for entry in found.entries[2:4]] == ["summarised", "summarised"]


def test_an_answer_that_is_continued_keeps_what_it_continues() -> None:
    messages = talk("uauau")
    assert sent(plan(messages, sizes(messages), 503, Settings("last", last_messages=1), newest_exchanges=2)) == "234"


def test_the_older_part_is_what_a_summary_would_stand_for() -> None:
    """TOK-5: whole exchanges, without what is pinned or taken out."""
    messages = talk("suauauauau", pinned="3", excluded="5")
    assert [message.id for message in older_part(messages, keep=2)] == ["1", "2", "7", "8"]
    assert [message.id for message in older_part(talk("suauau"), keep=3)] == ["1", "2"]
    assert [message.id for message in older_part(talk("suauau"), keep=0)] == ["1", "2", "3", "4"]
    assert older_part(talk("su")) == ()


def test_no_messages_are_no_plan_to_speak_of() -> None:
    assert plan([], [], 100, Settings()).sent == ()


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[Message, MessageTokens]]:
    roles = draw(st.sampled_from(["", "s"])) + draw(st.text("ua", max_size=14)) + "u"
    flags = st.booleans() if draw(st.booleans()) else st.just(False)
    return [
        (
            Message(ROLES[role], "", id=str(at), pinned=draw(flags), excluded=draw(flags)),
            MessageTokens(draw(st.integers(0, 400)), draw(st.sampled_from([0, 0, 50]))),
        )
        for at, role in enumerate(roles)
    ]


settings = st.builds(
    Settings,
    st.sampled_from(["fit", "last", "share", "summary"]),
    st.integers(1, 12),
    st.floats(0.05, 1.0),
    st.integers(0, 500),
)


@given(talked=conversations(), window=st.none() | st.integers(1, 4000), chosen=settings)
def test_what_holds_whatever_the_conversation(
    talked: list[tuple[Message, MessageTokens]], window: int | None, chosen: Settings
) -> None:
    """TOK-6: system and newest always in, order kept, no pair torn, window and reserve never exceeded, all adds up."""
    messages, counts = [each for each, _ in talked], [each for _, each in talked]
    try:
        found = plan(messages, counts, window, chosen)
    except ContextTooLong:
        assert window is not None
        return
    ids = [int(message.id) for message in found.sent]
    assert ids == sorted(ids)
    assert messages[-1] in found.sent
    assert all(message in found.sent for message in messages if message.role is Role.SYSTEM)
    assert all(message in found.sent for message in messages if message.pinned and not message.excluded) or any(
        message.excluded for message in messages
    )
    assert [entry.message for entry in found.entries] == messages
    fates = {entry.message.id: entry.fate for entry in found.entries}
    for before, message in itertools.pairwise(messages):
        if message.role is Role.ASSISTANT and before.role is not Role.SYSTEM:
            assert fates[message.id] == fates[before.id]
    total = sum(counts[at].text + counts[at].attachments + MESSAGE_TOKENS for at in ids) + REPLY_TOKENS
    assert found.tokens == found.breakdown.total == total
    if window is not None:
        assert found.tokens + found.reserve <= window
        assert found.room is not None
        assert found.room >= found.reserve
    if window is None and chosen.strategy != "last":
        assert found.dropped == ()


@given(talked=conversations(), window=st.integers(600, 4000), more=st.integers(0, 2000))
def test_a_larger_window_never_sends_less(talked: list[tuple[Message, MessageTokens]], window: int, more: int) -> None:
    messages, counts = [each for each, _ in talked], [each for _, each in talked]
    try:
        small = plan(messages, counts, window, Settings())
    except ContextTooLong:
        return
    assert len(plan(messages, counts, window + more, Settings()).sent) >= len(small.sent)
