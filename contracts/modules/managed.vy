# pragma version 0.4.3
"""
@title managed
@notice What every protocol contract shares: the Controller it answers to, and the guards built on it.
@dev Owns storage slot 0 (`controller`), so a deployable initialises this module first: ManagerProxy and its
     target read the same slot. Nothing looked up through the Controller is ever cached in storage.
     Source: core spec, section 4.
"""

from ..interfaces import IController


event SetController:
    controller: address


event ParameterUpdate:
    param: String[32]


controller: public(address)


@deploy
def __init__(_controller: address):
    self.controller = _controller


@external
def setController(_controller: address):
    """
    @notice Move this contract to another Controller.
    @dev Only the present Controller may call (through its `updateController`).
    @param _controller Address of the new Controller.
    """
    assert msg.sender == self.controller, "caller must be Controller"

    self.controller = _controller
    log SetController(controller=_controller)


@internal
@view
def _check_controller_owner():
    assert (
        msg.sender == staticcall IController(self.controller).owner()
    ), "caller must be Controller owner"


@internal
@view
def _check_system_not_paused():
    assert not staticcall IController(self.controller).paused(), "system is paused"


@internal
@view
def _contract(_id: bytes32) -> address:
    """
    @dev Address registered under `_id`; zero if nothing is. Ids are in `contract_ids`.
    """
    return staticcall IController(self.controller).getContract(_id)


@internal
def _log_parameter_update(_param: String[32]):
    log ParameterUpdate(param=_param)
