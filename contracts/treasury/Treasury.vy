# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Treasury
@license MIT
@notice Holds the community's LPT and ETH, and carries out what its proposers have scheduled.
@dev Assembly only: behaviour lives in ./modules, the ABI in ../interfaces/ITreasury.vyi. Not behind
     a proxy. No reentrancy guard: a call of an operation may execute another operation, and an
     operation that executes itself fails in `timelock`. Source: core spec, section 15.
"""

from ..interfaces import IAccessControl
from ..interfaces import ITreasury

implements: IAccessControl
implements: ITreasury

from .modules import initializable

initializes: initializable

from ..modules import access_control

initializes: access_control

from .modules import timelock

initializes: timelock[access_control := access_control]

from .modules import token_receiver

exports: (
    access_control.DEFAULT_ADMIN_ROLE,
    access_control.getRoleAdmin,
    access_control.grantRole,
    access_control.hasRole,
    access_control.renounceRole,
    access_control.revokeRole,
    timelock.CANCELLER_ROLE,
    timelock.EXECUTOR_ROLE,
    timelock.PROPOSER_ROLE,
    timelock.TIMELOCK_ADMIN_ROLE,
    timelock.schedule,
    timelock.scheduleBatch,
    timelock.cancel,
    timelock.execute,
    timelock.executeBatch,
    timelock.updateDelay,
    timelock.hashOperation,
    timelock.hashOperationBatch,
    timelock.getTimestamp,
    timelock.getMinDelay,
    timelock.isOperation,
    timelock.isOperationPending,
    timelock.isOperationReady,
    timelock.isOperationDone,
    token_receiver.onERC721Received,
    token_receiver.onERC1155Received,
    token_receiver.onERC1155BatchReceived,
)


@external
def initialize(
    minDelay: uint256,
    proposers: DynArray[address, timelock.MAX_ACCOUNTS],
    executors: DynArray[address, timelock.MAX_ACCOUNTS],
    admin: address,
):
    initializable._start()
    timelock._set_up(minDelay, proposers, executors, admin)
    initializable._finish()


@external
@payable
def __default__():
    """
    @notice Accept ether. Unknown functions revert with empty data.
    """
    assert len(msg.data) == 0


@external
@view
def supportsInterface(interfaceId: bytes4) -> bool:
    return access_control._supports_interface(interfaceId) or token_receiver._supports_interface(
        interfaceId
    )
