"""Writes into a store until it is killed. Run as a program it is a fork server: each line of its input starts a process.

A line is `PATH ACKNOWLEDGEMENTS SEED STATEMENT DELAY`: the process writes turn after turn, and appends to the file of
acknowledgements what the store has acknowledged. It kills itself at the so manieth SQL statement, or is killed after so
many seconds (0: not). Answers one line when the process is gone.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.core.cost import NANO, Cost, Resolution
from llmtui.core.messages import MessageState
from llmtui.store.database import Store
from tests.support.stores import opening, placeholder, question, settlement

if TYPE_CHECKING:
    import sqlite3


def cost_of(attempt_id: str) -> int:
    """What an attempt costs, in nano-dollars: known from its id, so that a wrong booking shows."""
    return int(attempt_id[:6], 16)


def write_turns(path: Path, acknowledgements: Path, seed: int, die_at: int) -> None:
    """Turn after turn, ended in several ways, one of them settled twice."""
    dice = random.Random(seed)
    out = os.open(acknowledgements, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(*words: str) -> None:
        os.write(out, (" ".join(words) + "\n").encode())

    store = Store(path)
    store.ready.result()
    if die_at:
        store.submit(lambda connection: count_down(connection, die_at)).result()
    while True:
        conversation_id = f"c{dice.randrange(5)}"
        asked = question(f"asked {dice.random()}")
        answer = placeholder(asked.id)
        made = opening(conversation_id=conversation_id, message_id=answer.id, reserved_nanos=NANO)
        store.conversations.begin_turn(conversation_id, asked, answer, made).result()
        say("begun", asked.id, answer.id, made.id)
        store.ledger.mark_sent(made.id).result()
        say("sent", made.id)
        text = ""
        for _ in range(dice.randrange(3)):
            piece = f"piece {dice.random()} "
            store.conversations.flush(answer.id, piece)
            store.submit(lambda _: None).result()
            text += piece
            say("kept", answer.id, str(len(text)))
        done = replace(answer, content=text + "end", state=MessageState.COMPLETE)
        cost = Cost(Decimal(cost_of(made.id)) / NANO, Resolution.RESOLVED, "provider")
        end = settlement(made.id, cost=cost, answer=done)
        settled = store.ledger.settle(end)
        if dice.random() < 0.3:
            store.ledger.settle(end).result()
        settled.result()
        say("settled", made.id, answer.id)


def count_down(connection: sqlite3.Connection, statements: int) -> None:
    """Kill this process at the so manieth statement from here."""
    left = statements

    def traced(_: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    connection.set_trace_callback(traced)


def main() -> None:
    for line in sys.stdin:
        path, acknowledgements, seed, die_at, delay = line.split()
        child = os.fork()
        if not child:
            write_turns(Path(path), Path(acknowledgements), int(seed), int(die_at))
        if float(delay):
            time.sleep(float(delay))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main()
