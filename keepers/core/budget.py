"""Spending limits, held before anything is signed. Amounts are wei.

What is under way counts with the most that it can cost, what is in a block with what it did cost;
the journal says both, for all accounts that share it. Source: keepers spec (e1), R20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keepers.core.amounts import ETHER, show_units
from keepers.core.model import Wish

if TYPE_CHECKING:
    from keepers.core.journal import Journal

DAY = 86_400  # seconds; a day is the last 24 hours


@dataclass(frozen=True)
class Limits:
    """What may be spent at most; None is no limit. `min_balance` is what an account should hold.

    In the configuration they are keys of [limits], in ETH: `per_day` is `per_day_eth`.
    """

    per_operation: int | None = None
    per_round: int | None = None
    per_day: int | None = None
    per_orchestrator_per_day: int | None = None
    min_balance: int = 0


@dataclass(frozen=True)
class Refusal:
    """The limit called `key` allows `allowed`; `spent` is used up, and `cost` would come on top."""

    key: str
    whose: str
    allowed: int
    spent: int
    cost: int

    @property
    def missing(self) -> int:
        return self.spent + self.cost - self.allowed

    def __str__(self) -> str:
        return (
            f"{_eth(self.missing)} more than {self.whose} may cost: {_eth(self.spent)} spent or "
            f"under way, {_eth(self.cost)} needed, limits.{self.key}_eth is {_eth(self.allowed)}"
        )


class Budget:
    def __init__(self, limits: Limits, journal: Journal) -> None:
        self.limits = limits
        self._journal = journal

    def refusal(self, wish: Wish, cost: int, now: float) -> str | None:
        """Why `cost` more for this wish would pass a limit, None if it would not."""
        found = self.check(wish, cost, now)
        return str(found) if found else None

    def check(self, wish: Wish, cost: int, now: float) -> Refusal | None:
        """As `refusal`, for programs. Raises JournalError."""
        limits, spent, since = self.limits, self._journal.spent, now - DAY
        if (most := limits.per_operation) is not None:
            used = spent(key=wish.key)
            if used + cost > most:
                return Refusal("per_operation", "one operation", most, used, cost)
        # Round 0 stands for none: what belongs to no round would add up for ever.
        if (most := limits.per_round) is not None and wish.round:
            used = spent(round=wish.round)
            if used + cost > most:
                return Refusal("per_round", f"round {wish.round}", most, used, cost)
        if (most := limits.per_orchestrator_per_day) is not None:
            used = spent(subject=wish.subject, since=since)
            if used + cost > most:
                key = "per_orchestrator_per_day"
                return Refusal(key, f"a day of {wish.subject}", most, used, cost)
        if (most := limits.per_day) is not None:
            used = spent(since=since)
            if used + cost > most:
                return Refusal("per_day", "a day", most, used, cost)
        return None

    def low_balance(self, account: str, balance: int, now: float) -> str | None:
        """What to tell the operator when an account holds less than it should."""
        missing = self.limits.min_balance - balance
        if missing <= 0:
            return None
        text = (
            f"{account} holds {_eth(balance)}, {_eth(missing)} less than limits.min_balance_eth: "
            "send it ETH"
        )
        a_day = self._journal.spent(account=account, since=now - DAY)
        if a_day == 0:
            return text
        return f"{text}; at the last 24 hours' spending it lasts {balance * 24 // a_day} hours"


def _eth(wei: int) -> str:
    return f"{show_units(wei, ETHER)} ETH"
