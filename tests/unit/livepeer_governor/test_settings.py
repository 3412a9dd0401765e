"""Settings change by executed proposals only. Core spec, sections 16.3 and 16.8."""

from __future__ import annotations

import boa
import pytest

from tests.models.timelock import EXECUTOR
from tests.support.calls import error_data, logs, reverts_with_data
from tests.support.contracts import at, deploy
from tests.support.protocol import LPT
from tests.unit.livepeer_governor.conftest import (
    CANCELED,
    DELAY,
    EXECUTED,
    PERIOD,
    QUEUED,
    QUORUM,
    ROUND,
    THRESHOLD,
    Content,
    Hall,
    call,
)

ONLY = "Governor: onlyGovernance"
FAILED = "TimelockController: underlying transaction reverted"
#: Function, view, event, value before, value after.
SETTERS = [
    ("setVotingDelay", "votingDelay", "VotingDelaySet", DELAY, 5),
    ("setVotingPeriod", "votingPeriod", "VotingPeriodSet", PERIOD, 14),
    ("setProposalThreshold", "proposalThreshold", "ProposalThresholdSet", THRESHOLD, 50 * LPT),
    ("updateQuorumNumerator", "quorumNumerator", "QuorumNumeratorUpdated", QUORUM, 500_000),
]


@pytest.mark.parametrize(("function", "view", "event", "before", "after"), SETTERS)
def test_setters__executed_proposal__sets_and_logs(
    hall: Hall, function: str, view: str, event: str, before: int, after: int
) -> None:
    content = call(hall.governor, function, after)
    hall.enact(content)

    assert [entry for entry in logs(hall.governor) if entry[0] == event] == [(event, before, after)]
    assert getattr(hall.governor, view)() == after


def test_update_timelock__executed_proposal__sets_and_logs(hall: Hall, stranger: str) -> None:
    hall.enact(call(hall.governor, "updateTimelock", stranger))
    event = ("TimelockChange", hall.treasury.address, stranger)
    assert [entry for entry in logs(hall.governor) if entry[0] == event[0]] == [event]
    assert hall.governor.timelock() == stranger


@pytest.mark.parametrize("function", [*[row[0] for row in SETTERS], "updateTimelock", "relay"])
def test_setters__anybody__reverts(hall: Hall, stranger: str, function: str) -> None:
    arguments = {"updateTimelock": (stranger,), "relay": (stranger, 0, b"")}.get(function, (1,))
    for sender in (stranger, hall.owner, hall.governor.address):
        with boa.reverts(ONLY):
            getattr(hall.governor, function)(*arguments, sender=sender)


@pytest.mark.parametrize("function", [*[row[0] for row in SETTERS], "updateTimelock", "relay"])
def test_setters__timelock_outside_an_execution__reverts_empty(
    hall: Hall, stranger: str, function: str
) -> None:
    arguments = {"updateTimelock": (stranger,), "relay": (stranger, 0, b"")}.get(function, (1,))
    with reverts_with_data(error_data("Empty()")):
        getattr(hall.governor, function)(*arguments, sender=hall.treasury.address)


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        ("setVotingPeriod", 0, "GovernorSettings: voting period too low"),
        (
            "updateQuorumNumerator",
            1_000_001,
            "GovernorVotesQuorumFraction: quorumNumerator over quorumDenominator",
        ),
    ],
)
def test_setters__value_out_of_range__proposal_fails_and_stays_queued(
    frank: Hall, function: str, value: int, text: str
) -> None:
    content = call(frank.governor, function, value)
    key = frank.queue(content)
    with boa.reverts(text):
        frank.governor.execute(*content.hashed)
    assert frank.governor.state(key) == QUEUED


def test_setters__extremes__are_taken(hall: Hall) -> None:
    most = 2**256 - 1
    hall.enact(call(hall.governor, "setProposalThreshold", most))
    assert hall.governor.proposalThreshold() == most
    with boa.reverts("Governor: proposer votes below proposal threshold"):
        hall.propose(call(hall.governor, "setProposalThreshold", 0))


def test_setters__call_comes_twice__is_expected_once(frank: Hall) -> None:
    """An action gets the timelock to repeat the call that the proposal made before."""
    first, repeater = call(frank.governor, "setVotingDelay", 5), deploy("ActionMock")
    timelock = at("TimelockMock", frank.governor.timelock())
    batch = (*first.hashed[:3], bytes(32), first.hash)
    repeater.arm(timelock.address, timelock.executeBatch.prepare_calldata(*batch))
    second = call(repeater, "comeBack")
    both = Content(*(first[i] + second[i] for i in range(3)), "once, and again")
    frank.queue(both)
    with reverts_with_data(error_data("Empty()")):
        frank.governor.execute(*both.hashed)


