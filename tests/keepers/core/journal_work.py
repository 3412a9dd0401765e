"""A process that writes into a journal step by step, and how far it got."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from keepers.core.journal import Journal
from keepers.core.model import IntentState
from tests.keepers.core.journal_places import ACCOUNT, IDENTITY, NOW, attempt, receipt, wish

STEPS = 6  # of one operation


def work(journal: Journal, step: int) -> None:
    """Step after step of one operation after the other, each a transaction."""
    number, part = divmod(step, STEPS)
    name, tx = f"{number:04}", f"0x{number}"
    if part == 0:
        journal.want(wish(name), ACCOUNT, NOW)
    elif part == 1:
        journal.sign_off(attempt(tx, number, intent=f"reward/{name}", raw=bytes(300)), None)
    elif part == 2:
        journal.sent(tx)
    elif part == 3:
        journal.included(receipt(tx))
    elif part == 4:
        journal.final(tx)
    else:
        journal.close_intent(f"reward/{name}", IntentState.FINAL, "final")


def steps_in(journal: Journal) -> int:
    """How many steps it holds; fails if it does not hold all before the last of them."""
    parts = {"signed": 2, "sent": 3, "included": 4, "final": 5}
    for number in count():
        name = f"reward/{number:04}"
        intent = journal.intent(name)
        if intent is None:
            assert journal.intent(f"reward/{number + 1:04}") is None
            return number * STEPS
        if intent.state is IntentState.FINAL:
            continue
        assert journal.intent(f"reward/{number + 1:04}") is None
        found = journal.attempts_of(name)
        return number * STEPS + (parts[found[0].state] if found else 1)
    raise AssertionError


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def is_sound(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as db:
        rows = db.execute("PRAGMA integrity_check").fetchall()
        return rows == [("ok",)] and not db.execute("PRAGMA foreign_key_check").fetchall()


@contextmanager
def child(body: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Another process, and the end of a pipe that `body` may write to."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            body(writing)
        finally:
            os._exit(1)
    os.close(writing)
    try:
        yield pid, reading
    finally:
        os.close(reading)


def killed_while_it_works(url: str, seconds: float) -> int:
    """How many steps a process had acknowledged when it was killed."""

    def body(pipe: int) -> None:
        journal = Journal.open(url, identity=IDENTITY)
        for step in count(steps_in(journal)):
            work(journal, step)
            os.write(pipe, f"{step + 1}\n".encode())

    with child(body) as (pid, pipe):
        said = os.read(pipe, 100)  # it works
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        while more := os.read(pipe, 65_536):
            said += more
    return int(said.split()[-1])
