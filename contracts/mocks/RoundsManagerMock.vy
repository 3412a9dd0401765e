# pragma version 0.4.3
# pragma evm-version cancun
"""
@title RoundsManagerMock
@notice A clock that shows what the test sets.
@dev Test only.
"""

currentRound: public(uint256)
currentRoundInitialized: public(bool)
blockHashForRound: public(HashMap[uint256, bytes32])


@external
def setRound(_round: uint256, _initialized: bool):
    self.currentRound = _round
    self.currentRoundInitialized = _initialized


@external
def setBlockHashForRound(_round: uint256, _hash: bytes32):
    self.blockHashForRound[_round] = _hash
