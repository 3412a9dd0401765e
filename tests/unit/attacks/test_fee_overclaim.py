"""Fee overclaim (August 2025).

The stake of a transcoder outside the active set is not recorded, so a fee credited to it is shared
over a stake that may be long gone or have grown since: delegators can claim a multiple of the fee.
"""

from __future__ import annotations

from collections.abc import Callable

import boa

from tests.support.protocol import LPT
from tests.unit.attacks.conftest import ETHER, Victim

STAKE = 10 * LPT
FEES = ETHER // 1_000


def grow_outside_the_active_set(system: Victim) -> tuple[str, str]:
    """A transcoder with an old stake on record, and a delegator that brings three times as much."""
    places = system.manager.getTranscoderPoolMaxSize()
    others = [system.transcoder(1_000 * LPT) for _ in range(places - 1)]
    attacker = system.transcoder(STAKE)
    system.next_round()
    system.reward(attacker, *others)
    system.transcoder(1_000 * LPT)  # evicts the attacker
    system.next_round()
    accomplice = system.bonded("accomplice", 3 * STAKE, attacker)
    system.next_round()
    return attacker, accomplice


def test_fee_overclaim__unfixed_build__pays_a_multiple_of_the_fee(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("fee overclaim")
    attackers = grow_outside_the_active_set(system)
    system.credit_fees(attackers[0], FEES)
    assert system.pending_fees(*attackers) > 3 * FEES


def test_fee_overclaim__shipped_build__no_fees_for_the_inactive(victim: Victim) -> None:
    attackers = grow_outside_the_active_set(victim)
    with boa.reverts("transcoder must be active"):
        victim.credit_fees(attackers[0], FEES)


def test_fee_overclaim__back_in_the_pool__fees_from_the_next_round_on(victim: Victim) -> None:
    attacker, accomplice = grow_outside_the_active_set(victim)
    victim.reward(*victim.pool())
    victim.manager.bond(2_000 * LPT, attacker, sender=accomplice)
    assert attacker in victim.pool()
    with boa.reverts("transcoder must be active"):
        victim.credit_fees(attacker, FEES)
    victim.next_round()
    victim.credit_fees(attacker, FEES)
    claimable = victim.pending_fees(attacker, accomplice)
    assert FEES - 10 <= claimable <= FEES
