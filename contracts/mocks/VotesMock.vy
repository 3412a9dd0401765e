# pragma version 0.4.3
# pragma evm-version cancun
"""
@title VotesMock
@notice Stands for BondingVotes and logs every checkpoint it gets, also one that changes nothing; for tests only.
"""


event Checkpointed:
    account: address
    startRound: uint256


event TotalCheckpointed:
    total: uint256


@external
def checkpointBondingState(
    _account: address,
    _startRound: uint256,
    _bondedAmount: uint256,
    _delegateAddress: address,
    _delegatedAmount: uint256,
    _lastClaimRound: uint256,
    _lastRewardRound: uint256,
):
    log Checkpointed(account=_account, startRound=_startRound)


@external
def checkpointTotalActiveStake(_totalStake: uint256, _round: uint256):
    log TotalCheckpointed(total=_totalStake)
