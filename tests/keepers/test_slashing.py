"""The proof keeper on a real chain: followed to the end, killed everywhere, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.keepers.slashing_system import (
    EXECUTION_WINDOW,
    FINDER,
    HOUR,
    LPT,
    Killed,
)
from tests.support.receipts import Signing
from verifier.messages import Domain
from verifier.proofs import Equivocation, case_id, commitment

pytestmark = pytest.mark.integration
PROOFS = {"equivocation": ("proveEquivocation", 1), "content": ("proveContent", 2)}
#: A run can end before and after each transaction; the second only if it did not end in the first.
STAGES = ("commit", "prove", "execute", "close")
BEFORE, AFTER = ("decided", "salt kept", "signed", "sent"), ("mined",)


class Executioner:
    """Kills at each point of these moments the first time it is passed."""

    def __init__(self, moments: tuple[str, ...]) -> None:
        self.passed: list[str] = []
        self.moments = moments

    def __call__(self, point: str) -> None:
        if point not in self.passed and point.endswith(self.moments):
            self.passed.append(point)
            raise Killed


@pytest.mark.parametrize(
    ("fault", "slash", "proofs"),
    [
        ("equivocation", 30, {"proveEquivocation": 1}),
        ("contradiction", 10, {"proveContradiction": 1}),
        ("content", 10, {"proveContent": 2}),
    ],
)
def test_tick__each_fault__is_followed_to_the_finders_share(court, desk, fault, slash, proofs):
    evidence = court.evidence(fault)
    desk.put(evidence)
    desk.follow(case_id(evidence))

    assert desk.mined() == {"commitProof": 1, "execute": 1, "close": 1} | proofs
    assert desk.income() == slash * LPT // 5
    report = desk.tick()[0]
    assert (report.state, report.detail) == ("done", "the case is closed")
    assert report.share == slash * LPT // 5


# -- killed anywhere


KILLS = pytest.mark.parametrize(
    ("fault", "moments"), [("equivocation", BEFORE), ("content", BEFORE), ("content", AFTER)]
)


@KILLS
def test_tick__killed_at_every_point__sends_everything_once(court, desk, fault, moments):
    evidence = court.evidence(fault)
    desk.put(evidence)
    executioner = Executioner(moments)

    kills = desk.follow(case_id(evidence), executioner)

    points = {f"{stage}: {moment}" for stage in STAGES for moment in moments}
    points -= {f"{stage}: salt kept" for stage in STAGES[1:]}
    assert set(executioner.passed) == points
    assert kills == len(points)
    function, times = PROOFS[fault]
    assert desk.mined() == {"commitProof": 1, function: times, "execute": 1, "close": 1}
    assert desk.tick()[0].share == desk.income()


@KILLS
def test_tick__killed_at_every_point_without_a_journal__proves_once(court, desk, fault, moments):
    """A lost salt costs a commitment; nothing else is repeated, and nothing fails."""
    evidence = court.evidence(fault)
    desk.put(evidence)
    executioner = Executioner(moments)
    desk.lose_journal = True

    desk.follow(case_id(evidence), executioner)

    function, times = PROOFS[fault]
    mined = desk.mined()
    assert mined.pop("commitProof") <= 1 + executioner.passed.index("execute: " + moments[-1])
    assert mined == {function: times, "execute": 1, "close": 1}
    assert desk.tick()[0].share == desk.income() > 0


# -- transactions that are not mined


def test_tick__transaction_not_mined__waits_then_pays_more_for_the_same_nonce(court, desk):
    evidence, clock = court.evidence("equivocation"), [0.0]
    desk.put(evidence)
    desk.clock = lambda: clock[0]
    court.anvil.rpc("evm_setAutomine", False)

    first = desk.tick()[0]
    assert first.detail == f"commitProof is pending: {first.sent[0]}"
    assert desk.tick()[0].detail == f"commit is pending: {first.sent[0]}"
    clock[0] = 61.0
    second = desk.tick()[0].detail.removeprefix("commit is pending: ")
    assert second != first.sent[0]

    court.anvil.rpc("evm_mine")
    old, new = desk.attempts()
    assert new.max_fee * 8 >= old.max_fee * 9
    assert (old.nonce, old.data) == (new.nonce, new.data)
    assert court.web3.eth.get_transaction_receipt(second)["status"] == 1
    court.anvil.rpc("evm_setAutomine", True)
    desk.follow(case_id(evidence), until="can be executed")
    assert desk.mined() == {"commitProof": 1, "proveEquivocation": 1}


def test_tick__transaction_dropped_by_the_node__is_decided_anew(court, desk):
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    court.anvil.rpc("evm_setAutomine", False)
    sent = desk.tick()[0].sent[0]
    court.anvil.rpc("anvil_dropTransaction", sent)
    court.anvil.rpc("evm_setAutomine", True)

    desk.follow(case_id(evidence), until="can be executed")
    assert desk.mined() == {"commitProof": 1, "proveEquivocation": 1}


def test_tick__nonce_used_elsewhere__goes_on_with_the_next(court, desk):
    """The owner of the key cancelled the keeper's transaction in a wallet."""
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    court.anvil.rpc("evm_setAutomine", False)
    sent = desk.tick()[0].sent[0]
    court.anvil.rpc("anvil_dropTransaction", sent)
    court.send_ether(FINDER)
    court.anvil.rpc("evm_mine")
    court.anvil.rpc("evm_setAutomine", True)

    desk.follow(case_id(evidence), until="can be executed")
    assert desk.mined() == {"commitProof": 1, "proveEquivocation": 1}


