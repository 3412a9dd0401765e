# pragma version 0.4.3
# pragma evm-version cancun
"""
@title StakeMock
@notice Stands for BondingManager where its stake is asked for, and for both peers of a round's start. For tests only.
"""


event Called:
    name: String[32]


getTotalBonded: public(uint256)
transcoderTotalStake: public(HashMap[address, uint256])
_pending_stakes: HashMap[address, uint256]


@external
def setTotalBonded(_total: uint256):
    self.getTotalBonded = _total


@external
def setStakes(_account: address, _pending: uint256, _total: uint256):
    self._pending_stakes[_account] = _pending
    self.transcoderTotalStake[_account] = _total


@external
@view
def pendingStake(_account: address, _end_round: uint256) -> uint256:
    return self._pending_stakes[_account]


@external
def setCurrentRoundTotalActiveStake():
    log Called(name="setCurrentRoundTotalActiveStake")


@external
def setCurrentRewardTokens():
    log Called(name="setCurrentRewardTokens")
