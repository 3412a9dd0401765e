"""The counting of votes by itself. Core spec, sections 16.7.1, 16.13 and 19.4."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.governor import Ballot, Tally
from tests.support.calls import error_data, reverts_bare, reverts_with_data
from tests.support.contracts import ZERO, deploy

PROPOSAL, ROUND = 77, 9
AGAINST, FOR, ABSTAIN = range(3)
QUOTA = 420_000
VOTERS = 7
Cast = Callable[[int, int], str]


@pytest.fixture(scope="module")
def power() -> Any:
    power = deploy("VotingPowerMock")
    power.setClock(ROUND + 1)
    return power


@pytest.fixture(scope="module")
def module(power: Any) -> Any:
    return deploy("CountingOverridableHarness", power.address)


@pytest.fixture
def harness(module: Any) -> Iterator[Any]:
    with boa.env.anchor():
        yield module


@pytest.fixture
def cast(harness: Any, power: Any) -> Cast:
    """Has somebody vote who is its own delegate, and nobody else's."""

    def cast(votes: int, support: int) -> str:
        account = str(boa.env.generate_address("voter"))
        power.setPower(account, votes, account)
        harness.countVote(PROPOSAL, account, support, votes, ROUND)
        return account

    return cast


def test_counting_mode__asked__is_bravo_with_all_three(harness: Any) -> None:
    assert harness.COUNTING_MODE() == "support=bravo&quorum=for,abstain,against"


@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_count_vote__each_support__adds_to_its_total(
    harness: Any, cast: Cast, support: int
) -> None:
    voter = cast(5, support)
    assert harness.proposalVotes(PROPOSAL)[support] == sum(harness.proposalVotes(PROPOSAL)) == 5
    assert harness.hasVoted(PROPOSAL, voter)
    assert not harness.hasVoted(PROPOSAL + 1, voter)


@pytest.mark.parametrize("support", [3, 7, 255])
def test_count_vote__unknown_support__reverts(harness: Any, stranger: str, support: int) -> None:
    with reverts_with_data(error_data("InvalidVoteType(uint8)", support)):
        harness.countVote(PROPOSAL, stranger, support, 5, ROUND)


def test_count_vote__again__reverts(harness: Any, cast: Cast) -> None:
    voter = cast(5, FOR)
    with reverts_with_data(error_data("VoteAlreadyCast()")):
        harness.countVote(PROPOSAL, voter, AGAINST, 5, ROUND)


def test_count_vote__deductions_over_240_bits__revert_bare(harness: Any, power: Any) -> None:
    """The word of a voter has room for more than all LPT there will be, and no more."""
    transcoder, delegator = (boa.env.generate_address(role) for role in ("transcoder", "delegator"))
    power.setPower(transcoder, 0, transcoder)
    power.setPower(delegator, 0, transcoder)
    with reverts_bare():
        harness.countVote(PROPOSAL, delegator, FOR, 2**240, ROUND)
    harness.countVote(PROPOSAL, delegator, FOR, 2**240 - 1, ROUND)
    assert harness.proposalVotes(PROPOSAL) == (0, 2**240 - 1, 0)
    assert not harness.hasVoted(PROPOSAL, transcoder)


@pytest.mark.parametrize(("votes", "reached"), [(369, False), (370, True), (371, True)])
@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_quorum_reached__votes_of_any_kind__count(
    harness: Any, cast: Cast, support: int, votes: int, reached: bool
) -> None:
    cast(votes, support)
    assert harness.quorumReached(PROPOSAL, 1_000) == reached


def test_vote_succeeded__nobody_voted__is_true(harness: Any) -> None:
    assert harness.voteSucceeded(PROPOSAL)
    assert harness.quorumReached(PROPOSAL, 0)


@pytest.mark.parametrize(("in_favour", "succeeded"), [(419, False), (420, True), (421, True)])
@pytest.mark.parametrize("abstain", [0, 10**9])
def test_vote_succeeded__quota_of_those_with_an_opinion__decides(
    harness: Any, cast: Cast, in_favour: int, succeeded: bool, abstain: int
) -> None:
    for support, votes in ((FOR, in_favour), (AGAINST, 1_000 - in_favour), (ABSTAIN, abstain)):
        cast(votes, support)
    assert harness.voteSucceeded(PROPOSAL) == succeeded


# -- random electorates


@st.composite
def electorates(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """By voter: stake, index of its delegate (its own: transcoder), support. In order of voting."""
    delegates = draw(st.lists(st.integers(0, VOTERS), min_size=VOTERS, max_size=VOTERS))
    stakes = draw(st.lists(st.integers(0, 50), min_size=VOTERS, max_size=VOTERS))
    supports = draw(st.lists(st.integers(0, 2), min_size=VOTERS, max_size=VOTERS))
    return list(zip(stakes, delegates, supports, strict=True))


@given(people=electorates(), order=st.permutations(range(VOTERS)))
def test_count_vote__random_electorate_in_random_order__totals_follow_the_definition(
    module: Any, power: Any, people: list[tuple[int, int, int]], order: list[int]
) -> None:
    """A transcoder's power is all stake delegated to it. Index VOTERS stands for nobody."""
    accounts = [f"0x{index + 1:040x}" for index in range(VOTERS)]
    delegates = [(*accounts, ZERO)[delegate] for _, delegate, _ in people]
    own = dict(zip(accounts, delegates, strict=True))
    with boa.env.anchor():
        tally = Tally()
        weights = []
        for account, (stake, _, _) in zip(accounts, people, strict=True):
            delegated = sum(p[0] for p, to in zip(people, delegates, strict=True) if to == account)
            weights.append(delegated if own[account] == account else stake)
            power.setPower(account, weights[-1], own[account])
        for index in order:
            account, support = accounts[index], people[index][2]
            module.countVote(PROPOSAL, account, support, weights[index], ROUND)
            overrides = own[account] not in (account, ZERO) and own[own[account]] == own[account]
            tally.cast(account, Ballot(support, weights[index], own[account], overrides))
            assert module.proposalVotes(PROPOSAL) == tally.totals
        assert module.voteSucceeded(PROPOSAL) == tally.passes(QUOTA)
