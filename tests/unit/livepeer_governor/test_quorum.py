"""How many votes decide, to the wei; and since when. Core spec, sections 16.3 and 16.6."""

from __future__ import annotations

import boa
import pytest

from tests.unit.livepeer_governor.conftest import (
    ABSTAIN,
    DEFEATED,
    DELAY,
    FOR,
    PERIOD,
    QUORUM,
    ROUND,
    SUCCEEDED,
    TOTAL,
    Content,
    Hall,
    call,
)

NEEDED = TOTAL * 333_300 // 1_000_000


def decided(hall: Hall, content: Content, votes: tuple[int, int, int]) -> int:
    """State after a vote that came out so."""
    key = hall.open(content)
    for support, amount in enumerate(votes):
        if amount:
            hall.vote(key, support, amount)
    hall.close(key)
    return int(hall.governor.state(key))


def test_quorum__past_round__is_a_third_of_all_stake_floored(hall: Hall) -> None:
    hall.power.setClock(ROUND + 1)
    assert hall.governor.quorum(ROUND) == NEEDED
    for total, needed in (
        (0, 0),
        (1, 0),
        (3, 0),
        (4, 1),
        (10**6 + 2, 333_300),
        (10**6 + 4, 333_301),
    ):
        hall.power.setTotal(total)
        assert hall.governor.quorum(ROUND) == needed


@pytest.mark.parametrize("support", [FOR, ABSTAIN])
@pytest.mark.parametrize(("off", "outcome"), [(-1, DEFEATED), (0, SUCCEEDED), (1, SUCCEEDED)])
def test_state__quorum_give_or_take_one_wei__decides(
    hall: Hall, pay: Content, support: int, off: int, outcome: int
) -> None:
    votes = [0, 0, 0]
    votes[support] = NEEDED + off
    assert decided(hall, pay, tuple(votes)) == outcome


def test_state__all_three_kinds__count_for_the_quorum(hall: Hall, pay: Content) -> None:
    assert decided(hall, pay, (1, NEEDED - 2, 1)) == SUCCEEDED
    other = pay._replace(description="one less")
    assert decided(hall, other, (1, NEEDED - 2, 0)) == DEFEATED


@pytest.mark.parametrize(
    ("against", "in_favour", "outcome"),
    [
        (0, 0, SUCCEEDED),  # nothing against nothing
        (1, 0, SUCCEEDED),  # half of one, floored
        (2, 0, DEFEATED),
        (1, 1, SUCCEEDED),  # a tie
        (2, 1, SUCCEEDED),  # k + 1 against k
        (3, 1, DEFEATED),
        (10**18 + 1, 10**18, SUCCEEDED),
        (10**18 + 2, 10**18, DEFEATED),
        (10**18, 10**18 + 1, SUCCEEDED),
    ],
)
def test_state__votes_near_half__are_floored(
    hall: Hall, pay: Content, against: int, in_favour: int, outcome: int
) -> None:
    """Quorum by abstention, which decides nothing else."""
    assert decided(hall, pay, (against, in_favour, NEEDED)) == outcome


@pytest.mark.parametrize(
    ("quota", "for_it", "outcome"),
    [
        (0, 0, SUCCEEDED),
        (420_000, 419_999, DEFEATED),
        (420_000, 420_000, SUCCEEDED),
        (1_000_000, 999_999, DEFEATED),
        (1_000_000, 1_000_000, SUCCEEDED),
        (1_000_001, 1_000_000, DEFEATED),  # not validated: nothing passes
    ],
)
def test_state__other_quota__decides(new: Hall, quota: int, for_it: int, outcome: int) -> None:
    new.treasury.initialize(0, [], [], new.owner)
    new.governor.initialize(DELAY, PERIOD, 0, 0, quota)
    content = Content([new.owner], [0], [b""])
    assert decided(new, content, (10**6 - for_it, for_it, 0)) == outcome


# -- history of the numerator


def test_quorum_numerator__changed__counts_for_later_snapshots_only(
    hall: Hall, pay: Content
) -> None:
    change = call(hall.governor, "updateQuorumNumerator", 500_000)
    hall.propose(pay)  # with its snapshot before the change
    hall.enact(change)
    since = hall.power.clock()

    numerator = hall.governor.quorumNumerator
    assert (numerator(ROUND - 1), numerator(ROUND)) == (0, QUORUM)
    assert (numerator(since - 1), numerator(since)) == (QUORUM, 500_000)
    assert numerator() == numerator(2**256 - 1) == 500_000
    hall.power.setClock(since + 1)
    assert hall.governor.quorum(since - 1) == NEEDED
    assert hall.governor.quorum(since) == TOTAL // 2
    assert hall.governor.quorum(ROUND - 1) == 0


def test_quorum_numerator__changed_twice_in_a_round__last_one_stays(hall: Hall) -> None:
    one, two = (call(hall.governor, "updateQuorumNumerator", n) for n in (1, 2))
    hall.enact(Content(*(one[i] + two[i] for i in range(3)), "twice"))
    now = hall.power.clock()
    assert hall.governor.quorumNumerator(now) == 2
    assert hall.governor.quorumNumerator(now - 1) == QUORUM


def test_quorum_numerator__many_changes__each_round_finds_its_own(hall: Hall) -> None:
    expected = {ROUND: QUORUM}
    for numerator in range(9):
        hall.enact(call(hall.governor, "updateQuorumNumerator", numerator))
        expected[hall.power.clock()] = numerator
    starts = list(expected)
    for start, end in zip(starts, [*starts[1:], starts[-1] + 5], strict=True):
        for round_ in (start, start + 1, end - 1):
            assert hall.governor.quorumNumerator(round_) == expected[start]


def test_quorum_numerator__clock_went_back__cannot_change(frank: Hall) -> None:
    """It fell back to block numbers once; the history never gets an earlier entry."""
    boa.env.evm.patch.block_number = 10**6
    changed = call(frank.governor, "updateQuorumNumerator", QUORUM + 1)
    frank.queue(changed)
    frank.power.setRefusing(True)
    frank.governor.execute(*changed.hashed)
    frank.power.setRefusing(False)
    content = call(frank.governor, "updateQuorumNumerator", 1)
    frank.queue(content)
    with boa.reverts("Checkpoint: decreasing keys"):
        frank.governor.execute(*content.hashed)
    assert frank.governor.quorumNumerator() == QUORUM + 1
    assert frank.governor.quorumNumerator(10**6 - 1) == QUORUM


def test_state__quorum_changed_during_a_vote__old_one_counts(hall: Hall, pay: Content) -> None:
    change = call(hall.governor, "updateQuorumNumerator", 1_000_000)
    hall.queue(change)
    key = hall.open(pay)
    hall.governor.execute(*change.hashed)
    hall.vote(key, FOR, NEEDED)
    hall.close(key)
    assert hall.governor.state(key) == SUCCEEDED
    after = pay._replace(description="later")
    assert decided(hall, after, (0, NEEDED, 0)) == DEFEATED
    assert decided(hall, after._replace(description="all"), (0, TOTAL, 0)) == SUCCEEDED


def test_state__total_grows_after_the_vote__is_decided_anew(hall: Hall, pay: Content) -> None:
    """The quorum is read when asked: BondingVotes never changes a past total, this mock does."""
    assert decided(hall, pay, (0, NEEDED, 0)) == SUCCEEDED
    hall.power.setTotal(2 * TOTAL)
    assert hall.governor.state(pay.id) == DEFEATED
