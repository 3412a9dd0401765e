"""The database below the journal: SQLite in a file, in memory, or PostgreSQL by URL.

Whatever goes wrong in it is one JournalError that says what to do and holds no password.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from keepers.core.model import KeeperError

# Any number that no other program of the same database uses for its advisory locks.
WRITERS = 0x6B65_6570_6572

# What SQLite says, and what an operator is told.
ADVICE = {
    "database or disk is full": "there is no room to write: free some on its disk",
    "disk i/o error": "its disk cannot be read or written: check that it is not full or broken",
    "database is locked": "another process kept it locked for {patience:g} s: is it stopped?",
    "readonly database": "this user may not write it: check owner and mode of file and folder",
    "unable to open database": "it cannot be opened: check that its folder exists and is writable",
    "not a database": "it is no SQLite database: choose another file as journal.url",
    "disk image is malformed": "it is damaged: move it away, a new one is read from the chain",
    "no space left": "its server has no room to write: free some on its disk",
    "idle-in-transaction": "this process was stopped while it wrote, and what it wrote was undone",
    "lock timeout": "another process kept it locked for {patience:g} s: is it stopped?",
}

# One connection is one database; threads take turns.
IN_MEMORY: dict[str, Any] = {
    "poolclass": QueuePool,
    "pool_size": 1,
    "max_overflow": 0,
    "connect_args": {"check_same_thread": False},
}


class JournalError(KeeperError):
    """The journal cannot be used; what was not acknowledged is not in it."""


class Database:
    """One writer at a time, among all processes that share it; readers never wait."""

    def __init__(self, url: str, *, patience: float) -> None:
        """`patience`: seconds to wait for another writer. Raises JournalError."""
        try:
            parsed = make_url(url)
        except SQLAlchemyError:
            raise JournalError(
                "journal: its url cannot be read; one is sqlite:///keepers.sqlite"
            ) from None
        self.name, self._patience = _name_of(parsed), patience
        self._secrets = [str(one) for one in (parsed.password, parsed.query.get("password")) if one]
        self._file: Path | None = None
        with self._in_one_line():
            if parsed.get_backend_name() == "postgresql":
                self._engine = _postgres(parsed, patience)
            elif parsed.get_backend_name() != "sqlite":
                raise JournalError(f"{self.name}: must be SQLite or postgresql+psycopg")
            elif parsed.database in (None, "", ":memory:"):
                self._engine = _sqlite(parsed, patience, **IN_MEMORY)
            else:
                self._file = Path(str(parsed.database))
                _create(self._file)
                self._engine = _sqlite(parsed, patience)
                self._inode = self._file.stat().st_ino

    @property
    def is_sqlite(self) -> bool:
        return bool(self._engine.dialect.name == "sqlite")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the database, for several queries."""
        with self._in_one_line(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is on the disk after the block, or nothing if it raises."""
        with self._in_one_line():
            self._check_file()
            with self._engine.connect() as connection:
                connection = connection.execution_options(writes=True)
                with connection.begin():
                    yield connection

    def close(self) -> None:
        with self._in_one_line():
            self._engine.dispose()

    def error(self, why: str) -> JournalError:
        return JournalError(f"{self.name}: {why}")

    def _check_file(self) -> None:
        """Somebody who deletes the file would let two processes have a journal each."""
        if self._file is None:
            return
        with suppress(FileNotFoundError):
            if self._file.stat().st_ino == self._inode:
                return
        raise self.error("the file was deleted or replaced while in use: restart the keepers")

    @contextmanager
    def _in_one_line(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
            raise self.error(self._explain(error)) from None

    def _explain(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.strerror:
            return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        if isinstance(error, ImportError):
            return "PostgreSQL needs a driver: install psycopg[binary], the extra postgres"
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        for secret in self._secrets:
            said = said.replace(secret, "***")
        found = next((text for known, text in ADVICE.items() if known in said.lower()), None)
        return f"{found.format(patience=self._patience)} ({said})" if found else said


def _name_of(url: URL) -> str:
    """For messages; without user, password and parameters."""
    if url.get_backend_name() == "sqlite":
        return f"journal {url.database or 'in memory'}"
    return f"journal {url.get_backend_name()}://{url.host or ''}/{url.database or ''}"


def _create(file: Path) -> None:
    """The file with no rights for others. Its -wal and -shm get the same from SQLite.

    Only if there is none: closing a file drops all locks that this process has on it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _sqlite(url: URL, patience: float, **options: Any) -> Engine:
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode not in ("wal", "memory"):
            raise sqlite3.OperationalError(f"no write-ahead log on this file system ({mode})")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _postgres(url: URL, patience: float) -> Engine:
    """As SQLite: one writer at a time. A process that is stopped in a transaction loses it."""

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    wait = int(patience * 1000)
    settings = (
        f"-c lock_timeout={wait} -c idle_in_transaction_session_timeout={wait // 2}"
        " -c synchronous_commit=on"
    )
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": max(2, int(patience)), "options": settings},
    )
    event.listen(engine, "begin", begin)
    return engine
