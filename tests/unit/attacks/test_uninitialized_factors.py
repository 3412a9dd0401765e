"""Stake that starts in a round without factors (January 2021, February 2022, October 2023).

A start factor of zero reads as one, so stake that begins to count in a round whose factors were
never written would earn all rewards its delegate ever made. Each way to bond writes them first.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import ETHER, Victim

NO_HINTS = (ZERO, ZERO, ZERO, ZERO)
STAKE = 50 * LPT


def transcoder_with_a_past(system: Victim) -> str:
    """It has earned rewards and fees, and has not called reward this round."""
    transcoder = system.transcoder(100 * LPT)
    system.next_round()
    system.reward(transcoder)
    system.credit_fees(transcoder, ETHER)
    system.next_round()
    return transcoder


def by_bond(system: Victim, to: str) -> str:
    return system.bonded("newcomer", STAKE, to)


def by_rebond_from_unbonded(system: Victim, to: str) -> str:
    newcomer = system.bonded("newcomer", STAKE, system.account("nobody"))
    system.next_round()
    system.manager.unbond(STAKE, sender=newcomer)
    system.manager.rebondFromUnbonded(to, 0, sender=newcomer)
    return newcomer


def by_transfer(system: Victim, to: str) -> str:
    """From an account that bonded long ago, to one that never did."""
    sender, newcomer = system.bonded("sender", STAKE, to), system.account("newcomer")
    system.next_round()
    system.manager.transferBond(newcomer, STAKE, *NO_HINTS, sender=sender)
    return newcomer


@pytest.mark.parametrize("join", [by_rebond_from_unbonded, by_transfer])
def test_uninitialized_factors__unfixed_build__pays_for_the_past(
    open_to: Callable[[str], Victim], join: Callable[[Victim, str], str]
) -> None:
    system = open_to("before the audits")
    newcomer = join(system, transcoder_with_a_past(system))
    system.next_round()
    assert system.pending_stake(newcomer) > STAKE + LPT
    assert system.pending_fees(newcomer) > ETHER // 10


@pytest.mark.parametrize("join", [by_bond, by_rebond_from_unbonded, by_transfer])
def test_uninitialized_factors__shipped_build__stake_is_what_was_bonded(
    victim: Victim, join: Callable[[Victim, str], str]
) -> None:
    newcomer = join(victim, transcoder_with_a_past(victim))
    victim.next_round()
    assert victim.pending_stake(newcomer) == STAKE
    assert victim.pending_fees(newcomer) == 0


def test_transfer_bond__receiver_with_stake__is_claimed_first(victim: Victim) -> None:
    """February 2022: rewards of the old stake are booked before new stake mixes with it."""
    transcoder = victim.transcoder(100 * LPT)
    receiver = victim.bonded("receiver", STAKE, transcoder)
    sender = victim.bonded("sender", STAKE, transcoder)
    victim.next_round()
    victim.reward(transcoder)
    earned = victim.pending_stake(receiver)
    victim.manager.transferBond(receiver, LPT, *NO_HINTS, sender=sender)
    bonded, fees, _, _, _, last_claim, _ = victim.manager.getDelegator(receiver)
    assert bonded == victim.pending_stake(receiver) == earned + LPT
    assert (fees, victim.pending_fees(receiver)) == (0, 0)
    assert last_claim == victim.protocol.current_round()
