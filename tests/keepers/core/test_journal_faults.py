"""What happens to the journal: kills, torn files, full disks, locks, wrong files, lost servers.

Source: keepers spec (e1), R2 and R22.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from keepers.core.journal import Journal, JournalError
from tests.keepers.core.journal_places import (
    ACCOUNT,
    IDENTITY,
    NOW,
    wish,
)
from tests.keepers.core.journal_work import (
    child,
    is_sound,
    killed_while_it_works,
    steps_in,
    url_of,
    work,
)

# -- kill -9


def test_kill__at_random_points__all_that_was_acknowledged_is_there(tmp_path: Path) -> None:
    dice, file = random.Random(1), tmp_path / "journal"
    for _ in range(25):
        acknowledged = killed_while_it_works(url_of(file), dice.uniform(0, 0.05))
        with closing(Journal.open(url_of(file), identity=IDENTITY)) as journal:
            assert steps_in(journal) - acknowledged in (0, 1)
        assert is_sound(file)
    assert acknowledged > 25


# -- a torn write


@pytest.mark.parametrize("seed", range(3))
def test_torn_log__cut_or_damaged_anywhere__holds_the_steps_before(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    file, torn = tmp_path / "journal", tmp_path / "torn"
    held = set()
    with closing(Journal.open(url_of(file), identity=IDENTITY)) as journal:
        for step in range(40):
            work(journal, step)
        log = Path(f"{file}-wal").read_bytes()
        for _ in range(30):
            shutil.copy(file, torn)
            Path(f"{torn}-shm").unlink(missing_ok=True)
            at = dice.randrange(len(log))
            cut = log[:at] if dice.random() < 0.7 else log[:at] + dice.randbytes(100)
            Path(f"{torn}-wal").write_bytes(cut)
            with closing(Journal.open(url_of(torn), identity=IDENTITY)) as found:
                held.add(steps_in(found))
                work(found, steps_in(found))
            assert is_sound(torn)
    assert max(held) < 40
    assert len(held) > 10


# -- no room


def work_until_it_fails(journal: Journal, step: int) -> tuple[int, str]:
    """The step that failed, and what was said. What it holds is what was done before."""
    for failed in count(step):
        try:
            work(journal, failed)
        except JournalError as error:
            assert steps_in(journal) == failed
            return failed, str(error)
    raise AssertionError


def test_disk_full__at_any_page__says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    file, step = tmp_path / "journal", 0
    with closing(Journal.open(url_of(file), identity=IDENTITY)) as journal:
        for more in range(2, 8):
            limit_pages(journal, more)
            step, said = work_until_it_fails(journal, step)
            assert said == (
                f"journal {file}: there is no room to write: free some on its disk "
                "(database or disk is full)"
            )
            limit_pages(journal, 2**30)
            work(journal, step)
            step += 1
    assert step > 20
    assert is_sound(file)


def limit_pages(journal: Journal, more: int) -> None:
    """Let the file grow by so many pages, as a full disk does."""
    with journal.database.reading() as db:
        now = int(db.exec_driver_sql("PRAGMA page_count").scalar_one())
        db.exec_driver_sql(f"PRAGMA max_page_count = {now + more}")


def test_file_cannot_grow__is_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    """By the limit of a process, which the log of SQLite meets at any byte."""
    file, dice = tmp_path / "journal", random.Random(1)

    def body(pipe: int) -> None:
        journal, step = Journal.open(url_of(file), identity=IDENTITY), 0
        for _ in range(4):
            room = Path(f"{file}-wal").stat().st_size + dice.randrange(50_000)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
            step, said = work_until_it_fails(journal, step)
            os.write(pipe, f"{said}\n".encode())
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
            work(journal, step)
            step += 1
        os.write(pipe, str(step).encode())

    with child(body) as (pid, pipe):
        os.waitpid(pid, 0)
        *lines, steps = os.read(pipe, 65_536).decode().splitlines()
    said = "its disk cannot be read or written: check that it is not full or broken"
    assert lines == [f"journal {file}: {said} (disk I/O error)"] * 4
    with closing(Journal.open(url_of(file), identity=IDENTITY)) as journal:
        assert steps_in(journal) == int(steps)


# -- locks


def test_locked__longer_than_it_waits__is_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    with closing(Journal.open(url_of(file), identity=IDENTITY, patience=0.1)) as journal:
        work(journal, 0)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalError) as raised:
                work(journal, 1)
            assert str(raised.value) == (
                f"journal {file}: another process kept it locked for 0.1 s: is it stopped? "
                "(database is locked)"
            )
            assert steps_in(journal) == 1  # who only reads does not wait
            with pytest.raises(JournalError, match="kept it locked"):
                Journal.open(url_of(file), identity=IDENTITY, patience=0.1)
            other.execute("ROLLBACK")
        for step in range(1, 9):
            work(journal, step)
        assert steps_in(journal) == 9


def test_locked__for_a_moment__is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    Journal.open(url_of(file), identity=IDENTITY).close()

    def body(pipe: int) -> None:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        os.write(pipe, b"locked")
        time.sleep(0.3)
        other.execute("COMMIT")

    with child(body) as (pid, pipe):
        assert os.read(pipe, 10) == b"locked"
        with closing(Journal.open(url_of(file), identity=IDENTITY)) as journal:
            work(journal, 0)
        os.waitpid(pid, 0)


def test_many_processes__open_a_new_one_at_once_and_write__all_is_there(tmp_path: Path) -> None:
    file, processes, wishes = tmp_path / "journal", 6, 15

    def body_of(number: int) -> Callable[[int], None]:
        def body(pipe: int) -> None:
            journal = Journal.open(url_of(file), identity=IDENTITY)
            for at in range(wishes):
                journal.want(wish(f"{number}/{at}"), ACCOUNT, NOW)
            journal.want(wish("shared"), ACCOUNT, NOW + number)
            os.write(pipe, b"done")

        return body

    started = [child(body_of(number)) for number in range(processes)]
    for pid, pipe in [one.__enter__() for one in started]:
        assert os.read(pipe, 10) == b"done"
        os.waitpid(pid, 0)
    for one in started:
        one.__exit__(None, None, None)
    with closing(Journal.open(url_of(file), identity=IDENTITY)) as journal:
        found = journal.open_intents(ACCOUNT)
    assert len(found) == processes * wishes + 1
    assert {one.generation for one in found} == {1}
