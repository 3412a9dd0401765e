# pragma version 0.4.3
# pragma evm-version cancun
"""
@title LivepeerTokenFaucet
@notice Gives LPT to anyone, now and then, on test networks.
@dev Pays from its own balance. Source: core spec, section 9.
"""

from ..interfaces import ILivepeerToken
from ..interfaces import ILivepeerTokenFaucet
from ..modules import ownable

implements: ILivepeerTokenFaucet

initializes: ownable

exports: (
    ownable.owner,
    ownable.transferOwnership,
)

HOUR: constant(uint256) = 3600

token: public(address)
requestAmount: public(uint256)
requestWait: public(uint256)
nextValidRequest: public(HashMap[address, uint256])
isWhitelisted: public(HashMap[address, bool])


@deploy
def __init__(_token: address, _requestAmount: uint256, _requestWait: uint256):
    ownable.__init__()
    self.token = _token
    self.requestAmount = _requestAmount
    self.requestWait = _requestWait


# Anyone


@external
def request():
    if not self.isWhitelisted[msg.sender]:
        assert block.timestamp >= self.nextValidRequest[msg.sender]
        self.nextValidRequest[msg.sender] = block.timestamp + self.requestWait * HOUR

    amount: uint256 = self.requestAmount
    extcall ILivepeerToken(self.token).transfer(msg.sender, amount)

    log ILivepeerTokenFaucet.Request(to=msg.sender, amount=amount)


# Owner


@external
def addToWhitelist(_addr: address):
    ownable._check_owner()

    self.isWhitelisted[_addr] = True


@external
def removeFromWhitelist(_addr: address):
    ownable._check_owner()

    self.isWhitelisted[_addr] = False
