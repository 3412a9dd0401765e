"""Scheduling, cancelling, ids, the least delay, and the bounds of an operation."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode

from tests.support.calls import OVERFLOW, logs, panics, reverted
from tests.unit.treasury.conftest import (
    BATCH_TYPES,
    CALL_TYPES,
    CANCELLER_ROLE,
    MIN_DELAY,
    NO_CODE,
    NOTHING,
    PROPOSER_ROLE,
    SALT,
    Timelock,
    id_of,
    missing,
    now,
)

LENGTHS = "TimelockController: length mismatch"
SCHEDULED = "TimelockController: operation already scheduled"
CANNOT = "TimelockController: operation cannot be cancelled"
MAX_CALLS = 10
MAX_DATA = 4_096
LARGEST = 2**256 - 1

# updateDelay(0), and its ids by the deployed protocol: core spec 26.
UPDATE_DELAY = bytes.fromhex("64d62353") + bytes(32)
DESCRIPTION = bytes.fromhex("095b58f04bfec012138a16d909dfd5e3b5de26d807089bd8c1163927e9e7a28d")
BATCH_ID = "0998d634569532b918abff5fda22b1ff0d5830f3e58f63aeb4ab83b4f61fbe56"
CALL_ID = "239d29666a0eabab6b2aaa74b73f409b6e1e0f3ab8cc2a691f2060f83e14c9d8"


def states(timelock: Timelock, operation_id: bytes) -> tuple[bool, bool, bool, bool]:
    """Known, pending, ready, done."""
    treasury = timelock.treasury
    views = ("isOperation", "isOperationPending", "isOperationReady", "isOperationDone")
    known, pending, ready, done = (getattr(treasury, view)(operation_id) for view in views)
    return known, pending, ready, done


def test_hash_operation_batch__known_batch__known_id(timelock: Timelock) -> None:
    batch = ([NO_CODE], [0], [UPDATE_DELAY], NOTHING, DESCRIPTION)
    assert timelock.treasury.hashOperationBatch(*batch).hex() == BATCH_ID
    assert timelock.schedule(batch).hex() == BATCH_ID
    assert timelock.treasury.getTimestamp(bytes.fromhex(BATCH_ID)) == now() + MIN_DELAY


def test_hash_operation__known_call__known_id(timelock: Timelock) -> None:
    known = (NO_CODE, 0, UPDATE_DELAY, NOTHING, DESCRIPTION)
    assert timelock.treasury.hashOperation(*known).hex() == CALL_ID
    assert timelock.schedule(known).hex() == CALL_ID
    assert timelock.treasury.getTimestamp(bytes.fromhex(CALL_ID)) == now() + MIN_DELAY


def test_hash_operation_batch__lengths_that_differ__is_not_checked(timelock: Timelock) -> None:
    batch = ([NO_CODE], [1, 2], [b"", b"x" * 33, b""], SALT, NOTHING)
    assert timelock.treasury.hashOperationBatch(*batch) == id_of(batch)


def test_schedule__without_salt__one_event(timelock: Timelock) -> None:
    operation = timelock.call(b"x" * 33, value=3, predecessor=SALT)
    timelock.schedule(operation, 9)
    assert logs(timelock.treasury) == [
        ("CallScheduled", id_of(operation), 0, *operation[:3], SALT, 9)
    ]
    assert timelock.treasury.getTimestamp(id_of(operation)) == now() + 9


def test_schedule__with_salt__salt_is_logged_after_the_call(timelock: Timelock) -> None:
    operation = timelock.call(salt=SALT)
    timelock.schedule(operation)
    assert logs(timelock.treasury) == [
        ("CallScheduled", id_of(operation), 0, *operation[:4], MIN_DELAY),
        ("CallSalt", id_of(operation), SALT),
    ]


def test_schedule_batch__two_calls_and_a_salt__logged_in_order(timelock: Timelock) -> None:
    batch = timelock.batch(b"one", b"two", salt=SALT)
    batch_id = timelock.schedule(batch)
    target = timelock.action.address
    assert logs(timelock.treasury) == [
        ("CallScheduled", batch_id, 0, target, 0, b"one", NOTHING, MIN_DELAY),
        ("CallScheduled", batch_id, 1, target, 0, b"two", NOTHING, MIN_DELAY),
        ("CallSalt", batch_id, SALT),
    ]


def test_schedule_batch__no_call__is_an_operation_too(timelock: Timelock) -> None:
    batch = timelock.batch()
    batch_id = timelock.ready(batch)
    assert logs(timelock.treasury) == []
    timelock.execute(batch)
    assert logs(timelock.treasury) == []
    assert timelock.treasury.isOperationDone(batch_id)


@pytest.mark.parametrize(
    ("batch", "delay"),
    [
        (([NO_CODE], [], [b""], NOTHING, NOTHING), MIN_DELAY),
        (([NO_CODE], [0, 0], [b""], NOTHING, NOTHING), MIN_DELAY),
        (([NO_CODE], [0], [], NOTHING, NOTHING), MIN_DELAY),
        (([], [0], [b""], NOTHING, NOTHING), 0),
    ],
    ids=["too few values", "too many values", "no payload", "before the delay"],
)
def test_schedule_batch__lists_of_different_lengths__reverts(
    timelock: Timelock, batch: Any, delay: int
) -> None:
    with boa.reverts(LENGTHS):
        timelock.schedule(batch, delay)


@pytest.mark.parametrize("operation", ["call", "batch"])
def test_schedule__by_an_executor__reverts(timelock: Timelock, operation: str) -> None:
    known = getattr(timelock, operation)(b"taken")
    function = {"call": "schedule", "batch": "scheduleBatch"}[operation]
    with boa.reverts(missing(timelock.executor, PROPOSER_ROLE)):
        getattr(timelock.treasury, function)(*known, MIN_DELAY, sender=timelock.executor)


def test_schedule_batch__by_stranger_with_wrong_lengths__the_role_answers_first(
    timelock: Timelock, stranger: str
) -> None:
    with boa.reverts(missing(stranger, PROPOSER_ROLE)):
        timelock.treasury.scheduleBatch([], [1], [], NOTHING, NOTHING, 0, sender=stranger)


@pytest.mark.parametrize("operation", ["call", "batch"])
def test_schedule__pending_or_done__reverts_before_the_delay_is_looked_at(
    timelock: Timelock, operation: str
) -> None:
    known = getattr(timelock, operation)(b"taken")
    timelock.ready(known)
    with boa.reverts(SCHEDULED):
        timelock.schedule(known, 0)
    timelock.execute(known)
    with boa.reverts(SCHEDULED):
        timelock.schedule(known, 0)


@pytest.mark.parametrize("operation", ["call", "batch"])
def test_schedule__delay_below_the_least__reverts(timelock: Timelock, operation: str) -> None:
    known = getattr(timelock, operation)(b"taken")
    with boa.reverts("TimelockController: insufficient delay"):
        timelock.schedule(known, MIN_DELAY - 1)
    timelock.schedule(known, MIN_DELAY)


def test_schedule__time_beyond_256_bits__panics(timelock: Timelock) -> None:
    with panics(OVERFLOW):
        timelock.schedule(timelock.call(), LARGEST - now() + 1)
    operation_id = timelock.schedule(timelock.call(), LARGEST - now())
    assert timelock.treasury.getTimestamp(operation_id) == LARGEST


def test_operation__through_its_life__views_agree(timelock: Timelock) -> None:
    operation = timelock.call()
    operation_id = id_of(operation)
    assert states(timelock, operation_id) == (False, False, False, False)
    timelock.schedule(operation)
    assert states(timelock, operation_id) == (True, True, False, False)
    boa.env.time_travel(seconds=MIN_DELAY - 1)
    assert states(timelock, operation_id) == (True, True, False, False)
    boa.env.time_travel(seconds=1)
    assert states(timelock, operation_id) == (True, True, True, False)
    timelock.execute(operation)
    assert states(timelock, operation_id) == (True, False, False, True)
    assert timelock.treasury.getTimestamp(operation_id) == 1


def test_cancel__pending__is_unknown_and_may_be_scheduled_again(timelock: Timelock) -> None:
    operation = timelock.call()
    operation_id = timelock.schedule(operation)
    timelock.treasury.cancel(operation_id, sender=timelock.proposer)
    assert logs(timelock.treasury) == [("Cancelled", operation_id)]
    assert states(timelock, operation_id) == (False, False, False, False)
    timelock.schedule(operation)


def test_cancel__unknown_or_done__reverts(timelock: Timelock) -> None:
    with boa.reverts(CANNOT):
        timelock.treasury.cancel(SALT, sender=timelock.proposer)
    operation = timelock.call()
    operation_id = timelock.ready(operation)
    timelock.execute(operation)
    with boa.reverts(CANNOT):
        timelock.treasury.cancel(operation_id, sender=timelock.proposer)


def test_cancel__by_an_executor__reverts(timelock: Timelock) -> None:
    operation_id = timelock.schedule(timelock.call())
    with boa.reverts(missing(timelock.executor, CANCELLER_ROLE)):
        timelock.treasury.cancel(operation_id, sender=timelock.executor)


def test_update_delay__by_an_operation__counts_from_the_next_one(timelock: Timelock) -> None:
    earlier = timelock.call()
    earlier_id = timelock.schedule(earlier)
    ready_at = timelock.treasury.getTimestamp(earlier_id)
    timelock.carry_out("updateDelay", 100)
    assert logs(timelock.treasury)[0] == ("MinDelayChange", MIN_DELAY, 100)
    assert timelock.treasury.getMinDelay() == 100

    with boa.reverts("TimelockController: insufficient delay"):
        timelock.schedule(timelock.call(b"later"), 99)
    assert timelock.treasury.getTimestamp(earlier_id) == ready_at
    timelock.execute(earlier)


@pytest.mark.parametrize("role", ["admin", "proposer", "executor"])
def test_update_delay__by_anyone_else__reverts(timelock: Timelock, role: str) -> None:
    with boa.reverts("TimelockController: caller must be timelock"):
        timelock.treasury.updateDelay(0, sender=getattr(timelock, role))


@pytest.mark.parametrize(("calls", "size"), [(1, MAX_DATA), (MAX_CALLS, MAX_DATA)])
def test_batch__at_the_bound__is_scheduled_and_executed_whole(
    timelock: Timelock, calls: int, size: int
) -> None:
    batch = timelock.batch(*(bytes([i]) * size for i in range(calls)))
    batch_id = timelock.ready(batch)
    timelock.execute(batch)
    entries = logs(timelock.treasury)
    assert entries[::2] == [("Called", timelock.treasury.address, 0, size)] * calls
    assert [entry[2] for entry in entries[1::2]] == list(range(calls))
    assert [entry[5] for entry in entries[1::2]] == batch[2]
    assert timelock.treasury.isOperationDone(batch_id)


def test_call__at_the_bound__is_scheduled_and_executed(timelock: Timelock) -> None:
    operation = timelock.call(b"x" * MAX_DATA)
    operation_id = timelock.ready(operation)
    timelock.execute(operation)
    assert timelock.treasury.isOperationDone(operation_id)


@pytest.mark.parametrize(
    ("selector", "delay"),
    [("8f2a0bb0", True), ("e38335e5", False), ("b1c5f427", False)],
    ids=["scheduleBatch", "executeBatch", "hashOperationBatch"],
)
@pytest.mark.parametrize(
    "batch",
    [
        ([NO_CODE] * (MAX_CALLS + 1), [0], [b""], NOTHING, NOTHING),
        ([NO_CODE], [0] * (MAX_CALLS + 1), [b""], NOTHING, NOTHING),
        ([NO_CODE], [0], [b""] * (MAX_CALLS + 1), NOTHING, NOTHING),
        ([NO_CODE], [0], [b"x" * (MAX_DATA + 1)], NOTHING, NOTHING),
    ],
    ids=["targets", "values", "payloads", "payload"],
)
def test_batch__over_the_bound__reverts_bare(
    timelock: Timelock, selector: str, delay: bool, batch: Any
) -> None:
    encoded = encode([*BATCH_TYPES, *["uint256"] * delay], [*batch, *[MIN_DELAY] * delay])
    data = bytes.fromhex(selector) + encoded
    assert reverted(timelock.treasury.address, data, sender=timelock.proposer) == b""


@pytest.mark.parametrize(
    ("selector", "delay"),
    [("01d5062a", True), ("134008d3", False), ("8065657f", False)],
    ids=["schedule", "execute", "hashOperation"],
)
def test_call__over_the_bound__reverts_bare(timelock: Timelock, selector: str, delay: bool) -> None:
    operation = timelock.call(b"x" * (MAX_DATA + 1))
    encoded = encode([*CALL_TYPES, *["uint256"] * delay], [*operation, *[MIN_DELAY] * delay])
    data = bytes.fromhex(selector) + encoded
    assert reverted(timelock.treasury.address, data, sender=timelock.proposer) == b""
