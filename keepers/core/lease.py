"""Which of several processes acts for an account. The journal says it; no wall clock is read.

The holder counts up its beat at every tick. Another process takes over when it has seen the same
beat for `ttl` seconds of its own monotonic clock, and raises the token. A holder that was stopped
meanwhile finds another token in the journal when it signs off: Journal.sign_off raises Fenced, in
the transaction that would have written its attempt. So what the clocks say decides only how soon
there is a holder, never whether two of them act.

A process that is stopped in the middle of a write keeps SQLite locked until it goes on or is
killed: nobody acts meanwhile. A PostgreSQL server ends its transaction. Source: keepers spec (e1),
R15.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from keepers.core.journal_tables import leases
from keepers.core.owners import has_ended

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from keepers.core.journal import Journal

NOBODY = ""


@dataclass(frozen=True)
class Holding:
    """`token` fences: it rises at every take-over."""

    name: str
    token: int


class Lease:
    """One process's view of the lease `name`, which is the account in use."""

    def __init__(
        self,
        journal: Journal,
        name: str,
        owner: str,
        *,
        ttl: float = 8.0,
        monotonic: Callable[[], float] = time.monotonic,
        has_ended: Callable[[str], bool] = has_ended,
    ) -> None:
        """`owner` tells operators who holds it; `ttl` in seconds, above the time of a tick.

        `has_ended` tells of an owner that it is dead for sure, so that nobody waits for it.
        """
        self._database = journal.database
        self._name, self._owner, self._ttl, self._monotonic = name, owner, ttl, monotonic
        self._has_ended = has_ended
        self._held: tuple[int, int] | None = None  # our token and beat
        self._watch = _Watch(ttl)

    def beat(self) -> Holding | None:
        """Call it in every tick. None: somebody else has it. Raises JournalError."""
        now = self._monotonic()
        with self._database.writing() as db:
            query = select(leases.c.owner, leases.c.token, leases.c.beat)
            row = db.execute(query.where(leases.c.name == self._name)).one_or_none()
            if row is None:
                found = (1, 0)
                db.execute(leases.insert().values(name=self._name, **self._values(found)))
            elif self._held == (row.token, row.beat) and row.owner == self._owner:
                found = (row.token, row.beat + 1)
                self._write(db, found)
            elif (
                row.owner == NOBODY
                or self._watch.is_silent((row.token, row.beat), now)
                or self._has_ended(row.owner)
            ):
                found = (row.token + 1, 0)
                self._write(db, found)
            else:
                self._held = None
                return None
        self._held = found  # only now is it on the disk
        self._watch = _Watch(self._ttl)
        return Holding(self._name, found[0])

    def release(self) -> None:
        """Let another process have it at once, if it is ours. Raises JournalError."""
        held, self._held = self._held, None
        if held is None:
            return
        token, beat = held
        ours = (leases.c.token == token) & (leases.c.beat == beat)
        with self._database.writing() as db:
            db.execute(
                leases.update()
                .where(leases.c.name == self._name, leases.c.owner == self._owner, ours)
                .values(owner=NOBODY)
            )

    def _write(self, db: Connection, found: tuple[int, int]) -> None:
        db.execute(leases.update().where(leases.c.name == self._name).values(self._values(found)))

    def _values(self, found: tuple[int, int]) -> dict[str, Any]:
        token, beat = found
        return {"owner": self._owner, "token": token, "beat": beat}


class _Watch:
    """How long another process has given no sign of life, as far as this one can tell."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._seen: tuple[int, int] | None = None
        self._looked = self._silence = 0.0
        self._excused = False

    def is_silent(self, seen: tuple[int, int], now: float) -> bool:
        """At least three looks: no single gap between two counts for more than half of `ttl`.

        A gap above `ttl` counts nothing, as this process was stopped in it and the other may have
        been too; the next one counts, or a slow process would never take over.
        """
        gap, self._looked = max(0.0, now - self._looked), now
        if seen != self._seen:
            self._seen, self._silence, self._excused = seen, 0.0, False
            return False
        long = gap > self._ttl
        if not long or self._excused:
            self._silence += min(gap, self._ttl / 2)
        self._excused = long
        return self._silence >= self._ttl
