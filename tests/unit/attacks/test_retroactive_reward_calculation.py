"""Retroactive reward calculation (2024-25).

A transcoder that missed the reward before this round's has no factor to share fees by, so it is
computed back from this round's. Adding tokens already minted to those that may be minted makes that
factor, and with it every fee of the round, too small.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.protocol import LPT
from tests.unit.attacks.conftest import ETHER, Victim

FEES = ETHER


def earn_fees_after_a_missed_reward(system: Victim) -> int:
    """What the delegators of a transcoder can claim of FEES."""
    transcoder = system.transcoder(100 * LPT)
    delegator = system.bonded("delegator", 300 * LPT, transcoder)
    system.next_round()
    system.reward(transcoder)
    system.next_round(2)
    system.reward(transcoder)
    system.credit_fees(transcoder, FEES)
    return system.pending_fees(transcoder, delegator)


def test_retroactive_reward_calculation__unfixed_build__loses_fees(
    open_to: Callable[[str], Victim],
) -> None:
    assert earn_fees_after_a_missed_reward(open_to("deflated factor")) < FEES * 99 // 100


def test_retroactive_reward_calculation__shipped_build__fees_add_up(victim: Victim) -> None:
    claimable = earn_fees_after_a_missed_reward(victim)
    assert FEES - FEES // 100_000 <= claimable <= FEES


@pytest.mark.parametrize("cut", [0, 1, 10**26, 631 * 10**23, 10**27])
@pytest.mark.parametrize("missed", [0, 1, 2])
def test_treasury_precision__any_cut_and_any_missed_rewards__fees_add_up(
    victim: Victim, cut: int, missed: int
) -> None:
    """C4 2023-08 H-01: the cut is base 1e27; in base 1e6 it made every such ticket revert."""
    victim.manager.setTreasuryRewardCutRate(cut, sender=victim.protocol.owner)
    transcoder = victim.transcoder(100 * LPT)
    victim.next_round()
    victim.reward(transcoder)
    victim.next_round(1 + missed)
    victim.reward(transcoder)
    victim.credit_fees(transcoder, FEES)
    assert FEES - FEES // 100_000 <= victim.pending_fees(transcoder) <= FEES
