"""From proof to slash: opening, delay, contest, execution, and every way out (requirement 19)."""

from __future__ import annotations

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.support.receipts import Signing, key_of
from tests.unit.slashing_verifier.conftest import (
    CLOSED,
    CONTENT_DELAY,
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
    assert_free,
    logged,
)
from verifier.proofs import commitment, proof_calls

FAULTS = ("equivocation", "contradiction", "content")
HELD = "stake is held: slashing case open"


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
