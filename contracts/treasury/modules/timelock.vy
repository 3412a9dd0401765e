# pragma version 0.4.3
"""
@title timelock
@notice Operations: calls that are scheduled, wait, and are then carried out by the contract.
@dev Owns the operations and the least delay. getTimestamp[id] is

         0 unknown  ->  the second from which on it may be executed  ->  1 done

     and only `cancel` goes back. An operation becomes done after its calls, so that a call sees it
     pending; a call that executes the same operation makes the outer execution fail. Functions hash
     batches in place: handing one down would copy the memory of its bounds, 42 KB.
     Source: core spec, section 15.
"""

from ...interfaces import ITreasury
from ...modules import access_control
from ...modules import panic

uses: access_control

MAX_CALLS: constant(uint256) = 10
MAX_DATA: constant(uint256) = 4096
MAX_ACCOUNTS: constant(uint256) = 64
DONE: constant(uint256) = 1

TIMELOCK_ADMIN_ROLE: public(constant(bytes32)) = keccak256("TIMELOCK_ADMIN_ROLE")
PROPOSER_ROLE: public(constant(bytes32)) = keccak256("PROPOSER_ROLE")
EXECUTOR_ROLE: public(constant(bytes32)) = keccak256("EXECUTOR_ROLE")
CANCELLER_ROLE: public(constant(bytes32)) = keccak256("CANCELLER_ROLE")

getTimestamp: public(HashMap[bytes32, uint256])
getMinDelay: public(uint256)  # seconds


# ------------------------------------------------------------------------------------------------
# PROPOSER_ROLE
# ------------------------------------------------------------------------------------------------


@external
def schedule(
    target: address,
    amount: uint256,
    data: Bytes[MAX_DATA],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
):
    access_control._check_role(PROPOSER_ROLE, msg.sender)
    id: bytes32 = keccak256(abi_encode(target, amount, data, predecessor, salt))
    self._schedule(id, delay)

    log ITreasury.CallScheduled(
        id=id,
        index=0,
        target=target,
        value=amount,
        data=data,
        predecessor=predecessor,
        delay=delay,
    )
    self._log_salt(id, salt)


@external
def scheduleBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
):
    access_control._check_role(PROPOSER_ROLE, msg.sender)
    self._check_lengths(len(targets), len(values), len(payloads))
    id: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))
    self._schedule(id, delay)

    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        log ITreasury.CallScheduled(
            id=id,
            index=i,
            target=targets[i],
            value=values[i],
            data=payloads[i],
            predecessor=predecessor,
            delay=delay,
        )
    self._log_salt(id, salt)


# ------------------------------------------------------------------------------------------------
# CANCELLER_ROLE
# ------------------------------------------------------------------------------------------------


@external
def cancel(id: bytes32):
    access_control._check_role(CANCELLER_ROLE, msg.sender)
    assert self._is_pending(id), "TimelockController: operation cannot be cancelled"

    self.getTimestamp[id] = 0

    log ITreasury.Cancelled(id=id)


# ------------------------------------------------------------------------------------------------
# EXECUTOR_ROLE, or anyone if the zero address has it
# ------------------------------------------------------------------------------------------------


@external
@payable
def execute(
    target: address,
    amount: uint256,
    payload: Bytes[MAX_DATA],
    predecessor: bytes32,
    salt: bytes32,
):
    self._check_executor()
    id: bytes32 = keccak256(abi_encode(target, amount, payload, predecessor, salt))
    self._check_executable(id, predecessor)

    success: bool = raw_call(target, payload, value=amount, revert_on_failure=False)
    assert success, "TimelockController: underlying transaction reverted"
    log ITreasury.CallExecuted(id=id, index=0, target=target, value=amount, data=payload)

    self._finish(id)


@external
@payable
def executeBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
):
    self._check_executor()
    self._check_lengths(len(targets), len(values), len(payloads))
    id: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))
    self._check_executable(id, predecessor)

    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        success: bool = raw_call(targets[i], payloads[i], value=values[i], revert_on_failure=False)
        assert success, "TimelockController: underlying transaction reverted"
        log ITreasury.CallExecuted(
            id=id, index=i, target=targets[i], value=values[i], data=payloads[i]
        )

    self._finish(id)


