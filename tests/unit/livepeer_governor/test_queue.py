"""queue() and cancel(). Core spec, sections 16.9 and 16.11."""

from __future__ import annotations

import boa
import pytest

from tests.support.calls import logs
from tests.unit.livepeer_governor.conftest import (
    AGAINST,
    CANCELED,
    FOR,
    QUEUED,
    ROUND,
    TOTAL,
    Content,
    Hall,
    call,
)

NOT_SUCCESSFUL = "Governor: proposal not successful"
TOO_LATE = "Governor: too late to cancel"


def now() -> int:
    return int(boa.env.evm.patch.timestamp)


def test_queue__won__schedules_and_logs_in_order(hall: Hall, pay: Content, stranger: str) -> None:
    key = hall.win(pay)
    assert hall.governor.queue(*pay.hashed, sender=stranger) == key

    assert logs(hall.governor) == [
        ("CallScheduled", pay.operation, 0, pay.targets[0], 7, b"", bytes(32), 0),
        ("CallSalt", pay.operation, pay.hash),
        ("ProposalQueued", key, now()),
    ]
    assert hall.governor.state(key) == QUEUED
    assert hall.governor.proposalEta(key) == hall.treasury.getTimestamp(pay.operation) == now()


def test_queue__several_actions__one_entry_each(hall: Hall, stranger: str) -> None:
    content = Content([stranger, hall.owner], [0, 0], [b"", b"\x01"])
    key = hall.win(content)
    hall.governor.queue(*content.hashed)
    entries = logs(hall.governor)
    kinds = ["CallScheduled", "CallScheduled", "CallSalt", "ProposalQueued"]
    assert [entry[0] for entry in entries] == kinds
    assert entries[-1] == ("ProposalQueued", key, now())


def test_queue__treasury_waits__eta_is_that_much_later(hall: Hall, pay: Content) -> None:
    hall.enact(call(hall.treasury, "updateDelay", 86_400))
    key = hall.win(pay)
    hall.governor.queue(*pay.hashed)
    assert logs(hall.governor)[0][-1] == 86_400
    assert logs(hall.governor)[-1] == ("ProposalQueued", key, now() + 86_400)
    assert hall.governor.proposalEta(key) == now() + 86_400


def test_queue__unknown__reverts(hall: Hall, pay: Content) -> None:
    with boa.reverts("Governor: unknown proposal id"):
        hall.governor.queue(*pay.hashed)


def test_queue__pending_active_or_lost__reverts(hall: Hall, pay: Content) -> None:
    key = hall.propose(pay)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.queue(*pay.hashed)
    hall.power.setClock(hall.governor.proposalSnapshot(key) + 1)
    hall.vote(key, AGAINST, TOTAL)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.queue(*pay.hashed)
    hall.close(key)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.queue(*pay.hashed)


def test_queue__again__reverts(hall: Hall, pay: Content) -> None:
    hall.queue(pay)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.queue(*pay.hashed)
    hall.governor.execute(*pay.hashed)
    with boa.reverts(NOT_SUCCESSFUL):
        hall.governor.queue(*pay.hashed)


def test_queue__other_content_than_voted_on__reverts(hall: Hall, pay: Content) -> None:
    hall.win(pay)
    for other in (
        pay._replace(values=[8]),
        pay._replace(calldatas=[b"\x01"]),
        pay._replace(targets=[hall.owner]),
        pay._replace(description="other words"),
    ):
        with boa.reverts("Governor: unknown proposal id"):
            hall.governor.queue(*other.hashed)


# -- cancel


@pytest.mark.parametrize("round_", [ROUND, ROUND + 1])
def test_cancel__pending_by_its_proposer__cancels_and_logs(
    hall: Hall, pay: Content, proposer: str, round_: int
) -> None:
    key = hall.governor.propose(*pay, sender=proposer)
    hall.power.setClock(round_)
    assert hall.governor.cancel(*pay.hashed, sender=proposer) == key
    assert logs(hall.governor) == [("ProposalCanceled", key)]
    assert hall.governor.state(key) == CANCELED


def test_cancel__somebody_else__reverts(hall: Hall, pay: Content) -> None:
    hall.propose(pay)
    for sender in (hall.owner, hall.treasury.address):
        with boa.reverts("Governor: only proposer can cancel"):
            hall.governor.cancel(*pay.hashed, sender=sender)


def test_cancel__not_pending__reverts_for_everybody(
    hall: Hall, pay: Content, proposer: str
) -> None:
    key = hall.governor.propose(*pay, sender=proposer)

    def refused() -> None:
        for sender in (proposer, hall.owner):
            with boa.reverts(TOO_LATE):
                hall.governor.cancel(*pay.hashed, sender=sender)

    hall.power.setClock(ROUND + 2)
    refused()
    hall.vote(key, FOR, TOTAL)
    hall.close(key)
    refused()
    hall.governor.queue(*pay.hashed)
    refused()
    hall.governor.execute(*pay.hashed)
    refused()


def test_cancel__again__reverts(hall: Hall, pay: Content, proposer: str) -> None:
    hall.governor.propose(*pay, sender=proposer)
    hall.governor.cancel(*pay.hashed, sender=proposer)
    with boa.reverts(TOO_LATE):
        hall.governor.cancel(*pay.hashed, sender=proposer)


def test_cancel__unknown__reverts(hall: Hall, pay: Content) -> None:
    with boa.reverts("Governor: unknown proposal id"):
        hall.governor.cancel(*pay.hashed)
