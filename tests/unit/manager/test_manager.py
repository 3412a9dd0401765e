"""What every managed contract takes from its Controller."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import logs, reverts_bare
from tests.support.contracts import GIT_COMMIT, contract_id, deploy


@pytest.fixture
def owner() -> str:
    return boa.env.generate_address("owner")


@pytest.fixture
def controller(owner: str) -> Any:
    return deploy("Controller", sender=owner)


@pytest.fixture
def manager(controller: Any) -> Any:
    return deploy("ManagerHarness", controller.address)


def test_set_controller__by_the_controller__moves(controller: Any, manager: Any) -> None:
    elsewhere = boa.env.generate_address("controller")
    manager.setController(elsewhere, sender=controller.address)

    assert logs(manager) == [("SetController", elsewhere)]
    assert manager.controller() == elsewhere


def test_set_controller__by_the_owner__reverts(manager: Any, owner: str) -> None:
    with boa.reverts("caller must be Controller"):
        manager.setController(owner, sender=owner)


def test_check_controller_owner__by_stranger__reverts(
    manager: Any, owner: str, stranger: str
) -> None:
    manager.checkControllerOwner(sender=owner)
    with boa.reverts("caller must be Controller owner"):
        manager.checkControllerOwner(sender=stranger)


def test_check_system_not_paused__paused__reverts(
    controller: Any, manager: Any, owner: str
) -> None:
    with boa.reverts("system is paused"):
        manager.checkSystemNotPaused()

    controller.unpause(sender=owner)
    manager.checkSystemNotPaused()


def test_guards__controller_without_code__revert_bare() -> None:
    manager = deploy("ManagerHarness", boa.env.generate_address("account"))
    with reverts_bare():
        manager.checkControllerOwner()
    with reverts_bare():
        manager.checkSystemNotPaused()


def test_contract__registration_changes__follows_it(
    controller: Any, manager: Any, owner: str, stranger: str
) -> None:
    key = contract_id("Minter")
    for address in (owner, stranger):
        controller.setContractInfo(key, address, GIT_COMMIT, sender=owner)
        assert manager.contractOf(key) == address


def test_log_parameter_update__any__logs_the_name(manager: Any) -> None:
    manager.logParameterUpdate()
    assert logs(manager) == [("ParameterUpdate", "a name of thirty-two characters.")]
