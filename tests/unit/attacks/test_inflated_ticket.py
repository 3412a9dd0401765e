"""Inflated ticket (October 2024).

A transcoder shrinks its stake to 1 wei while it is still active, and leaves the pool without
leaving the active set. Its reward of that round still counts with the stake the round began with,
but the stake on record for the next round stays 1 wei. A fee of the next round is then shared over
1 wei, of which the accrued rewards own a multiple: the transcoder can withdraw everybody's fees.
"""

from __future__ import annotations

from collections.abc import Callable

import boa

from tests.support.protocol import LPT
from tests.unit.attacks.conftest import ETHER, Victim

HONEST_FEES = 10 * ETHER
TICKET = 10**6  # wei


def shrink_and_reward(system: Victim) -> str:
    """Up to the reward; returns the attacker, which the next round finds outside the active set."""
    honest = system.full_pool()
    attacker = honest.pop()
    system.manager.transcoder(10**6, 10**6, sender=attacker)
    system.next_round()
    system.credit_fees(honest[0], HONEST_FEES)
    system.reward(*honest)

    system.manager.unbond(100 * LPT - 1, sender=attacker)  # 1 wei on record for the next round
    system.manager.unbond(1, sender=attacker)  # out of the pool
    system.transcoder(100 * LPT)  # an accomplice takes the place
    system.manager.bond(1, attacker, sender=attacker)  # registered again, too small to join
    system.reward(attacker)
    assert system.manager.getTranscoder(attacker)[7] > LPT  # accrued rewards
    system.next_round()
    assert not system.manager.isActiveTranscoder(attacker)
    return attacker


def test_inflated_ticket__unfixed_build__drains_the_minter(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("inflated ticket")
    attacker = shrink_and_reward(system)
    system.credit_fees(attacker, TICKET)
    assert system.pending_fees(attacker) > HONEST_FEES
    system.manager.withdrawFees(attacker, HONEST_FEES, sender=attacker)
    assert boa.env.get_balance(system.protocol.minter.address) == TICKET


def test_inflated_ticket__shipped_build__no_fees_for_the_inactive(victim: Victim) -> None:
    attacker = shrink_and_reward(victim)
    with boa.reverts("transcoder must be active"):
        victim.credit_fees(attacker, TICKET)


def test_inflated_ticket__shipped_build__stake_of_the_active_is_recorded(victim: Victim) -> None:
    """The record alone stops it: the next round's stake includes what the last reward added."""
    attacker = shrink_and_reward(victim)
    recorded = victim.manager.getTranscoderEarningsPoolForRound(
        attacker, victim.protocol.current_round()
    )[0]
    accrued = victim.manager.getTranscoder(attacker)[7]
    assert recorded == accrued + 1 == victim.manager.transcoderTotalStake(attacker)


def test_inflated_ticket__only_fees_to_inactive_allowed__pays_what_was_paid_in(
    open_to: Callable[[str], Victim],
) -> None:
    """Without the first fix, the second still keeps the fees of a ticket within its value."""
    system = open_to("fee overclaim")
    attacker = shrink_and_reward(system)
    system.credit_fees(attacker, TICKET)
    assert system.pending_fees(attacker) <= TICKET
