"""Cuts, rewards, fees, the turn of a round; and slashing. Bonding spec, 12.2 and 12.12 to 12.15.

Decided differences from the deployed contracts: docs/differences.md, rows 3, 5, 7, 8, 9 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.models.active_set import ActiveSet
from tests.models.arithmetic import PERC, PRECISE_PERC, fraction, part, require, subtract
from tests.models.records import ZERO, EarningsPool, Factors, one_if_unset

TOO_MUCH_ACTIVE = "active rewards exceed total stake"


@dataclass
class Rewards(ActiveSet):
    # -- transcoders

    def transcoder(
        self,
        sender: str,
        reward_cut: int,
        fee_share: int,
        prev_hint: str = ZERO,
        next_hint: str = ZERO,
    ) -> None:
        self.require_live()
        require(not self.rounds.locked, "can't update transcoder params, current round is locked")
        require(reward_cut <= PERC, "invalid rewardCut percentage")
        require(fee_share <= PERC, "invalid feeShare percentage")
        require(self.is_registered(sender), "transcoder must be registered")
        require(
            not self.is_active(sender) or self.has_rewarded(sender),
            "caller can't be active or must have already called reward for the current round",
        )
        t = self.transcoders[sender]
        t.reward_cut, t.fee_share = reward_cut, fee_share
        if sender not in self.pool:
            stake = self.delegators[sender].delegated_amount
            self.join(sender, stake, prev_hint, next_hint, eviction_may_revert=False)
        self.log("TranscoderUpdate", sender, reward_cut, fee_share)

    def set_reward_caller(self, sender: str, caller: str) -> None:
        """LIP-118: who else may call reward for the sender; zero for nobody."""
        self.require_unpaused()
        self.reward_callers[sender] = caller
        self.log("RewardCallerSet", sender, caller)

    def reward(self, sender: str, prev_hint: str = ZERO, next_hint: str = ZERO) -> None:
        self.require_live()
        self._reward(sender, prev_hint, next_hint)

    def reward_for_transcoder(
        self, sender: str, transcoder: str, prev_hint: str = ZERO, next_hint: str = ZERO
    ) -> None:
        self.require_live()
        require(
            self.reward_callers.get(transcoder, ZERO) == sender,
            "caller must be transcoder's reward caller",
        )
        self._reward(transcoder, prev_hint, next_hint)

    def _reward(self, transcoder: str, prev_hint: str, next_hint: str) -> None:
        require(self.is_active(transcoder), "caller must be an active transcoder")
        require(
            not self.has_rewarded(transcoder),
            "caller has already called reward for the current round",
        )
        pool = self._open_pool(transcoder)
        self._stop_full_treasury()
        minted = self.minter.create_reward(pool.total_stake, self.current_total_stake)
        rewards = minted - self._pay_treasury(transcoder, minted)
        self._share_rewards(transcoder, pool, rewards)
        self.increase_stake(transcoder, rewards, prev_hint, next_hint, eviction_may_revert=False)
        self.transcoders[transcoder].last_reward_round = self.rounds.current
        self.log("Reward", transcoder, rewards)
        self.checkpoint(transcoder)

    def _open_pool(self, transcoder: str) -> EarningsPool:
        """This round's pool with the cuts of now and, if none is recorded, the last known stake."""
        t = self.transcoders[transcoder]
        pool = t.pools[self.rounds.current]
        pool.reward_cut, pool.fee_share = t.reward_cut, t.fee_share
        if t.last_stake_round < self.rounds.current:
            pool.total_stake = t.pools[t.last_stake_round].total_stake
        return pool

    def _stop_full_treasury(self) -> None:
        """From the next round on, nothing for a treasury that has reached its ceiling."""
        balance = self.token.balances[self.registry.address_of("Treasury")]
        if 0 < self.treasury_ceiling <= balance and self.next_treasury_cut > 0:
            self.next_treasury_cut = 0
            self.log("ParameterUpdate", "nextRoundTreasuryRewardCutRate")

    def _pay_treasury(self, transcoder: str, minted: int) -> int:
        amount = part(minted, self.treasury_cut, PRECISE_PERC)
        if amount > 0:
            treasury = self.registry.address_of("Treasury")
            self.minter.transfer(treasury, amount)
            self.log("TreasuryReward", transcoder, treasury, amount)
        return amount

    def _share_rewards(self, transcoder: str, pool: EarningsPool, rewards: int) -> None:
        """Commission to the transcoder, the rest to stake, its own unclaimed rewards included."""
        t = self.transcoders[transcoder]
        previous = self.factors(transcoder, t.last_reward_round)
        t.active_cumulative_rewards = t.cumulative_rewards
        commission = part(rewards, pool.reward_cut, PERC)
        shared = rewards - commission
        t.cumulative_rewards += commission + self._own_part(
            shared, t.active_cumulative_rewards, pool
        )
        base = one_if_unset(previous.reward)
        pool.reward_factor = base + fraction(base, shared, pool.total_stake, PRECISE_PERC)

    @staticmethod
    def _own_part(shared: int, active_rewards: int, pool: EarningsPool) -> int:
        """What of a shared amount falls to the transcoder's own unclaimed rewards."""
        own = fraction(shared, active_rewards, pool.total_stake, PRECISE_PERC)
        require(active_rewards <= pool.total_stake, TOO_MUCH_ACTIVE)
        return own

    # -- TicketBroker

    def update_with_fees(self, sender: str, transcoder: str, fees: int) -> None:
        self.require_unpaused()
        self.require_caller(sender, "TicketBroker")
        require(self.is_registered(transcoder), "transcoder must be registered")
        require(self.is_active(transcoder), "transcoder must be active")

        t = self.transcoders[transcoder]
        previous = self.latest_factors(transcoder, self.rounds.current - 1)
        if self.has_rewarded(transcoder):
            pool, active_rewards = t.pools[self.rounds.current], t.active_cumulative_rewards
        else:
            pool, active_rewards = self._open_pool(transcoder), t.cumulative_rewards
        if previous.reward == 0 and self.has_rewarded(transcoder):
            previous = Factors(self._factor_before_reward(pool), previous.fee)

        shared = part(fees, pool.fee_share, PERC)
        t.cumulative_fees += fees - shared + self._own_part(shared, active_rewards, pool)
        base = one_if_unset(previous.reward)
        start = pool.fee_factor or previous.fee
        pool.fee_factor = start + fraction(base, shared, pool.total_stake, PRECISE_PERC)
        t.last_fee_round = self.rounds.current

    def _factor_before_reward(self, pool: EarningsPool) -> int:
        """Undo this round's reward: the factor of a transcoder that missed the reward before it."""
        minted = fraction(
            self.minter.mintable, pool.total_stake, self.current_total_stake, PRECISE_PERC
        )
        minted -= part(minted, self.treasury_cut, PRECISE_PERC)
        shared = minted - part(minted, pool.reward_cut, PERC)
        return fraction(
            pool.reward_factor, pool.total_stake, shared + pool.total_stake, PRECISE_PERC
        )

    # -- Verifier

    def slash(
        self, sender: str, transcoder: str, finder: str, slash_amount: int, finder_fee: int
    ) -> None:
        """Burn part of an account's bond, with the effect on the books that unbonding has."""
        self.require_unpaused()
        self.require_caller(sender, "Verifier")
        require(slash_amount <= PERC, "invalid slashAmount percentage")
        require(finder_fee <= PERC, "invalid finderFee percentage")
        self.claim(transcoder)

        d = self.delegators[transcoder]
        penalty, reward = part(d.bonded_amount, slash_amount, PERC), 0
        if d.bonded_amount > 0:
            self._take_penalty(transcoder, penalty)
            if finder != ZERO:
                reward = part(penalty, finder_fee, PERC)
                self.minter.transfer(finder, reward)
            self.minter.burn(penalty - reward)
        self.log("TranscoderSlashed", transcoder, finder, penalty, reward)
        self.checkpoint(transcoder)

    def slash_lock(
        self, sender: str, account: str, lock_id: int, finder: str, slash_amount: int, fee: int
    ) -> None:
        """Burn part of what an account is unbonding; the lock stays unless it is empty."""
        self.require_unpaused()
        self.require_caller(sender, "Verifier")
        require(slash_amount <= PERC, "invalid slashAmount percentage")
        require(fee <= PERC, "invalid finderFee percentage")
        lock = self.lock(account, lock_id)
        require(lock.withdraw_round > 0, "invalid unbonding lock ID")
        penalty = part(lock.amount, slash_amount, PERC)
        lock.amount -= penalty
        if lock.amount == 0:
            del self.delegators[account].locks[lock_id]
        reward = part(penalty, fee, PERC) if finder != ZERO else 0
        if finder != ZERO:
            self.minter.transfer(finder, reward)
        self.minter.burn(penalty - reward)
        self.log("UnbondingLockSlashed", account, finder, lock_id, penalty, reward)

    def hold(self, sender: str, account: str, resign: bool) -> None:
        """Keep an account's own stake where it is."""
        self.require_caller(sender, "Verifier")
        self.delegators[account].held = True
        self.log("StakeHeld", account, True)
        if resign and account in self.pool:
            self.leave(account)

    def release(self, sender: str, account: str) -> None:
        self.require_caller(sender, "Verifier")
        self.delegators[account].held = False
        self.log("StakeHeld", account, False)

    def _take_penalty(self, account: str, penalty: int) -> None:
        d = self.delegators[account]
        delegate = d.delegate
        if account in self.pool:
            self.leave(account)
        d.bonded_amount = subtract(d.bonded_amount, penalty)
        if d.bonded_amount == 0:
            d.delegate, d.start_round = ZERO, 0
        self.decrease_stake(delegate, penalty)
        if delegate != account:
            self.checkpoint(delegate)

    # -- RoundsManager

    def turn_round(self) -> None:
        """The pool becomes the active set; a changed treasury cut takes effect."""
        self.current_total_stake = self.next_total_stake
        self.active_set_size = len(self.pool.order)
        if self.next_treasury_cut != self.treasury_cut:
            self.treasury_cut = self.next_treasury_cut
            self.log("ParameterUpdate", "treasuryRewardCutRate")
        self.votes.checkpoint_total(self.current_total_stake, self.rounds.current)
