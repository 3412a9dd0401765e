# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ProxyTargetV2
@notice A later implementation for ManagerProxy: fewer variables at the end, and it takes plain ETH. For tests only.
"""

from ..modules import managed
from ..modules import proxied

initializes: managed
initializes: proxied

exports: (
    managed.controller,
    managed.setController,
    proxied.targetContractId,
)


event Received:
    sender: address
    amount: uint256
    dataLength: uint256


number: public(uint256)


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


@external
def addOne():
    self.number += 1


@external
@payable
def __default__():
    log Received(sender=msg.sender, amount=msg.value, dataLength=len(msg.data))
