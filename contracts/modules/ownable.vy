# pragma version 0.4.3
"""
@title ownable
@notice One account that may do everything its contract reserves for the owner. One-step transfer.
@dev Starts as the deployer, without an event. Whoever is not the owner is refused with empty revert
     data: clients of the deployed contracts know no text here. Source: core spec, section 2.1.
"""


event OwnershipTransferred:
    previousOwner: indexed(address)
    newOwner: indexed(address)


owner: public(address)


@deploy
def __init__():
    self.owner = msg.sender


@external
def transferOwnership(newOwner: address):
    """
    @notice Hand the contract to another owner, at once.
    @dev Only the owner may call. Reverts with empty data otherwise, and for the zero address.
    @param newOwner Account that owns the contract from now on.
    """
    self._check_owner()
    assert newOwner != empty(address)

    log OwnershipTransferred(previousOwner=self.owner, newOwner=newOwner)
    self.owner = newOwner


@internal
@view
def _check_owner():
    assert msg.sender == self.owner
