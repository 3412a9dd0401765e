"""Rewards griefing (March 2024).

A claim before the delegate's reward call forfeits that round's reward. Bonding 1 wei for somebody
claims for them, so for 1 wei a round anybody could keep them from ever earning.
"""

from __future__ import annotations

from collections.abc import Callable

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import Victim

NO_HINTS = (ZERO, ZERO, ZERO, ZERO)


def bond_for(system: Victim, attacker: str, owner: str) -> None:
    delegate = system.delegate_of(owner)
    system.manager.bondForWithHint(1, owner, delegate, *NO_HINTS, sender=attacker)


def transfer_bond(system: Victim, attacker: str, owner: str) -> None:
    system.manager.transferBond(owner, 1, *NO_HINTS, sender=attacker)


def delegation_before_the_reward(system: Victim) -> tuple[str, str, str]:
    transcoder = system.transcoder(100 * LPT)
    owner = system.bonded("delegator", 100 * LPT, transcoder)
    attacker = system.bonded("attacker", LPT, system.transcoder(LPT))
    system.next_round()
    return transcoder, owner, attacker


@pytest.mark.parametrize("grief", [bond_for, transfer_bond])
def test_rewards_griefing__unfixed_build__the_victim_earns_nothing(
    open_to: Callable[[str], Victim], grief: Callable[[Victim, str, str], None]
) -> None:
    system = open_to("rewards griefing")
    transcoder, owner, attacker = delegation_before_the_reward(system)
    grief(system, attacker, owner)
    system.reward(transcoder)
    assert system.pending_stake(owner) == 100 * LPT + 1
    system.next_round()
    assert system.pending_stake(owner) == 100 * LPT + 1


@pytest.mark.parametrize("grief", [bond_for, transfer_bond])
def test_rewards_griefing__shipped_build__refused_until_the_reward(
    victim: Victim, grief: Callable[[Victim, str, str], None]
) -> None:
    transcoder, owner, attacker = delegation_before_the_reward(victim)
    with boa.reverts("ILLEGAL_CLAIM_EARNINGS"):
        grief(victim, attacker, owner)
    victim.reward(transcoder)
    earned = victim.pending_stake(owner)
    assert earned > 100 * LPT
    grief(victim, attacker, owner)
    assert victim.pending_stake(owner) == earned + 1


def test_rewards_griefing__owner_claimed_this_round__a_third_party_may_add(victim: Victim) -> None:
    _, owner, attacker = delegation_before_the_reward(victim)
    victim.manager.claimEarnings(0, sender=owner)
    bond_for(victim, attacker, owner)
    assert victim.pending_stake(owner) == 100 * LPT + 1


def test_rewards_griefing__delegate_not_active__a_third_party_may_add(victim: Victim) -> None:
    owner = victim.bonded("delegator", LPT, victim.account("nobody"))
    victim.next_round()
    bond_for(victim, victim.account("attacker"), owner)
    assert victim.pending_stake(owner) == LPT + 1


def test_rewards_griefing__migrator__may_claim_for_anybody(victim: Victim) -> None:
    _, owner, _ = delegation_before_the_reward(victim)
    migrator = victim.account("migrator")
    victim.protocol.register("L2Migrator", migrator)
    bond_for(victim, migrator, owner)
    assert victim.pending_stake(owner) == 100 * LPT + 1
