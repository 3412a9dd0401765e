"""Construction and the Controller owner's setters."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import logs, reverted
from tests.support.contracts import deploy
from tests.unit.minter.conftest import BASE, CHANGE, INFLATION, TARGET, System


def test_init__any_controller__keeps_its_arguments_without_events() -> None:
    account = boa.env.generate_address("controller")
    minter = deploy("Minter", account, INFLATION, CHANGE, TARGET)
    assert logs(minter) == []
    assert minter.controller() == minter.getController() == account
    assert minter.inflation() == INFLATION
    assert minter.inflationChange() == CHANGE
    assert minter.targetBondingRate() == TARGET
    assert minter.currentMintableTokens() == minter.currentMintedTokens() == 0


def test_init__whole_percentages__are_allowed() -> None:
    deploy("Minter", boa.env.eoa, BASE, BASE, BASE)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((BASE + 1, BASE + 1, BASE + 1), "_inflation is invalid percentage"),
        ((BASE, BASE + 1, BASE + 1), "_inflationChange is invalid percentage"),
        ((BASE, BASE, BASE + 1), "_targetBondingRate is invalid percentage"),
    ],
)
def test_init__over_the_whole__reverts_in_order(arguments: tuple[int, ...], text: str) -> None:
    with boa.reverts(text):
        deploy("Minter", boa.env.eoa, *arguments)


SETTERS = [("setTargetBondingRate", "targetBondingRate"), ("setInflationChange", "inflationChange")]


@pytest.mark.parametrize(("setter", "parameter"), SETTERS)
def test_setters__by_owner_up_to_the_whole__are_kept_and_logged(
    system: System, setter: str, parameter: str
) -> None:
    for value in (0, BASE):
        getattr(system.minter, setter)(value, sender=system.owner)
        assert logs(system.minter) == [("ParameterUpdate", parameter)]
        assert getattr(system.minter, parameter)() == value


@pytest.mark.parametrize(("setter", "parameter"), SETTERS)
def test_setters__over_the_whole__revert(system: System, setter: str, parameter: str) -> None:
    with boa.reverts(f"_{parameter} is invalid percentage"):
        getattr(system.minter, setter)(BASE + 1, sender=system.owner)


@pytest.mark.parametrize(("setter", "_parameter"), SETTERS)
def test_setters__by_stranger__revert(
    system: System, stranger: str, setter: str, _parameter: str
) -> None:
    with boa.reverts("caller must be Controller owner"):
        getattr(system.minter, setter)(1, sender=stranger)


CALLS: list[tuple[str, Any, str]] = [
    ("createReward", (1, 1), "msg.sender not BondingManager"),
    ("trustedTransferTokens", (boa.env.eoa, 1), "msg.sender not BondingManager"),
    ("trustedBurnTokens", (1,), "msg.sender not BondingManager"),
    (
        "trustedWithdrawETH",
        (boa.env.eoa, 1),
        "msg.sender not BondingManager or JobsManager",
    ),
    ("depositETH", (), "msg.sender not Minter or JobsManager"),
    ("setCurrentRewardTokens", (), "msg.sender not RoundsManager"),
]


@pytest.mark.parametrize(("function", "arguments", "text"), CALLS)
def test_guards__stranger__revert_before_the_pause_is_looked_at(
    system: System, stranger: str, function: str, arguments: tuple[Any, ...], text: str
) -> None:
    system.pause()
    with boa.reverts(text):
        getattr(system.minter, function)(*arguments, sender=stranger)


@pytest.mark.parametrize(
    ("function", "arguments", "caller"),
    [
        ("createReward", (1, 1), "bonding_manager"),
        ("trustedTransferTokens", (boa.env.eoa, 1), "bonding_manager"),
        ("trustedBurnTokens", (1,), "bonding_manager"),
        ("trustedWithdrawETH", (boa.env.eoa, 1), "bonding_manager"),
        ("trustedWithdrawETH", (boa.env.eoa, 1), "jobs_manager"),
        ("setCurrentRewardTokens", (), "rounds_manager"),
    ],
)
def test_guards__paused__revert(
    system: System, function: str, arguments: tuple[Any, ...], caller: str
) -> None:
    system.pause()
    with boa.reverts("system is paused"):
        getattr(system.minter, function)(*arguments, sender=getattr(system, caller))


def test_set_controller__by_stranger__reverts(system: System, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        system.minter.setController(stranger, sender=stranger)


def test_default__plain_ether__reverts_bare(system: System) -> None:
    boa.env.set_balance(system.jobs_manager, 1)
    assert reverted(system.minter.address, b"", value=1, sender=system.jobs_manager) == b""
