# pragma version 0.4.3
"""
@title self_governed
@notice Settings that only an executed proposal changes, and the timelock through which it does.
@dev Owns the timelock and, for the length of one execution, the calls that the proposal makes to the governor itself.
     A setter needs both: the timelock as caller, and its own calldata next in that queue. So an operation put into
     the timelock by other means cannot touch the governor. Source: core spec, section 16.8.
"""

from ...interfaces import ILivepeerGovernor

# Executions can nest, and each adds its calls.
_MAX_QUEUED: constant(uint256) = 64
# Of calldata, and of the revert data that is passed on.
_MAX_RELAYED: constant(uint256) = 4096

timelock: public(address)

_queue: transient(DynArray[bytes32, _MAX_QUEUED])
_queue_front: transient(uint256)


# ------------------------------------------------------------------------------------------------
# Executed proposals
# ------------------------------------------------------------------------------------------------


@external
def updateTimelock(newTimelock: address):
    self._check_setter(method_id("updateTimelock(address)"), convert(newTimelock, uint256))

    self._set_timelock(newTimelock)


@external
@payable
def relay(target: address, amount: uint256, data: Bytes[_MAX_RELAYED]):
    self._check_governance(
        keccak256(
            abi_encode(target, amount, data, method_id=method_id("relay(address,uint256,bytes)"))
        )
    )

    succeeded: bool = False
    answer: Bytes[_MAX_RELAYED] = b""
    succeeded, answer = raw_call(
        target, data, value=amount, max_outsize=_MAX_RELAYED, revert_on_failure=False
    )
    if not succeeded:
        assert len(answer) > 0, "Governor: relay reverted without message"
        raw_revert(answer)


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _set_timelock(_timelock: address):
    log ILivepeerGovernor.TimelockChange(oldTimelock=self.timelock, newTimelock=_timelock)
    self.timelock = _timelock


@internal
def _check_governance(_call_hash: bytes32):
    """
    @dev `_call_hash` is the hash of the calldata of this call. Whatever stands before it in the queue is dropped.
         Reverts "Governor: onlyGovernance", Empty().
    """
    assert msg.sender == self.timelock, "Governor: onlyGovernance"
    if msg.sender == self:
        return

    front: uint256 = self._queue_front
    last: uint256 = len(self._queue)
    for _: uint256 in range(_MAX_QUEUED):
        if front == last:
            raw_revert(method_id("Empty()"))
        front += 1
        if self._queue[front - 1] == _call_hash:
            break
    self._queue_front = front


@internal
def _check_setter(_method: Bytes[4], _value: uint256):
    """
    @dev `_check_governance` for a setter of one word.
    """
    self._check_governance(keccak256(concat(_method, convert(_value, bytes32))))


@internal
def _queue_call(_call_hash: bytes32):
    self._queue.append(_call_hash)


@internal
def _clear_queue():
    self._queue = []
    self._queue_front = 0
