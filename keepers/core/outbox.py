"""The only place that signs and broadcasts: signed, written down, sent, in this order.

A crash between two of these steps leaves either nothing or a transaction in the journal, which is
sent again as it is. Source: keepers spec (e1), R2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keepers.core.chain import Chain
from keepers.core.clock import Clock
from keepers.core.crash import reach as crash_point
from keepers.core.journal import Journal
from keepers.core.lease import Holding
from keepers.core.model import Attempt, AttemptState, Broadcast, Unsigned
from keepers.core.signing import Signer

# The node has it, or may have it.
ARRIVED = (Broadcast.ACCEPTED, Broadcast.KNOWN, Broadcast.UNKNOWN)


@dataclass(frozen=True)
class Sent:
    attempt: Attempt
    outcome: Broadcast
    line: str


class Outbox:
    """One account's transactions on their way out."""

    def __init__(
        self,
        chain: Chain,
        signer: Signer,
        journal: Journal,
        *,
        clock: Clock,
        reach: Callable[[str], None] = crash_point,
    ) -> None:
        self._chain, self._signer, self._journal = chain, signer, journal
        self._clock, self._reach = clock, reach

    def send(
        self,
        key: str,
        tx: Unsigned,
        *,
        holding: Holding | None,
        cancels: bool = False,
        replaces: bool = False,
    ) -> Sent:
        """Raises SigningError, Fenced (nothing was sent), JournalError (nothing was sent)."""
        signed = self._signer.sign(tx)
        self._reach("signed")
        attempt = Attempt(
            hash=signed.hash,
            intent=key,
            account=self._signer.address,
            nonce=tx.nonce,
            gas=tx.gas,
            max_fee=tx.max_fee,
            tip=tx.tip,
            raw=signed.raw,
            signed_at=self._clock.wall(),
            cancels=cancels,
        )
        self._journal.sign_off(attempt, holding)
        self._reach("journaled")
        if cancels:
            self._reach("cancel journaled")
        elif replaces:
            self._reach("replacement journaled")
        return self.again(attempt)

    def again(self, attempt: Attempt) -> Sent:
        """Broadcast what is in the journal already."""
        outcome, line = self._chain.broadcast(attempt.raw)
        self._reach("broadcast")
        if outcome in ARRIVED and attempt.state is AttemptState.SIGNED:
            self._journal.sent(attempt.hash)
            self._reach("sent marked")
        return Sent(attempt, outcome, line)
