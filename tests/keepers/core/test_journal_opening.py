"""Which journals are opened, and what is said about those that are not."""

from __future__ import annotations

import sqlite3
import stat
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from keepers.core.journal import Journal, JournalError
from keepers.core.model import IntentState
from tests.keepers.core.journal_places import ACCOUNT, IDENTITY, NOW, WISH, wish


def refusal(url: str, **identity: str) -> str:
    """The one line that is said."""
    with pytest.raises(JournalError) as raised:
        Journal.open(url, identity=identity or IDENTITY, patience=0.1)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


def test_open__new_file__only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "journal"
    with closing(Journal.open(f"sqlite:///{file}", identity=IDENTITY)) as journal:
        journal.want(WISH, ACCOUNT, NOW)
        found = sorted(file.parent.iterdir())
        assert [one.name for one in found] == ["journal", "journal-shm", "journal-wal"]
        assert {stat.S_IMODE(one.stat().st_mode) for one in found} == {0o600}


def test_open__file_that_exists__keeps_its_mode(file: Path, url: str) -> None:
    Journal.open(url, identity=IDENTITY).close()
    file.chmod(0o640)
    Journal.open(url, identity=IDENTITY).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_open__sqlite__every_connection_is_as_durable_as_can_be(url: str) -> None:
    with (
        closing(Journal.open(url, identity=IDENTITY, patience=2)) as journal,
        journal.database.reading() as one,
        journal.database.reading() as other,
    ):
        for db in (one, other):
            assert db.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert db.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
            assert db.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
            assert db.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 2_000


@pytest.mark.parametrize("place", ["", "/:memory:", "/{folder}/journal"])
def test_open__used_by_several_threads__is_one_journal(place: str, tmp_path: Path) -> None:
    url = f"sqlite://{place.format(folder=tmp_path)}"
    with closing(Journal.open(url, identity=IDENTITY)) as journal, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: journal.want(wish(f"{n}"), ACCOUNT, NOW), range(40)))
        assert len(journal.open_intents(ACCOUNT)) == 40


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_open__in_memory__each_has_its_own(url: str) -> None:
    with (
        closing(Journal.open(url, identity=IDENTITY)) as one,
        closing(Journal.open(url, identity={"chain": "1"})) as other,
    ):
        one.want(WISH, ACCOUNT, NOW)
        assert one.intent(WISH.key)
        assert other.intent(WISH.key) is None


def test_open__of_another_chain__says_which(file: Path, url: str) -> None:
    Journal.open(url, identity=IDENTITY).close()
    assert refusal(url, **{**IDENTITY, "chain": "1"}) == (
        f"journal {file}: it is of chain 42161, not 1: choose another journal.url"
    )
    assert "it is of controller 0xD8" in refusal(url, chain="42161", controller="0x00")
    Journal.open(url, identity=IDENTITY).close()


def test_open__identity_says_more_than_before__is_held_to_that_too(url: str) -> None:
    Journal.open(url, identity={"chain": "1"}).close()
    Journal.open(url, identity={"chain": "1", "controller": "0x01"}).close()
    assert "it is of controller 0x01, not 0x02" in refusal(url, controller="0x02")
    Journal.open(url, identity={"chain": "1"}).close()


def test_open__of_a_newer_version__is_left_alone(file: Path, url: str) -> None:
    Journal.open(url, identity=IDENTITY).close()
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE keeper_schema SET version = 2")
        db.commit()
    assert refusal(url) == (
        f"journal {file}: it has schema 2, this version of the keepers knows 1: use the version "
        "that wrote it"
    )


def test_open__database_of_another_program__is_left_alone(file: Path, url: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE cookies (name TEXT)")
    assert "it is the database of another program: choose another file" in refusal(url)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("cookies",)]


def test_open__no_database__is_left_alone(file: Path, url: str) -> None:
    file.write_bytes(b"not a database, but a text that is long enough to be one" * 99)
    before = file.read_bytes()
    assert refusal(url) == (
        f"journal {file}: it is no SQLite database: choose another file as journal.url "
        "(file is not a database)"
    )
    assert file.read_bytes() == before


def test_open__damaged__says_so(file: Path, url: str) -> None:
    with closing(Journal.open(url, identity=IDENTITY)) as journal:
        journal.want(WISH, ACCOUNT, NOW)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    assert "it is damaged: move it away" in refusal(url)


def test_open__a_folder__says_so(tmp_path: Path) -> None:
    assert "it cannot be opened: check" in refusal(f"sqlite:///{tmp_path}")


def test_open__folder_that_cannot_be__says_which(file: Path) -> None:
    file.write_text("a file")
    said = refusal(f"sqlite:///{file}/journal")
    assert said.startswith(f"journal {file}/journal: File exists: ")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "journal: its url cannot be read; one is sqlite:///keepers.sqlite"),
        ("keepers.sqlite", "journal: its url cannot be read; one is sqlite:///keepers.sqlite"),
        ("mysql://u:hunter22@h/k", "journal mysql://h/k: must be SQLite or postgresql+psycopg"),
        ("nothing://u:hunter22@h/k", "journal nothing://h/k: must be SQLite or postgresql+psycopg"),
    ],
)
def test_open__url_of_nothing_known__says_what_is(url: str, said: str) -> None:
    assert refusal(url) == said


@pytest.mark.parametrize("place", ["u:hunter22@127.0.0.1:1/k", "127.0.0.1:1/k?password=hunter22"])
def test_open__server_that_does_not_answer__no_password_in_any_text(place: str) -> None:
    with pytest.raises(JournalError) as raised:
        Journal.open(f"postgresql+psycopg://{place}", identity=IDENTITY, patience=1)
    shown = "".join(traceback.format_exception(raised.value))
    assert "journal postgresql://127.0.0.1/k: " in shown
    assert "refused" in shown
    assert "hunter22" not in shown


def test_open__driver_is_not_installed__says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = refusal("postgresql+psycopg://u:hunter22@h/k")
    assert said.startswith("journal postgresql://h/k: PostgreSQL needs a driver: install psycopg")


def test_write__file_was_deleted__stops_before_two_have_a_journal_each(
    file: Path, url: str
) -> None:
    with closing(Journal.open(url, identity=IDENTITY)) as journal:
        journal.want(WISH, ACCOUNT, NOW)
        file.unlink()
        with pytest.raises(JournalError, match="deleted or replaced while in use: restart"):
            journal.set_state(WISH.key, IntentState.FINAL)
        file.touch()
        with pytest.raises(JournalError, match="deleted or replaced while in use: restart"):
            journal.set_state(WISH.key, IntentState.FINAL)
