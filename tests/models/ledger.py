"""Bonding state, and what stake has earned. Bonding spec, sections 9, 11 and 13."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tests.models.arithmetic import require
from tests.models.economy import Minter, Registry, Rounds, Token
from tests.models.pool import Pool
from tests.models.records import (
    ZERO,
    Delegator,
    EarningsPool,
    Event,
    Factors,
    Lock,
    Transcoder,
    earned_fees,
    grown_stake,
)
from tests.models.votes import Checkpoint, VotesModel

PENDING, BONDED, UNBONDED = 0, 1, 2  # delegator status
NOT_REGISTERED, REGISTERED = 0, 1  # transcoder status


@dataclass
class Ledger:
    events: list[Event]
    registry: Registry
    rounds: Rounds
    token: Token
    minter: Minter
    unbonding_period: int = 0
    current_total_stake: int = 0  # of the active set
    next_total_stake: int = 0  # of the pool
    active_set_size: int = 0
    treasury_cut: int = 0
    next_treasury_cut: int = 0
    treasury_ceiling: int = 0
    pool: Pool = field(default_factory=Pool)
    delegators: defaultdict[str, Delegator] = field(default_factory=lambda: defaultdict(Delegator))
    transcoders: defaultdict[str, Transcoder] = field(
        default_factory=lambda: defaultdict(Transcoder)
    )
    reward_callers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.votes = VotesModel(self.events, self.rounds, self)

    def log(self, name: str, *args: object) -> None:
        self.events.append(Event("BondingManager", name, args))

    # -- guards

    def require_unpaused(self) -> None:
        require(not self.registry.paused, "system is paused")

    def require_live(self) -> None:
        """Not paused and the round is initialised."""
        self.require_unpaused()
        require(self.rounds.initialized, "current round is not initialized")

    def require_caller(self, sender: str, name: str) -> None:
        require(sender == self.registry.address_of(name), f"caller must be {name}")

    def require_owner(self, sender: str) -> None:
        require(sender == self.registry.owner, "caller must be Controller owner")

    # -- status

    def is_registered(self, account: str) -> bool:
        """Bonded to itself."""
        d = self.delegators[account]
        return d.delegate == account and d.bonded_amount > 0

    def is_active(self, account: str) -> bool:
        t = self.transcoders[account]
        return t.activation_round <= self.rounds.current < t.deactivation_round

    def has_rewarded(self, transcoder: str) -> bool:
        """Whether it called reward in this round."""
        return self.transcoders[transcoder].last_reward_round == self.rounds.current

    def status(self, account: str) -> int:
        d = self.delegators[account]
        if d.bonded_amount == 0:
            return UNBONDED
        return PENDING if d.start_round > self.rounds.current else BONDED

    def transcoder_status(self, account: str) -> int:
        return REGISTERED if self.is_registered(account) else NOT_REGISTERED

    def require_not_held(self, account: str) -> None:
        held = self.delegators[account].held
        require(not held, "stake is held: slashing case open")

    def lock(self, account: str, lock_id: int) -> Lock:
        return self.delegators[account].locks.get(lock_id, Lock())

    # -- earnings pools

    def earnings_pool(self, transcoder: str, round_: int) -> EarningsPool:
        return self.transcoders[transcoder].pools[round_]

    def factors(self, transcoder: str, round_: int) -> Factors:
        """As stored for that round."""
        p = self.earnings_pool(transcoder, round_)
        return Factors(p.reward_factor, p.fee_factor)

    def latest_factors(self, transcoder: str, round_: int) -> Factors:
        """As stored; where nothing is, as of the last reward and the last fees before the round."""
        t = self.transcoders[transcoder]
        reward, fee = self.factors(transcoder, round_)
        if reward == 0 and t.last_reward_round < round_:
            reward = self.earnings_pool(transcoder, t.last_reward_round).reward_factor
        if fee == 0 and t.last_fee_round < round_:
            fee = self.earnings_pool(transcoder, t.last_fee_round).fee_factor
        return Factors(reward, fee)

    def materialise_factors(self, transcoder: str, round_: int) -> None:
        """Store the latest factors for a round that stake is going to start in."""
        p = self.earnings_pool(transcoder, round_)
        p.reward_factor, p.fee_factor = self.latest_factors(transcoder, round_)

    # -- claims

    def pending(self, account: str) -> tuple[int, int]:
        """Stake and fees of an account if it claimed now."""
        d = self.delegators[account]
        stake, fees = d.bonded_amount, d.fees
        if d.last_claim_round < self.rounds.current:
            start = self.factors(d.delegate, d.last_claim_round)
            end = self.latest_factors(d.delegate, self.rounds.current)
            stake = grown_stake(start, end, d.bonded_amount)
            fees += earned_fees(start, end, d.bonded_amount)
        if d.delegate == account:
            stake += self.transcoders[account].cumulative_rewards
            fees += self.transcoders[account].cumulative_fees
        return stake, fees

    def pending_stake(self, account: str) -> int:
        return self.pending(account)[0]

    def pending_fees(self, account: str) -> int:
        return self.pending(account)[1]

    def claim(self, account: str) -> None:
        """Book earnings through this round, once a round."""
        d = self.delegators[account]
        if d.last_claim_round >= self.rounds.current:
            return

        stake, fees = d.bonded_amount, d.fees
        if d.delegate != ZERO:
            stake, fees = self.pending(account)
            self.materialise_factors(d.delegate, self.rounds.current)
            if d.delegate == account:
                self.transcoders[account].cumulative_rewards = 0
                self.transcoders[account].cumulative_fees = 0
        self.log(
            "EarningsClaimed",
            d.delegate,
            account,
            stake - d.bonded_amount,
            fees - d.fees,
            d.last_claim_round + 1,
            self.rounds.current,
        )
        d.bonded_amount, d.fees, d.last_claim_round = stake, fees, self.rounds.current

    def require_may_claim_for(self, sender: str, account: str) -> None:
        """A third party may not make someone claim before the reward of the round is in."""
        if sender in (account, self.registry.address_of("L2Migrator")):
            return
        d = self.delegators[account]
        if self.status(account) == UNBONDED or not self.is_active(d.delegate):
            return
        require(
            self.has_rewarded(d.delegate) or d.last_claim_round == self.rounds.current,
            "ILLEGAL_CLAIM_EARNINGS",
        )

    # -- votes

    def checkpoint(self, account: str) -> None:
        """Tell BondingVotes the state of an account, for the next round."""
        d = self.delegators[account]
        state = Checkpoint(
            d.bonded_amount,
            d.delegate,
            d.delegated_amount,
            d.last_claim_round,
            self.transcoders[account].last_reward_round,
        )
        self.votes.checkpoint(account, self.rounds.current + 1, state)
