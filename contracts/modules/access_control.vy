# pragma version 0.4.3
"""
@title access_control
@notice Roles: who may call what, granted and revoked by the holders of the role's admin role.
@dev Owns memberships and admin roles. DEFAULT_ADMIN_ROLE is the admin of every role that was given
     no other, itself included. Nobody holds a role until the deployable grants it with
     `_grant_role`. Source: core spec, section 8.2.
"""


event RoleGranted:
    role: indexed(bytes32)
    account: indexed(address)
    sender: indexed(address)


event RoleRevoked:
    role: indexed(bytes32)
    account: indexed(address)
    sender: indexed(address)


event RoleAdminChanged:
    role: indexed(bytes32)
    previousAdminRole: indexed(bytes32)
    newAdminRole: indexed(bytes32)


DEFAULT_ADMIN_ROLE: public(constant(bytes32)) = empty(bytes32)
ERC165_ID: constant(bytes4) = 0x01ffc9a7
ACCESS_CONTROL_ID: constant(bytes4) = 0x7965db0b

hasRole: public(HashMap[bytes32, HashMap[address, bool]])
getRoleAdmin: public(HashMap[bytes32, bytes32])


@external
def grantRole(role: bytes32, account: address):
    self._check_role(self.getRoleAdmin[role], msg.sender)
    self._grant_role(role, account)


@external
def revokeRole(role: bytes32, account: address):
    self._check_role(self.getRoleAdmin[role], msg.sender)
    self._revoke_role(role, account)


@external
def renounceRole(role: bytes32, account: address):
    assert account == msg.sender, "AccessControl: can only renounce roles for self"
    self._revoke_role(role, account)


@internal
@view
def _check_role(_role: bytes32, _account: address):
    if not self.hasRole[_role][_account]:
        raise self._missing_role(_role, _account)


@internal
def _grant_role(_role: bytes32, _account: address):
    if not self.hasRole[_role][_account]:
        self.hasRole[_role][_account] = True
        log RoleGranted(role=_role, account=_account, sender=msg.sender)


@internal
def _revoke_role(_role: bytes32, _account: address):
    if self.hasRole[_role][_account]:
        self.hasRole[_role][_account] = False
        log RoleRevoked(role=_role, account=_account, sender=msg.sender)


@internal
def _set_role_admin(_role: bytes32, _admin_role: bytes32):
    log RoleAdminChanged(
        role=_role, previousAdminRole=self.getRoleAdmin[_role], newAdminRole=_admin_role
    )
    self.getRoleAdmin[_role] = _admin_role


@internal
@pure
def _supports_interface(_interface_id: bytes4) -> bool:
    """
    @dev ERC-165 answer for what this module adds; a deployable ors in its own ids.
    """
    return _interface_id in [ERC165_ID, ACCESS_CONTROL_ID]


@internal
@pure
def _missing_role(_role: bytes32, _account: address) -> String[148]:
    text: Bytes[148] = concat(
        b"AccessControl: account 0x",
        slice(self._hex(convert(_account, uint256)), 24, 40),
        b" is missing role 0x",
        self._hex(convert(_role, uint256)),
    )
    return convert(text, String[148])


@internal
@pure
def _hex(_word: uint256) -> Bytes[64]:
    """
    @dev The 64 lower-case hexadecimal digits of a word.
    """
    return concat(self._hex_half(_word >> 128), self._hex_half(_word))


@internal
@pure
def _hex_half(_half: uint256) -> bytes32:
    """
    @dev 32 digits, of the lower half of the word.
    """
    digits: uint256 = 0
    for i: uint256 in range(32):
        nibble: uint256 = (_half >> (124 - 4 * i)) & 15
        digits = digits << 8 | (nibble + 48 if nibble < 10 else nibble + 87)
    return convert(digits, bytes32)
