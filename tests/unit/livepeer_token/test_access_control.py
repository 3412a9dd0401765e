"""Roles: on the token, and the parts of the module that only other contracts use."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_utils import keccak

from tests.support.calls import error_data, logs, reverts_with_data
from tests.support.contracts import deploy
from tests.support.protocol import BURNER_ROLE, MINTER_ROLE
from tests.unit.livepeer_token.conftest import Token

ADMIN_ROLE = bytes(32)
ROLE = keccak(text="SOME_ROLE")


def missing(account: str, role: bytes) -> str:
    return f"AccessControl: account {account.lower()} is missing role 0x{role.hex()}"


@pytest.fixture(scope="module")
def roles() -> Any:
    return deploy("AccessControlHarness")


def test_init__deployed__deployer_is_the_admin(stranger: str) -> None:
    token = deploy("LivepeerToken", sender=stranger)
    assert logs(token) == [("RoleGranted", ADMIN_ROLE, stranger, stranger)]
    assert token.DEFAULT_ADMIN_ROLE() == ADMIN_ROLE
    assert token.hasRole(ADMIN_ROLE, stranger)
    assert not token.hasRole(MINTER_ROLE, stranger)


def test_roles__of_the_token__are_hashes_of_their_names(token: Token) -> None:
    assert MINTER_ROLE.hex() == "9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a6"
    assert BURNER_ROLE.hex() == "3c11d16cbaffd01df69ce1c404f6340ee057498f5f00246190ea54220576a848"
    for role in (ADMIN_ROLE, MINTER_ROLE, BURNER_ROLE):
        assert token.lpt.getRoleAdmin(role) == ADMIN_ROLE


@pytest.mark.parametrize(
    ("call", "role"),
    [
        (lambda lpt, account: lpt.mint(account, 1, sender=account), MINTER_ROLE),
        (lambda lpt, account: lpt.burn(1, sender=account), BURNER_ROLE),
        (lambda lpt, account: lpt.burnFrom(account, 1, sender=account), BURNER_ROLE),
        (lambda lpt, account: lpt.grantRole(ROLE, account, sender=account), ADMIN_ROLE),
        (lambda lpt, account: lpt.revokeRole(ROLE, account, sender=account), ADMIN_ROLE),
    ],
)
def test_role_of_the_caller__missing__reverts_and_names_it(
    token: Token, stranger: str, call: Any, role: bytes
) -> None:
    with boa.reverts(missing(stranger, role)):
        call(token.lpt, stranger)


@pytest.mark.parametrize("holder", ["minter", "burner"])
def test_role_of_the_caller__another_one__is_not_enough(token: Token, holder: str) -> None:
    account = getattr(token, holder)
    with boa.reverts(missing(account, ADMIN_ROLE)):
        token.lpt.grantRole(ROLE, account, sender=account)


def test_missing_role__example_of_the_specification__same_bytes(roles: Any) -> None:
    account = "0x00000000000000000000000000000000000000AB"
    role = "fd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783"
    text = (
        "AccessControl: account 0x00000000000000000000000000000000000000ab is missing role "
        "0xfd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783"
    )
    with reverts_with_data(error_data("Error(string)", text)):
        roles.check(bytes.fromhex(role), account)


def test_missing_role__every_digit__is_lower_case_hexadecimal(roles: Any) -> None:
    account = "0x" + bytes(range(0x01, 0xFF, 13)).hex()
    assert len(account) == 42
    role = bytes.fromhex("0123456789abcdef" * 4)
    with boa.reverts(missing(account, role)):
        roles.check(role, account)


def test_grant_role__new__is_logged_once(token: Token, stranger: str) -> None:
    token.lpt.grantRole(ROLE, stranger, sender=token.admin)
    assert logs(token.lpt) == [("RoleGranted", ROLE, stranger, token.admin)]
    assert token.lpt.hasRole(ROLE, stranger)

    token.lpt.grantRole(ROLE, stranger, sender=token.admin)
    assert logs(token.lpt) == []


def test_revoke_role__held__is_logged_once(token: Token, stranger: str) -> None:
    token.lpt.grantRole(ROLE, stranger, sender=token.admin)
    token.lpt.revokeRole(ROLE, stranger, sender=token.admin)
    assert logs(token.lpt) == [("RoleRevoked", ROLE, stranger, token.admin)]
    assert not token.lpt.hasRole(ROLE, stranger)

    token.lpt.revokeRole(ROLE, stranger, sender=token.admin)
    assert logs(token.lpt) == []


def test_renounce_role__ones_own__is_gone(token: Token) -> None:
    token.lpt.renounceRole(MINTER_ROLE, token.minter, sender=token.minter)
    assert logs(token.lpt) == [("RoleRevoked", MINTER_ROLE, token.minter, token.minter)]
    with boa.reverts(missing(token.minter, MINTER_ROLE)):
        token.lpt.mint(token.minter, 1, sender=token.minter)


def test_renounce_role__never_held__is_silent(token: Token, stranger: str) -> None:
    token.lpt.renounceRole(MINTER_ROLE, stranger, sender=stranger)
    assert logs(token.lpt) == []


def test_renounce_role__somebody_elses__reverts(token: Token) -> None:
    with boa.reverts("AccessControl: can only renounce roles for self"):
        token.lpt.renounceRole(MINTER_ROLE, token.minter, sender=token.admin)


def test_set_role_admin__other_role__its_holders_grant_and_revoke(
    roles: Any, token: Token, stranger: str
) -> None:
    admin_of_role = keccak(text="ADMIN_OF_SOME_ROLE")
    roles.setRoleAdmin(ROLE, admin_of_role)
    assert logs(roles) == [("RoleAdminChanged", ROLE, ADMIN_ROLE, admin_of_role)]
    assert roles.getRoleAdmin(ROLE) == admin_of_role

    roles.grant(ADMIN_ROLE, token.admin)
    with boa.reverts(missing(token.admin, admin_of_role)):
        roles.grantRole(ROLE, stranger, sender=token.admin)
    roles.grant(admin_of_role, token.admin)
    roles.grantRole(ROLE, stranger, sender=token.admin)
    assert roles.hasRole(ROLE, stranger)


@pytest.mark.parametrize(
    ("interface", "supported"),
    [("01ffc9a7", True), ("7965db0b", True), ("ffffffff", False), ("36372b07", False)],
)
def test_supports_interface__erc165_and_access_control__only_these(
    token: Token, interface: str, supported: bool
) -> None:
    assert token.lpt.supportsInterface(bytes.fromhex(interface)) == supported
