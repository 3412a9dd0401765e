"""Initialising, roles, what the Treasury accepts, and what it says it is."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from tests.support.calls import logs, returned, reverted
from tests.support.contracts import ZERO, deploy
from tests.unit.treasury.conftest import (
    ADMIN_ROLE,
    CANCELLER_ROLE,
    EXECUTOR_ROLE,
    MIN_DELAY,
    NOTHING,
    PROPOSER_ROLE,
    SALT,
    Timelock,
    missing,
)

ROLES = {  # as in the deployed protocol: core spec 15.1
    "DEFAULT_ADMIN_ROLE": bytes(32).hex(),
    "TIMELOCK_ADMIN_ROLE": "5f58e3a2316349923ce3780f8d587db2d72378aed66a8261c916544fa6846ca5",
    "PROPOSER_ROLE": "b09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc1",
    "EXECUTOR_ROLE": "d8aa0f3194971a2a116679f7c2090f6939c8d4e01a2a8d7e41d55e5351469e63",
    "CANCELLER_ROLE": "fd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783",
}
MANAGED = (ADMIN_ROLE, PROPOSER_ROLE, EXECUTOR_ROLE, CANCELLER_ROLE)
ONCE = "Initializable: contract is already initialized"
MAX_ACCOUNTS = 64
HOOKS = [
    ("onERC721Received(address,address,uint256,bytes)", "150b7a02", (7,)),
    ("onERC1155Received(address,address,uint256,uint256,bytes)", "f23a6e61", (7, 8)),
    (
        "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)",
        "bc197c81",
        ([1] * 256, [2, 3]),
    ),
]
MAX_HOOK_DATA = 16_384


@pytest.fixture
def fresh() -> Any:
    return deploy("Treasury")


def accounts(count: int) -> list[str]:
    return [f"0x{i:040x}" for i in range(1, count + 1)]


def called(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return bytes(selector(signature) + encode(types, arguments))


def test_init__deployed__nobody_has_a_role_and_nothing_is_logged(fresh: Any) -> None:
    assert logs(fresh) == []
    assert [fresh.getRoleAdmin(role) for role in MANAGED] == [NOTHING] * 4
    assert not any(fresh.hasRole(role, boa.env.eoa) for role in (NOTHING, *MANAGED))


@pytest.mark.parametrize(("name", "role"), ROLES.items())
def test_roles__by_name__are_those_of_the_deployed_protocol(
    timelock: Timelock, name: str, role: str
) -> None:
    assert getattr(timelock.treasury, name)().hex() == role


def test_initialize__by_anyone__logs_in_the_recorded_order(fresh: Any, stranger: str) -> None:
    fresh.initialize(5, [stranger], [stranger], stranger, sender=stranger)
    assert logs(fresh) == [
        *(("RoleAdminChanged", role, NOTHING, ADMIN_ROLE) for role in MANAGED),
        ("RoleGranted", ADMIN_ROLE, fresh.address, stranger),
        ("RoleGranted", ADMIN_ROLE, stranger, stranger),
        ("RoleGranted", PROPOSER_ROLE, stranger, stranger),
        ("RoleGranted", CANCELLER_ROLE, stranger, stranger),
        ("RoleGranted", EXECUTOR_ROLE, stranger, stranger),
        ("MinDelayChange", 0, 5),
        ("Initialized", 1),
    ]
    assert fresh.getMinDelay() == 5
    assert [fresh.getRoleAdmin(role) for role in MANAGED] == [ADMIN_ROLE] * 4


def test_initialize__no_admin__only_the_contract_manages_roles(fresh: Any, stranger: str) -> None:
    fresh.initialize(0, [], [], ZERO, sender=stranger)
    granted = [entry for entry in logs(fresh) if entry[0] == "RoleGranted"]
    assert granted == [("RoleGranted", ADMIN_ROLE, fresh.address, stranger)]
    assert not fresh.hasRole(ADMIN_ROLE, ZERO)
    with boa.reverts(missing(stranger, ADMIN_ROLE)):
        fresh.grantRole(PROPOSER_ROLE, stranger, sender=stranger)


def test_initialize__account_named_twice__is_granted_once(fresh: Any, stranger: str) -> None:
    fresh.initialize(0, [stranger, stranger], [], fresh.address, sender=stranger)
    assert [entry[1] for entry in logs(fresh) if entry[0] == "RoleGranted"] == [
        ADMIN_ROLE,
        PROPOSER_ROLE,
        CANCELLER_ROLE,
    ]


def test_initialize__many_accounts__all_have_their_roles_up_to_the_bound(fresh: Any) -> None:
    proposers = accounts(MAX_ACCOUNTS)
    over = called(
        "initialize(uint256,address[],address[],address)", 0, accounts(MAX_ACCOUNTS + 1), [], ZERO
    )
    assert reverted(fresh.address, over) == b""

    fresh.initialize(0, proposers, proposers, ZERO)
    for role in (PROPOSER_ROLE, CANCELLER_ROLE, EXECUTOR_ROLE):
        assert all(fresh.hasRole(role, account) for account in proposers)


def test_initialize__second_time__reverts_for_the_admin_too(timelock: Timelock) -> None:
    with boa.reverts(ONCE):
        timelock.treasury.initialize(0, [], [], ZERO, sender=timelock.admin)


def test_initialize__by_an_operation__reverts(timelock: Timelock) -> None:
    with boa.reverts("TimelockController: underlying transaction reverted"):
        timelock.carry_out("initialize", 0, [], [], ZERO)
    assert timelock.treasury.getMinDelay() == MIN_DELAY


def test_grant_role__by_the_admin__and_not_by_a_proposer(timelock: Timelock, stranger: str) -> None:
    with boa.reverts(missing(timelock.proposer, ADMIN_ROLE)):
        timelock.treasury.grantRole(PROPOSER_ROLE, stranger, sender=timelock.proposer)
    timelock.treasury.grantRole(PROPOSER_ROLE, stranger, sender=timelock.admin)
    assert logs(timelock.treasury) == [("RoleGranted", PROPOSER_ROLE, stranger, timelock.admin)]


def test_grant_role__by_an_operation__the_treasury_manages_itself(
    timelock: Timelock, stranger: str
) -> None:
    timelock.carry_out("grantRole", CANCELLER_ROLE, stranger)
    assert timelock.treasury.hasRole(CANCELLER_ROLE, stranger)


def test_revoke_role__of_the_proposer__keeps_what_is_scheduled(timelock: Timelock) -> None:
    operation = timelock.call()
    timelock.ready(operation)
    timelock.treasury.revokeRole(PROPOSER_ROLE, timelock.proposer, sender=timelock.admin)
    assert logs(timelock.treasury) == [
        ("RoleRevoked", PROPOSER_ROLE, timelock.proposer, timelock.admin)
    ]
    timelock.execute(operation)
    with boa.reverts(missing(timelock.proposer, PROPOSER_ROLE)):
        timelock.schedule(timelock.call(salt=SALT))


def test_renounce_role__by_the_admin__leaves_only_the_treasury(timelock: Timelock) -> None:
    treasury = timelock.treasury
    with boa.reverts("AccessControl: can only renounce roles for self"):
        treasury.renounceRole(ADMIN_ROLE, treasury.address, sender=timelock.admin)
    treasury.renounceRole(ADMIN_ROLE, timelock.admin, sender=timelock.admin)
    assert logs(treasury) == [("RoleRevoked", ADMIN_ROLE, timelock.admin, timelock.admin)]
    assert treasury.hasRole(ADMIN_ROLE, treasury.address)


@pytest.mark.parametrize(("signature", "answer", "tokens"), HOOKS)
@pytest.mark.parametrize("size", [0, 33, MAX_HOOK_DATA])
def test_token_hook__any_token__is_accepted_with_its_selector(
    timelock: Timelock, stranger: str, signature: str, answer: str, tokens: Any, size: int
) -> None:
    data = called(signature, stranger, ZERO, *tokens, b"x" * size)
    output = returned(timelock.treasury.address, data, sender=stranger)
    assert output == bytes.fromhex(answer).ljust(32, b"\0")
    assert data[:4].hex() == answer


@pytest.mark.parametrize(("signature", "tokens"), [(hook[0], hook[2]) for hook in HOOKS])
def test_token_hook__data_over_the_bound__reverts_bare(
    timelock: Timelock, stranger: str, signature: str, tokens: Any
) -> None:
    data = called(signature, stranger, ZERO, *tokens, b"x" * (MAX_HOOK_DATA + 1))
    assert reverted(timelock.treasury.address, data) == b""


def test_token_hook__batch_of_over_256_tokens__reverts_bare(timelock: Timelock) -> None:
    data = called(HOOKS[2][0], ZERO, ZERO, [1] * 257, [1], b"")
    assert reverted(timelock.treasury.address, data) == b""


@pytest.mark.parametrize(
    ("interface", "supported"),
    [
        ("01ffc9a7", True),
        ("7965db0b", True),
        ("4e2312e0", True),
        ("150b7a02", False),
        ("ffffffff", False),
        ("00000000", False),
    ],
)
def test_supports_interface__roles_and_erc1155__not_erc721(
    timelock: Timelock, interface: str, supported: bool
) -> None:
    assert timelock.treasury.supportsInterface(bytes.fromhex(interface)) == supported


def test_treasury__plain_ether__is_kept_without_an_event(timelock: Timelock, stranger: str) -> None:
    treasury = timelock.treasury.address
    boa.env.set_balance(stranger, 5)
    result = boa.env.execute_code(to_address=treasury, sender=stranger, value=5)
    assert (result.is_error, list(result.get_log_entries())) == (False, [])
    assert boa.env.get_balance(treasury) == 5
    assert returned(treasury, b"", sender=stranger) == b""


@pytest.mark.parametrize("data", ["00", "ffffff", "deadbeef", "deadbeef" + "00" * 32])
def test_treasury__unknown_calldata__reverts_bare_with_and_without_ether(
    timelock: Timelock, stranger: str, data: str
) -> None:
    boa.env.set_balance(stranger, 1)
    for value in (0, 1):
        assert (
            reverted(timelock.treasury.address, bytes.fromhex(data), sender=stranger, value=value)
            == b""
        )
