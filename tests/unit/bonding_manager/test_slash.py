"""slashTranscoder: what a slash takes, from whom, and that every book follows."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import PERC, Staking, own_events

HALF = PERC // 2


@pytest.fixture
def verifier(staking: Staking) -> str:
    return staking.appoint("Verifier")


def test_slash__stranger__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("caller must be Verifier"):
        manager.slashTranscoder(stranger, stranger, 0, 0, sender=stranger)


def test_slash__percentages_over_100__revert(
    staking: Staking, verifier: str, stranger: str
) -> None:
    with boa.reverts("invalid slashAmount percentage"):
        staking.manager.slashTranscoder(stranger, ZERO, PERC + 1, PERC + 1, sender=verifier)
    with boa.reverts("invalid finderFee percentage"):
        staking.manager.slashTranscoder(stranger, ZERO, PERC, PERC + 1, sender=verifier)


def test_slash__account_without_bond__logs_zeros(
    staking: Staking, verifier: str, stranger: str
) -> None:
    finder = boa.env.generate_address("finder")
    staking.manager.slashTranscoder(stranger, finder, HALF, HALF, sender=verifier)
    assert own_events(staking.manager)[-1] == ("TranscoderSlashed", stranger, finder, 0, 0)


def test_slash__active_transcoder__penalty_split_and_books_exact(
    staking: Staking, verifier: str
) -> None:
    manager, protocol = staking.manager, staking.protocol
    finder = boa.env.generate_address("finder")
    transcoder, other = staking.transcoder(1_000), staking.transcoder(1_000)
    delegator = staking.delegator(400, transcoder)
    round_ = staking.next_round()
    supply = protocol.token.totalSupply()
    manager.slashTranscoder(transcoder, finder, HALF, HALF, sender=verifier)
    assert own_events(manager) == [
        ("EarningsClaimed", transcoder, transcoder, 0, 0, round_, round_),
        ("TranscoderDeactivated", transcoder, round_ + 1),
        ("TranscoderSlashed", transcoder, finder, 500, 250),
    ]
    assert protocol.token.balanceOf(finder) == 250
    assert protocol.token.totalSupply() == supply - 250
    assert protocol.token.balanceOf(protocol.minter.address) == 2_400 - 500
    assert manager.getDelegator(transcoder)[0] == 500
    assert manager.transcoderTotalStake(transcoder) == 900
    assert manager.pendingStake(delegator, 0) == 400
    assert manager.nextRoundTotalActiveStake() == manager.transcoderTotalStake(other) == 1_000
    assert staking.pool() == [other]
    assert protocol.bonding_votes.getVotes(transcoder) == 900
    assert manager.getTranscoderEarningsPoolForRound(transcoder, round_)[0] == 1_400
    assert manager.isActiveTranscoder(transcoder)
    staking.next_round()
    assert not manager.isActiveTranscoder(transcoder)


def test_slash__no_finder__burns_everything(staking: Staking, verifier: str) -> None:
    transcoder = staking.transcoder(1_000)
    supply = staking.protocol.token.totalSupply()
    staking.manager.slashTranscoder(transcoder, ZERO, HALF, HALF, sender=verifier)
    assert own_events(staking.manager)[-1] == ("TranscoderSlashed", transcoder, ZERO, 500, 0)
    assert staking.protocol.token.totalSupply() == supply - 500


def test_slash__pending_transcoder__delegated_stake_follows(
    staking: Staking, verifier: str
) -> None:
    transcoder = staking.transcoder(1_000)
    assert staking.manager.delegatorStatus(transcoder) == 0
    staking.manager.slashTranscoder(transcoder, ZERO, HALF, 0, sender=verifier)
    assert staking.manager.transcoderTotalStake(transcoder) == 500
    assert staking.protocol.bonding_votes.getVotes(transcoder) == 500


def test_slash__everything__leaves_no_delegate_and_others_their_stake(
    staking: Staking, verifier: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(400, transcoder)
    staking.next_round()
    manager.slashTranscoder(transcoder, ZERO, PERC, 0, sender=verifier)
    record = manager.getDelegator(transcoder)
    assert (record[0], record[2], record[3], record[4]) == (0, ZERO, 400, 0)
    assert (manager.transcoderStatus(transcoder), manager.delegatorStatus(transcoder)) == (0, 2)
    votes = staking.protocol.bonding_votes
    assert (votes.getVotes(transcoder), votes.getVotes(delegator)) == (0, 0)
    manager.unbond(400, sender=delegator)
    assert manager.transcoderTotalStake(transcoder) == 0


def test_slash__delegator_of_another__its_delegate_follows(staking: Staking, verifier: str) -> None:
    """Deployed: pool place, total and votes of the delegate stayed behind (difference 9)."""
    manager = staking.manager
    other, transcoder = staking.transcoder(1_100), staking.transcoder(1_000)
    delegator = staking.delegator(400, transcoder)
    round_ = staking.next_round()
    assert staking.pool() == [transcoder, other]
    manager.slashTranscoder(delegator, ZERO, PERC, 0, sender=verifier)
    assert manager.transcoderTotalStake(transcoder) == 1_000
    assert staking.pool() == [other, transcoder]
    assert manager.nextRoundTotalActiveStake() == 2_100
    assert manager.getTranscoderEarningsPoolForRound(transcoder, round_ + 1)[0] == 1_000
    assert staking.protocol.bonding_votes.getVotes(transcoder) == 1_000


def test_slash__round_not_initialised__works(staking: Staking, verifier: str) -> None:
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    staking.move_clock()
    staking.manager.slashTranscoder(transcoder, ZERO, HALF, 0, sender=verifier)
    assert staking.manager.transcoderTotalStake(transcoder) == 500


def test_slash__locks_made_before__are_untouched(staking: Staking, verifier: str) -> None:
    transcoder = staking.transcoder(1_000)
    round_ = staking.next_round()
    staking.manager.unbond(300, sender=transcoder)
    staking.manager.slashTranscoder(transcoder, ZERO, PERC, 0, sender=verifier)
    assert staking.manager.getDelegatorUnbondingLock(transcoder, 0) == (300, round_ + 3)
