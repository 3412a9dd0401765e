"""Choosing a delegate for somebody else (March 2022, June 2023, September 2023).

Whoever is not the owner may add to what the owner has chosen; it may not move its stake, make it
delegate to itself (a transcoder cannot delegate elsewhere), or bond for the zero address.
"""

from __future__ import annotations

from collections.abc import Callable

import boa

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import Victim

NO_HINTS = (ZERO, ZERO, ZERO, ZERO)
NOT_AWAY = "registered transcoders can't delegate towards other addresses"


def bond_for(system: Victim, sender: str, owner: str, to: str) -> None:
    system.manager.bondForWithHint(1, owner, to, *NO_HINTS, sender=sender)


def transfer(system: Victim, sender: str, receiver: str, amount: int = 1) -> None:
    system.manager.transferBond(receiver, amount, *NO_HINTS, sender=sender)


# -- change of delegate


def test_force_change_delegate__unfixed_build__moves_the_victims_stake(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("before the audits")
    owner = system.bonded("delegator", 100 * LPT, system.transcoder(LPT))
    attacker = system.transcoder(2 * LPT)
    bond_for(system, attacker, owner, attacker)
    assert system.delegate_of(owner) == attacker
    assert system.manager.transcoderTotalStake(attacker) == 102 * LPT + 1


def test_force_change_delegate__shipped_build__only_to_the_delegate_it_has(victim: Victim) -> None:
    transcoder = victim.transcoder(LPT)
    owner = victim.bonded("delegator", 100 * LPT, transcoder)
    attacker = victim.transcoder(2 * LPT)
    with boa.reverts("INVALID_DELEGATE_CHANGE"):
        bond_for(victim, attacker, owner, attacker)
    bond_for(victim, attacker, owner, transcoder)
    assert victim.delegate_of(owner) == transcoder


def test_force_change_delegate__active_delegate__not_even_a_claim(victim: Victim) -> None:
    owner = victim.bonded("delegator", 100 * LPT, victim.transcoder(LPT))
    attacker = victim.transcoder(2 * LPT)
    victim.next_round()
    with boa.reverts("ILLEGAL_CLAIM_EARNINGS"):
        bond_for(victim, attacker, owner, attacker)


# -- self-delegation


def test_force_self_delegation__unfixed_build__the_victim_cannot_delegate(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("before the audits")
    owner = system.account("delegator")
    bond_for(system, system.account("attacker"), owner, owner)
    with boa.reverts(NOT_AWAY):
        system.manager.bond(LPT, system.account("orchestrator"), sender=owner)


def test_force_self_delegation__unfixed_build__by_transfer_too(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("before the audits")
    owner = system.account("delegator")
    attacker = system.bonded("attacker", 2, owner)
    system.next_round()
    transfer(system, attacker, owner)
    with boa.reverts(NOT_AWAY):
        system.manager.bond(LPT, system.account("orchestrator"), sender=owner)


def test_force_self_delegation__shipped_build__refused(victim: Victim) -> None:
    owner = victim.account("delegator")
    attacker = victim.bonded("attacker", 2, owner)
    victim.next_round()
    with boa.reverts("INVALID_DELEGATE"):
        bond_for(victim, attacker, owner, owner)
    with boa.reverts("INVALID_DELEGATOR"):
        transfer(victim, attacker, owner)


def test_force_self_delegation__migrator__may_since_it_migrates_transcoders(
    victim: Victim,
) -> None:
    migrator, owner = victim.account("migrator"), victim.account("orchestrator")
    victim.protocol.register("L2Migrator", migrator)
    bond_for(victim, migrator, owner, owner)
    assert victim.manager.isRegisteredTranscoder(owner)


def test_transcoder_delegates_away__shipped_build__refused(victim: Victim) -> None:
    """May 2018: a registered transcoder stays its own delegate."""
    transcoder = victim.transcoder(LPT)
    with boa.reverts(NOT_AWAY):
        victim.manager.bond(1, victim.account("other"), sender=transcoder)


# -- the zero address as owner


def test_zero_address_delegator__unfixed_build__holds_stake(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("before the audits")
    transcoder = system.transcoder(LPT)
    bond_for(system, system.account("attacker"), ZERO, transcoder)
    assert system.manager.getDelegator(ZERO)[0] == 1


def test_zero_address_delegator__shipped_build__refused(victim: Victim) -> None:
    transcoder = victim.transcoder(LPT)
    attacker = victim.bonded("attacker", 2, transcoder)
    victim.next_round()
    with boa.reverts("INVALID_DELEGATOR"):
        bond_for(victim, attacker, ZERO, transcoder)
    with boa.reverts("INVALID_DELEGATOR"):
        transfer(victim, attacker, ZERO)
