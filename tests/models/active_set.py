"""How stake moves a transcoder in and out of the next round's active set. Bonding spec, section 11.

Decided differences from the deployed contracts (docs/differences.md): stake is recorded for
everyone active in this or the next round (6), and the last of a full pool is safe until it has
called reward (4).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.models.arithmetic import require, subtract
from tests.models.ledger import Ledger
from tests.models.records import NEVER, ZERO

EVICTION_REFUSED = "cannot evict an active transcoder before it calls reward"


@dataclass
class ActiveSet(Ledger):
    @property
    def next_round(self) -> int:
        return self.rounds.current + 1

    def increase_stake(
        self,
        transcoder: str,
        amount: int,
        prev_hint: str = ZERO,
        next_hint: str = ZERO,
        *,
        eviction_may_revert: bool,
    ) -> None:
        d = self.delegators[transcoder]
        old, new = d.delegated_amount, d.delegated_amount + amount
        joined = False
        if transcoder in self.pool:
            self.pool.update_key(transcoder, new, prev_hint, next_hint)
            self.next_total_stake += amount
        elif self.is_registered(transcoder):
            joined = self.join(
                transcoder, new, prev_hint, next_hint, eviction_may_revert=eviction_may_revert
            )
        if not joined and (transcoder in self.pool or self.is_active(transcoder)):
            self.record_stake(transcoder, old, new)
        d.delegated_amount = new

    def decrease_stake(
        self, transcoder: str, amount: int, prev_hint: str = ZERO, next_hint: str = ZERO
    ) -> None:
        d = self.delegators[transcoder]
        old, new = d.delegated_amount, subtract(d.delegated_amount, amount)
        earns = transcoder in self.pool or self.is_active(transcoder)
        if transcoder in self.pool:
            self.pool.update_key(transcoder, new, prev_hint, next_hint)
            self.next_total_stake = subtract(self.next_total_stake, amount)
        if earns:
            self.record_stake(transcoder, old, new)
        d.delegated_amount = new

    def record_stake(self, transcoder: str, old: int, new: int) -> None:
        """This round keeps the stake it began with; the next round gets the new one."""
        t = self.transcoders[transcoder]
        if t.last_stake_round < self.rounds.current:
            t.pools[self.rounds.current].total_stake = old
        t.pools[self.next_round].total_stake = new
        t.last_stake_round = self.next_round

    def join(
        self,
        transcoder: str,
        stake: int,
        prev_hint: str,
        next_hint: str,
        *,
        eviction_may_revert: bool,
    ) -> bool:
        """Enter the pool, evicting the last of a full one if it has less stake; true if it did."""
        if self.delegators[transcoder].held:
            return False
        if self.pool.is_full:
            last = self.pool.last
            if stake <= self.delegators[last].delegated_amount:
                return False
            if self.is_active(last) and not self.has_rewarded(last):
                require(not eviction_may_revert, EVICTION_REFUSED)
                return False
            self.leave(last)

        self.pool.insert(transcoder, stake, prev_hint, next_hint)
        t = self.transcoders[transcoder]
        t.last_stake_round = t.activation_round = self.next_round
        t.deactivation_round = NEVER
        t.pools[self.next_round].total_stake = stake
        self.next_total_stake += stake
        self.log("TranscoderActivated", transcoder, self.next_round)
        return True

    def leave(self, transcoder: str) -> None:
        """Out of the pool with all delegated stake; active until this round ends."""
        self.pool.remove(transcoder)
        stake = self.delegators[transcoder].delegated_amount
        self.next_total_stake = subtract(self.next_total_stake, stake)
        self.transcoders[transcoder].deactivation_round = self.next_round
        self.log("TranscoderDeactivated", transcoder, self.next_round)
