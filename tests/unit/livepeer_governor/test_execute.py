"""execute(): through the treasury, once, in order. Core spec, sections 16.10 and 26."""

from __future__ import annotations

import boa
import pytest

from tests.support.calls import logs
from tests.support.contracts import deploy
from tests.unit.livepeer_governor.conftest import (
    ACTIVE,
    DELAY,
    EXECUTED,
    QUEUED,
    ROUND,
    Content,
    Hall,
    call,
)

NOT_SUCCESSFUL = "Governor: proposal not successful"
NOT_READY = "TimelockController: operation is not ready"
FAILED = "TimelockController: underlying transaction reverted"


def test_execute__queued__logs_in_order(hall: Hall, stranger: str) -> None:
    content = call(hall.treasury, "updateDelay", 5)
    key = hall.queue(content)
    assert hall.governor.execute(*content.hashed, sender=stranger) == key

    executed = (content.operation, 0, hall.treasury.address, 0, content.calldatas[0])
    assert logs(hall.governor) == [
        ("ProposalExecuted", key),
        ("MinDelayChange", 0, 5),
        ("CallExecuted", *executed),
    ]
    assert hall.governor.state(key) == EXECUTED
    assert hall.governor.proposalEta(key) == 0
    assert hall.treasury.isOperationDone(content.operation)


def test_execute__won_but_not_queued__is_not_ready(hall: Hall, pay: Content) -> None:
    hall.win(pay)
    with boa.reverts(NOT_READY):
        hall.governor.execute(*pay.hashed)


def test_execute__before_the_eta__is_not_ready(hall: Hall, pay: Content) -> None:
    hall.enact(call(hall.treasury, "updateDelay", 60))
    hall.queue(pay)
    boa.env.time_travel(seconds=59)
    with boa.reverts(NOT_READY):
        hall.governor.execute(*pay.hashed)
    boa.env.time_travel(seconds=1)
    hall.governor.execute(*pay.hashed)


def test_execute__again__reverts(hall: Hall, pay: Content) -> None:
    hall.enact(pay)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.execute(*pay.hashed)


def test_execute__not_decided__reverts(hall: Hall, pay: Content) -> None:
    key = hall.open(pay)
    assert hall.governor.state(key) == ACTIVE
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.execute(*pay.hashed)
    hall.close(key)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.execute(*pay.hashed)


def test_execute__unknown__reverts(hall: Hall, pay: Content) -> None:
    with boa.reverts("Governor: unknown proposal id"):
        hall.governor.execute(*pay.hashed)


# -- ether


def test_execute__action_with_value__is_paid_from_the_treasury(hall: Hall, pay: Content) -> None:
    hall.enact(pay)
    assert boa.env.get_balance(pay.targets[0]) == 7
    assert boa.env.get_balance(hall.treasury.address) == 0


@pytest.mark.parametrize(("sent", "left"), [(4, 0), (10, 6)])
def test_execute__with_value__adds_to_the_treasury(
    hall: Hall, pay: Content, gateway: str, sent: int, left: int
) -> None:
    boa.env.set_balance(hall.treasury.address, 3)
    hall.queue(pay)
    hall.governor.execute(*pay.hashed, value=sent, sender=gateway)
    assert boa.env.get_balance(pay.targets[0]) == 7
    assert boa.env.get_balance(hall.treasury.address) == left
    assert boa.env.get_balance(hall.governor.address) == 0


def test_execute__treasury_cannot_pay__fails_and_stays_queued(hall: Hall, pay: Content) -> None:
    boa.env.set_balance(hall.treasury.address, 6)
    key = hall.queue(pay)
    with boa.reverts(FAILED):
        hall.governor.execute(*pay.hashed)
    assert hall.governor.state(key) == QUEUED
    boa.env.set_balance(hall.treasury.address, 7)
    hall.governor.execute(*pay.hashed)
    assert hall.governor.state(key) == EXECUTED


# -- effects


def test_execute__one_of_two_actions_fails__nothing_happens(hall: Hall, pay: Content) -> None:
    failing = call(hall.governor, "setVotingPeriod", 0)
    both = Content(*(pay[i] + failing[i] for i in range(3)), "pay, then fail")
    hall.queue(both)
    with boa.reverts(FAILED):
        hall.governor.execute(*both.hashed)
    assert boa.env.get_balance(pay.targets[0]) == 0


def test_execute__from_within_its_own_action__fails(hall: Hall) -> None:
    """The proposal is executed from its first line on."""
    caller = deploy("ActionMock")
    content = call(caller, "comeBack")
    hall.queue(content)
    caller.arm(hall.governor.address, hall.governor.execute.prepare_calldata(*content.hashed))
    with boa.reverts(FAILED):
        hall.governor.execute(*content.hashed)


def test_execute__another_from_within_an_action__both_are_executed(
    hall: Hall, pay: Content
) -> None:
    caller = deploy("ActionMock")
    content = call(caller, "comeBack")
    hall.queue(content)
    hall.power.setClock(ROUND)
    hall.queue(pay)
    caller.arm(hall.governor.address, hall.governor.execute.prepare_calldata(*pay.hashed))
    hall.governor.execute(*content.hashed)
    assert hall.governor.state(pay.id) == hall.governor.state(content.id) == EXECUTED
    assert boa.env.get_balance(pay.targets[0]) == 7


def test_execute__another_before_a_setting__setting_is_not_expected_any_more(
    hall: Hall, pay: Content
) -> None:
    """As deployed: the inner execution clears the queue of calls that are expected."""
    caller = deploy("ActionMock")
    first, second = call(caller, "comeBack"), call(hall.governor, "setVotingDelay", 5)
    both = Content(*(first[i] + second[i] for i in range(3)), "call back, then set")
    hall.queue(both)
    hall.power.setClock(ROUND)
    hall.queue(pay)
    caller.arm(hall.governor.address, hall.governor.execute.prepare_calldata(*pay.hashed))
    with boa.reverts(FAILED):
        hall.governor.execute(*both.hashed)
    assert hall.governor.votingDelay() == DELAY
