"""Ways out before execution: the guardian, and the arbiter that a contest asks (requirement 19)."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.receipts import Signing
from tests.unit.slashing_verifier.conftest import (
    ARBITRATION,
    CONTENT_DELAY,
    CONTESTED,
    DAY,
    DISMISSED,
    Court,
    assert_free,
    logged,
)

# -- guardian


def test_cancel__guardian_only_and_only_before_execution(
    court: Court, signing: Signing, finder: str, guardian: str, stranger: str
) -> None:
    case = court.open(court.equivocation(signing), finder)
    for nobody in (stranger, court.protocol.owner, finder):
        with boa.reverts("caller must be the guardian"):
            court.contract.cancel(case, sender=nobody)
    court.contract.cancel(case, sender=guardian)
    event = logged(court, "CaseDismissed")
    assert (event.caseId, event.accused, event.reason) == (
        case, signing.orchestrator, "cancelled by the guardian"
    )  # fmt: skip
    assert court.state(case) == DISMISSED
    assert_free(court, signing.orchestrator)
    other = court.open(court.contradiction(signing), finder)
    court.wait_until_due(other)
    court.contract.execute(other, [])
    for ended in (case, other, bytes(32)):
        with boa.reverts("case is not open"):
            court.contract.cancel(ended, sender=guardian)


# -- contest


def test_contest__no_arbiter__reverts(court: Court, signing: Signing, finder: str) -> None:
    case = court.open(court.content(signing), finder)
    with boa.reverts("no arbiter is set"):
        court.contract.contestSource(case, "", sender=signing.orchestrator)


def test_contest__every_condition__reverts_by_name(
    court: Court, signing: Signing, finder: str, arbiter: Any, stranger: str
) -> None:
    contest, accused = court.contract.contestSource, signing.orchestrator
    arbiter.setBond(10**15)
    boa.env.set_balance(accused, 10**18)
    signed = court.open(court.equivocation(signing), finder)
    case = court.open(court.content(signing), finder)
    with boa.reverts("case is not queued"):
        contest(bytes(32), "", sender=accused)
    with boa.reverts("caller must be the accused"):
        contest(case, "", sender=stranger)
    with boa.reverts("only content can be contested"):
        contest(signed, "", sender=accused)
    with boa.reverts("bond is too small"):
        contest(case, "", sender=accused, value=10**15 - 1)
    contest(case, "ipfs://evidence", sender=accused, value=10**15)
    event = logged(court, "SourceContested")
    assert (event.caseId, event.arbiter, event.evidenceURI) == (
        case, arbiter.address, "ipfs://evidence"
    )  # fmt: skip
    assert (court.state(case), court.due(case)) == (CONTESTED, court.now + ARBITRATION)
    assert boa.env.get_balance(arbiter.address) == 10**15
    assert arbiter.opened(case) == accused
    for again in (contest,):
        with boa.reverts("case is not queued"):
            again(case, "", sender=accused, value=10**15)


@pytest.mark.usefixtures("arbiter")
def test_contest__after_the_delay__too_late(court: Court, signing: Signing, finder: str) -> None:
    case = court.open(court.content(signing), finder)
    court.wait_until_due(case)
    with boa.reverts("too late to contest"):
        court.contract.contestSource(case, "", sender=signing.orchestrator)


@pytest.mark.usefixtures("arbiter")
def test_contest__not_answered__cannot_be_executed_and_is_dismissed_in_time(
    court: Court, signing: Signing, finder: str, stranger: str
) -> None:
    case = court.open(court.content(signing), finder)
    court.contract.contestSource(case, "", sender=signing.orchestrator)
    court.wait(ARBITRATION)
    with boa.reverts("case is not queued"):
        court.contract.execute(case, [])
    with boa.reverts("contest is not answered"):
        court.contract.settleContest(case)
    court.wait(1)
    court.contract.settleContest(case, sender=stranger)
    assert logged(court, "CaseDismissed").reason == "contest was not answered"
    assert_free(court, signing.orchestrator)
    with boa.reverts("case is not contested"):
        court.contract.settleContest(case)


def test_contest__source_false__accused_goes_free(
    court: Court, signing: Signing, finder: str, arbiter: Any
) -> None:
    case = court.open(court.content(signing), finder)
    court.contract.contestSource(case, "", sender=signing.orchestrator)
    arbiter.setAnswer(case, 1)
    court.contract.settleContest(case)
    assert logged(court, "CaseDismissed").reason == "source root is false"
    assert court.state(case) == DISMISSED
    assert_free(court, signing.orchestrator)


@pytest.mark.parametrize("late", [False, True])
def test_contest__source_right__queued_again_once(
    court: Court, signing: Signing, finder: str, arbiter: Any, late: bool
) -> None:
    case = court.open(court.content(signing), finder)
    opened = court.now
    court.contract.contestSource(case, "", sender=signing.orchestrator)
    # Another arbiter from now on does not change who answers this case.
    court.contract.setArbiter(ZERO, sender=court.protocol.owner)
    if late:
        court.wait(CONTENT_DELAY + DAY)
    arbiter.setAnswer(case, 2)
    court.contract.settleContest(case)
    due = max(court.now, opened + CONTENT_DELAY)
    assert logged(court, "ContestRejected").due == due == court.due(case)
    court.contract.setArbiter(arbiter.address, sender=court.protocol.owner)
    with boa.reverts("case was contested"):
        court.contract.contestSource(case, "", sender=signing.orchestrator)
    court.wait_until_due(case)
    assert court.contract.execute(case, [])


@pytest.mark.usefixtures("arbiter")
def test_cancel__contested_case__dismissed(
    court: Court, signing: Signing, finder: str, guardian: str
) -> None:
    case = court.open(court.content(signing), finder)
    court.contract.contestSource(case, "", sender=signing.orchestrator)
    court.contract.cancel(case, sender=guardian)
    assert court.state(case) == DISMISSED
