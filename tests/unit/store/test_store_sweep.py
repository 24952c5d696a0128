"""What a crash leaves is put in order at the next start; what lives is left alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.core.budget import Spend
from llmtui.core.messages import MessageState
from llmtui.store import owner
from llmtui.store.owner import STALE_MS, Owner, is_gone, this_process
from tests.support.stores import NOON, checked, dead_owner, opening, placeholder, question, rows, running, settlement

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from llmtui.core.messages import Message
    from llmtui.store.database import Store


def begin(store: Store, attempt_id: str, *, conversation_id: str = "c", **facts: object) -> Message:
    """A turn that has begun and whose answer streams."""
    asked = question()
    answer = placeholder(asked.id)
    made = opening(attempt_id, message_id=answer.id, conversation_id=conversation_id, reserved_nanos=10**9, **facts)
    store.conversations.begin_turn(conversation_id, asked, answer, made).result()
    return answer


def test_a_sent_attempt_becomes_an_estimate_and_its_answer_interrupted(path: Path) -> None:
    """ROB-9, P28: 1,000 tokens in and 40 characters out, at $2.5 and $10 a million."""
    with running(path) as store:
        store.owner = dead_owner()
        answer = begin(store, "a")
        store.ledger.mark_sent("a")
        store.conversations.flush(answer.id, "x" * 30, "y" * 10)
    with running(path, NOON + 5000) as store:
        (swept,) = store.state.swept
        assert (swept.attempt_id, swept.message_id, swept.sent) == ("a", answer.id, True)
        assert rows(
            store, "SELECT state, ended_at, output_tokens, resolution, estimate_nanos, reserved_nanos FROM attempts"
        ) == [("interrupted", NOON + 5000, 10, "unknown", 2_600_000, 0)]
        message = store.conversations.thread("c")[1]
        assert (message.content, message.reasoning, message.state) == ("x" * 30, "y" * 10, MessageState.INTERRUPTED)
        assert message.error
        assert rows(store, "SELECT count(*) FROM partials") == [(0,)]
        assert store.ledger.spent() == Spend(estimated=Decimal("0.0026"), tokens=1010)
        checked(store)
    with running(path) as store:
        assert store.state.swept == ()


def test_an_attempt_that_was_never_sent_is_void(path: Path) -> None:
    with running(path) as store:
        store.owner = dead_owner()
        begin(store, "a")
    with running(path) as store:
        assert [each.sent for each in store.state.swept] == [False]
        assert rows(store, "SELECT state, estimate_nanos, resolution FROM attempts") == [("void", None, "none")]
        assert store.ledger.spent() == Spend()
        assert store.conversations.thread("c")[1].state is MessageState.INTERRUPTED


def test_pieces_prove_that_it_was_sent(path: Path) -> None:
    with running(path) as store:
        store.owner = dead_owner()
        store.conversations.flush(begin(store, "a", price=None).id, "text", "")
    with running(path) as store:
        assert rows(store, "SELECT state, estimate_nanos, output_tokens FROM attempts") == [("interrupted", None, 1)]
        assert store.ledger.spent().uncounted == 1


def test_what_lives_is_left_alone(path: Path) -> None:
    """ROB-10: a second window must not interrupt the first one's answer."""
    with running(path) as first:
        answer = begin(first, "a")
        with running(path) as second:
            assert second.state.swept == ()
        done = replace(answer, content="done", state=MessageState.COMPLETE)
        first.ledger.settle(settlement("a", answer=done)).result()
        assert rows(first, "SELECT state FROM attempts") == [("completed",)]


def test_the_living_are_left_alone_beside_the_dead(path: Path) -> None:
    with running(path) as first:
        begin(first, "alive")
        first.owner = dead_owner()
        begin(first, "dead", conversation_id="d")
        with running(path) as second:
            assert [each.attempt_id for each in second.state.swept] == ["dead"]
            assert dict(rows(second, "SELECT id, state FROM attempts")) == {"alive": "open", "dead": "void"}
            assert second.conversations.thread("c")[1].state is MessageState.STREAMING


def test_a_crash_between_two_attempts_leaves_no_answer_streaming(path: Path) -> None:
    """The first attempt was settled, the second not yet opened: no open row tells of the answer."""
    with running(path) as store:
        store.owner = dead_owner()
        begin(store, "a")
        store.ledger.settle(settlement("a", state="failed", error_kind="overloaded"))
        store.owner = this_process()
        begin(store, "b", conversation_id="d")
        store.ledger.settle(settlement("b", state="failed", error_kind="overloaded"))
    with running(path) as store:
        assert store.conversations.thread("c")[1].state is MessageState.INTERRUPTED
        assert store.conversations.thread("d")[1].state is MessageState.STREAMING  # waits for its retry


def test_a_settlement_after_the_sweep_changes_nothing(path: Path) -> None:
    with running(path) as store:
        store.owner = dead_owner()
        answer = begin(store, "a", sent=True)
    with running(path) as store:
        late = replace(answer, content="late", state=MessageState.COMPLETE)
        store.ledger.settle(settlement("a", answer=late)).result()
        assert rows(store, "SELECT state FROM attempts") == [("interrupted",)]
        assert store.conversations.thread("c")[1].content == ""


def test_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that was given to another process, another boot, another machine, a container, a system without /proc."""
    here = this_process()
    machine, _, rest = here.boot.partition(" ")
    namespace = rest.partition(" ")[2]
    assert not is_gone(here, STALE_MS * 2)
    assert is_gone(dead_owner(), 0)
    assert is_gone(here._replace(start=here.start + "1"), 0)
    assert is_gone(here._replace(boot=f"{machine} another-boot {namespace}"), 0)
    for elsewhere in (f"other {rest}", f"{machine} {rest.split()[0]} pid:[1]", ""):
        assert not is_gone(here._replace(boot=elsewhere), STALE_MS)
        assert is_gone(here._replace(boot=elsewhere), STALE_MS + 1)
    monkeypatch.setattr(owner, "_place", lambda: "")
    monkeypatch.setattr(owner, "_start_of", lambda pid: None)
    plain = this_process()
    assert plain == Owner(here.pid, "", "")
    assert not is_gone(plain, STALE_MS)
    assert is_gone(plain, STALE_MS + 1)
    assert is_gone(plain._replace(pid=2**22 + 1), 0)
    monkeypatch.setattr("os.kill", lambda pid, signal: (_ for _ in ()).throw(PermissionError()))
    assert not is_gone(plain._replace(pid=1), 0)
    monkeypatch.setattr("sys.platform", "win32")
    assert not is_gone(plain._replace(pid=2**22 + 1), STALE_MS)
