"""What the parts of the transaction core say to each other. Data only.

    keeper --Wish--> engine --Intent, Attempt--> journal
                       |--raw transaction--> endpoints --Head, Receipt--> engine

Amounts are wei, fees wei per gas, times unix seconds, urgency parts per million of the time there
is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MILLION = 1_000_000
GWEI = 10**9


class KeeperError(RuntimeError):
    """Something the operator must hear of, in one line. Never holds a secret."""


class Unavailable(KeeperError):
    """No endpoint can be trusted now. Nothing is known, so nothing is done: try the next tick."""


class Reverted(Exception):
    """A simulated call reverts, with `data` as revert data."""

    def __init__(self, data: bytes, message: str = "") -> None:
        super().__init__(message or f"reverts with 0x{data.hex()}")
        self.data = data


class Fenced(KeeperError):
    """Another process holds the lease of this account: this one must not sign."""


# -- chain


@dataclass(frozen=True)
class Head:
    """The block that everything in one tick is read at."""

    number: int
    hash: str
    timestamp: int
    base_fee: int


@dataclass(frozen=True)
class Call:
    """A message call; `sender` None is the zero address."""

    to: str
    data: bytes
    sender: str | None = None
    value: int = 0


@dataclass(frozen=True)
class Receipt:
    hash: str
    block_number: int
    block_hash: str
    ok: bool
    gas_used: int
    paid: int  # wei that left the account for gas, L1 data fee included


@dataclass(frozen=True)
class Log:
    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    tx: str
    index: int


class Broadcast(StrEnum):
    """What became of a raw transaction that was given to every endpoint in use."""

    ACCEPTED = "accepted"  # at least one took it now
    KNOWN = "already known"
    NONCE_TOO_LOW = "nonce too low"
    NONCE_TOO_HIGH = "nonce too high"
    UNDERPRICED = "underpriced"  # a replacement that raises too little
    FEE_TOO_LOW = "fee below base fee"
    POOR = "insufficient funds"
    REFUSED = "refused"  # any other answer
    UNKNOWN = "no answer"  # may have arrived or not


# -- wishes and what becomes of them


@dataclass(frozen=True)
class Wish:
    """Something that a keeper wants to happen on chain now. The same key is the same thing.

    `kind` names the operation ("reward"), for learned gas and limits; `subject` whom it is for.
    `urgency` is 0 when it became due and MILLION when it is too late. `worth` is what it earns in
    wei, None if unknown. `why` tells the operator.
    """

    key: str
    kind: str
    subject: str
    to: str
    data: bytes
    why: str
    urgency: int = 0
    worth: int | None = None
    round: int = 0


class IntentState(StrEnum):
    OPEN = "open"  # wanted; may have attempts under way
    INCLUDED = "included"  # in a block that may still be reorganised away
    FINAL = "final"  # happened, by our transaction
    BY_OTHER = "done by another"  # happened, by somebody else's
    WITHDRAWN = "withdrawn"  # not wanted any more, and cannot happen any more
    REFUSED = "refused"  # the chain will never accept it

    @property
    def is_closed(self) -> bool:
        return self not in (IntentState.OPEN, IntentState.INCLUDED)


@dataclass(frozen=True)
class Intent:
    """A wish that was written down. `generation` counts how often it was opened."""

    key: str
    account: str
    kind: str
    subject: str
    to: str
    data: bytes
    round: int
    state: IntentState
    generation: int
    reason: str
    opened_at: float


class AttemptState(StrEnum):
    SIGNED = "signed"  # in the journal; no node may have seen it
    SENT = "sent"
    INCLUDED = "included"
    FINAL = "final"
    LOST = "lost"  # its nonce was used by another transaction, for good


@dataclass(frozen=True)
class Attempt:
    """One signed transaction. All attempts with one nonce exclude each other.

    `cancels`: a transfer of nothing to itself, to free the nonce. `raw` can be broadcast again at
    any time. Block fields are those of the receipt, once there is one.
    """

    hash: str
    intent: str
    account: str
    nonce: int
    gas: int
    max_fee: int
    tip: int
    raw: bytes
    signed_at: float
    cancels: bool = False
    state: AttemptState = AttemptState.SIGNED
    block_number: int | None = None
    block_hash: str | None = None
    gas_used: int | None = None
    paid: int | None = None
    ok: bool | None = None

    @property
    def most(self) -> int:
        """Most wei it can cost."""
        return self.gas * self.max_fee


# -- transactions to sign


@dataclass(frozen=True)
class Unsigned:
    """An EIP-1559 transaction without signature."""

    chain_id: int
    nonce: int
    to: str
    data: bytes
    gas: int
    max_fee: int
    tip: int
    value: int = 0


@dataclass(frozen=True)
class Signed:
    hash: str
    raw: bytes
