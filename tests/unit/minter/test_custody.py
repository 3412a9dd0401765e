"""LPT and ETH in and out, and moving house."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import error_data, logs, reverts_bare, reverts_with_data
from tests.support.contracts import ZERO, deploy
from tests.support.protocol import LPT, MINTER_ROLE, Protocol
from tests.unit.minter.conftest import CHANGE, INFLATION, TARGET, System

# Tokens


def test_trusted_transfer_tokens__by_bonding_manager__transfers(
    system: System, delegator: str
) -> None:
    system.minter.trustedTransferTokens(delegator, 42, sender=system.bonding_manager)
    assert logs(system.minter) == [("Asked", "transfer", delegator, 42)]


def test_trusted_burn_tokens__by_bonding_manager__burns_its_own(system: System) -> None:
    system.minter.trustedBurnTokens(42, sender=system.bonding_manager)
    assert logs(system.minter) == [("Asked", "burn", system.minter.address, 42)]


def test_trusted_burn_tokens__without_the_role__passes_the_text_on(system: System) -> None:
    token = deploy("LivepeerToken")
    system.register("LivepeerToken", token.address)
    account = system.minter.address.lower()
    role = "3c11d16cbaffd01df69ce1c404f6340ee057498f5f00246190ea54220576a848"
    with boa.reverts(f"AccessControl: account {account} is missing role 0x{role}"):
        system.minter.trustedBurnTokens(1, sender=system.bonding_manager)


# ETH


@pytest.mark.parametrize("caller", ["jobs_manager", "minter"])
def test_deposit_eth__by_jobs_manager_or_registered_minter__is_taken_even_while_paused(
    system: System, caller: str
) -> None:
    system.pause()
    sender = str(boa.env.generate_address(caller))
    system.register("JobsManager" if caller == "jobs_manager" else "Minter", sender)
    boa.env.set_balance(sender, 5)

    assert system.minter.depositETH(value=5, sender=sender)

    assert logs(system.minter) == []
    assert boa.env.get_balance(system.minter.address) == 5


@pytest.mark.parametrize("caller", ["bonding_manager", "jobs_manager"])
def test_trusted_withdraw_eth__by_bonding_or_jobs_manager__pays(
    system: System, gateway: str, caller: str
) -> None:
    system.deposit(10)
    before = boa.env.get_balance(gateway)
    system.minter.trustedWithdrawETH(gateway, 7, sender=getattr(system, caller))
    assert boa.env.get_balance(gateway) == before + 7
    assert boa.env.get_balance(system.minter.address) == 3


def test_trusted_withdraw_eth__nothing__reaches_the_recipient(system: System, gateway: str) -> None:
    system.minter.trustedWithdrawETH(gateway, 0, sender=system.jobs_manager)


def test_trusted_withdraw_eth__more_than_there_is__reverts_bare(
    system: System, gateway: str
) -> None:
    system.deposit(10)
    with reverts_bare():
        system.minter.trustedWithdrawETH(gateway, 11, sender=system.jobs_manager)


@pytest.mark.parametrize("amount", [0, 7])
def test_trusted_withdraw_eth__recipient_refuses_in_words__passes_them_on(
    system: System, amount: int
) -> None:
    system.deposit(10)
    recipient = deploy("ReceiverMock")
    recipient.setRefusal("no")
    with reverts_with_data(error_data("Error(string)", "no")):
        system.minter.trustedWithdrawETH(recipient.address, amount, sender=system.jobs_manager)


@pytest.mark.parametrize("amount", [0, 7])
def test_trusted_withdraw_eth__recipient_needs_more_than_2300_gas__reverts_bare(
    system: System, amount: int
) -> None:
    system.deposit(10)
    recipient = deploy("ReceiverMock")
    with reverts_bare():
        system.minter.trustedWithdrawETH(recipient.address, amount, sender=system.jobs_manager)


# migrateToNewMinter


def successor(controller: str) -> Any:
    return deploy("Minter", controller, INFLATION, CHANGE, TARGET)


def test_migrate__to_a_successor__moves_all_tokens_and_ether_even_while_paused(
    system: System,
) -> None:
    system.deposit(10)
    system.token.setBalance(system.minter.address, 42)
    new = successor(system.controller.address)
    system.pause()

    system.minter.migrateToNewMinter(new.address, sender=system.owner)

    assert logs(system.minter) == [("Asked", "transfer", new.address, 42)]
    assert boa.env.get_balance(new.address) == 10
    assert boa.env.get_balance(system.minter.address) == 0


def test_migrate__by_stranger__reverts(system: System, stranger: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        system.minter.migrateToNewMinter(stranger, sender=stranger)


def test_migrate__to_itself__reverts(system: System) -> None:
    with boa.reverts("new Minter cannot be current Minter"):
        system.minter.migrateToNewMinter(system.minter.address, sender=system.owner)


def test_migrate__to_zero__reverts(system: System) -> None:
    with boa.reverts("new Minter cannot be null address"):
        system.minter.migrateToNewMinter(ZERO, sender=system.owner)


def test_migrate__to_an_account__reverts_bare(system: System, stranger: str) -> None:
    with reverts_bare():
        system.minter.migrateToNewMinter(stranger, sender=system.owner)


def test_migrate__to_a_minter_of_another_controller__reverts(system: System, stranger: str) -> None:
    with boa.reverts("new Minter Controller must be current Controller"):
        system.minter.migrateToNewMinter(successor(stranger).address, sender=system.owner)


def test_migrate__this_one_no_longer_registered__reverts(system: System) -> None:
    new = successor(system.controller.address)
    system.register("Minter", new.address)
    with boa.reverts("new Minter must be registered"):
        system.minter.migrateToNewMinter(new.address, sender=system.owner)


def test_migrate__running_system__no_rewards_until_the_next_round(
    protocol: Protocol, orchestrator: str
) -> None:
    protocol.bonding_manager.bond(100 * LPT, orchestrator, sender=orchestrator)
    protocol.bonding_manager.transcoder(0, 0, sender=orchestrator)
    protocol.next_round()
    held = protocol.token.balanceOf(protocol.minter.address)

    new = successor(protocol.controller.address)
    protocol.minter.migrateToNewMinter(new.address, sender=protocol.owner)
    protocol.token.grantRole(MINTER_ROLE, new.address, sender=protocol.owner)
    protocol.token.revokeRole(MINTER_ROLE, protocol.minter.address, sender=protocol.owner)
    protocol.register("Minter", new.address)
    assert protocol.token.balanceOf(new.address) == held

    protocol.bonding_manager.reward(sender=orchestrator)
    assert protocol.token.balanceOf(new.address) == held

    protocol.next_round()
    protocol.bonding_manager.reward(sender=orchestrator)
    minted = new.currentMintedTokens()
    assert minted == new.currentMintableTokens() > 0
    assert protocol.token.balanceOf(new.address) == held + minted
