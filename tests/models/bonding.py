"""The BondingManager's rules in Python: the oracle tests compare the contract with.

    records     what is stored, and the LIP-36 formulas
    pool        the sorted list of transcoders
    ledger      state, statuses, factors, claims
    active_set  joining, leaving and recording stake
    delegation  bond, unbond, rebond, transfer, withdraw
    rewards     cuts, rewards, fees, slashing, the turn of a round
    votes       BondingVotes
    economy     rounds, token, Minter, registry

Every external function takes the sender first, may raise `Reverted`, and logs into one list shared
by all contracts. A reverted call is undone by `protocol.attempt`. Source: bonding spec, 9 to 15.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.models.arithmetic import PRECISE_PERC, require
from tests.models.delegation import Delegation
from tests.models.rewards import Rewards


@dataclass
class BondingModel(Delegation, Rewards):
    """Everything, plus what the owner of the Controller may set."""

    def set_unbonding_period(self, sender: str, rounds: int) -> None:
        self.require_owner(sender)
        self.unbonding_period = rounds
        self.log("ParameterUpdate", "unbondingPeriod")

    def set_num_active_transcoders(self, sender: str, size: int) -> None:
        self.require_owner(sender)
        self.pool.set_max_size(size)
        self.log("ParameterUpdate", "numActiveTranscoders")

    def set_treasury_cut(self, sender: str, cut: int) -> None:
        self.require_owner(sender)
        require(cut <= PRECISE_PERC, "_cutRate is invalid precise percentage")
        self.next_treasury_cut = cut
        self.log("ParameterUpdate", "nextRoundTreasuryRewardCutRate")

    def set_treasury_ceiling(self, sender: str, ceiling: int) -> None:
        self.require_owner(sender)
        self.treasury_ceiling = ceiling
        self.log("ParameterUpdate", "treasuryBalanceCeiling")
