# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ProxyTargetV1
@notice An implementation for ManagerProxy with values of every shape. Takes no plain ETH. For tests only.
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


struct Pair:
    small: uint8
    large: uint256


number: public(uint256)
pair: public(Pair)
text: public(String[4096])
blob: public(Bytes[1024])


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


@external
def setNumber(_number: uint256):
    self.number = _number


@external
def setPair(_small: uint8, _large: uint256):
    self.pair = Pair(small=_small, large=_large)


@external
def setText(_text: String[4096]):
    self.text = _text


@external
def setBlob(_blob: Bytes[1024]):
    self.blob = _blob


@external
@payable
def context() -> (address, uint256, address):
    return msg.sender, msg.value, self


@external
def fail(_data: Bytes[16384]):
    raw_revert(_data)


@external
@view
def words(_count: uint256) -> DynArray[uint256, 256]:
    found: DynArray[uint256, 256] = []
    for i: uint256 in range(_count, bound=256):
        found.append(i)
    return found
