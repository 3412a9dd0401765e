"""Journals to test: what is written into them, and a PostgreSQL server to write it to."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from keepers.core.journal import Journal
from keepers.core.model import Attempt, Receipt, Wish

ACCOUNT = "0x00000000000000000000000000000000000000A1"
OTHER = "0x00000000000000000000000000000000000000B2"
IDENTITY = {"chain": "42161", "controller": "0xD8E8328501E9645d16Cf49539efC04f734606ee4"}
Open = Callable[[], Journal]
NOW = 1_700_000_000.0

WISH = Wish("reward/a", "reward", "a", OTHER, b"\x01\x02", "due", round=7)
ATTEMPT = Attempt("0xaa", WISH.key, ACCOUNT, 5, 100_000, 200, 3, b"\x02raw", NOW)


def wish(name: str, **changes: Any) -> Wish:
    return replace(WISH, **{"key": f"reward/{name}", "subject": name, **changes})


def attempt(tx: str, nonce: int, **changes: Any) -> Attempt:
    return replace(ATTEMPT, **{"hash": tx, "nonce": nonce, "raw": tx.encode(), **changes})


def receipt(tx: str, *, paid: int = 1_000, block: int = 10, ok: bool = True) -> Receipt:
    return Receipt(tx, block, f"0xb{block}", ok, 60_000, paid)


@dataclass
class Postgres:
    """A server that listens on a socket in `folder` only."""

    folder: Path
    binaries: Path
    user: str
    numbers: Iterator[int] = field(default_factory=count)

    def new_database(self) -> str:
        """URL of an empty one."""
        name = f"keepers{next(self.numbers)}"
        server = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        server.dispose()
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.folder}"

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def run(self, program: str, *arguments: str) -> None:
        """As a plain user: the server refuses to be root."""
        subprocess.run(
            [str(self.binaries / program), *arguments],
            user=self.user if os.getuid() == 0 else None,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            timeout=60,
        )


def why_no_postgres() -> str | None:
    """What is missing to run a server; None if nothing is."""
    if _binaries() is None:
        return "no PostgreSQL server is installed (initdb, pg_ctl)"
    if _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


@contextmanager
def postgres() -> Iterator[Postgres]:
    binaries, user = _binaries(), _user()
    assert binaries
    assert user
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has at most 107 bytes
    if os.getuid() == 0:
        shutil.chown(folder, user)
    server = Postgres(folder, binaries, user)
    try:
        server.run("initdb", "-D", str(folder / "data"), "-A", "trust", "--no-sync")
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path | None:
    found = [Path(one).parent for one in [shutil.which("initdb")] if one]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    needed = ("initdb", "pg_ctl", "postgres")
    return next((one for one in found if all((one / name).exists() for name in needed)), None)


def _user() -> str | None:
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    return next((one.pw_name for one in pwd.getpwall() if one.pw_name == "postgres"), None)
