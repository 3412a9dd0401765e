"""Controller: registry, pause switch, owner."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import logs, reverted, reverts_bare
from tests.support.contracts import GIT_COMMIT, ZERO, contract_id, deploy

ID = contract_id("Something")


@pytest.fixture
def owner() -> str:
    return boa.env.generate_address("owner")


@pytest.fixture
def controller(owner: str) -> Any:
    return deploy("Controller", sender=owner)


@pytest.fixture
def peer() -> str:
    return boa.env.generate_address("peer")


def test_init__deployed__paused_and_owned_by_the_deployer_without_events(
    controller: Any, owner: str
) -> None:
    assert controller.owner() == owner
    assert controller.paused()
    with boa.env.prank(owner):
        assert logs(deploy("Controller")) == []


# transferOwnership


def test_transfer_ownership__by_owner__changes_hands_at_once(
    controller: Any, owner: str, peer: str
) -> None:
    controller.transferOwnership(peer, sender=owner)

    assert logs(controller) == [("OwnershipTransferred", owner, peer)]
    assert controller.owner() == peer
    with reverts_bare():
        controller.pause(sender=owner)


def test_transfer_ownership__by_stranger__reverts_bare(controller: Any, stranger: str) -> None:
    with reverts_bare():
        controller.transferOwnership(stranger, sender=stranger)


def test_transfer_ownership__to_zero__reverts_bare(controller: Any, owner: str) -> None:
    with reverts_bare():
        controller.transferOwnership(ZERO, sender=owner)


# pause, unpause


def test_unpause__paused__runs(controller: Any, owner: str) -> None:
    controller.unpause(sender=owner)

    assert logs(controller) == [("Unpause",)]
    assert not controller.paused()


def test_unpause__running__reverts_bare(controller: Any, owner: str) -> None:
    controller.unpause(sender=owner)
    with reverts_bare():
        controller.unpause(sender=owner)


def test_unpause__by_stranger__reverts_bare(controller: Any, stranger: str) -> None:
    with reverts_bare():
        controller.unpause(sender=stranger)


def test_pause__running__stops(controller: Any, owner: str) -> None:
    controller.unpause(sender=owner)
    controller.pause(sender=owner)

    assert logs(controller) == [("Pause",)]
    assert controller.paused()


def test_pause__paused__reverts_bare(controller: Any, owner: str) -> None:
    with reverts_bare():
        controller.pause(sender=owner)


def test_pause__by_stranger__reverts_bare(controller: Any, owner: str, stranger: str) -> None:
    controller.unpause(sender=owner)
    with reverts_bare():
        controller.pause(sender=stranger)


# setContractInfo, getContract, getContractInfo


def test_get_contract__unknown_id__is_zero(controller: Any) -> None:
    assert controller.getContract(ID) == ZERO
    assert controller.getContractInfo(ID) == (ZERO, bytes(20))


def test_set_contract_info__while_paused__registers(controller: Any, owner: str, peer: str) -> None:
    controller.setContractInfo(ID, peer, GIT_COMMIT, sender=owner)

    assert logs(controller) == [("SetContractInfo", ID, peer, GIT_COMMIT)]
    assert controller.getContract(ID) == peer
    assert controller.getContractInfo(ID) == (peer, GIT_COMMIT)


def test_set_contract_info__again__replaces_even_with_zero(
    controller: Any, owner: str, peer: str
) -> None:
    controller.setContractInfo(ID, peer, GIT_COMMIT, sender=owner)
    controller.setContractInfo(ID, ZERO, bytes(20), sender=owner)
    assert controller.getContractInfo(ID) == (ZERO, bytes(20))


def test_set_contract_info__by_stranger__reverts_bare(controller: Any, stranger: str) -> None:
    with reverts_bare():
        controller.setContractInfo(ID, stranger, GIT_COMMIT, sender=stranger)


# updateController


def test_update_controller__registered__moves_it_to_an_account_without_code(
    controller: Any, owner: str, peer: str
) -> None:
    manager = deploy("ManagerHarness", controller.address)
    controller.setContractInfo(ID, manager.address, GIT_COMMIT, sender=owner)

    controller.updateController(ID, peer, sender=owner)

    assert manager.controller() == peer


def test_update_controller__unregistered__reverts_bare(
    controller: Any, owner: str, peer: str
) -> None:
    with reverts_bare():
        controller.updateController(ID, peer, sender=owner)


def test_update_controller__refused_by_the_contract__passes_its_text_on(
    controller: Any, owner: str, peer: str
) -> None:
    elsewhere = deploy("ManagerHarness", peer)
    controller.setContractInfo(ID, elsewhere.address, GIT_COMMIT, sender=owner)
    with boa.reverts("caller must be Controller"):
        controller.updateController(ID, peer, sender=owner)


def test_update_controller__by_stranger__reverts_bare(controller: Any, stranger: str) -> None:
    with reverts_bare():
        controller.updateController(ID, stranger, sender=stranger)


@pytest.mark.parametrize(("value", "data"), [(1, b""), (0, b""), (0, b"\x01\x02\x03\x04")])
def test_default__plain_ether_or_unknown_function__reverts_bare(
    controller: Any, owner: str, value: int, data: bytes
) -> None:
    boa.env.set_balance(owner, 1)
    assert reverted(controller.address, data, value=value, sender=owner) == b""
