"""A process that shares a lease, for tests that stop it: python -m ... URL OWNER TTL [TICK]

With TICK it works by itself: a beat, a sign-off, and so on; every sign-off has its token as `gas`.
Without, it does what its input says: `beat` answers with the token or `none`, `sign` with `signed`
or `fenced`, either with `error` if the journal cannot be used; `stay` answers from within a
transaction that it leaves at the next line.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress

from keepers.core.journal import Journal, JournalError
from keepers.core.journal_tables import leases
from keepers.core.lease import Holding, Lease
from keepers.core.model import Fenced
from tests.keepers.core.journal_places import ACCOUNT, IDENTITY, NOW, attempt, wish

PATIENCE = 0.5  # seconds


class Process:
    def __init__(self, url: str, owner: str, ttl: float) -> None:
        self.journal = Journal.open(url, identity=IDENTITY, patience=PATIENCE)
        self.lease = Lease(self.journal, ACCOUNT, owner, ttl=ttl)
        self.holding: Holding | None = None
        self.owner, self.signed = owner, 0
        self.journal.want(wish(owner), ACCOUNT, NOW)

    def beat(self) -> str:
        self.holding = self.lease.beat()
        return str(self.holding.token) if self.holding else "none"

    def sign(self) -> str:
        assert self.holding
        tx, number = f"{self.owner}/{self.signed}", time.monotonic_ns()
        one = attempt(tx, number, intent=f"reward/{self.owner}", gas=self.holding.token)
        try:
            self.journal.sign_off(one, self.holding)
        except Fenced:
            return "fenced"
        self.signed += 1
        return "signed"

    def stay(self) -> str:
        with self.journal.database.writing() as db:
            db.execute(leases.update().values(beat=-1))
            say("in it")
            sys.stdin.readline()
        return "out of it"


def main(url: str, owner: str, ttl: str, tick: str = "") -> None:
    process = Process(url, owner, float(ttl))
    say("ready")
    while tick:
        with suppress(JournalError):  # it was stopped within a transaction
            if process.beat() != "none":
                process.sign()
        time.sleep(float(tick))
    for line in sys.stdin:
        try:
            say(getattr(process, line.strip())())
        except JournalError:
            say("error")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
