"""Delegators take their part out of their transcoder's vote. Core spec, section 16.7.1."""

from __future__ import annotations

from itertools import permutations, product

import boa
import pytest

from tests.models.governor import Ballot, Tally
from tests.support.calls import logs, reverts_bare
from tests.support.contracts import ZERO, deploy
from tests.unit.livepeer_governor.conftest import ABSTAIN, AGAINST, FOR, Content, Hall

POWER, PART = 100, 30  # of the transcoder with all delegated to it; of a delegator


@pytest.fixture
def key(hall: Hall, pay: Content) -> int:
    return hall.open(pay)


@pytest.fixture
def transcoder(hall: Hall) -> str:
    return hall.account("transcoder", POWER)


@pytest.fixture
def delegator(hall: Hall, transcoder: str) -> str:
    return hall.account("delegator", PART, transcoder)


def totals(**parts: int) -> tuple[int, int, int]:
    return parts.get("against", 0), parts.get("in_favour", 0), parts.get("abstain", 0)


@pytest.mark.parametrize("first", ["transcoder", "delegator"])
@pytest.mark.parametrize(("own", "others"), product(range(3), repeat=2))
def test_cast_vote__transcoder_and_delegator_in_either_order__each_part_counts_once(
    hall: Hall, key: int, transcoder: str, delegator: str, first: str, own: int, others: int
) -> None:
    order = [(transcoder, own, POWER), (delegator, others, PART)]
    for voter, support, weight in order if first == "transcoder" else order[::-1]:
        hall.governor.castVote(key, support, sender=voter)
        assert logs(hall.governor) == [("VoteCast", voter, key, support, weight, "")]

    expected = [0, 0, 0]
    expected[own] += POWER - PART
    expected[others] += PART
    assert hall.governor.proposalVotes(key) == tuple(expected)


def test_cast_vote__delegator_alone__counts_its_part(
    hall: Hall, key: int, transcoder: str, delegator: str
) -> None:
    hall.governor.castVote(key, AGAINST, sender=delegator)
    assert hall.governor.proposalVotes(key) == totals(against=PART)
    assert not hall.governor.hasVoted(key, transcoder)


def test_cast_vote__all_delegators_before_it__transcoder_counts_the_rest(
    hall: Hall, key: int, transcoder: str
) -> None:
    for part in (30, 45, 25):
        delegator = hall.account("delegator", part, transcoder)
        hall.governor.castVote(key, AGAINST, sender=delegator)
    hall.governor.castVote(key, FOR, sender=transcoder)
    assert logs(hall.governor) == [("VoteCast", transcoder, key, FOR, POWER, "")]
    assert hall.governor.proposalVotes(key) == totals(against=100)


def test_cast_vote__any_order_of_five__totals_are_the_same(hall: Hall, key: int) -> None:
    """Two transcoders, three delegators; compared with the definition, not with each other."""
    first, second = hall.account("first", 100), hall.account("second", 50)
    people = {
        first: (FOR, 100, first),
        second: (AGAINST, 50, second),
        hall.account("delegator", 30, first): (AGAINST, 30, first),
        hall.account("delegator", 20, first): (ABSTAIN, 20, first),
        hall.account("delegator", 50, second): (FOR, 50, second),
    }
    tally = Tally()
    for voter, (support, weight, delegate) in people.items():
        tally.cast(voter, Ballot(support, weight, delegate, delegate != voter))
    assert tally.totals == totals(against=30, in_favour=100, abstain=20)

    for order in list(permutations(people))[::7]:
        with boa.env.anchor():
            for voter in order:
                hall.governor.castVote(key, people[voter][0], sender=voter)
            assert hall.governor.proposalVotes(key) == tally.totals


def test_cast_vote__two_proposals__deductions_are_apart(
    hall: Hall, pay: Content, transcoder: str, delegator: str, key: int
) -> None:
    hall.governor.castVote(key, AGAINST, sender=delegator)
    other = hall.open(pay._replace(description="another"))
    hall.governor.castVote(other, FOR, sender=transcoder)
    assert hall.governor.proposalVotes(other) == totals(in_favour=POWER)


# -- delegates that are not transcoders (Code4rena 2023-09, 96 and 206)


@pytest.mark.parametrize("first", ["delegate", "delegator"])
def test_cast_vote__delegate_has_a_delegate_itself__nothing_is_overridden(
    hall: Hall, key: int, transcoder: str, first: str
) -> None:
    """A chain: only the last link is a transcoder; it contains the middle, not the first."""
    middle = hall.account("middle", 20, transcoder)
    delegator = hall.account("delegator", PART, middle)
    order = [(middle, FOR), (delegator, AGAINST)]
    for voter, support in order if first == "delegate" else order[::-1]:
        hall.governor.castVote(key, support, sender=voter)
    assert hall.governor.proposalVotes(key) == totals(in_favour=20, against=PART)
    hall.governor.castVote(key, ABSTAIN, sender=transcoder)
    assert hall.governor.proposalVotes(key) == totals(
        in_favour=20, against=PART, abstain=POWER - 20
    )


@pytest.mark.parametrize("first", ["delegate", "delegator"])
def test_cast_vote__delegate_never_bonded__nothing_is_overridden(
    hall: Hall, key: int, stranger: str, first: str
) -> None:
    """Without the second look at delegates its vote, of weight 0, would have gone below zero."""
    delegator = hall.account("delegator", PART, stranger)
    order = [(stranger, FOR), (delegator, AGAINST)]
    for voter, support in order if first == "delegate" else order[::-1]:
        hall.governor.castVote(key, support, sender=voter)
    assert hall.governor.proposalVotes(key) == totals(against=PART)


def test_cast_vote__unbonded_accounts__share_the_zero_address_and_nothing_else(
    hall: Hall, key: int
) -> None:
    for _ in range(3):
        hall.governor.castVote(key, FOR, sender=hall.account("nobody", 0, ZERO))
    assert hall.governor.proposalVotes(key) == totals()
    assert not hall.governor.hasVoted(key, ZERO)


# -- checked arithmetic, should a votes contract ever break its promise


def test_cast_vote__delegators_have_more_than_their_transcoder__its_vote_reverts(
    hall: Hall, key: int, transcoder: str
) -> None:
    for part in (POWER, 1):
        hall.governor.castVote(key, FOR, sender=hall.account("delegator", part, transcoder))
    with reverts_bare():
        hall.governor.castVote(key, FOR, sender=transcoder)


def test_cast_vote__more_than_the_transcoder_cast__reverts(
    hall: Hall, key: int, transcoder: str
) -> None:
    hall.governor.castVote(key, FOR, sender=transcoder)
    delegator = hall.account("delegator", POWER + 1, transcoder)
    with reverts_bare():
        hall.governor.castVote(key, AGAINST, sender=delegator)


def test_cast_vote__votes_contract_moved_but_not_bumped__weight_old_delegate_new(
    hall: Hall, key: int, transcoder: str
) -> None:
    """Weights come from the stored contract, delegates from the registered one, as deployed."""
    delegator = hall.account("delegator", PART, ZERO)
    other = deploy("VotingPowerMock")
    other.setClock(hall.power.clock())
    other.setPower(transcoder, 0, transcoder)
    other.setPower(delegator, 0, transcoder)
    hall.register("BondingVotes", other.address)
    for voter, weight in ((transcoder, POWER), (delegator, PART)):
        assert hall.governor.castVote(key, FOR, sender=voter) == weight
    assert hall.governor.proposalVotes(key) == totals(in_favour=POWER)
