"""Casting votes: every way, and who may when. Core spec, section 16.7."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import error_data, logs, reverts_with_data
from tests.unit.livepeer_governor.conftest import (
    ABSTAIN,
    ACTIVE,
    AGAINST,
    FOR,
    ROUND,
    Content,
    Hall,
)

INACTIVE = "Governor: vote not currently active"
REASON, PARAMS = "because", b"\x01\x02"
#: Function, arguments after the support, event, its arguments after the weight.
WAYS: list[tuple[str, tuple[Any, ...], str, tuple[Any, ...]]] = [
    ("castVote", (), "VoteCast", ("",)),
    ("castVoteWithReason", (REASON,), "VoteCast", (REASON,)),
    ("castVoteWithReason", ("",), "VoteCast", ("",)),
    ("castVoteWithReasonAndParams", (REASON, b""), "VoteCast", (REASON,)),
    ("castVoteWithReasonAndParams", (REASON, PARAMS), "VoteCastWithParams", (REASON, PARAMS)),
    ("castVoteWithReasonAndParams", ("", PARAMS), "VoteCastWithParams", ("", PARAMS)),
]


@pytest.mark.parametrize(("function", "arguments", "event", "shown"), WAYS)
@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_cast_vote__open__counts_and_logs_the_weight(
    hall: Hall,
    pay: Content,
    function: str,
    arguments: tuple[Any, ...],
    event: str,
    shown: tuple[Any, ...],
    support: int,
) -> None:
    key = hall.open(pay)
    voter = hall.account("voter", 12)

    weight = getattr(hall.governor, function)(key, support, *arguments, sender=voter)

    assert weight == 12
    assert logs(hall.governor) == [(event, voter, key, support, 12, *shown)]
    assert hall.governor.hasVoted(key, voter)
    assert hall.governor.proposalVotes(key)[support] == sum(hall.governor.proposalVotes(key)) == 12


@pytest.mark.parametrize(("function", "arguments"), [way[:2] for way in WAYS[::2]])
def test_cast_vote__before_and_after_the_vote__reverts(
    hall: Hall, pay: Content, function: str, arguments: tuple[Any, ...]
) -> None:
    voter, vote = hall.account("voter", 12), getattr(hall.governor, function)
    key = hall.propose(pay)
    for round_ in (ROUND, ROUND + 1, ROUND + 12):
        hall.power.setClock(round_)
        with boa.reverts(INACTIVE):
            vote(key, FOR, *arguments, sender=voter)


@pytest.mark.parametrize("round_", [ROUND + 2, ROUND + 11])
def test_cast_vote__first_and_last_round__counts(hall: Hall, pay: Content, round_: int) -> None:
    key = hall.propose(pay)
    hall.power.setClock(round_)
    assert hall.governor.state(key) == ACTIVE
    hall.vote(key, FOR, 1)
    assert hall.governor.proposalVotes(key) == (0, 1, 0)


def test_cast_vote__unknown_id__reverts(hall: Hall, stranger: str) -> None:
    with boa.reverts("Governor: unknown proposal id"):
        hall.governor.castVote(1, FOR, sender=stranger)


@pytest.mark.parametrize("support", [3, 255])
def test_cast_vote__support_over_two__reverts(hall: Hall, pay: Content, support: int) -> None:
    key = hall.open(pay)
    voter = hall.account("voter", 12)
    with reverts_with_data(error_data("InvalidVoteType(uint8)", support)):
        hall.governor.castVote(key, support, sender=voter)
    assert not hall.governor.hasVoted(key, voter)


@pytest.mark.parametrize("support", [FOR, AGAINST])
def test_cast_vote__again__reverts(hall: Hall, pay: Content, support: int) -> None:
    key = hall.open(pay)
    voter = hall.vote(key, FOR, 12)
    with reverts_with_data(error_data("VoteAlreadyCast()")):
        hall.governor.castVote(key, support, sender=voter)
    assert hall.governor.proposalVotes(key) == (0, 12, 0)


def test_cast_vote__several_things_wrong__first_check_wins(hall: Hall, pay: Content) -> None:
    """State, support, second vote."""
    key = hall.open(pay)
    voter = hall.vote(key, FOR, 12)
    with reverts_with_data(error_data("InvalidVoteType(uint8)", 3)):
        hall.governor.castVote(key, 3, sender=voter)
    hall.close(key)
    with boa.reverts(INACTIVE):
        hall.governor.castVote(key, 3, sender=voter)


def test_cast_vote__no_weight__is_recorded(hall: Hall, pay: Content, stranger: str) -> None:
    """An account that never bonded: no votes, and the zero address as delegate."""
    key = hall.open(pay)
    assert hall.governor.castVote(key, FOR, sender=stranger) == 0
    assert logs(hall.governor) == [("VoteCast", stranger, key, FOR, 0, "")]
    assert hall.governor.hasVoted(key, stranger)
    assert hall.governor.proposalVotes(key) == (0, 0, 0)
    with reverts_with_data(error_data("VoteAlreadyCast()")):
        hall.governor.castVote(key, FOR, sender=stranger)


def test_cast_vote__power_after_the_snapshot__does_not_count(hall: Hall, pay: Content) -> None:
    key = hall.open(pay)
    early = hall.account("early", 5, since=ROUND + 1)
    late = hall.account("late", 7, since=ROUND + 2)
    assert hall.governor.castVote(key, FOR, sender=early) == 5
    assert hall.governor.castVote(key, FOR, sender=late) == 0
    assert hall.governor.proposalVotes(key) == (0, 5, 0)


def test_cast_vote__two_proposals__are_counted_apart(hall: Hall, pay: Content) -> None:
    other = pay._replace(description="another")
    hall.propose(other)
    key = hall.open(pay)
    voter = hall.vote(key, FOR, 5)
    assert not hall.governor.hasVoted(other.id, voter)
    hall.governor.castVote(other.id, AGAINST, sender=voter)
    assert hall.governor.proposalVotes(key) == (0, 5, 0)
    assert hall.governor.proposalVotes(other.id) == (5, 0, 0)


def test_get_votes__past_round__is_the_power_then(hall: Hall) -> None:
    voter = hall.account("voter", 12, since=ROUND - 1)
    assert hall.governor.getVotes(voter, ROUND - 2) == 0
    assert hall.governor.getVotes(voter, ROUND - 1) == 12
    assert hall.governor.getVotesWithParams(voter, ROUND - 1, PARAMS) == 12


@pytest.mark.parametrize("round_", [ROUND, ROUND + 1])
def test_get_votes__round_not_over__passes_the_error_on(hall: Hall, round_: int) -> None:
    future = error_data("FutureLookup(uint256,uint256)", round_, ROUND - 1)
    with reverts_with_data(future):
        hall.governor.getVotes(hall.owner, round_)
    with reverts_with_data(future):
        hall.governor.getVotesWithParams(hall.owner, round_, PARAMS)
    with reverts_with_data(future):
        hall.governor.quorum(round_)