# ------------------------------------------------------------------------------------------------
# The contract itself
# ------------------------------------------------------------------------------------------------


@external
def updateDelay(newDelay: uint256):
    assert msg.sender == self, "TimelockController: caller must be timelock"

    self._set_delay(newDelay)


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@pure
def hashOperation(
    target: address,
    amount: uint256,
    data: Bytes[MAX_DATA],
    predecessor: bytes32,
    salt: bytes32,
) -> bytes32:
    return keccak256(abi_encode(target, amount, data, predecessor, salt))


@external
@pure
def hashOperationBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
) -> bytes32:
    return keccak256(abi_encode(targets, values, payloads, predecessor, salt))


@external
@view
def isOperation(id: bytes32) -> bool:
    return self.getTimestamp[id] != 0


@external
@view
def isOperationPending(id: bytes32) -> bool:
    return self._is_pending(id)


@external
@view
def isOperationReady(id: bytes32) -> bool:
    return self._is_ready(id)


@external
@view
def isOperationDone(id: bytes32) -> bool:
    return self.getTimestamp[id] == DONE


@internal
def _schedule(_id: bytes32, _delay: uint256):
    assert self.getTimestamp[_id] == 0, "TimelockController: operation already scheduled"
    assert _delay >= self.getMinDelay, "TimelockController: insufficient delay"
    if _delay > max_value(uint256) - block.timestamp:
        panic._panic(panic.OVERFLOW)

    self.getTimestamp[_id] = block.timestamp + _delay


@internal
def _log_salt(_id: bytes32, _salt: bytes32):
    if _salt != empty(bytes32):
        log ITreasury.CallSalt(id=_id, salt=_salt)


@internal
@pure
def _check_lengths(_targets: uint256, _values: uint256, _payloads: uint256):
    assert _targets == _values and _targets == _payloads, "TimelockController: length mismatch"


@internal
@view
def _check_executor():
    if not access_control.hasRole[EXECUTOR_ROLE][empty(address)]:
        access_control._check_role(EXECUTOR_ROLE, msg.sender)


@internal
@view
def _check_executable(_id: bytes32, _predecessor: bytes32):
    self._check_ready(_id)
    assert (
        _predecessor == empty(bytes32) or self.getTimestamp[_predecessor] == DONE
    ), "TimelockController: missing dependency"


@internal
def _finish(_id: bytes32):
    """
    @dev Not ready any more if one of the calls cancelled or executed the operation itself.
    """
    self._check_ready(_id)

    self.getTimestamp[_id] = DONE


@internal
@view
def _check_ready(_id: bytes32):
    assert self._is_ready(_id), "TimelockController: operation is not ready"


@internal
@view
def _is_pending(_id: bytes32) -> bool:
    return self.getTimestamp[_id] > DONE


@internal
@view
def _is_ready(_id: bytes32) -> bool:
    return self._is_pending(_id) and self.getTimestamp[_id] <= block.timestamp


@internal
def _set_delay(_delay: uint256):
    log ITreasury.MinDelayChange(oldDuration=self.getMinDelay, newDuration=_delay)
    self.getMinDelay = _delay


@internal
def _set_up(
    _min_delay: uint256,
    _proposers: DynArray[address, MAX_ACCOUNTS],
    _executors: DynArray[address, MAX_ACCOUNTS],
    _admin: address,
):
    """
    @dev For the deployable's initializer. Whoever proposes may cancel too.
    """
    for role: bytes32 in [TIMELOCK_ADMIN_ROLE, PROPOSER_ROLE, EXECUTOR_ROLE, CANCELLER_ROLE]:
        access_control._set_role_admin(role, TIMELOCK_ADMIN_ROLE)

    access_control._grant_role(TIMELOCK_ADMIN_ROLE, self)
    if _admin != empty(address):
        access_control._grant_role(TIMELOCK_ADMIN_ROLE, _admin)
    for account: address in _proposers:
        access_control._grant_role(PROPOSER_ROLE, account)
        access_control._grant_role(CANCELLER_ROLE, account)
    for account: address in _executors:
        access_control._grant_role(EXECUTOR_ROLE, account)

    self._set_delay(_min_delay)
