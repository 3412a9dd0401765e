"""Voting power that does not follow stake (C4 2023-08 H-02, M-01 to M-03; October 2023)."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import ETHER, Victim

PERC = 10**6
NO_HINTS = (ZERO, ZERO, ZERO, ZERO)


@pytest.fixture
def votes(victim: Victim) -> Any:
    return victim.protocol.bonding_votes


def test_voting_power__delegator_of_no_transcoder__has_none(victim: Victim, votes: Any) -> None:
    """H-02: it could take weight from a tally that never contained it."""
    delegate = victim.account("nobody")
    delegator = victim.bonded("delegator", LPT, delegate)
    assert votes.getVotes(delegator) == 0
    assert votes.getVotes(delegate) == 0
    assert votes.delegates(delegator) == delegate


def test_voting_power__transcoder_slashed_completely__nobody_votes_through_it(
    victim: Victim, votes: Any
) -> None:
    """M-02: a slashed transcoder has no weight, so its delegators may not take any from it."""
    transcoder = victim.transcoder(LPT)
    delegator = victim.bonded("delegator", LPT, transcoder)
    verifier = boa.env.generate_address("verifier")
    victim.protocol.register("Verifier", verifier)
    victim.next_round()
    assert votes.getVotes(transcoder) == 2 * LPT
    victim.manager.slashTranscoder(transcoder, ZERO, PERC, 0, sender=verifier)
    assert votes.getVotes(transcoder) == votes.getVotes(delegator) == 0
    assert not victim.manager.isRegisteredTranscoder(transcoder)


def test_voting_power__withdrawing_fees__writes_the_claim_down(victim: Victim, votes: Any) -> None:
    """M-03: withdrawing claims, so it must be followed by a checkpoint."""
    transcoder = victim.transcoder(LPT)
    delegator = victim.bonded("delegator", LPT, transcoder)
    victim.next_round()
    victim.reward(transcoder)
    victim.credit_fees(transcoder, ETHER)
    victim.manager.withdrawFees(delegator, 1, sender=delegator)
    assert votes.getVotes(delegator) == victim.manager.getDelegator(delegator)[0] > LPT


def test_voting_power__fees_without_fee_factor_at_the_start__votes_are_stake(
    victim: Victim, votes: Any
) -> None:
    """October 2023: votes once subtracted fee factors, of which one was never written."""
    transcoder = victim.transcoder(LPT)
    delegator = victim.bonded("delegator", LPT, transcoder)
    victim.next_round()
    victim.credit_fees(transcoder, ETHER)
    victim.next_round(2)
    victim.manager.checkpointBondingState(delegator)
    for round_ in range(victim.protocol.current_round()):
        votes.getPastVotes(delegator, round_)
    assert votes.getVotes(delegator) == victim.pending_stake(delegator) == LPT


def test_voting_power__account_without_history__has_none_until_checkpointed(
    victim: Victim, votes: Any, stranger: str
) -> None:
    assert not votes.hasCheckpoint(stranger)
    assert votes.getVotes(stranger) == 0
    victim.manager.checkpointBondingState(stranger, sender=victim.account("anybody"))
    assert votes.hasCheckpoint(stranger)
    assert votes.getVotes(stranger) == 0
    assert votes.getTotalActiveStakeAt(0) == 0


def test_voting_power__after_each_way_to_move_stake__equals_stake(
    victim: Victim, votes: Any
) -> None:
    """M-01: both contracts mean the same by transcoder and by stake."""
    manager = victim.manager
    first, second = victim.transcoder(10 * LPT), victim.transcoder(20 * LPT)
    delegator, other = victim.bonded("delegator", 5 * LPT, first), victim.account("other")
    victim.next_round()
    steps = [
        lambda: victim.reward(first, second),
        lambda: manager.bond(LPT, second, sender=delegator),
        lambda: victim.next_round(),
        lambda: manager.unbond(LPT, sender=delegator),
        lambda: manager.rebond(0, sender=delegator),
        lambda: manager.transferBond(other, LPT, *NO_HINTS, sender=delegator),
        lambda: manager.unbond(manager.pendingStake(first, 0), sender=first),
        lambda: manager.rebondFromUnbonded(second, 0, sender=first),
        lambda: victim.reward(second),
        lambda: manager.claimEarnings(0, sender=other),
    ]
    for step in steps:
        step()
        for account in (first, second, delegator, other):
            registered = manager.isRegisteredTranscoder(account)
            stake = (
                manager.transcoderTotalStake(account)
                if registered
                else manager.pendingStake(account, 0)
            )
            assert votes.getVotes(account) == stake
