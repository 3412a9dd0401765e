# pragma version 0.4.3
"""
@title rounds
@notice Numbering, locking and initialisation of rounds, for any source of block numbers.
@dev With L the length, R the round and S the start block of the last length change, at block B:
       round       = R + (B - S) // L
       start block = S + (B - S) // L * L
     A length change moves R and S to the running round, so numbers stay continuous: they never go
     back, and a round is initialised at most once. Only the deployable knows where B comes from; it
     passes B in. Rounds, start blocks and lengths are counted in 64 bits, so one storage word holds
     all that the hot views read.
     Source: core spec, section 7.
"""

from ...interfaces import IBondingManager
from ...interfaces import IMinter
from ...interfaces import IRoundsManager
from ...modules import contract_ids
from ...modules import managed
from ...modules import panic
from ...modules import percentages

uses: managed


# Where the members of the schedule's word begin.
LENGTH: constant(uint256) = 0  # L
UPDATE_ROUND: constant(uint256) = 64  # R
UPDATE_START_BLOCK: constant(uint256) = 128  # S
LAST_INITIALIZED_ROUND: constant(uint256) = 192
MASK: constant(uint256) = 2**64 - 1

_schedule: uint256
roundLockAmount: public(uint256)
_block_hashes: HashMap[uint256, bytes32]
lipUpgradeRound: public(HashMap[uint256, uint256])


# Controller owner


@external
def setRoundLockAmount(_roundLockAmount: uint256):
    managed._check_controller_owner()
    assert _roundLockAmount <= percentages.PERC, "round lock amount must be a valid percentage"

    self.roundLockAmount = _roundLockAmount
    managed._log_parameter_update("roundLockAmount")


@external
def setLIPUpgradeRound(_lip: uint256, _round: uint256):
    managed._check_controller_owner()
    assert self.lipUpgradeRound[_lip] == 0, "LIP upgrade round already set"

    self.lipUpgradeRound[_lip] = _round


# Views that no block number enters


@external
@view
def blockHashForRound(_round: uint256) -> bytes32:
    return self._block_hashes[_round]


@external
@view
def lastInitializedRound() -> uint256:
    return self._member(LAST_INITIALIZED_ROUND)


@external
@view
def roundLength() -> uint256:
    return self._member(LENGTH)


@external
@view
def lastRoundLengthUpdateRound() -> uint256:
    return self._member(UPDATE_ROUND)


@external
@view
def lastRoundLengthUpdateStartBlock() -> uint256:
    return self._member(UPDATE_START_BLOCK)


# For the deployables


@internal
def _set_round_length(_length: uint256, _block: uint256):
    managed._check_controller_owner()
    assert _length > 0, "round length cannot be 0"
    assert _length <= MASK, "round length too large"

    round: uint256 = _block // _length
    start_block: uint256 = round * _length
    if self._member(LENGTH) > 0:
        round, start_block = self._running_round(_block)
    self._store(_length, round, start_block, self._member(LAST_INITIALIZED_ROUND))

    managed._log_parameter_update("roundLength")


@internal
@view
def _check_not_initialized(_round: uint256):
    assert self._member(LAST_INITIALIZED_ROUND) < _round, "round already initialized"


@internal
def _initialize_round(_round: uint256, _block_hash: bytes32):
    self._store(
        self._member(LENGTH),
        self._member(UPDATE_ROUND),
        self._member(UPDATE_START_BLOCK),
        _round,
    )
    self._block_hashes[_round] = _block_hash

    bonding_manager: address = managed._contract(contract_ids.BONDING_MANAGER)
    extcall IBondingManager(bonding_manager).setCurrentRoundTotalActiveStake()
    extcall IMinter(managed._contract(contract_ids.MINTER)).setCurrentRewardTokens()

    log IRoundsManager.NewRound(round=_round, blockHash=_block_hash)


@internal
@view
def _current_round(_block: uint256) -> uint256:
    return self._running_round(_block)[0]


@internal
@view
def _current_round_start_block(_block: uint256) -> uint256:
    return self._running_round(_block)[1]


@internal
@view
def _current_round_initialized(_block: uint256) -> bool:
    return self._member(LAST_INITIALIZED_ROUND) == self._running_round(_block)[0]


@internal
@view
def _current_round_locked(_block: uint256) -> bool:
    length: uint256 = self._member(LENGTH)
    locked: uint256 = percentages._of(length, self.roundLockAmount, percentages.PERC)
    return _block - self._running_round(_block)[1] >= length - locked


@internal
@view
def _running_round(_block: uint256) -> (uint256, uint256):
    """
    @dev Number and start block of the round at a block.
    """
    length: uint256 = self._member(LENGTH)
    start_block: uint256 = self._member(UPDATE_START_BLOCK)
    if length == 0:
        panic._panic(panic.DIVISION_BY_ZERO)
    if _block < start_block:
        panic._panic(panic.OVERFLOW)

    elapsed: uint256 = (_block - start_block) // length
    return self._member(UPDATE_ROUND) + elapsed, start_block + elapsed * length


@internal
@view
def _member(_offset: uint256) -> uint256:
    return (self._schedule >> _offset) & MASK


@internal
def _store(_length: uint256, _round: uint256, _start_block: uint256, _initialized: uint256):
    """
    @dev Reverts with empty data if a member does not fit, rather than write into its neighbour.
    """
    assert _length | _round | _start_block | _initialized <= MASK
    self._schedule = (
        _length << LENGTH
        | _round << UPDATE_ROUND
        | _start_block << UPDATE_START_BLOCK
        | _initialized << LAST_INITIALIZED_ROUND
    )
