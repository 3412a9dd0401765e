# pragma version 0.4.3
# pragma evm-version cancun
"""
@title TimelockMock
@notice A timelock without roles or delay that passes on why an action failed, which the Treasury hides. Whatever was
        scheduled stays pending. For tests only.
"""

MAX_ACTIONS: constant(uint256) = 10
MAX_CALLDATA: constant(uint256) = 4096

isOperationPending: public(HashMap[bytes32, bool])


@external
def scheduleBatch(
    _targets: DynArray[address, MAX_ACTIONS],
    _values: DynArray[uint256, MAX_ACTIONS],
    _payloads: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    _predecessor: bytes32,
    _salt: bytes32,
    _delay: uint256,
):
    self.isOperationPending[_salt] = True


@external
@payable
def executeBatch(
    _targets: DynArray[address, MAX_ACTIONS],
    _values: DynArray[uint256, MAX_ACTIONS],
    _payloads: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    _predecessor: bytes32,
    _salt: bytes32,
):
    for i: uint256 in range(len(_targets), bound=MAX_ACTIONS):
        raw_call(_targets[i], _payloads[i], value=_values[i])


@external
@view
def getMinDelay() -> uint256:
    return 0


@external
@view
def getTimestamp(_operation: bytes32) -> uint256:
    return 0


@external
@view
def isOperationDone(_operation: bytes32) -> bool:
    return False


@external
@view
def hashOperationBatch(
    _targets: DynArray[address, MAX_ACTIONS],
    _values: DynArray[uint256, MAX_ACTIONS],
    _payloads: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    _predecessor: bytes32,
    _salt: bytes32,
) -> bytes32:
    return _salt
