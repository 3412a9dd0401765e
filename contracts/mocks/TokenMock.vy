# pragma version 0.4.3
# pragma evm-version cancun
"""
@title TokenMock
@notice A token that shows what it was asked and answers false: callers must not care. For tests only.
"""


event Asked:
    name: String[8]
    account: address
    amount: uint256


totalSupply: public(uint256)
l1CirculatingSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])


@external
def setSupply(_l2: uint256, _l1: uint256):
    self.totalSupply = _l2
    self.l1CirculatingSupply = _l1


@external
def setBalance(_account: address, _balance: uint256):
    self.balanceOf[_account] = _balance


@external
def transfer(_to: address, _amount: uint256) -> bool:
    log Asked(name="transfer", account=_to, amount=_amount)
    return False


@external
def mint(_to: address, _amount: uint256):
    log Asked(name="mint", account=_to, amount=_amount)


@external
def burn(_amount: uint256):
    log Asked(name="burn", account=msg.sender, amount=_amount)
