"""Bonding, unbonding, moving and withdrawing stake and fees. Bonding spec, 12.3 to 12.11.

Every method is one external function; the variants without hints are the same with null hints.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.models.active_set import ActiveSet
from tests.models.arithmetic import require
from tests.models.ledger import BONDED, UNBONDED
from tests.models.records import ZERO, Lock

INVALID_LOCK = "invalid unbonding lock ID"


@dataclass
class Delegation(ActiveSet):
    # -- bond

    def bond(
        self,
        sender: str,
        amount: int,
        owner: str,
        to: str,
        old_hints: tuple[str, str] = (ZERO, ZERO),
        new_hints: tuple[str, str] = (ZERO, ZERO),
    ) -> None:
        """`sender` pays `amount`; it and all that `owner` has bonded already go to `to`."""
        self.require_live()
        self.require_may_claim_for(sender, owner)
        self.claim(owner)
        d = self.delegators[owner]
        old_delegate = d.delegate
        self._require_may_bond_for(sender, owner, to)

        moved = amount
        if self.status(owner) == UNBONDED:
            d.start_round = self.next_round
        elif old_delegate != to:
            require(
                not self.is_registered(owner),
                "registered transcoders can't delegate towards other addresses",
            )
            d.start_round = self.next_round
            moved += d.bonded_amount
            self.decrease_stake(old_delegate, d.bonded_amount, *old_hints)
            self.checkpoint(old_delegate)

        self.materialise_factors(to, self.rounds.current)
        require(moved > 0, "delegation amount must be greater than 0")
        d.delegate = to
        d.bonded_amount += amount
        self.increase_stake(to, moved, *new_hints, eviction_may_revert=True)
        if to != owner:
            self.checkpoint(to)
        if amount > 0:
            manager = self.registry.address_of("BondingManager")
            self.token.transfer_from(manager, sender, self.minter.address, amount)
        self.log("Bond", to, old_delegate, owner, amount, d.bonded_amount)
        self.checkpoint(owner)

    def _require_may_bond_for(self, sender: str, owner: str, to: str) -> None:
        """A third party may only add to what the owner has chosen, or start a plain delegation."""
        if sender in (owner, self.registry.address_of("L2Migrator")):
            return
        require(owner != ZERO, "INVALID_DELEGATOR")
        if self.status(owner) == UNBONDED:
            require(to != owner, "INVALID_DELEGATE")
        else:
            require(to == self.delegators[owner].delegate, "INVALID_DELEGATE_CHANGE")

    # -- unbond

    def unbond(
        self, sender: str, amount: int, prev_hint: str = ZERO, next_hint: str = ZERO
    ) -> None:
        self.require_live()
        self.claim(sender)
        self.require_not_held(sender)
        require(self.status(sender) == BONDED, "caller must be bonded")
        require(amount > 0, "unbond amount must be greater than 0")
        d = self.delegators[sender]
        require(amount <= d.bonded_amount, "amount is greater than bonded amount")

        delegate = d.delegate
        withdraw_round = self.rounds.current + self.unbonding_period
        lock_id = self._add_lock(sender, Lock(amount, withdraw_round))
        d.bonded_amount -= amount
        if d.bonded_amount == 0:
            d.delegate, d.start_round = ZERO, 0
            if sender in self.pool:
                self.leave(sender)
        self.decrease_stake(delegate, amount, prev_hint, next_hint)
        if delegate != sender:
            self.checkpoint(delegate)
        self.log("Unbond", delegate, sender, lock_id, amount, withdraw_round)
        self.checkpoint(sender)

    def _add_lock(self, account: str, lock: Lock) -> int:
        d = self.delegators[account]
        lock_id, d.next_lock_id = d.next_lock_id, d.next_lock_id + 1
        d.locks[lock_id] = lock
        return lock_id

    # -- rebond

    def rebond(
        self, sender: str, lock_id: int, prev_hint: str = ZERO, next_hint: str = ZERO
    ) -> None:
        self.require_live()
        self.claim(sender)
        require(self.status(sender) != UNBONDED, "caller must be bonded")
        self.require_not_held(sender)
        self._rebond(sender, lock_id, prev_hint, next_hint)

    def rebond_from_unbonded(
        self, sender: str, to: str, lock_id: int, prev_hint: str = ZERO, next_hint: str = ZERO
    ) -> None:
        self.require_live()
        self.claim(sender)
        require(self.status(sender) == UNBONDED, "caller must be unbonded")
        self.require_not_held(sender)
        self.materialise_factors(to, self.rounds.current)
        self.delegators[sender].start_round = self.next_round
        self.delegators[sender].delegate = to
        self._rebond(sender, lock_id, prev_hint, next_hint)

    def _rebond(self, account: str, lock_id: int, prev_hint: str, next_hint: str) -> None:
        lock = self._take_lock(account, lock_id)
        d = self.delegators[account]
        d.bonded_amount += lock.amount
        self.increase_stake(d.delegate, lock.amount, prev_hint, next_hint, eviction_may_revert=True)
        if d.delegate != account:
            self.checkpoint(d.delegate)
        self.log("Rebond", d.delegate, account, lock_id, lock.amount)
        self.checkpoint(account)

    def _take_lock(self, account: str, lock_id: int) -> Lock:
        lock = self.lock(account, lock_id)
        require(lock.withdraw_round > 0, INVALID_LOCK)
        del self.delegators[account].locks[lock_id]
        return lock

    # -- transfer

    def transfer_bond(
        self,
        sender: str,
        receiver: str,
        amount: int,
        old_hints: tuple[str, str] = (ZERO, ZERO),
        new_hints: tuple[str, str] = (ZERO, ZERO),
    ) -> None:
        """Unbond from the sender, hand over the lock, rebond it for the receiver."""
        self.require_live()
        self.require_may_claim_for(sender, receiver)
        self.claim(sender)
        old_delegate = self.delegators[sender].delegate

        self.unbond(sender, amount, *old_hints)
        old_id = self.delegators[sender].next_lock_id - 1
        new_id = self._add_lock(receiver, self._take_lock(sender, old_id))
        self.log("TransferBond", sender, receiver, old_id, new_id, amount)

        self.claim(receiver)
        r = self.delegators[receiver]
        if r.delegate == ZERO and r.bonded_amount == 0:
            require(receiver not in (old_delegate, ZERO), "INVALID_DELEGATOR")
            r.delegate = old_delegate
        if self.status(receiver) == UNBONDED:
            r.start_round = self.next_round
        self._rebond(receiver, new_id, *new_hints)

    # -- claim and withdraw

    def claim_earnings(self, sender: str) -> None:
        self.require_live()
        self.claim(sender)
        self.checkpoint(sender)

    def withdraw_stake(self, sender: str, lock_id: int) -> None:
        self.require_live()
        self.require_not_held(sender)
        lock = self.lock(sender, lock_id)
        require(lock.withdraw_round > 0, INVALID_LOCK)
        require(
            lock.withdraw_round <= self.rounds.current,
            "withdraw round must be before or equal to the current round",
        )
        self._take_lock(sender, lock_id)
        self.minter.transfer(sender, lock.amount)
        self.log("WithdrawStake", sender, lock_id, lock.amount, lock.withdraw_round)

    def withdraw_fees(self, sender: str, recipient: str, amount: int) -> None:
        self.require_live()
        self.claim(sender)
        require(recipient != ZERO, "invalid recipient")
        d = self.delegators[sender]
        require(amount <= d.fees, "insufficient fees to withdraw")
        d.fees -= amount
        self.minter.withdraw_eth(recipient, amount)
        self.log("WithdrawFees", sender, recipient, amount)
        self.checkpoint(sender)
