"""Executing: who may and when, whose ether, failing calls, and calls that come back."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import error_data, logs
from tests.support.contracts import ZERO, deploy
from tests.support.protocol import MINTER_ROLE
from tests.unit.treasury.conftest import (
    EXECUTOR_ROLE,
    MIN_DELAY,
    NO_CODE,
    NOTHING,
    SALT,
    Call,
    Timelock,
    id_of,
    missing,
)

NOT_READY = "TimelockController: operation is not ready"
FAILED = "TimelockController: underlying transaction reverted"
LENGTHS = "TimelockController: length mismatch"
NO_PREDECESSOR = "TimelockController: missing dependency"
KINDS = pytest.mark.parametrize("kind", ["call", "batch"])


def of_kind(timelock: Timelock, kind: str, data: bytes = b"taken") -> Any:
    return getattr(timelock, kind)(data)


@KINDS
def test_execute__ready__call_then_event_then_done(timelock: Timelock, kind: str) -> None:
    operation = of_kind(timelock, kind)
    operation_id = timelock.ready(operation)
    timelock.execute(operation)
    assert logs(timelock.treasury) == [
        ("Called", timelock.treasury.address, 0, 5),
        ("CallExecuted", operation_id, 0, timelock.action.address, 0, b"taken"),
    ]
    assert timelock.treasury.isOperationDone(operation_id)


def test_execute_batch__two_calls__each_is_logged_after_it(timelock: Timelock) -> None:
    batch = timelock.batch(b"1", b"22")
    batch_id = timelock.ready(batch)
    timelock.execute(batch)
    treasury, target = timelock.treasury.address, timelock.action.address
    assert logs(timelock.treasury) == [
        ("Called", treasury, 0, 1),
        ("CallExecuted", batch_id, 0, target, 0, b"1"),
        ("Called", treasury, 0, 2),
        ("CallExecuted", batch_id, 1, target, 0, b"22"),
    ]


@KINDS
def test_execute__one_second_early__reverts_and_on_time_succeeds(
    timelock: Timelock, kind: str
) -> None:
    operation = of_kind(timelock, kind)
    timelock.schedule(operation)
    boa.env.time_travel(seconds=MIN_DELAY - 1)
    with boa.reverts(NOT_READY):
        timelock.execute(operation)
    boa.env.time_travel(seconds=1)
    timelock.execute(operation)


@KINDS
def test_execute__unknown_or_done__reverts(timelock: Timelock, kind: str) -> None:
    operation = of_kind(timelock, kind)
    with boa.reverts(NOT_READY):
        timelock.execute(operation)
    timelock.ready(operation)
    timelock.execute(operation)
    with boa.reverts(NOT_READY):
        timelock.execute(operation)


def test_execute__least_delay_of_zero__in_the_block_of_scheduling(timelock: Timelock) -> None:
    timelock.carry_out("updateDelay", 0)
    operation = timelock.call()
    timelock.schedule(operation, 0)
    timelock.execute(operation)
    assert timelock.treasury.isOperationDone(id_of(operation))


@KINDS
def test_execute__by_the_proposer__reverts(timelock: Timelock, kind: str) -> None:
    operation = of_kind(timelock, kind)
    timelock.ready(operation)
    function = {"call": "execute", "batch": "executeBatch"}[kind]
    with boa.reverts(missing(timelock.proposer, EXECUTOR_ROLE)):
        getattr(timelock.treasury, function)(*operation, sender=timelock.proposer)


@KINDS
def test_execute__open_role__anyone_may(open_timelock: Timelock, stranger: str, kind: str) -> None:
    operation = of_kind(open_timelock, kind)
    operation_id = open_timelock.ready(operation)
    function = {"call": "execute", "batch": "executeBatch"}[kind]
    getattr(open_timelock.treasury, function)(*operation, sender=stranger)
    assert open_timelock.treasury.isOperationDone(operation_id)


def test_initialize__zero_address_as_executor__opens_the_role(stranger: str) -> None:
    treasury = deploy("Treasury")
    treasury.initialize(0, [stranger], [ZERO], ZERO)
    operation = (NO_CODE, 0, b"", NOTHING, NOTHING)
    treasury.schedule(*operation, 0, sender=stranger)
    treasury.execute(*operation, sender=boa.env.generate_address("anyone"))
    assert treasury.isOperationDone(id_of(operation))


@pytest.mark.parametrize(("values", "payloads"), [(0, 1), (2, 1), (1, 0), (1, 2)])
def test_execute_batch__lists_of_different_lengths__reverts(
    timelock: Timelock, values: int, payloads: int
) -> None:
    with boa.reverts(LENGTHS):
        timelock.execute(([NO_CODE], [0] * values, [b""] * payloads, NOTHING, NOTHING))


def test_execute_batch__by_stranger_with_wrong_lengths__the_role_answers_first(
    timelock: Timelock, stranger: str
) -> None:
    with boa.reverts(missing(stranger, EXECUTOR_ROLE)):
        timelock.treasury.executeBatch([], [1], [], NOTHING, NOTHING, sender=stranger)


def test_execute__predecessor__has_to_be_done_first(timelock: Timelock) -> None:
    first = timelock.call(b"first")
    first_id = timelock.schedule(first)
    second = timelock.call(b"second", predecessor=first_id)
    timelock.ready(second)
    with boa.reverts(NO_PREDECESSOR):
        timelock.execute(second)
    timelock.execute(first)
    timelock.execute(second)


def test_execute__predecessor_unknown_and_too_early__not_ready_answers_first(
    timelock: Timelock,
) -> None:
    operation = timelock.call(predecessor=SALT)
    timelock.schedule(operation)
    with boa.reverts(NOT_READY):
        timelock.execute(operation)
    boa.env.time_travel(seconds=MIN_DELAY)
    with boa.reverts(NO_PREDECESSOR):
        timelock.execute(operation)


def test_execute_batch__predecessor__has_to_be_done_first(timelock: Timelock) -> None:
    batch = ([NO_CODE], [0], [b""], SALT, NOTHING)
    timelock.ready(batch)
    with boa.reverts(NO_PREDECESSOR):
        timelock.execute(batch)


@KINDS
@pytest.mark.parametrize("reason", [b"", error_data("Error(string)", "why")], ids=["bare", "text"])
def test_execute__call_fails__its_reason_is_lost_and_the_operation_stays(
    timelock: Timelock, kind: str, reason: bytes
) -> None:
    operation = of_kind(timelock, kind, timelock.action.refuse.prepare_calldata(reason))
    operation_id = timelock.ready(operation)
    with boa.reverts(FAILED):
        timelock.execute(operation)
    assert timelock.treasury.isOperationReady(operation_id)


def test_execute_batch__later_call_fails__nothing_has_happened(timelock: Timelock) -> None:
    boa.env.set_balance(timelock.treasury.address, 1)
    refusal = timelock.action.refuse.prepare_calldata(b"")
    batch = ([NO_CODE, timelock.action.address], [1, 0], [b"", refusal], NOTHING, NOTHING)
    batch_id = timelock.ready(batch)
    with boa.reverts(FAILED):
        timelock.execute(batch)
    assert boa.env.get_balance(timelock.treasury.address) == 1
    assert timelock.treasury.isOperationReady(batch_id)


@KINDS
def test_execute__ether__comes_from_the_caller_and_the_treasury(
    timelock: Timelock, kind: str
) -> None:
    boa.env.set_balance(timelock.treasury.address, 3)
    boa.env.set_balance(timelock.executor, 4)
    operation: Any = (timelock.action.address, 5, b"", NOTHING, NOTHING)
    if kind == "batch":
        operation = ([NO_CODE, timelock.action.address], [0, 5], [b"", b""], NOTHING, NOTHING)
    timelock.ready(operation)
    with boa.reverts(FAILED):
        timelock.execute(operation, value=1)
    timelock.execute(operation, value=4)
    assert ("Called", timelock.treasury.address, 5, 0) in logs(timelock.treasury)
    assert boa.env.get_balance(timelock.treasury.address) == 2


def test_execute__target_without_code__succeeds(timelock: Timelock) -> None:
    operation = (NO_CODE, 0, b"anything", NOTHING, NOTHING)
    operation_id = timelock.ready(operation)
    timelock.execute(operation)
    assert logs(timelock.treasury) == [("CallExecuted", operation_id, 0, NO_CODE, 0, b"anything")]


def test_execute__batch_of_one_scheduled__is_not_the_single_call(timelock: Timelock) -> None:
    timelock.ready(timelock.batch(b"taken"))
    with boa.reverts(NOT_READY):
        timelock.execute(timelock.call(b"taken"))


def test_execute__call_executes_the_same_operation__the_outer_one_is_not_ready(
    open_timelock: Timelock,
) -> None:
    """An operation that could run inside itself would pay twice."""
    inner = open_timelock.call(open_timelock.action.comeBack.prepare_calldata())
    operation = open_timelock.coming_back("execute", *inner)
    assert operation == inner
    operation_id = open_timelock.ready(operation)
    with boa.reverts(NOT_READY):
        open_timelock.execute(operation)
    assert open_timelock.treasury.isOperationReady(operation_id)


def test_execute_batch__call_executes_the_same_batch__the_outer_one_is_not_ready(
    open_timelock: Timelock,
) -> None:
    batch = open_timelock.batch(open_timelock.action.comeBack.prepare_calldata(), b"paid")
    open_timelock.coming_back("executeBatch", *batch)
    open_timelock.ready(batch)
    with boa.reverts(NOT_READY):
        open_timelock.execute(batch)


def test_execute__call_executes_another_operation__both_are_done(open_timelock: Timelock) -> None:
    other = open_timelock.call(b"other")
    operation: Call = open_timelock.coming_back("execute", *other)
    other_id = open_timelock.schedule(other)
    operation_id = open_timelock.ready(operation)
    open_timelock.execute(operation)
    executed = [entry[1] for entry in logs(open_timelock.treasury) if entry[0] == "CallExecuted"]
    assert executed == [other_id, operation_id]
    assert open_timelock.treasury.isOperationDone(other_id)
    assert open_timelock.treasury.isOperationDone(operation_id)


def test_execute__call_cancels_the_operation__is_not_ready_any_more(timelock: Timelock) -> None:
    role = timelock.treasury.CANCELLER_ROLE()
    timelock.treasury.grantRole(role, timelock.action.address, sender=timelock.admin)
    operation = timelock.call(timelock.action.comeBack.prepare_calldata())
    timelock.coming_back("cancel", id_of(operation))
    timelock.ready(operation)
    with boa.reverts(NOT_READY):
        timelock.execute(operation)


def test_execute__raises_the_delay__the_running_operation_is_done_all_the_same(
    timelock: Timelock,
) -> None:
    timelock.carry_out("updateDelay", 10**9)
    names = [entry[0] for entry in logs(timelock.treasury)]
    assert names == ["MinDelayChange", "CallExecuted"]


def test_execute__payment_of_lpt__moves_the_treasurys_tokens(
    timelock: Timelock, stranger: str
) -> None:
    token = deploy("LivepeerToken", sender=timelock.admin)
    token.grantRole(MINTER_ROLE, timelock.admin, sender=timelock.admin)
    token.mint(timelock.treasury.address, 10, sender=timelock.admin)
    payment = token.transfer.prepare_calldata(stranger, 4)
    operation = (token.address, 0, payment, NOTHING, NOTHING)
    timelock.ready(operation)
    timelock.execute(operation)
    assert (token.balanceOf(timelock.treasury.address), token.balanceOf(stranger)) == (6, 4)
