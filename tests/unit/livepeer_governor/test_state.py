"""state() through the rounds of a proposal's life. Core spec, section 16.6."""

from __future__ import annotations

import boa
import pytest

from tests.unit.livepeer_governor.conftest import (
    ACTIVE,
    AGAINST,
    CANCELED,
    DEFEATED,
    DELAY,
    EXECUTED,
    FOR,
    PENDING,
    PERIOD,
    QUEUED,
    ROUND,
    SUCCEEDED,
    TOTAL,
    Content,
    Hall,
)


def states(hall: Hall, key: int, first: int, last: int) -> list[int]:
    seen = []
    for round_ in range(first, last + 1):
        hall.power.setClock(round_)
        seen.append(hall.governor.state(key))
    return seen


def test_state__unknown_id__reverts(hall: Hall) -> None:
    with boa.reverts("Governor: unknown proposal id"):
        hall.governor.state(1)


@pytest.mark.parametrize(("support", "outcome"), [(FOR, SUCCEEDED), (AGAINST, DEFEATED)])
def test_state__proposed_in_round_n__pending_to_n1_active_to_n11_decided_from_n12(
    hall: Hall, pay: Content, support: int, outcome: int
) -> None:
    key = hall.open(pay)
    hall.vote(key, support, TOTAL)
    assert states(hall, key, ROUND, ROUND + 1) == [PENDING] * 2
    assert states(hall, key, ROUND + 2, ROUND + 11) == [ACTIVE] * 10
    assert states(hall, key, ROUND + 12, ROUND + 14) == [outcome] * 3
    assert (DELAY, PERIOD) == (1, 10)


def test_state__nobody_votes__is_defeated(hall: Hall, pay: Content) -> None:
    key = hall.open(pay)
    hall.close(key)
    assert hall.governor.state(key) == DEFEATED


def test_state__queued_then_executed__says_so_for_ever(hall: Hall, pay: Content) -> None:
    key = hall.queue(pay)
    assert hall.governor.state(key) == QUEUED
    hall.power.setClock(10**9)
    assert hall.governor.state(key) == QUEUED
    hall.governor.execute(*pay.hashed)
    assert hall.governor.state(key) == EXECUTED
    hall.power.setClock(0)
    assert hall.governor.state(key) == EXECUTED


def test_state__cancelled_by_its_proposer__says_so_for_ever(
    hall: Hall, pay: Content, proposer: str
) -> None:
    key = hall.governor.propose(*pay, sender=proposer)
    hall.governor.cancel(*pay.hashed, sender=proposer)
    for round_ in (0, ROUND, ROUND + 5, ROUND + 20):
        hall.power.setClock(round_)
        assert hall.governor.state(key) == CANCELED


def test_state__operation_cancelled_in_the_timelock__is_cancelled(hall: Hall, pay: Content) -> None:
    key = hall.queue(pay)
    hall.treasury.cancel(pay.operation, sender=hall.governor.address)
    assert hall.governor.state(key) == CANCELED
    assert hall.governor.proposalEta(key) == 0
    for function in ("queue", "execute"):
        with boa.reverts("Governor: proposal not successful"):
            getattr(hall.governor, function)(*pay.hashed)


def test_state__clock_falls_back_to_blocks__is_decided_by_blocks(hall: Hall, pay: Content) -> None:
    """An outage of the clock can end a vote: block numbers are far ahead of rounds."""
    key = hall.open(pay)
    assert hall.governor.state(key) == ACTIVE
    hall.power.setRefusing(True)
    boa.env.evm.patch.block_number = ROUND + DELAY + PERIOD
    assert hall.governor.state(key) == ACTIVE
    boa.env.evm.patch.block_number += 1
    assert hall.governor.state(key) == DEFEATED
    hall.power.setRefusing(False)
    assert hall.governor.state(key) == ACTIVE