def test_setters__several_in_one_proposal__in_order(hall: Hall) -> None:
    one, two = (call(hall.governor, "setVotingDelay", delay) for delay in (2, 3))
    both = Content(*(one[i] + two[i] for i in range(3)), "two delays")
    hall.enact(both)
    set_to = [entry[1:] for entry in logs(hall.governor) if entry[0] == "VotingDelaySet"]
    assert set_to == [(DELAY, 2), (2, 3)]


# -- past the governor


@pytest.fixture
def open_hall(hall: Hall, stranger: str) -> Hall:
    """A stranger holds the role of executor too, which nobody does in the deployed protocol."""
    hall.treasury.grantRole(EXECUTOR, stranger, sender=hall.treasury.address)
    return hall


def test_execute_batch__by_another_executor__setting_does_not_change(
    open_hall: Hall, stranger: str
) -> None:
    """The timelock hides the reason, `Empty()`."""
    content = call(open_hall.governor, "setVotingDelay", 5)
    key = open_hall.queue(content)
    batch = (*content.hashed[:3], bytes(32), content.hash)
    with boa.reverts(FAILED):
        open_hall.treasury.executeBatch(*batch, sender=stranger)
    assert open_hall.governor.state(key) == QUEUED
    open_hall.governor.execute(*content.hashed)
    assert open_hall.governor.votingDelay() == 5


def test_execute_batch__by_another_executor__payment_is_made_and_proposal_is_executed(
    open_hall: Hall, stranger: str, pay: Content
) -> None:
    key = open_hall.queue(pay)
    batch = (*pay.hashed[:3], bytes(32), pay.hash)
    open_hall.treasury.executeBatch(*batch, sender=stranger)
    assert boa.env.get_balance(pay.targets[0]) == 7
    assert open_hall.governor.state(key) == EXECUTED
    assert open_hall.governor.proposalEta(key) == 0
    with boa.reverts("Governor: proposal not successful"):
        open_hall.governor.execute(*pay.hashed)


def test_set_voting_delay__calldata_with_a_tail__is_not_the_call_that_was_queued(
    hall: Hall,
) -> None:
    """Differs from the deployed governor, which hashes the tail too: such a proposal fails."""
    data = hall.governor.setVotingDelay.prepare_calldata(5) + b"\0"
    content = Content([hall.governor.address], [0], [data], "with a tail")
    hall.queue(content)
    with boa.reverts(FAILED):
        hall.governor.execute(*content.hashed)


def test_execute__done__expects_no_call_any_more(hall: Hall) -> None:
    hall.enact(call(hall.governor, "setVotingDelay", 5))
    with reverts_with_data(error_data("Empty()")):
        hall.governor.setVotingDelay(5, sender=hall.treasury.address)


def test_execute__failed__expects_no_call_any_more(hall: Hall) -> None:
    one, two = call(hall.governor, "setVotingDelay", 5), call(hall.governor, "setVotingPeriod", 0)
    both = Content(*(one[i] + two[i] for i in range(3)), "the second fails")
    hall.queue(both)
    with boa.reverts(FAILED):
        hall.governor.execute(*both.hashed)
    with reverts_with_data(error_data("Empty()")):
        hall.governor.setVotingDelay(5, sender=hall.treasury.address)
    assert hall.governor.votingDelay() == DELAY


# -- the votes contract


def test_bump__registered_votes_moved__follows_only_then_without_an_event(
    hall: Hall, stranger: str
) -> None:
    voter = hall.account("voter", 12)
    other = deploy("VotingPowerMock")
    other.setClock(ROUND + 7)
    hall.register("BondingVotes", other.address)
    assert hall.governor.votes() == other.address
    assert hall.governor.token() == hall.power.address
    assert hall.governor.clock() == ROUND
    assert hall.governor.getVotes(voter, ROUND - 1) == 12

    hall.governor.bumpGovernorVotesTokenAddress(sender=stranger)

    assert logs(hall.governor) == []
    assert hall.governor.token() == other.address
    assert hall.governor.clock() == ROUND + 7
    assert hall.governor.getVotes(voter, ROUND - 1) == 0


def test_update_timelock__new_one__old_operations_are_gone(hall: Hall, pay: Content) -> None:
    """A queued proposal is not known to the new timelock, so it counts as cancelled."""
    key = hall.queue(pay)
    other = deploy("Treasury")
    hall.power.setClock(ROUND)
    hall.enact(call(hall.governor, "updateTimelock", other.address))
    assert hall.governor.state(key) == CANCELED
