"""Ways on in `llmtui --plain`: a summary of the older part, a question that waits, what was answered before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.e2e.chat_server import CLOSE, ChatServer, Reply, answer, error, frame
from tests.e2e.program import run
from tests.e2e.test_cli_terminal import Terminal
from tests.e2e.test_plain import SERVER, asked, database, messages, plain, starting, type_and_wait
from tests.e2e.test_plain_commands import configure

if TYPE_CHECKING:
    from typing import Any

LONG = "many words of an answer " * 80
PRICED = '[prices."custom/m"]\ninput = 1.0\noutput = 10.0\n'


def settings() -> dict[str, Any]:
    with database() as connection:
        found: dict[str, Any] = json.loads(connection.execute("SELECT settings FROM conversations").fetchone()[0])
    return found


def purposes() -> list[tuple[str, str]]:
    with database() as connection:
        return connection.execute("SELECT purpose, state FROM attempts WHERE purpose != 'chat'").fetchall()


def test_ctx_2_a_summary_is_offered_made_after_a_yes_booked_and_undone() -> None:
    """CTX-2, BUD-3: what it saves and costs first; a no sends nothing; a setting changed later leaves it in force."""
    configure(PRICED)
    typed = "/summarise\none\ntwo\nthree\n/summarise\nno\n/summarise\nfour\n/summarise\ny\n/set seed 7\nfive\n/compare custom/a custom/b -- x\n/undo\nsix\n"
    replies = [answer(LONG)] * 4 + [answer("THE GIST"), answer("ok")]
    with ChatServer(*replies) as server:
        lines = plain(server, typed)
        bodies = [json.dumps(request.body) for request in server.requests]
    assert "error: this conversation has not begun" in lines
    offered = [line for line in lines if line.startswith("Summarise ")]
    assert len(offered) == 3
    assert "tokens at most, so that every further request saves about " in offered[0]
    assert "custom/m writes it; making it costs about $0.0" in offered[0]
    assert len([line for line in lines if line.startswith("not summarised; ")]) == 2
    assert "you: four" in lines, "what is no yes or no is the next message"
    assert starting(lines, "summarised: ").endswith("/undo sends the messages themselves again")
    assert "Summarise the conversation so far" in bodies[4]
    assert "THE GIST" in bodies[5]
    assert "one" not in [message["content"] for message in json.loads(bodies[5])["messages"]]
    assert "the messages that were summarised are sent themselves again" in lines
    assert ["THE GIST" in body for body in bodies[6:]] == [True, True, False], "a comparison sends it too"
    assert "one" in [message["content"] for message in json.loads(bodies[8])["messages"]]
    assert purposes() == [("summary", "completed"), ("compare", "completed"), ("compare", "completed")]
    assert settings() == {"seed": 7}


def test_a_summary_that_fails_changes_nothing_and_yes_may_be_said_beforehand() -> None:
    configure(PRICED)
    with ChatServer(*[answer(LONG)] * 3, error(400, "no")) as server:
        lines = plain(server, "one\ntwo\nthree\n/summarise\n", "--yes", code=1)
        assert len(server.requests) == 4
        short = plain(server, "/summarise now\n/new\n", code=2)
    assert starting(lines, "failed: ")
    assert not [line for line in lines if line.startswith("ways on: ")]
    assert settings() == {}
    assert starting(short, "error: /summarise takes nothing")


def test_rob_6_a_failed_question_waits_and_is_sent_when_its_provider_is_back() -> None:
    """ROB-6: as a new version of the failed answer, in the conversation it belongs to."""
    replies = [error(500, "boom"), answer("late answer"), answer("fine")]
    with ChatServer(*replies) as server:
        lines = plain(server, "/queue\nimportant\n/queue\n/queue\n/queue drop\n/queue x\nmore\n", "--retries=0")
    assert "/queue sends it when the provider is back, /earlier looks for" in starting(lines, "ways on: ")
    assert "custom is back: the queued question is sent" in lines
    assert "late answer" in lines
    assert len([line for line in lines if line == "error: only a question whose answer failed can be queued"]) == 2
    assert "nothing is queued" in lines
    assert starting(lines, "error: /queue takes nothing, or drop")
    assert [message["content"] for message in asked(server)] == ["important", "late answer", "more"]


def test_rob_6_what_waits_outlives_the_program_and_asks_first() -> None:
    """ROB-6: Ctrl-C ends the wait alone; at the next start nothing is sent until a person says so."""
    away = {"/v1/models": [(503, b"{}")]}
    with ChatServer(error(500, "boom"), gets=away) as server:
        terminal = Terminal("--plain", "--base-url", server.base_url, *SERVER, "--retries=0", TERM="dumb")
        terminal.wait_for("you: ")
        type_and_wait(terminal, "important\n", "ways on: ", "you: ")
        type_and_wait(terminal, "/queue\n", "queued: custom is not back: ", "queued: asking again in 30 s")
        type_and_wait(terminal, "\x03", "still queued: 1 question; /queue waits again", "you: ")
        terminal.type("\x04")
        assert terminal.end()[0] == 0
        assert len(server.requests) == 1
    with ChatServer(answer("late answer")) as server:
        lines = plain(server, "")
        assert "queued from before: 1 question; /queue sends it" in starting(lines, "queued from before: ")
        assert server.requests == []
        lines = plain(server, "/queue\n")
    assert starting(lines, "conversation “important”")
    assert "late answer" in lines
    assert messages()[-1] == ("assistant", "late answer", "complete")


def test_rob_6_an_earlier_answer_is_shown_as_what_it_is() -> None:
    """ROB-6: marked, with its date and where it is."""
    with ChatServer(answer("42"), error(500, "boom")) as server:
        lines = plain(server, "/earlier\nwhat?\n/earlier\n/new\nwhat?\n/earlier\n", "--retries=0", code=1)
    assert "error: there is no question yet" in lines
    assert "this question has not been answered before" in lines
    at = lines.index(starting(lines, "an earlier answer, not a new one: "))
    assert ", custom/m; /open " in lines[at]
    assert lines[at + 1] == "42"


def test_a_broken_answer_with_text_offers_to_go_on_not_to_wait() -> None:
    with ChatServer(Reply(steps=(frame("half"), CLOSE))) as server:
        done = run("--plain", "--base-url", server.base_url, *SERVER, stdin=b"q\n/queue\n")
    assert "/queue sends it" not in done.stdout.decode()
    assert "only a question whose answer failed can be queued" in done.stdout.decode()
