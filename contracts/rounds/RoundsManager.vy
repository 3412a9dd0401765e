# pragma version 0.4.3
# pragma evm-version cancun
"""
@title RoundsManager
@notice The protocol's clock: rounds of a number of L1 blocks, initialised once each by anyone.
@dev On Arbitrum `block.number` is the chain's estimate of the L1 block number; it may jump by
     several blocks, and `blockhash` may answer zero for any block. Both are passed on as they are.
     Source: core spec, sections 7 and 18.
"""

from ..interfaces import IRoundsManager
from ..modules import managed
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


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


# Anyone


@external
def initializeRound():
    managed._check_system_not_paused()
    round: uint256 = rounds._current_round(block.number)
    rounds._check_not_initialized(round)

    rounds._initialize_round(round, self._block_hash(block.number - 1))


# Controller owner


@external
def setRoundLength(_roundLength: uint256):
    rounds._set_round_length(_roundLength, block.number)


# Views


@external
@view
def blockNum() -> uint256:
    return block.number


@external
@view
def blockHash(_block: uint256) -> bytes32:
    return self._block_hash(_block)


@external
@view
def currentRound() -> uint256:
    return rounds._current_round(block.number)


@external
@view
def currentRoundStartBlock() -> uint256:
    return rounds._current_round_start_block(block.number)


@external
@view
def currentRoundInitialized() -> bool:
    return rounds._current_round_initialized(block.number)


@external
@view
def currentRoundLocked() -> bool:
    return rounds._current_round_locked(block.number)


@internal
@view
def _block_hash(_block: uint256) -> bytes32:
    assert _block < block.number, "can only retrieve past block hashes"
    assert (
        block.number < 256 or _block >= block.number - 256
    ), "can only retrieve hashes for last 256 blocks"

    return blockhash(_block)
