"""The journal on a PostgreSQL server that goes away, and what it says then."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from keepers.core.journal import Journal, JournalError
from tests.keepers.core.journal_places import IDENTITY, Postgres
from tests.keepers.core.journal_work import killed_while_it_works, steps_in, work


def test_server__restarted__fails_in_one_line_and_then_goes_on(server: Postgres) -> None:
    with closing(Journal.open(server.new_database(), identity=IDENTITY, patience=1)) as journal:
        for step in range(9):
            work(journal, step)
        server.stop()
        try:
            with pytest.raises(JournalError, match=r"^journal postgresql:///keepers\d+: .+$"):
                work(journal, 9)
        finally:
            server.start()
        assert steps_in(journal) == 9
        for step in range(9, 20):
            work(journal, step)
        assert steps_in(journal) == 20


def test_server__another_writer_takes_too_long__is_one_line(server: Postgres) -> None:
    url = server.new_database()
    with (
        closing(Journal.open(url, identity=IDENTITY)) as other,
        closing(Journal.open(url, identity=IDENTITY, patience=0.2)) as journal,
    ):
        with other.database.writing(), pytest.raises(JournalError, match="locked for 0.2 s"):
            work(journal, 0)
        work(journal, 0)
        assert steps_in(journal) == 1


def test_server__keeper_killed_while_it_writes__keeps_what_it_acknowledged(
    server: Postgres,
) -> None:
    dice, url = random.Random(1), server.new_database()
    for _ in range(5):
        acknowledged = killed_while_it_works(url, dice.uniform(0, 0.1))
        with closing(Journal.open(url, identity=IDENTITY)) as journal:
            assert steps_in(journal) - acknowledged in (0, 1)


def test_open__database_that_is_not_there__says_so(server: Postgres) -> None:
    url = server.new_database().replace("/keepers", "/nothing")
    with pytest.raises(JournalError, match='database "nothing.+" does not exist'):
        Journal.open(url, identity=IDENTITY)


def test_open__no_server__is_one_line_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://keeper:hunter22@/keepers?host={tmp_path}"
    with pytest.raises(JournalError) as raised:
        Journal.open(url, identity=IDENTITY, patience=1)
    text = str(raised.value)
    assert text.startswith("journal postgresql:///keepers: ")
    assert "\n" not in text
    assert "hunter22" not in text
