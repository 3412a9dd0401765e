"""What the journal says about money and gas."""

from __future__ import annotations

from sqlalchemy import select, union

from keepers.core.journal_attempts import FINAL, INCLUDED, LOST, SENT, SIGNED
from keepers.core.journal_database import Database
from keepers.core.journal_tables import attempts, intents


class Spending:
    def __init__(self, database: Database) -> None:
        self.database = database

    def spent(
        self,
        *,
        account: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        round: int | None = None,
        key: str | None = None,
        since: float | None = None,
    ) -> int:
        """Wei, of all attempts to which everything that is given applies.

        Each nonce counts once: with what was paid if one of its attempts is in a block, else with
        the most that one of them can cost. `since`: a nonce counts if something was signed at it
        since then, or if it is still under way, as it may yet cost.
        """
        query = select(
            *(attempts.c.account, attempts.c.nonce, attempts.c.state),
            *(attempts.c.gas, attempts.c.max_fee, attempts.c.paid),
        ).where(attempts.c.state != LOST)
        if (kind, subject, round) != (None, None, None):
            query = query.join(intents, intents.c.key == attempts.c.intent)
        wanted = (
            *((attempts.c.account, account), (attempts.c.intent, key)),
            *((intents.c.kind, kind), (intents.c.subject, subject), (intents.c.round, round)),
        )
        for column, value in wanted:
            if value is not None:
                query = query.where(column == value)
        if since is not None:
            nonces = select(attempts.c.account, attempts.c.nonce)
            recent = union(
                nonces.where(attempts.c.signed_at >= since),
                nonces.where(attempts.c.state.in_([SIGNED, SENT])),
            ).cte("recent")
            query = query.join(
                recent,
                (recent.c.account == attempts.c.account) & (recent.c.nonce == attempts.c.nonce),
            )
        paid: dict[tuple[str, int], int] = {}
        most: dict[tuple[str, int], int] = {}
        with self.database.reading() as db:
            for row in db.execute(query):
                nonce = (row.account, row.nonce)
                if row.state in (INCLUDED, FINAL):
                    paid[nonce] = int(row.paid)
                else:
                    most[nonce] = max(most.get(nonce, 0), row.gas * int(row.max_fee))
        return sum({**most, **paid}.values())

    def gas_samples(self, kind: str, limit: int = 50) -> list[int]:
        """Gas that the newest successful transactions of a kind used, newest first."""
        query = (
            select(attempts.c.gas_used)
            .join(intents, intents.c.key == attempts.c.intent)
            .where(
                intents.c.kind == kind,
                attempts.c.state.in_([INCLUDED, FINAL]),
                attempts.c.ok.is_(True),
                attempts.c.cancels.is_(False),
            )
            .order_by(attempts.c.id.desc())
            .limit(limit)
        )
        with self.database.reading() as db:
            return [int(gas) for gas in db.execute(query).scalars()]