def test_tick__journal_lost_while_pending__waits_and_sends_nothing(court, desk):
    desk.put(court.evidence("equivocation"))
    court.anvil.rpc("evm_setAutomine", False)
    desk.tick()
    desk.forget()
    report = desk.tick()[0]
    assert report.sent == ()
    assert "that the journal does not know is pending" in report.detail


def test_tick__base_fee_above_the_cap__waits(court, desk):
    desk.put(court.evidence("equivocation"))
    desk.fees = replace(desk.fees, cap=1)
    report = desk.tick()[0]
    assert (report.state, report.sent) == ("wait", ())
    assert "the cap is 1" in report.detail


# -- what it refuses


def test_tick__honest_receipts__are_unreadable_as_evidence(court, desk):
    signing = Signing(court.domain, court.accused, court.now)
    desk.put(Equivocation(signing.receipt(0), signing.receipt(1)))
    report = desk.tick()[0]
    assert (report.state, report.detail) == ("unreadable", "the two receipts do not conflict")


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        ("other contract", "receipt: not signed by the orchestrator"),
        ("from the future", "receipt: outside the evidence window"),
        ("too old", "too old: the contract took it until"),
    ],
)
def test_tick__proof_the_contract_does_not_accept__is_never_committed(court, desk, evidence, why):
    domain = court.domain
    if evidence == "other contract":
        domain = Domain(domain.chain_id, FINDER.address)
    now = court.now + {"from the future": 500, "too old": -41 * HOUR}.get(evidence, 0)
    signing = Signing(domain, court.accused, now)
    desk.put(Equivocation(signing.receipt(0), signing.receipt(0, pixels=1)))
    report = desk.tick()[0]
    assert report.state == "refuse"
    assert report.detail.startswith(why)
    assert desk.mined() == {}


def test_tick__disarmed_then_armed__waits_then_proves(court, desk):
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    court.do("Verifier", "setArmedFaults", 8)
    assert desk.tick()[0].detail == "the fault is not armed"
    assert desk.mined() == {}
    court.do("Verifier", "setArmedFaults", 2)
    desk.follow(case_id(evidence), until="can be executed")


