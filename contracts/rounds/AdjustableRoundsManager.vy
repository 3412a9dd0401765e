# pragma version 0.4.3
# pragma evm-version cancun
"""
@title AdjustableRoundsManager
@notice RoundsManager for test networks: anyone may set the block number that rounds are counted in,
        and the block hash. Never registered on a live network.
@dev `blockHash` answers for the present block too. Below block 256 it panics with 0x11, as
     deployed, and rounds cannot be initialised. Source: core spec, section 7.4.
"""

from ..interfaces import IRoundsManager
from ..modules import managed
from ..modules import panic
from ..modules import proxied
from .modules import rounds

implements: IRoundsManager

initializes: managed
initializes: proxied
initializes: rounds[managed := managed]

exports: (
    # Controller
    managed.setController,
    # Controller owner
    rounds.setLIPUpgradeRound,
    rounds.setRoundLockAmount,
    # Views
    managed.controller,
    proxied.targetContractId,
    rounds.blockHashForRound,
    rounds.lastInitializedRound,
    rounds.lastRoundLengthUpdateRound,
    rounds.lastRoundLengthUpdateStartBlock,
    rounds.lipUpgradeRound,
    rounds.roundLength,
    rounds.roundLockAmount,
)

num: public(uint256)
hash: public(bytes32)


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


# Anyone


@external
def setBlockNum(_num: uint256):
    """
    @notice Set the block number.
    @param _num Any number.
    """
    self.num = _num


@external
def setBlockHash(_hash: bytes32):
    """
    @notice Set the hash that every block has.
    @param _hash Any hash.
    """
    self.hash = _hash


@external
def mineBlocks(_blocks: uint256):
    """
    @notice Move the block number up.
    @param _blocks How far.
    """
    self.num += _blocks


@external
def initializeRound():
    managed._check_system_not_paused()
    round: uint256 = rounds._current_round(self.num)
    rounds._check_not_initialized(round)

    rounds._initialize_round(round, self._block_hash(self.num - 1))


# Controller owner


@external
def setRoundLength(_roundLength: uint256):
    rounds._set_round_length(_roundLength, self.num)


# Views


@external
@view
def blockNum() -> uint256:
    return self.num


@external
@view
def blockHash(_block: uint256) -> bytes32:
    return self._block_hash(_block)


@external
@view
def currentRound() -> uint256:
    return rounds._current_round(self.num)


@external
@view
def currentRoundStartBlock() -> uint256:
    return rounds._current_round_start_block(self.num)


@external
@view
def currentRoundInitialized() -> bool:
    return rounds._current_round_initialized(self.num)


@external
@view
def currentRoundLocked() -> bool:
    return rounds._current_round_locked(self.num)


@internal
@view
def _block_hash(_block: uint256) -> bytes32:
    if self.num < 256:
        panic._panic(panic.OVERFLOW)
    assert _block >= self.num - 256

    return self.hash
