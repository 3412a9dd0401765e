# pragma version 0.4.3
# pragma evm-version cancun
"""
@title LivepeerToken
@notice LPT on Arbitrum: ERC-20 with permits (ERC-2612), and roles that may mint and burn.
@dev totalSupply == sum of all balances. On Arbitrum One the bridge's own token is used instead of
     this one. Source: core spec, section 8.
"""

from ..interfaces import IAccessControl
from ..interfaces import ILivepeerToken
from ..modules import access_control
from ..modules import ecdsa
from ..modules import panic

implements: ILivepeerToken
implements: IAccessControl

initializes: access_control

exports: (
    access_control.DEFAULT_ADMIN_ROLE,
    access_control.getRoleAdmin,
    access_control.grantRole,
    access_control.hasRole,
    access_control.renounceRole,
    access_control.revokeRole,
)

MINTER_ROLE: constant(bytes32) = keccak256("MINTER_ROLE")
BURNER_ROLE: constant(bytes32) = keccak256("BURNER_ROLE")

VERSION: constant(String[1]) = "1"
DOMAIN_TYPE_HASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
PERMIT_TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)

name: public(constant(String[14])) = "Livepeer Token"
symbol: public(constant(String[3])) = "LPT"
decimals: public(constant(uint8)) = 18

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
totalSupply: public(uint256)
nonces: public(HashMap[address, uint256])


@deploy
def __init__():
    access_control._grant_role(access_control.DEFAULT_ADMIN_ROLE, msg.sender)


# Anyone


@external
def transfer(to: address, amount: uint256) -> bool:
    self._transfer(msg.sender, to, amount)
    return True


@external
def transferFrom(sender: address, to: address, amount: uint256) -> bool:
    self._spend_allowance(sender, amount)
    self._transfer(sender, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self._approve(msg.sender, spender, amount)
    return True


@external
def increaseAllowance(spender: address, addedValue: uint256) -> bool:
    self._approve(msg.sender, spender, self._sum(self.allowance[msg.sender][spender], addedValue))
    return True


@external
def decreaseAllowance(spender: address, subtractedValue: uint256) -> bool:
    allowed: uint256 = self.allowance[msg.sender][spender]
    assert allowed >= subtractedValue, "ERC20: decreased allowance below zero"

    self._approve(msg.sender, spender, allowed - subtractedValue)
    return True


@external
def permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    assert block.timestamp <= deadline, "ERC20Permit: expired deadline"

    nonce: uint256 = self.nonces[owner]
    self.nonces[owner] = nonce + 1

    permit_hash: bytes32 = keccak256(
        abi_encode(PERMIT_TYPE_HASH, owner, spender, amount, nonce, deadline)
    )
    digest: bytes32 = keccak256(concat(x"1901", self._domain_separator(), permit_hash))
    assert ecdsa._recover(digest, v, r, s) == owner, "ERC20Permit: invalid signature"

    self._approve(owner, spender, amount)


# MINTER_ROLE


@external
def mint(_to: address, _amount: uint256):
    access_control._check_role(MINTER_ROLE, msg.sender)
    assert _to != empty(address), "ERC20: mint to the zero address"

    self.totalSupply = self._sum(self.totalSupply, _amount)
    self.balanceOf[_to] += _amount

    log ILivepeerToken.Transfer(sender=empty(address), to=_to, value=_amount)
    log ILivepeerToken.Mint(to=_to, amount=_amount)


# BURNER_ROLE


@external
def burn(_amount: uint256):
    access_control._check_role(BURNER_ROLE, msg.sender)

    self._burn(msg.sender, _amount)


@external
def burnFrom(_from: address, _amount: uint256):
    access_control._check_role(BURNER_ROLE, msg.sender)

    self._spend_allowance(_from, _amount)
    self._burn(_from, _amount)


# Views


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    return self._domain_separator()


@external
@view
def eip712Domain() -> (
    bytes1, String[14], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    return 0x0f, name, VERSION, chain.id, self, empty(bytes32), []


@external
@view
def supportsInterface(interfaceId: bytes4) -> bool:
    return access_control._supports_interface(interfaceId)


@internal
def _transfer(_sender: address, _to: address, _amount: uint256):
    """
    @dev `_sender` is never zero: it is the caller, or has passed `_approve`.
    """
    assert _to != empty(address), "ERC20: transfer to the zero address"
    balance: uint256 = self.balanceOf[_sender]
    assert balance >= _amount, "ERC20: transfer amount exceeds balance"

    self.balanceOf[_sender] = balance - _amount
    self.balanceOf[_to] += _amount

    log ILivepeerToken.Transfer(sender=_sender, to=_to, value=_amount)


@internal
def _burn(_holder: address, _amount: uint256):
    """
    @dev `_holder` is never zero, as in `_transfer`.
    """
    balance: uint256 = self.balanceOf[_holder]
    assert balance >= _amount, "ERC20: burn amount exceeds balance"

    self.balanceOf[_holder] = balance - _amount
    self.totalSupply -= _amount

    log ILivepeerToken.Transfer(sender=_holder, to=empty(address), value=_amount)
    log ILivepeerToken.Burn(burner=_holder, amount=_amount)


@internal
def _approve(_owner: address, _spender: address, _amount: uint256):
    assert _owner != empty(address), "ERC20: approve from the zero address"
    assert _spender != empty(address), "ERC20: approve to the zero address"

    self.allowance[_owner][_spender] = _amount

    log ILivepeerToken.Approval(owner=_owner, spender=_spender, value=_amount)


@internal
def _spend_allowance(_owner: address, _amount: uint256):
    allowed: uint256 = self.allowance[_owner][msg.sender]
    if allowed == max_value(uint256):
        return
    assert allowed >= _amount, "ERC20: insufficient allowance"

    self._approve(_owner, msg.sender, allowed - _amount)


@internal
@view
def _domain_separator() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPE_HASH, keccak256(name), keccak256(VERSION), chain.id, self)
    )


@internal
@pure
def _sum(_a: uint256, _b: uint256) -> uint256:
    if _a > max_value(uint256) - _b:
        panic._panic(panic.OVERFLOW)
    return _a + _b
