"""Fixtures of the journal: one on SQLite, one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from keepers.core.journal import Journal
from tests.keepers.core.journal_places import (
    ACCOUNT,
    IDENTITY,
    NOW,
    WISH,
    Open,
    Postgres,
    postgres,
    why_no_postgres,
)


@pytest.fixture(scope="package")
def server() -> Iterator[Postgres]:
    if missing := why_no_postgres():
        pytest.skip(missing)
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same journal as often as it is called."""
    url = f"sqlite:///{tmp_path}/journal"
    if request.param == "postgresql":
        url = request.getfixturevalue("server").new_database()
    opened: list[Journal] = []

    def again() -> Journal:
        opened.append(Journal.open(url, identity=IDENTITY))
        return opened[-1]

    yield again
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(again: Open) -> Journal:
    return again()


@pytest.fixture
def wanted(journal: Journal) -> Journal:
    journal.want(WISH, ACCOUNT, NOW)
    return journal
