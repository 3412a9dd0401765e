"""Tables of the journal, and the way between their rows and the data of keepers/core/model.py.

Wei are decimal text: they pass 64 bits, and no database adds them up here. Names start with
`keeper_`, so that a PostgreSQL database may hold other things too.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from keepers.core.model import Attempt, AttemptState, Intent, IntentState

SCHEMA = 1  # rises with every change of these tables

metadata = MetaData()

schema = Table("keeper_schema", metadata, Column("version", Integer, primary_key=True))

identity = Table(
    "keeper_identity",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# `id` is the order of writing: clocks may jump.
intents = Table(
    "keeper_intents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("round", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", Float(53), nullable=False),
    Index("keeper_intents_by_state", "account", "state"),
)

attempts = Table(
    "keeper_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("intent", Text, ForeignKey("keeper_intents.key"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("max_fee", Text, nullable=False),
    Column("tip", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("signed_at", Float(53), nullable=False, index=True),
    Column("cancels", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("block_number", BigInteger),
    Column("block_hash", Text),
    Column("gas_used", BigInteger),
    Column("paid", Text),
    Column("ok", Boolean),
    Index("keeper_attempts_by_nonce", "account", "nonce"),
    Index("keeper_attempts_by_state", "state", "account"),
)

# An empty owner: nobody holds it. `beat` counts signs of life, `token` the take-overs.
leases = Table(
    "keeper_leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
)

INTENT = tuple(intents.c[one.name] for one in fields(Intent))
ATTEMPT = tuple(attempts.c[one.name] for one in fields(Attempt))

NOT_IN_A_BLOCK: dict[str, Any] = {
    "block_number": None,
    "block_hash": None,
    "gas_used": None,
    "paid": None,
    "ok": None,
}


def to_intent(row: Any) -> Intent:
    values: dict[str, Any] = {**row._mapping, "state": IntentState(row.state)}
    return Intent(**values)


def to_attempt(row: Any) -> Attempt:
    values: dict[str, Any] = {
        **row._mapping,
        "max_fee": int(row.max_fee),
        "tip": int(row.tip),
        "paid": None if row.paid is None else int(row.paid),
        "state": AttemptState(row.state),
    }
    return Attempt(**values)


def signed_row(attempt: Attempt) -> dict[str, Any]:
    """A row for an attempt that no node has seen, whatever state it says."""
    return {
        **vars(attempt),
        **NOT_IN_A_BLOCK,
        "max_fee": str(attempt.max_fee),
        "tip": str(attempt.tip),
        "state": AttemptState.SIGNED.value,
    }
