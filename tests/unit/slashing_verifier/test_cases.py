"""From proof to slash: opening, delay, contest, execution, and every way out (requirement 19)."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.support.receipts import Signing, key_of
from tests.unit.slashing_verifier.conftest import (
    ARBITRATION,
    CLOSED,
    CONTENT_DELAY,
    CONTESTED,
    DAY,
    DISMISSED,
    EXECUTED,
    EXECUTION,
    FINDER_SHARE,
    LOCK,
    QUEUED,
    SALT,
    SIGNED_DELAY,
    SLASH,
    Court,
)
from verifier.proofs import commitment, proof_calls

FAULTS = ("equivocation", "contradiction", "content")
HELD = "stake is held: slashing case open"


def logged(court: Court, name: str) -> Any:
    return [one for one in court.contract.get_logs() if type(one).__name__ == name][-1]


@pytest.mark.parametrize("fault", FAULTS)
def test_prove__every_fault__case_held_and_jailed(
    court: Court, signing: Signing, finder: str, fault: str
) -> None:
    accused = signing.orchestrator
    case = court.open(court.evidence(signing, fault), finder)
    number = FAULTS.index(fault) + 1
    delay = CONTENT_DELAY if fault == "content" else SIGNED_DELAY
    assert tuple(court.contract.getCase(case)) == (
        QUEUED, number, accused, finder, court.now, court.now + delay, SLASH[fault],
        FINDER_SHARE, ZERO,
    )  # fmt: skip
    assert case == court.contract.caseIdOf(number, accused, signing.job)
    assert court.contract.isJailed(accused)
    assert court.manager.isStakeHeld(accused)
    assert court.manager.getTranscoder(accused)[5] == court.protocol.current_round() + 1
    assert court.manager.isActiveTranscoder(accused)


@pytest.mark.parametrize("fault", FAULTS)
def test_execute__after_the_delay__slashes_exactly(
    court: Court, signing: Signing, finder: str, fault: str
) -> None:
    protocol, accused = court.protocol, signing.orchestrator
    case = court.open(court.evidence(signing, fault), finder)
    supply, stake = protocol.token.totalSupply(), court.manager.pendingStake(accused, 0)
    penalty = stake * SLASH[fault] // 10**6
    court.wait_until_due(case)
    assert court.contract.execute(case, [], sender=boa.env.generate_address("anybody"))
    event = logged(court, "SlashExecuted")
    assert (event.caseId, event.accused, event.penalty) == (case, accused, penalty)
    assert event.closesAt == court.now + LOCK == court.due(case)
    assert court.state(case) == EXECUTED
    assert court.manager.pendingStake(accused, 0) == stake - penalty
    share = penalty * FINDER_SHARE // 10**6
    assert protocol.token.balanceOf(finder) == share
    assert protocol.token.totalSupply() == supply - (penalty - share)


def test_execute__before_the_delay__reverts(court: Court, signing: Signing, finder: str) -> None:
    case = court.open(court.equivocation(signing), finder)
    with boa.reverts("delay is not over"):
        court.contract.execute(case, [])
    court.wait(court.due(case) - court.now - 1)
    with boa.reverts("delay is not over"):
        court.contract.execute(case, [])
    court.wait(1)
    assert court.contract.execute(case, [])
    with boa.reverts("case is not queued"):
        court.contract.execute(case, [])


def test_execute__window_over__expires_for_anybody(
    court: Court, signing: Signing, finder: str, stranger: str
) -> None:
    case = court.open(court.equivocation(signing), finder)
    court.wait_until_due(case)
    court.wait(EXECUTION)
    with boa.reverts("execution window is not over"):
        court.contract.expire(case, sender=stranger)
    court.wait(1)
    with boa.reverts("execution window is over"):
        court.contract.execute(case, [])
    court.contract.expire(case, sender=stranger)
    assert logged(court, "CaseDismissed").reason == "not executed in time"
    assert_free(court, signing.orchestrator)
    assert court.state(case) == DISMISSED
    with boa.reverts("case is not queued"):
        court.contract.expire(case)


def assert_free(court: Court, account: str) -> None:
    assert not court.contract.isJailed(account)
    assert not court.manager.isStakeHeld(account)


# -- the hold


def test_hold__open_case__no_way_out_for_own_stake(
    court: Court, signing: Signing, finder: str
) -> None:
    manager, accused = court.manager, signing.orchestrator
    other = court.protocol.account("other")
    manager.unbond(10 * LPT, sender=accused)
    court.protocol.next_round(court.protocol.parameters.unbonding_period)
    case = court.open(court.equivocation(court.signing(accused)), finder)
    attempts = {
        "unbond": lambda: manager.unbond(LPT, sender=accused),
        "unbondWithHint": lambda: manager.unbondWithHint(LPT, ZERO, ZERO, sender=accused),
        "transferBond": lambda: manager.transferBond(
            other, LPT, ZERO, ZERO, ZERO, ZERO, sender=accused
        ),
        "withdrawStake": lambda: manager.withdrawStake(0, sender=accused),
        "rebond": lambda: manager.rebond(0, sender=accused),
        "rebondWithHint": lambda: manager.rebondWithHint(0, ZERO, ZERO, sender=accused),
    }
    for attempt in attempts.values():
        with boa.reverts(HELD):
            attempt()
    court.wait_until_due(case)
    court.contract.execute(case, [0])
    for attempt in attempts.values():
        with boa.reverts(HELD):
            attempt()
    court.wait(LOCK + 1)
    court.contract.close(case)
    attempts["withdrawStake"]()
    attempts["unbond"]()
    attempts["transferBond"]()


def test_hold__rest_of_the_network__goes_on(court: Court, signing: Signing, finder: str) -> None:
    """Delegators may leave, and add; the accused may bond more, claim and take its fees."""
    manager, accused = court.manager, signing.orchestrator
    delegator = court.protocol.account("delegator", lpt=1_000 * LPT)
    manager.bond(100 * LPT, accused, sender=delegator)
    court.protocol.next_round()
    court.open(court.equivocation(court.signing(accused)), finder)
    manager.bond(10 * LPT, accused, sender=delegator)
    manager.unbond(50 * LPT, sender=delegator)
    manager.bond(10 * LPT, accused, sender=accused)
    manager.claimEarnings(0, sender=accused)
    manager.withdrawFees(accused, 0, sender=accused)
    assert manager.getDelegator(accused)[0] == 1_010 * LPT


def test_hold__out_of_the_pool__cannot_come_back_until_closed(
    court: Court, signing: Signing, finder: str
) -> None:
    manager, accused = court.manager, signing.orchestrator
    case = court.open(court.equivocation(signing), finder)
    size = manager.getTranscoderPoolSize()
    court.protocol.next_round()
    assert not manager.isActiveTranscoder(accused)
    manager.bond(10 * LPT, accused, sender=accused)
    manager.transcoder(0, 0, sender=accused)
    assert manager.getTranscoderPoolSize() == size
    court.wait_until_due(case)
    court.contract.execute(case, [])
    manager.transcoder(0, 0, sender=accused)
    assert manager.getTranscoderPoolSize() == size
    court.wait(LOCK + 1)
    court.contract.close(case)
    manager.transcoder(0, 0, sender=accused)
    assert manager.getTranscoderPoolSize() == size + 1


# -- stake that was already unbonding


def test_locks__unbonded_before_the_case__slashed_too(
    court: Court, signing: Signing, finder: str
) -> None:
    manager, accused = court.manager, signing.orchestrator
    manager.unbond(600 * LPT, sender=accused)
    manager.unbond(400 * LPT, sender=accused)
    assert manager.delegatorStatus(accused) == 2
    case = court.open(court.equivocation(signing), finder)
    supply = court.protocol.token.totalSupply()
    court.wait_until_due(case)
    assert court.contract.execute(case, [1])
    assert logged(court, "LocksSlashed").penalty == 12 * LPT
    assert manager.getDelegatorUnbondingLock(accused, 1)[0] == 388 * LPT
    with boa.reverts("lock was slashed"):
        court.contract.slashLocks(case, [1])
    with boa.reverts("lock was slashed"):
        court.contract.slashLocks(case, [0, 0])
    assert court.contract.slashLocks(case, [0], sender=finder)
    assert manager.getDelegatorUnbondingLock(accused, 0)[0] == 582 * LPT
    assert court.contract.isLockSlashed(case, 0)
    with boa.reverts("invalid unbonding lock ID"):
        court.contract.slashLocks(case, [2])
    assert court.protocol.token.balanceOf(finder) == 6 * LPT
    assert court.protocol.token.totalSupply() == supply - 24 * LPT
    with boa.reverts("lock window is not over"):
        court.contract.close(case)
    court.wait(LOCK + 1)
    court.contract.close(case)
    assert court.state(case) == CLOSED
    assert_free(court, accused)
    court.protocol.next_round(court.protocol.parameters.unbonding_period)
    for lock in (0, 1):
        manager.withdrawStake(lock, sender=accused)
    assert court.protocol.token.balanceOf(accused) == 9_000 * LPT + 970 * LPT
    for act in ("close", "slashLocks"):
        with boa.reverts("case is not executed"):
            getattr(court.contract, act)(*((case,) if act == "close" else (case, [])))


# -- two cases


def test_release__last_case__frees(
    court: Court, signing: Signing, finder: str, guardian: str
) -> None:
    accused = signing.orchestrator
    first = court.open(court.equivocation(signing), finder)
    second = court.open(court.contradiction(signing), finder)
    court.contract.cancel(first, sender=guardian)
    assert court.contract.isJailed(accused)
    assert court.manager.isStakeHeld(accused)
    court.contract.cancel(second, sender=guardian)
    assert_free(court, accused)


def test_prove__same_fault_of_a_session_again__reverts(
    court: Court, signing: Signing, finder: str, guardian: str
) -> None:
    case = court.open(court.equivocation(signing), finder)
    call = proof_calls(court.equivocation(signing))[0]
    with boa.reverts("case exists"):
        court.prove(call, finder)
    court.contract.cancel(case, sender=guardian)
    with boa.reverts("case exists"):
        court.prove(call, finder)


# -- who may prove


def test_prove__not_committed_or_in_the_same_block__reverts(
    court: Court, signing: Signing, finder: str
) -> None:
    call = proof_calls(court.equivocation(signing))[0]
    with boa.reverts("proof was not committed a block before"):
        court.prove(call, finder)
    court.contract.commitProof(commitment(call.case_id, finder, SALT), sender=finder)
    event = logged(court, "ProofCommitted")
    assert (event.finder, event.commitment) == (finder, commitment(call.case_id, finder, SALT))
    with boa.reverts("proof was not committed a block before"):
        court.prove(call, finder)
    court.block()
    with boa.reverts("proof was not committed a block before"):
        court.prove(call, boa.env.generate_address("copier"))
    court.prove(call, finder)


@pytest.mark.parametrize("fault", FAULTS)
def test_prove__disarmed__reverts_and_check_answers(
    court: Court, signing: Signing, finder: str, fault: str
) -> None:
    number = FAULTS.index(fault) + 1
    court.contract.setArmedFaults(14 - 2**number, sender=court.protocol.owner)
    calls = proof_calls(court.evidence(signing, fault))
    court.commit(calls[0].case_id, finder)
    with boa.reverts("fault is not armed"):
        court.prove(calls[0], finder)
    court.check(calls[0])


def test_everything_that_takes__system_paused__reverts(
    court: Court, signing: Signing, finder: str, guardian: str
) -> None:
    owner = court.protocol.owner
    content = court.open(court.content(signing), finder)
    case = court.open(court.contradiction(signing), finder)
    call = proof_calls(court.equivocation(signing))[0]
    court.commit(call.case_id, finder)
    court.wait_until_due(case)
    court.protocol.controller.pause(sender=owner)
    for blocked in (
        lambda: court.prove(call, finder),
        lambda: court.contract.execute(case, []),
        lambda: court.contract.slashLocks(case, []),
        lambda: court.contract.contestSource(content, "", sender=signing.orchestrator),
    ):
        with boa.reverts("system is paused"):
            blocked()
    court.contract.cancel(case, sender=guardian)
    court.wait(CONTENT_DELAY + EXECUTION + 1)
    court.contract.expire(content)
    assert_free(court, signing.orchestrator)


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


# -- terms of a case


def test_terms__changed_after_opening__case_keeps_its_own(
    court: Court, signing: Signing, finder: str
) -> None:
    case = court.open(court.equivocation(signing), finder)
    court.contract.setSlashes(100_000, 0, 0, sender=court.protocol.owner)
    court.contract.setFinderShare(0, sender=court.protocol.owner)
    court.wait_until_due(case)
    court.contract.execute(case, [])
    assert court.protocol.token.balanceOf(finder) == 1_000 * LPT * 30_000 * 2 // 10**7
    assert key_of("signer") == signing.key
