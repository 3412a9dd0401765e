# pragma version 0.4.3
# pragma evm-version cancun
"""
@title AccessControlHarness
@notice Calls the internals of `access_control`, granting roles to anyone. For tests only.
"""

from ..modules import access_control

initializes: access_control

exports: (
    access_control.grantRole,
    access_control.revokeRole,
    access_control.renounceRole,
    access_control.hasRole,
    access_control.getRoleAdmin,
    access_control.DEFAULT_ADMIN_ROLE,
)


@external
def grant(_role: bytes32, _account: address):
    access_control._grant_role(_role, _account)


@external
def setRoleAdmin(_role: bytes32, _admin_role: bytes32):
    access_control._set_role_admin(_role, _admin_role)


@external
@view
def check(_role: bytes32, _account: address):
    access_control._check_role(_role, _account)
