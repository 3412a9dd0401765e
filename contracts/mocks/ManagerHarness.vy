# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ManagerHarness
@notice The smallest managed contract: shows the guards and look-ups of `managed`, for tests only.
"""

from ..modules import managed

initializes: managed

exports: (
    managed.controller,
    managed.setController,
)


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


@external
@view
def checkControllerOwner():
    managed._check_controller_owner()


@external
@view
def checkSystemNotPaused():
    managed._check_system_not_paused()


@external
@view
def contractOf(_id: bytes32) -> address:
    return managed._contract(_id)


@external
def logParameterUpdate():
    managed._log_parameter_update("a name of thirty-two characters.")
