"""Writing: who may, for which round, and what is logged."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_votes.conftest import ROUND
from tests.unit.bonding_votes.errors import reverts_with

WORDS = "(uint256,uint256)"


def test_checkpoint_bonding_state__stranger__reverts(books: Any, stranger: str) -> None:
    with reverts_with("InvalidCaller(address,address)", stranger, books.mock.address):
        books.votes.checkpointBondingState(
            stranger, ROUND + 1, 1, stranger, 1, ROUND, 0, sender=stranger
        )


@pytest.mark.parametrize("start", [ROUND - 1, ROUND, ROUND + 2])
def test_checkpoint_bonding_state__not_the_next_round__reverts(
    books: Any, transcoder: str, start: int
) -> None:
    with reverts_with("InvalidStartRound" + WORDS, start, ROUND + 1):
        books.checkpoint(transcoder, start=start)


def test_checkpoint_bonding_state__claimed_in_the_future__reverts(
    books: Any, transcoder: str
) -> None:
    with reverts_with("FutureLastClaimRound" + WORDS, ROUND + 1, ROUND):
        books.checkpoint(transcoder, claimed=ROUND + 1)


def test_checkpoint_bonding_state__clock_moved_back__reverts(books: Any, transcoder: str) -> None:
    books.checkpoint(transcoder, bonded=1, delegate=transcoder, delegated=1)
    books.set_round(ROUND - 1)
    with reverts_with("DecreasingValues" + WORDS, ROUND, ROUND + 1):
        books.checkpoint(transcoder, bonded=1, delegate=transcoder, delegated=1)


@pytest.mark.parametrize("amounts", [{"bonded": 2**96}, {"delegated": 2**96}])
def test_checkpoint_bonding_state__stake_over_96_bits__reverts(
    books: Any, transcoder: str, amounts: dict[str, int]
) -> None:
    with boa.reverts():
        books.checkpoint(transcoder, delegate=transcoder, **amounts)


def test_checkpoint_bonding_state__reward_round_over_64_bits__reverts(
    books: Any, transcoder: str
) -> None:
    with boa.reverts():
        books.checkpoint(transcoder, delegate=transcoder, rewarded=2**64)


def test_checkpoint_bonding_state__largest_values__are_kept(books: Any, transcoder: str) -> None:
    largest = 2**96 - 1
    books.checkpoint(transcoder, bonded=largest, delegate=transcoder, delegated=largest)
    assert books.votes.getVotes(transcoder) == largest


def test_checkpoint_bonding_state__new_transcoder__logs_three_changes(
    books: Any, transcoder: str
) -> None:
    books.checkpoint(transcoder, bonded=5, delegate=transcoder, delegated=9, claimed=ROUND)
    assert books.events() == [
        ("DelegateChanged", transcoder, ZERO, transcoder),
        ("DelegateVotesChanged", transcoder, 0, 9),
        ("DelegatorBondedAmountChanged", transcoder, 0, 0, 5, ROUND),
    ]


def test_checkpoint_bonding_state__delegator__logs_no_votes(
    books: Any, transcoder: str, delegator: str
) -> None:
    books.checkpoint(delegator, bonded=5, delegate=transcoder, delegated=3, claimed=ROUND)
    assert books.events() == [
        ("DelegateChanged", delegator, ZERO, transcoder),
        ("DelegatorBondedAmountChanged", delegator, 0, 0, 5, ROUND),
    ]


def test_checkpoint_bonding_state__same_round_again__compares_with_the_first_write(
    books: Any, transcoder: str
) -> None:
    books.checkpoint(transcoder, bonded=5, delegate=transcoder, delegated=9, claimed=ROUND)
    books.checkpoint(transcoder, bonded=5, delegate=transcoder, delegated=12, claimed=ROUND)
    assert books.events() == [("DelegateVotesChanged", transcoder, 9, 12)]
    assert books.votes.getVotes(transcoder) == 12


def test_checkpoint_bonding_state__transcoder_unbonds__loses_votes_and_delegate(
    books: Any, transcoder: str
) -> None:
    books.checkpoint(transcoder, bonded=5, delegate=transcoder, delegated=9, claimed=ROUND)
    books.set_round(ROUND + 1)
    books.checkpoint(transcoder, delegated=4, claimed=ROUND + 1)
    assert books.events() == [
        ("DelegateChanged", transcoder, transcoder, ZERO),
        ("DelegateVotesChanged", transcoder, 9, 0),
        ("DelegatorBondedAmountChanged", transcoder, 5, ROUND, 0, ROUND + 1),
    ]


def test_checkpoint_bonding_state__only_the_claim_round_moves__is_logged(
    books: Any, transcoder: str, delegator: str
) -> None:
    books.checkpoint(delegator, bonded=5, delegate=transcoder, claimed=ROUND - 1)
    books.checkpoint(delegator, bonded=5, delegate=transcoder, claimed=ROUND)
    assert books.events() == [("DelegatorBondedAmountChanged", delegator, 5, ROUND - 1, 5, ROUND)]


def test_checkpoint_bonding_state__nothing_that_counts_changes__logs_nothing(
    books: Any, transcoder: str, delegator: str
) -> None:
    books.checkpoint(delegator, bonded=5, delegate=transcoder, claimed=ROUND)
    books.checkpoint(
        delegator, bonded=5, delegate=transcoder, claimed=ROUND, rewarded=7, delegated=1
    )
    assert books.events() == []


def test_has_checkpoint__before_and_after(books: Any, transcoder: str) -> None:
    assert not books.votes.hasCheckpoint(transcoder)
    books.checkpoint(transcoder)
    assert books.votes.hasCheckpoint(transcoder)


def test_checkpoint_total__stranger__reverts(books: Any, stranger: str) -> None:
    with reverts_with("InvalidCaller(address,address)", stranger, books.mock.address):
        books.votes.checkpointTotalActiveStake(1, ROUND, sender=stranger)


@pytest.mark.parametrize("round_", [ROUND - 1, ROUND + 1])
def test_checkpoint_total__not_the_current_round__reverts(books: Any, round_: int) -> None:
    with reverts_with("InvalidTotalStakeCheckpointRound" + WORDS, round_, ROUND):
        books.checkpoint_total(1, round_)


def test_checkpoint_total__clock_moved_back__reverts(books: Any) -> None:
    books.checkpoint_total(1)
    books.set_round(ROUND - 1)
    with reverts_with("DecreasingValues" + WORDS, ROUND - 1, ROUND):
        books.checkpoint_total(1)


def test_checkpoint_total__same_round_again__last_write_wins(books: Any) -> None:
    books.checkpoint_total(1)
    books.checkpoint_total(2)
    assert books.votes.getTotalActiveStakeAt(ROUND) == 2
