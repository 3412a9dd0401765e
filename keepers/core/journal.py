"""What was wanted and what was signed, on disk before any node hears of it.

    wishes: journal_intents.py     transactions: journal_attempts.py     sums: journal_spending.py
    tables: journal_tables.py      the database and its errors: journal_database.py

Every change is one transaction: after the method returns, it survives a power failure; if it
raises, nothing was changed. (Unless the connection to a PostgreSQL server broke at the very end:
then it may have been, as after a crash.) Several processes may have one journal open. Source:
keepers spec (e1), R2.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, exists, inspect, select

from keepers.core.journal_attempts import UNDER_WAY, Attempts
from keepers.core.journal_database import Database
from keepers.core.journal_database import JournalError as JournalError
from keepers.core.journal_intents import Intents
from keepers.core.journal_spending import Spending
from keepers.core.journal_tables import SCHEMA, attempts, intents, metadata, schema
from keepers.core.journal_tables import identity as identities
from keepers.core.model import IntentState

PATIENCE = 5.0  # seconds to wait for another process that writes
AT_ONCE = 500  # intents to drop in one transaction
CLOSED = [state.value for state in IntentState if state.is_closed]


class Journal(Intents, Attempts, Spending):
    """Raises JournalError, in one line, whenever the database cannot do what is asked."""

    @classmethod
    def open(cls, url: str, *, identity: Mapping[str, str], patience: float = PATIENCE) -> Journal:
        """`identity` is what all that it holds belongs to: chain id, controller.

        A journal of another chain is refused, and one that a newer version wrote.
        """
        database = Database(url, patience=patience)
        try:
            _prepare(database, identity)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        self.database.close()

    def prune(self, before: float) -> int:
        """Drop intents that were closed, with all their attempts; returns how many intents.

        Kept is what was opened or signed since `before`, and what has an attempt under way.
        """
        own = attempts.c.intent == intents.c.key
        in_use = attempts.c.state.in_(UNDER_WAY) | (attempts.c.signed_at >= before)
        old = select(intents.c.key).where(
            intents.c.state.in_(CLOSED),
            intents.c.opened_at < before,
            ~exists().where(own & in_use),
        )
        dropped = 0
        while True:  # in small transactions, so that no other process waits for long
            with self.database.writing() as db:
                keys = db.execute(old.limit(AT_ONCE)).scalars().all()
                db.execute(delete(attempts).where(attempts.c.intent.in_(keys)))
                db.execute(delete(intents).where(intents.c.key.in_(keys)))
            dropped += len(keys)
            if len(keys) < AT_ONCE:
                return dropped


def _prepare(database: Database, identity: Mapping[str, str]) -> None:
    """Tables and identity of a new journal; those of one that exists must fit."""
    with database.writing() as db:
        found = inspect(db)
        if found.has_table(schema.name):
            version = db.execute(select(schema.c.version)).scalar_one()
            if version != SCHEMA:
                raise database.error(
                    f"it has schema {version}, this version of the keepers knows {SCHEMA}: use the "
                    "version that wrote it"
                )
        elif database.is_sqlite and found.get_table_names():
            raise database.error("it is the database of another program: choose another file")
        else:
            metadata.create_all(db)
            db.execute(schema.insert().values(version=SCHEMA))
        kept = {row.key: row.value for row in db.execute(select(identities))}
        for key, value in identity.items():
            if key not in kept:
                db.execute(identities.insert().values(key=key, value=value))
            elif kept[key] != value:
                raise database.error(
                    f"it is of {key} {kept[key]}, not {value}: choose another journal.url"
                )
