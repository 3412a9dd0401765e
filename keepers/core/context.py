"""What the parts of one account's engine share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from keepers.core.budget import Budget
from keepers.core.chain import Chain
from keepers.core.clock import Clock
from keepers.core.fees import Fee, FeePolicy
from keepers.core.journal import Journal
from keepers.core.model import Broadcast, Wish
from keepers.core.outbox import Outbox
from keepers.core.plan import PlanLine
from keepers.core.settling import Lane


@dataclass(frozen=True)
class Settings:
    """Times in seconds of the monotonic clock."""

    confirmations: int = 20
    replace_after: float = 30
    ask_after: float = 5  # whether a node still has a transaction that waits behind others
    foreign_patience: float = 60  # for a pending transaction that the journal does not know
    max_in_flight: int = 64
    gas_margin: tuple[int, int] = (6, 5)  # the state may move between estimate and block

    def with_margin(self, gas: int) -> int:
        more, of = self.gas_margin
        return gas * more // of


@dataclass
class Context:
    """One account. `outbox` None is a dry run. `lane` is what the last settling found.

    `since` is when this process first saw an attempt, `outbid` those that a node refused as too
    cheap; both are of the monotonic clock and of this process alone, and may be lost.
    """

    chain: Chain
    account: str
    journal: Journal
    outbox: Outbox | None
    fees: FeePolicy
    budget: Budget
    settings: Settings
    clock: Clock
    tell: Callable[[str, str], None]
    lane: Lane = Lane(0, ())
    since: dict[str, float] = field(default_factory=dict)
    outbid: set[str] = field(default_factory=set)

    def note(self, tx: str, outcome: Broadcast) -> None:
        self.since.setdefault(tx, self.clock.monotonic())
        if outcome in (Broadcast.UNDERPRICED, Broadcast.FEE_TOO_LOW):
            self.outbid.add(tx)

    def age(self, tx: str) -> float:
        now = self.clock.monotonic()
        return now - self.since.setdefault(tx, now)

    def forget_all_but(self, hashes: Collection[str]) -> None:
        self.since = {tx: at for tx, at in self.since.items() if tx in hashes}
        self.outbid &= set(hashes)

    def landed(self, key: str) -> bool:
        """Whether a transaction of this intent is in a block, with success."""
        tried = [one.hash for one in self.journal.attempts_of(key) if not one.cancels]
        return bool(tried) and any(one.ok for one in self.chain.receipts(tried).values())


def line_of(
    wish: Wish,
    verdict: str,
    reason: str,
    *,
    gas: int | None = None,
    estimate: int | None = None,
    fee: Fee | None = None,
    tx: str | None = None,
) -> PlanLine:
    """One line about a wish; its cost is the most that it can be."""
    return PlanLine(
        keeper="",
        kind=wish.kind,
        subject=wish.subject,
        why=wish.why,
        verdict=verdict,
        reason=reason,
        gas=gas,
        estimate=estimate,
        max_fee=fee.max_fee if fee else None,
        cost=gas * fee.max_fee if gas is not None and fee else None,
        worth=wish.worth,
        tx=tx,
    )
