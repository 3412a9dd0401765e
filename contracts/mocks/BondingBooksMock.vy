# pragma version 0.4.3
# pragma evm-version cancun
"""
@title BondingBooksMock
@notice Stands for BondingManager and RoundsManager in tests of BondingVotes: a clock, earnings pools and a total that
        a test sets, and a caller of the checkpoint hooks.
"""

from ..interfaces import IBondingManager
from ..interfaces import IBondingVotes

currentRound: public(uint256)
nextRoundTotalActiveStake: public(uint256)
reward_factors: HashMap[address, HashMap[uint256, uint256]]


@external
def setRound(_round: uint256):
    self.currentRound = _round


@external
def setNextRoundTotalActiveStake(_total: uint256):
    self.nextRoundTotalActiveStake = _total


@external
def setRewardFactor(_transcoder: address, _round: uint256, _factor: uint256):
    self.reward_factors[_transcoder][_round] = _factor


@external
@view
def getTranscoderEarningsPoolForRound(
    _transcoder: address, _round: uint256
) -> IBondingManager.EarningsPool:
    pool: IBondingManager.EarningsPool = empty(IBondingManager.EarningsPool)
    pool.cumulativeRewardFactor = self.reward_factors[_transcoder][_round]
    return pool


@external
def checkpoint(
    _votes: IBondingVotes,
    _account: address,
    _startRound: uint256,
    _bondedAmount: uint256,
    _delegateAddress: address,
    _delegatedAmount: uint256,
    _lastClaimRound: uint256,
    _lastRewardRound: uint256,
):
    extcall _votes.checkpointBondingState(
        _account,
        _startRound,
        _bondedAmount,
        _delegateAddress,
        _delegatedAmount,
        _lastClaimRound,
        _lastRewardRound,
    )


@external
def checkpointTotal(_votes: IBondingVotes, _totalStake: uint256, _round: uint256):
    extcall _votes.checkpointTotalActiveStake(_totalStake, _round)
