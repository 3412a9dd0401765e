"""What a slashing keeper must remember over a crash: salts, transactions under way, its income.

All of it could be lost without harm. A lost salt costs a new commitment; a lost transaction is
found on the chain, for the state of a case is never taken from here. Everything is on disk before
the step that depends on it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

VERSION = "1"
SCHEMA = """
CREATE TABLE IF NOT EXISTS identity (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS salts (case_id BLOB PRIMARY KEY, salt BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
    hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, label TEXT NOT NULL, target TEXT NOT NULL,
    data BLOB NOT NULL, gas INTEGER NOT NULL, max_fee INTEGER NOT NULL, tip INTEGER NOT NULL,
    raw BLOB NOT NULL, at REAL NOT NULL, outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS shares (
    case_id BLOB NOT NULL, tx TEXT NOT NULL, log INTEGER NOT NULL, amount TEXT NOT NULL,
    PRIMARY KEY (case_id, tx, log)
);
CREATE TABLE IF NOT EXISTS settled (case_id BLOB PRIMARY KEY);
"""
UNDER_WAY = "under way"


class JournalError(RuntimeError):
    """The journal cannot be used; one line that says what to do."""


@dataclass(frozen=True)
class Attempt:
    """One signed transaction. Fees are wei per gas; `at` is when it was signed, unix seconds."""

    hash: str
    nonce: int
    label: str
    target: str
    data: bytes
    gas: int
    max_fee: int
    tip: int
    raw: bytes
    at: float


class Journal:
    """A file for one account on one chain, open in one process at a time. ":memory:" keeps none."""

    def __init__(self, path: str | Path, *, identity: Mapping[str, str]) -> None:
        """`identity` names chain, contract and account. Raises JournalError if it is another's."""
        self._lock = _lock(path)
        try:
            self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(SCHEMA)
            self._identify({"version": VERSION, **identity})
        except (sqlite3.Error, JournalError) as error:
            self.close()
            raise JournalError(f"journal {path}: {error}") from None

    def close(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()
        if self._lock:
            self._lock.close()

    # -- salts

    def salt(self, case_id: bytes) -> bytes | None:
        row = self._db.execute("SELECT salt FROM salts WHERE case_id = ?", (case_id,)).fetchone()
        return row[0] if row else None

    def keep_salt(self, case_id: bytes, salt: bytes) -> None:
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO salts VALUES (?, ?)", (case_id, salt))

    # -- transactions

    def keep_attempt(self, attempt: Attempt) -> None:
        one = attempt
        with self._writing():
            self._db.execute(
                "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(one.hash, one.nonce, one.label, one.target, one.data, one.gas),
                    *(one.max_fee, one.tip, one.raw, one.at, UNDER_WAY),
                ),
            )

    def under_way(self) -> list[Attempt]:
        """Attempts at the one nonce that is open, oldest first; empty if none is."""
        rows = self._db.execute(
            "SELECT hash, nonce, label, target, data, gas, max_fee, tip, raw, at FROM attempts"
            " WHERE outcome = ? ORDER BY nonce, max_fee",
            (UNDER_WAY,),
        ).fetchall()
        attempts = [Attempt(*row) for row in rows]
        return [one for one in attempts if one.nonce == attempts[0].nonce]

    def finish(self, nonce: int, outcome: str) -> None:
        """No attempt at this nonce can be mined any more, or one was."""
        with self._writing():
            self._db.execute(
                "UPDATE attempts SET outcome = ? WHERE nonce = ? AND outcome = ?",
                (outcome, nonce, UNDER_WAY),
            )

    # -- income

    def book(self, case_id: bytes, shares: Mapping[tuple[str, int], int], *, final: bool) -> None:
        """LPT wei by transaction and log; booking the same twice changes nothing."""
        with self._writing():
            for (tx, log), amount in shares.items():
                self._db.execute(
                    "INSERT OR REPLACE INTO shares VALUES (?, ?, ?, ?)",
                    (case_id, tx, log, str(amount)),
                )
            if final:
                self._db.execute("INSERT OR IGNORE INTO settled VALUES (?)", (case_id,))

    def is_settled(self, case_id: bytes) -> bool:
        """Whether the case is over and its income booked in full."""
        query = "SELECT 1 FROM settled WHERE case_id = ?"
        return self._db.execute(query, (case_id,)).fetchone() is not None

    def share(self, case_id: bytes | None = None) -> int:
        """LPT wei that came in from one case, or from all."""
        rows = self._db.execute("SELECT case_id, amount FROM shares").fetchall()
        return sum(int(amount) for one, amount in rows if case_id in (None, one))

    # -- below

    def _identify(self, identity: Mapping[str, str]) -> None:
        with self._writing():
            for key, value in identity.items():
                self._db.execute("INSERT OR IGNORE INTO identity VALUES (?, ?)", (key, value))
        kept = dict(self._db.execute("SELECT key, value FROM identity").fetchall())
        for key, value in identity.items():
            if kept[key] != value:
                raise JournalError(
                    f"is of {key} {kept[key]}, not {value}; choose another --journal"
                )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _lock(path: str | Path) -> IO[str] | None:
    """Two keepers with one account would use each other's nonces."""
    if str(path) == ":memory:":
        return None
    file = Path(f"{path}.lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise JournalError(f"journal {path}: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise JournalError(f"journal {path} is in use by another keeper: stop that one") from None
    return handle
