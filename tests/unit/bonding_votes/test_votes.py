"""Reading: votes and delegates of transcoders, of their delegators and of everybody else."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_votes.conftest import ONE, ROUND
from tests.unit.bonding_votes.errors import reverts_with

LOOKUP = "FutureLookup(uint256,uint256)"


def at_start(books: Any, account: str, round_: int) -> tuple[int, str]:
    answer = books.votes.getVotesAndDelegateAtRoundStart(account, round_)
    return answer[0], answer[1]


def test_constants(books: Any) -> None:
    votes = books.votes
    assert (votes.name(), votes.symbol(), votes.decimals()) == ("Livepeer Voting Power", "vLPT", 18)
    assert votes.CLOCK_MODE() == "mode=livepeer_round"
    assert votes.clock() == ROUND
    assert votes.targetContractId() == bytes(32)


def test_clock__beyond_48_bits__reverts(books: Any) -> None:
    books.set_round(2**48 - 1)
    assert books.votes.clock() == 2**48 - 1
    books.set_round(2**48)
    with boa.reverts("SafeCast: value doesn't fit in 48 bits"):
        books.votes.clock()


def test_delegate__always_reverts(books: Any, stranger: str) -> None:
    with reverts_with("MustCallBondingManager(string)", "bond"):
        books.votes.delegate(stranger)


def test_delegate_by_sig__always_reverts(books: Any, stranger: str) -> None:
    with reverts_with("MustCallBondingManager(string)", "bondFor"):
        books.votes.delegateBySig(stranger, 0, 0, 27, bytes(32), bytes(32))


@pytest.mark.parametrize("view", ["getVotesAndDelegateAtRoundStart"])
def test_votes_at__after_the_next_round__reverts(books: Any, stranger: str, view: str) -> None:
    with reverts_with(LOOKUP, ROUND + 2, ROUND + 1):
        getattr(books.votes, view)(stranger, ROUND + 2)


@pytest.mark.parametrize("view", ["getPastVotes", "delegatedAt"])
@pytest.mark.parametrize(("clock", "round_", "allowed"), [(ROUND, ROUND, ROUND - 1), (0, 0, 0)])
def test_past_lookup__round_not_over__reverts(
    books: Any, stranger: str, view: str, clock: int, round_: int, allowed: int
) -> None:
    books.set_round(clock)
    with reverts_with(LOOKUP, round_, allowed):
        getattr(books.votes, view)(stranger, round_)


def test_past_total_supply__round_not_over__reverts(books: Any) -> None:
    with reverts_with(LOOKUP, ROUND + 1, ROUND - 1):
        books.votes.getPastTotalSupply(ROUND + 1)


def test_votes__account_without_history__none(books: Any, stranger: str) -> None:
    assert at_start(books, stranger, ROUND) == (0, ZERO)
    assert books.votes.delegates(stranger) == ZERO


def test_votes__transcoder__all_stake_delegated_to_it(books: Any, transcoder: str) -> None:
    books.checkpoint(transcoder, bonded=5, delegate=transcoder, delegated=9, claimed=ROUND)
    assert books.votes.getVotes(transcoder) == 9
    assert books.votes.delegates(transcoder) == transcoder
    assert at_start(books, transcoder, ROUND) == (0, ZERO)  # not yet


def test_votes__self_delegated_without_bond__none(books: Any, transcoder: str) -> None:
    books.checkpoint(transcoder, delegate=transcoder, delegated=9, claimed=ROUND)
    assert at_start(books, transcoder, ROUND + 1) == (0, transcoder)


def test_votes__any_past_round__last_checkpoint_before_it(books: Any, transcoder: str) -> None:
    rounds = [ROUND + 3 * i for i in range(20)]
    for index, round_ in enumerate(rounds):
        books.set_round(round_)
        books.checkpoint(transcoder, bonded=1, delegate=transcoder, delegated=index + 1)
    for index, round_ in enumerate(rounds):
        for start in (round_ + 1, round_ + 2, round_ + 3):
            if start <= rounds[-1] + 1:
                assert at_start(books, transcoder, start) == (index + 1, transcoder)
                assert (
                    books.votes.getVotesAndDelegateAtRoundStart(transcoder, start)[0] == index + 1
                )
    assert at_start(books, transcoder, ROUND) == (0, ZERO)
    assert books.votes.getPastVotes(transcoder, rounds[-1] - 1) == 19
    assert books.votes.delegatedAt(transcoder, rounds[0]) == transcoder


def test_votes__delegator__stake_grown_by_the_factors(
    books: Any, transcoder: str, delegator: str
) -> None:
    books.mock.setRewardFactor(transcoder, ROUND - 10, 2 * ONE)
    books.mock.setRewardFactor(transcoder, ROUND - 1, 5 * ONE)
    books.checkpoint(transcoder, bonded=1, delegate=transcoder, delegated=9, rewarded=ROUND - 1)
    books.checkpoint(delegator, bonded=1000, delegate=transcoder, claimed=ROUND - 10)
    assert at_start(books, delegator, ROUND + 1) == (2500, transcoder)


def test_votes__delegator_of_one_never_rewarded__its_bond(
    books: Any, transcoder: str, delegator: str
) -> None:
    books.checkpoint(transcoder, bonded=1, delegate=transcoder, delegated=9)
    books.checkpoint(delegator, bonded=1000, delegate=transcoder)
    assert at_start(books, delegator, ROUND + 1) == (1000, transcoder)


def test_votes__claimed_after_the_last_reward__its_bond(
    books: Any, transcoder: str, delegator: str
) -> None:
    books.mock.setRewardFactor(transcoder, ROUND - 5, 3 * ONE)
    books.checkpoint(transcoder, bonded=1, delegate=transcoder, delegated=9, rewarded=ROUND - 5)
    books.checkpoint(delegator, bonded=1000, delegate=transcoder, claimed=ROUND - 4)
    assert books.votes.getVotes(delegator) == 1000


def test_votes__reward_without_a_pool__reverts(books: Any, transcoder: str, delegator: str) -> None:
    """Even when the delegate is no transcoder: the error comes first."""
    books.checkpoint(transcoder, rewarded=ROUND - 2)
    books.checkpoint(delegator, bonded=1000, delegate=transcoder, claimed=ROUND - 10)
    with reverts_with("MissingEarningsPool(address,uint256)", transcoder, ROUND - 2):
        books.votes.getVotes(delegator)


@pytest.mark.parametrize("of", ["stranger", "another delegator", "slashed", "unbonded"])
def test_votes__delegate_is_no_transcoder__none_but_the_delegate_shows(
    books: Any, transcoder: str, delegator: str, stranger: str, of: str
) -> None:
    if of == "another delegator":
        books.checkpoint(transcoder, bonded=5, delegate=stranger, delegated=9)
    elif of == "slashed":
        books.checkpoint(transcoder, bonded=0, delegate=transcoder, delegated=9)
    elif of == "unbonded":
        books.checkpoint(transcoder, bonded=0, delegate=ZERO, delegated=9)
    books.checkpoint(delegator, bonded=1000, delegate=transcoder)
    assert at_start(books, delegator, ROUND + 1) == (0, transcoder)


def test_total__before_the_first_initialised_round__none(books: Any) -> None:
    books.mock.setNextRoundTotalActiveStake(77)
    assert books.votes.totalSupply() == 0
    books.checkpoint_total(50)
    assert books.votes.getTotalActiveStakeAt(ROUND - 1) == 0
    assert books.votes.getTotalActiveStakeAt(0) == 0


def test_total__gap_of_uninitialised_rounds__next_initialised_one(books: Any) -> None:
    books.checkpoint_total(50)
    books.set_round(ROUND + 10)
    books.checkpoint_total(80)
    assert books.votes.getTotalActiveStakeAt(ROUND) == 50
    assert books.votes.getTotalActiveStakeAt(ROUND + 1) == 80
    assert books.votes.getPastTotalSupply(ROUND + 4) == 80
    assert books.votes.getTotalActiveStakeAt(ROUND + 10) == 80


def test_total__after_the_last_initialised_round__running_total(books: Any) -> None:
    books.checkpoint_total(50)
    books.mock.setNextRoundTotalActiveStake(77)
    assert books.votes.totalSupply() == 77
    books.mock.setNextRoundTotalActiveStake(78)
    assert books.votes.getTotalActiveStakeAt(ROUND + 1) == 78
    with reverts_with(LOOKUP, ROUND + 2, ROUND + 1):
        books.votes.getTotalActiveStakeAt(ROUND + 2)


def test_set_controller__stranger__reverts(books: Any, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        books.votes.setController(stranger, sender=stranger)


def test_set_controller__controller__logs_and_moves(books: Any, stranger: str) -> None:
    controller = books.votes.controller()
    books.votes.setController(stranger, sender=controller)
    (event,) = books.votes.get_logs()
    assert (type(event).__name__, event[1]) == ("SetController", stranger)
    assert books.votes.controller() == stranger
