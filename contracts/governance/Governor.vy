# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Governor
@license MIT
@notice Owner of the protocol: carries out what its own owner has staged, once the delay is over.
@dev updates[h] != 0  <=>  the update with hash h was staged, and since then neither executed nor
     cancelled. An update leaves before its first action, so an action may do anything, except
     execute the same update again. Source: core spec, section 12.
"""

from ..interfaces import IGovernor
from ..modules import panic

implements: IGovernor

# The bounds of IGovernor.Update, and revert data of an action that is passed on.
MAX_ACTIONS: constant(uint256) = 10
MAX_REASON: constant(uint256) = 4096

owner: public(address)
updates: public(HashMap[bytes32, uint256])  # block from which on it may be executed


@deploy
def __init__():
    self._set_owner(msg.sender)


# Anyone


@external
@payable
def execute(_update: IGovernor.Update):
    update_hash: bytes32 = keccak256(abi_encode(_update))
    self._check_staged(update_hash)
    assert block.number >= self.updates[update_hash], "delay for update not expired"

    self.updates[update_hash] = 0

    for i: uint256 in range(len(_update.target), bound=MAX_ACTIONS):
        if i >= len(_update.value) or i >= len(_update.data):
            panic._panic(panic.INDEX_OUT_OF_BOUNDS)
        success: bool = False
        reason: Bytes[MAX_REASON] = b""
        success, reason = raw_call(
            _update.target[i],
            _update.data[i],
            value=_update.value[i],
            max_outsize=MAX_REASON,
            revert_on_failure=False,
        )
        if not success:
            raw_revert(abi_encode(reason, method_id=method_id("Error(string)")))
    log IGovernor.UpdateExecuted(update=_update)


# The owner


@external
def stage(_update: IGovernor.Update, _delay: uint256):
    self._check_owner()
    update_hash: bytes32 = keccak256(abi_encode(_update))
    assert self.updates[update_hash] == 0, "update already staged"
    if _delay > max_value(uint256) - block.number:
        panic._panic(panic.OVERFLOW)

    self.updates[update_hash] = block.number + _delay

    log IGovernor.UpdateStaged(update=_update, delay=_delay)


@external
def cancel(_update: IGovernor.Update):
    self._check_owner()
    update_hash: bytes32 = keccak256(abi_encode(_update))
    self._check_staged(update_hash)

    self.updates[update_hash] = 0

    log IGovernor.UpdateCancelled(update=_update)


# Itself


@external
def transferOwnership(newOwner: address):
    assert msg.sender == self, "unauthorized: msg.sender not Governor"
    assert newOwner != empty(address), "newOwner is a null address"

    self._set_owner(newOwner)


@internal
@view
def _check_owner():
    assert msg.sender == self.owner, "unauthorized: msg.sender not owner"


@internal
@view
def _check_staged(_update_hash: bytes32):
    assert self.updates[_update_hash] != 0, "update is not staged"


@internal
def _set_owner(_owner: address):
    log IGovernor.OwnershipTransferred(previousOwner=self.owner, newOwner=_owner)
    self.owner = _owner
