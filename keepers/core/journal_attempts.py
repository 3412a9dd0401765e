"""The part of the journal that holds what was signed, one row for each signed transaction.

    signed -> sent -> included -> final
                ^         |            \\-> lost: its nonce was used by another
                +-vanished+

Of all attempts at one nonce, at most one is in a block, and all under way are of one intent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from keepers.core.journal_database import Database
from keepers.core.journal_tables import (
    ATTEMPT,
    NOT_IN_A_BLOCK,
    attempts,
    leases,
    signed_row,
    to_attempt,
)
from keepers.core.lease import Holding
from keepers.core.model import Attempt, AttemptState, Fenced, Receipt

SIGNED, SENT = AttemptState.SIGNED.value, AttemptState.SENT.value
INCLUDED, FINAL = AttemptState.INCLUDED.value, AttemptState.FINAL.value
LOST = AttemptState.LOST.value
UNDER_WAY = (SIGNED, SENT, INCLUDED)


class Attempts:
    def __init__(self, database: Database) -> None:
        self.database = database

    def sign_off(self, attempt: Attempt, lease: Holding | None) -> None:
        """Write down what was signed, before it is sent.

        Raises Fenced if `lease` has passed to another process; that is looked up in the same
        transaction. The same bytes once more change nothing while they are under way, and are
        under way again if they were given up.
        """
        with self.database.writing() as db:
            if lease is not None:
                self._check_lease(db, lease)
            here = _at(attempt.account, attempt.nonce)
            query = select(attempts.c.hash, attempts.c.intent).where(here)
            for row in db.execute(query.where(attempts.c.state.in_(UNDER_WAY))).all():
                if row.hash == attempt.hash:
                    return
                if row.intent != attempt.intent:
                    raise self.database.error(
                        f"nonce {attempt.nonce} of {attempt.account} belongs to {row.intent}, "
                        f"{attempt.intent} must not use it"
                    )
            # The nonce is free again, so what was final there is in the chain no longer.
            final = attempts.c.state == FINAL
            db.execute(attempts.update().where(here & final).values(state=LOST, **NOT_IN_A_BLOCK))
            db.execute(attempts.delete().where(attempts.c.hash == attempt.hash))
            db.execute(attempts.insert().values(signed_row(attempt)))

    def sent(self, hash: str) -> None:
        """A node has it, or may have it."""
        with self.database.writing() as db:
            self._row(db, hash)
            db.execute(_update(hash, SIGNED).values(state=SENT))

    def included(self, receipt: Receipt) -> None:
        """It is in a block; what was in one with the same nonce no longer is."""
        with self.database.writing() as db:
            row = self._row(db, receipt.hash)
            if row.state == FINAL:
                return
            others = _at(row.account, row.nonce) & (attempts.c.hash != receipt.hash)
            in_a_block = attempts.c.state.in_([INCLUDED, FINAL])
            db.execute(
                attempts.update().where(others & in_a_block).values(state=SENT, **NOT_IN_A_BLOCK)
            )
            db.execute(
                _update(receipt.hash).values(
                    state=INCLUDED,
                    block_number=receipt.block_number,
                    block_hash=receipt.block_hash,
                    gas_used=receipt.gas_used,
                    paid=str(receipt.paid),
                    ok=receipt.ok,
                )
            )

    def vanished(self, hash: str) -> None:
        """Its block was reorganised away."""
        with self.database.writing() as db:
            self._row(db, hash)
            db.execute(_update(hash, INCLUDED).values(state=SENT, **NOT_IN_A_BLOCK))

    def final(self, hash: str) -> None:
        """Its block stays, so nothing else at its nonce can follow."""
        with self.database.writing() as db:
            row = self._row(db, hash)
            if row.state not in (INCLUDED, FINAL):
                raise self.database.error(f"{hash} is {row.state}: it cannot be final")
            others = _at(row.account, row.nonce) & (attempts.c.hash != hash)
            db.execute(attempts.update().where(others).values(state=LOST, **NOT_IN_A_BLOCK))
            db.execute(_update(hash).values(state=FINAL))

    def lost(self, account: str, nonce: int) -> None:
        """A transaction of somebody else used the nonce, or no node ever got ours."""
        with self.database.writing() as db:
            db.execute(
                attempts.update().where(_at(account, nonce)).values(state=LOST, **NOT_IN_A_BLOCK)
            )

    def attempts(self, account: str) -> list[Attempt]:
        """What is not over yet, by nonce, then oldest first."""
        return self._read(attempts.c.account == account, attempts.c.state.in_(UNDER_WAY))

    def attempts_of(self, key: str) -> list[Attempt]:
        """All that were ever signed for an intent, in the same order."""
        return self._read(attempts.c.intent == key)

    def _read(self, *conditions: Any) -> list[Attempt]:
        query = select(*ATTEMPT).where(*conditions)
        with self.database.reading() as db:
            rows = db.execute(query.order_by(attempts.c.signed_at, attempts.c.id)).all()
        # Ordered by nonce in the query, SQLite would walk through every nonce there ever was.
        return sorted((to_attempt(row) for row in rows), key=lambda one: one.nonce)

    def _row(self, db: Connection, hash: str) -> Any:
        row = db.execute(select(*ATTEMPT).where(attempts.c.hash == hash)).one_or_none()
        if row is None:
            raise self.database.error(f"it holds no transaction {hash}")
        return row

    def _check_lease(self, db: Connection, lease: Holding) -> None:
        token = db.execute(
            select(leases.c.token).where(leases.c.name == lease.name)
        ).scalar_one_or_none()
        if token != lease.token:
            raise Fenced(
                f"{self.database.name}: another process took over {lease.name} "
                f"(token {token}, ours is {lease.token}): nothing is sent"
            )


def _at(account: str, nonce: int) -> Any:
    return (attempts.c.account == account) & (attempts.c.nonce == nonce)


def _update(hash: str, state: str | None = None) -> Any:
    """An update of one attempt; only if it is in that state."""
    update = attempts.update().where(attempts.c.hash == hash)
    return update if state is None else update.where(attempts.c.state == state)