def test_tick__case_of_another_finder__is_left_to_it(court, desk):
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    with pytest.raises(Killed):
        desk.tick(Executioner(("prove: decided",)))
    other, case = court.web3.eth.accounts[6], case_id(evidence)
    court.do("Verifier", "commitProof", commitment(case, other, bytes(32)), sender=other)
    a, b = evidence.first, evidence.second
    arguments = (a.receipt.values(), a.sig, b.receipt.values(), b.sig, bytes(32))
    before = desk.mined()
    court.do("Verifier", "proveEquivocation", *arguments, sender=other)

    report = desk.tick()[0]
    assert (report.state, report.detail) == ("done", f"the case was opened by {other}")
    assert desk.mined() == before


def test_tick__two_files_of_one_case__follows_one(court, desk):
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    desk.put(Equivocation(evidence.second, evidence.first), "b.json")
    (desk.folder / "evidence" / "c.json").write_text("{")
    desk.follow(case_id(evidence), until="can be executed")
    states = {report.evidence: report.detail for report in desk.tick()}
    assert states["b.json"] == "other evidence of the same case is followed"
    assert states["c.json"].startswith("is not evidence: ")
    assert desk.mined()["proveEquivocation"] == 1


# -- delay, locks, brakes


def test_tick__accused_was_unbonding__its_locks_are_slashed_too(court, desk):
    for amount in (100 * LPT, 50 * LPT):
        court.do("BondingManager", "unbond", amount, sender=court.accused)
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    desk.follow(case_id(evidence))
    assert desk.income() == 30 * LPT // 5  # 3 % of 850 bonded and 150 unbonding
    assert desk.tick()[0].share == desk.income()
    assert desk.mined()["execute"] == 1


def test_tick__only_the_bond_fits_under_the_cap__locks_follow_in_a_later_round(court, desk):
    court.do("BondingManager", "unbond", 500 * LPT, sender=court.accused)
    court.do("Verifier", "setBrakes", 0, 5_000, 1_000_000)  # 20 LPT of 4,000; 15 are due twice
    evidence = court.evidence("equivocation")
    case = case_id(evidence)
    desk.put(evidence)
    desk.follow(case, until="can be closed")
    assert desk.income() == 3 * LPT
    assert "would pass their cap" in desk.tick()[0].detail

    court.next_round()
    desk.follow(case)
    assert desk.income() == 6 * LPT
    assert desk.mined()["slashLocks"] == 1
    assert not court.verifier.functions.paused().call()


def test_tick__slash_over_the_cap__is_not_sent_for_it_would_pause_slashing(court, desk):
    court.do("Verifier", "setBrakes", 0, 100, 1_000_000)
    evidence = court.evidence("equivocation")
    desk.put(evidence)
    desk.follow(case_id(evidence), until="would pass their cap")
    assert "execute" not in desk.mined()
    assert not court.verifier.functions.paused().call()

    court.wait(EXECUTION_WINDOW + 1)
    desk.tick()
    assert desk.mined()["expire"] == 1
    assert desk.tick()[0].detail == "the case is dismissed"


@pytest.mark.parametrize(("answer", "end", "income"), [(1, "dismissed", 0), (2, "closed", 2)])
def test_tick__contested__waits_for_the_answer_and_settles(court, desk, answer, end, income):
    court.deploy("ArbiterMock")
    court.do("Verifier", "setArbiter", court.contracts["ArbiterMock"].address)
    evidence = court.evidence("content")
    case = case_id(evidence)
    desk.put(evidence)
    desk.follow(case, until="can be executed")
    court.do("Verifier", "contestSource", case, "ipfs://x", sender=court.accused)
    assert desk.tick()[0].detail.startswith("contested: an answer is due")
    court.do("ArbiterMock", "setAnswer", case, answer)
    desk.follow(case)
    assert desk.mined()["settleContest"] == 1
    assert desk.tick()[0].detail == f"the case is {end}"
    assert desk.income() == income * LPT
