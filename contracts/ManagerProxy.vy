# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ManagerProxy
@notice Runs the implementation that the Controller has registered for its target id, on its own
        storage and balance.
@dev Owns slots 0 (`controller`) and 1 (`targetContractId`), which every implementation lays out
     alike, and answers for these two itself, so that the Controller can always re-point it. Source:
     core spec, section 5. Revert data of any length passes. Return data is cut at MAX_RETURN:
     memory for it is paid for on every call, and no implementation returns more
     (tests/unit/manager_proxy checks each one's widest return type).
"""

from .modules import managed
from .modules import proxied

initializes: managed
initializes: proxied

exports: (
    managed.controller,
    managed.setController,
    proxied.targetContractId,
)

MAX_RETURN: constant(uint256) = 4160  # the ABI encoding of the longest service URI, 4,096 bytes


@deploy
def __init__(_controller: address, _targetContractId: bytes32):
    managed.__init__(_controller)
    proxied.targetContractId = _targetContractId


@external
@payable
@raw_return
def __default__() -> Bytes[MAX_RETURN]:
    target: address = managed._contract(proxied.targetContractId)
    assert target != empty(address), "target contract must be registered"

    # A registered address without code answers every call with success and no data, as deployed.
    return raw_call(target, msg.data, max_outsize=MAX_RETURN, is_delegate_call=True)
