"""What is stored about an account, and the earnings formulas of LIP-36. Bonding spec, 5 and 9."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.models.arithmetic import PRECISE_PERC, fraction, subtract

ZERO = "0x" + "00" * 20
NEVER = 2**256 - 1  # deactivation round of a pool member


class Event(NamedTuple):
    """One log entry: which contract, which event, arguments in order of declaration."""

    contract: str
    name: str
    args: tuple[object, ...]


@dataclass
class Lock:
    """Stake on its way out; valid while withdraw_round > 0."""

    amount: int = 0
    withdraw_round: int = 0


@dataclass
class Delegator:
    bonded_amount: int = 0
    fees: int = 0
    delegate: str = ZERO
    delegated_amount: int = 0
    start_round: int = 0
    last_claim_round: int = 0
    next_lock_id: int = 0
    held: bool = False
    locks: dict[int, Lock] = field(default_factory=dict)


@dataclass
class EarningsPool:
    """What a transcoder earned with in one round. Factors are base 1e27; 0 = not set."""

    total_stake: int = 0
    reward_cut: int = 0
    fee_share: int = 0
    reward_factor: int = 0
    fee_factor: int = 0


@dataclass
class Transcoder:
    last_reward_round: int = 0
    reward_cut: int = 0
    fee_share: int = 0
    last_stake_round: int = 0
    activation_round: int = 0
    deactivation_round: int = 0
    active_cumulative_rewards: int = 0
    cumulative_rewards: int = 0
    cumulative_fees: int = 0
    last_fee_round: int = 0
    pools: defaultdict[int, EarningsPool] = field(default_factory=lambda: defaultdict(EarningsPool))


class Factors(NamedTuple):
    """Cumulative reward and fee factor at some round."""

    reward: int = 0
    fee: int = 0


def one_if_unset(reward_factor: int) -> int:
    return reward_factor or PRECISE_PERC


def grown_stake(start: Factors, end: Factors, stake: int) -> int:
    """Stake bonded at `start`, with its rewards up to `end`."""
    return fraction(stake, one_if_unset(end.reward), one_if_unset(start.reward), PRECISE_PERC)


def earned_fees(start: Factors, end: Factors, stake: int) -> int:
    """Fees earned between `start` and `end` by stake bonded at `start`."""
    return fraction(stake, subtract(end.fee, start.fee), one_if_unset(start.reward), PRECISE_PERC)
