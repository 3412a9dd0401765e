"""The part of the journal that holds what was wanted, one row for each key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from keepers.core.journal_database import Database
from keepers.core.journal_tables import INTENT, NOT_IN_A_BLOCK, attempts, intents, to_intent
from keepers.core.model import AttemptState, Intent, IntentState, Wish

# Closed, but it did not happen by our transaction: the same wish may come again.
REOPENED = (IntentState.WITHDRAWN, IntentState.BY_OTHER, IntentState.REFUSED)


class Intents:
    def __init__(self, database: Database) -> None:
        self.database = database

    def want(self, wish: Wish, account: str, now: float) -> Intent:
        """Write the wish down, or open it again if it was closed without our transaction."""
        known = self.intent(wish.key)
        if known is not None and known.state not in REOPENED:
            return known
        values = {
            "account": account,
            "kind": wish.kind,
            "subject": wish.subject,
            "to": wish.to,
            "data": wish.data,
            "round": wish.round,
            "state": IntentState.OPEN.value,
            "reason": wish.why,
            "opened_at": now,
        }
        with self.database.writing() as db:
            # Once more: another process may have been here in between.
            row = db.execute(select(*INTENT).where(intents.c.key == wish.key)).one_or_none()
            if row is None:
                db.execute(intents.insert().values(key=wish.key, generation=1, **values))
            elif row.state in REOPENED:
                values["generation"] = row.generation + 1
                db.execute(intents.update().where(intents.c.key == wish.key).values(values))
            return to_intent(db.execute(select(*INTENT).where(intents.c.key == wish.key)).one())

    def reopen(self, key: str, reason: str) -> Intent:
        """Open it again, whatever became of it: a deep reorganisation undid what was final.

        Its transactions that were final are in no block now, and may get into one once more.
        """
        final = (attempts.c.intent == key) & (attempts.c.state == AttemptState.FINAL.value)
        back = {"state": AttemptState.SENT.value, **NOT_IN_A_BLOCK}
        with self.database.writing() as db:
            db.execute(attempts.update().where(final).values(back))
            return self._change(
                db,
                key,
                state=IntentState.OPEN.value,
                reason=reason,
                generation=intents.c.generation + 1,
            )

    def set_state(self, key: str, state: IntentState) -> None:
        with self.database.writing() as db:
            self._change(db, key, state=state.value)

    def close_intent(self, key: str, state: IntentState, reason: str) -> None:
        """`reason` tells the operator why it is closed."""
        if not state.is_closed:
            raise ValueError(f"{state} closes nothing")
        with self.database.writing() as db:
            self._change(db, key, state=state.value, reason=reason)

    def intent(self, key: str) -> Intent | None:
        with self.database.reading() as db:
            row = db.execute(select(*INTENT).where(intents.c.key == key)).one_or_none()
        return None if row is None else to_intent(row)

    def open_intents(self, account: str) -> list[Intent]:
        """Those that are open or in a block, oldest first."""
        query = select(*INTENT).where(
            intents.c.account == account,
            intents.c.state.in_([IntentState.OPEN.value, IntentState.INCLUDED.value]),
        )
        with self.database.reading() as db:
            rows = db.execute(query.order_by(intents.c.opened_at, intents.c.id)).all()
        return [to_intent(row) for row in rows]

    def _change(self, db: Connection, key: str, **values: Any) -> Intent:
        db.execute(intents.update().where(intents.c.key == key).values(values))
        row = db.execute(select(*INTENT).where(intents.c.key == key)).one_or_none()
        if row is None:
            raise self.database.error(f"it holds no intent {key}")
        return to_intent(row)
