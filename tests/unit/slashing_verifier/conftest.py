"""SlashingVerifier inside the whole system: orchestrators with keys, finders, time that passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import numpy as np
import pytest

from tests.support.contracts import deploy
from tests.support.protocol import LPT, Protocol
from tests.support.receipts import Signing, address_of, fingerprint, key_of
from verifier.messages import Domain, SignerRegistration, sign
from verifier.proofs import (
    ContentEvidence,
    ContradictionEvidence,
    Equivocation,
    Evidence,
    ProofCall,
    case_id,
    commitment,
    proof_calls,
)

NONE, QUEUED, CONTESTED, EXECUTED, DISMISSED, CLOSED = range(6)
SALT = b"\x5a" * 32
HOUR = 3_600
DAY = 24 * HOUR
# The defaults of verification spec 8.4.
SLASH = {"equivocation": 30_000, "contradiction": 10_000, "content": 10_000}
FINDER_SHARE = 200_000
SIGNED_DELAY, CONTENT_DELAY = DAY, 2 * DAY
EVIDENCE, EXECUTION, LOCK, ARBITRATION = 4 * DAY, 7 * DAY, DAY, 5 * DAY


def bad(at: int, cells: np.ndarray) -> np.ndarray:
    """Another picture: 30 levels brighter."""
    del at
    return cells + np.r_[np.full(256, 30), np.zeros(128, dtype=np.int64)]


@dataclass
class Court:
    """Short forms of what nearly every test of slashing does."""

    protocol: Protocol

    @property
    def contract(self) -> Any:
        return self.protocol.slashing_verifier

    @property
    def manager(self) -> Any:
        return self.protocol.bonding_manager

    @property
    def domain(self) -> Domain:
        return Domain(boa.env.evm.patch.chain_id, str(self.contract.address))

    @property
    def now(self) -> int:
        return int(boa.env.evm.patch.timestamp)

    def wait(self, seconds: int) -> None:
        """Time passes, and with it rounds; the last is initialised."""
        boa.env.time_travel(seconds=seconds)
        rounds = self.protocol.rounds_manager
        if not rounds.currentRoundInitialized() and not self.protocol.controller.paused():
            rounds.initializeRound()

    def block(self) -> None:
        boa.env.time_travel(blocks=1)

    def orchestrator(self, stake: int = 1_000 * LPT) -> str:
        account = self.protocol.account("orchestrator", lpt=10 * stake)
        self.manager.bond(stake, account, sender=account)
        return account

    def register(self, orchestrator: str, key: bytes) -> None:
        signer = address_of(key)
        consent = sign(self.domain, SignerRegistration(orchestrator, signer), key)
        self.contract.registerSigner(signer, consent, sender=orchestrator)

    def signing(self, orchestrator: str, **changes: Any) -> Signing:
        return Signing(self.domain, orchestrator, self.now, **changes)

    # -- evidence

    def equivocation(self, signing: Signing) -> Equivocation:
        return Equivocation(signing.receipt(0), signing.receipt(0, pixels=1))

    def contradiction(self, signing: Signing) -> ContradictionEvidence:
        return ContradictionEvidence(signing.segment(0, receipt={"pixels": 1}))

    def content(self, signing: Signing, seqs: tuple[int, int] = (0, 3)) -> ContentEvidence:
        return ContentEvidence(*(signing.content(seq, bad, frames=32) for seq in seqs))

    def evidence(self, signing: Signing, fault: str) -> Evidence:
        return {
            "equivocation": self.equivocation,
            "contradiction": self.contradiction,
            "content": self.content,
        }[fault](signing)

    # -- from proof to slash

    def commit(self, case: bytes, finder: str) -> None:
        self.contract.commitProof(commitment(case, finder, SALT), sender=finder)
        self.block()

    def check(self, call: ProofCall) -> Any:
        return getattr(self.contract, call.check)(*call.arguments)

    def prove(self, call: ProofCall, finder: str) -> None:
        getattr(self.contract, call.prove)(*call.arguments, SALT, sender=finder)

    def open(self, evidence: Evidence, finder: str) -> bytes:
        """Commit and prove; returns the case."""
        case = case_id(evidence)
        self.commit(case, finder)
        for call in proof_calls(evidence):
            self.prove(call, finder)
        return case

    def state(self, case: bytes) -> int:
        return int(self.contract.getCase(case)[0])

    def due(self, case: bytes) -> int:
        return int(self.contract.getCase(case)[5])

    def wait_until_due(self, case: bytes) -> None:
        self.wait(self.due(case) - self.now)


def logged(court: Court, name: str) -> Any:
    return [one for one in court.contract.get_logs() if type(one).__name__ == name][-1]


def assert_free(court: Court, account: str) -> None:
    assert not court.contract.isJailed(account)
    assert not court.manager.isStakeHeld(account)


@pytest.fixture
def court(protocol: Protocol) -> Court:
    """The default terms, all faults armed, a guardian; nobody to answer contests."""
    contract, owner = protocol.slashing_verifier, protocol.owner
    contract.setSlashes(*SLASH.values(), sender=owner)
    contract.setFinderShare(FINDER_SHARE, sender=owner)
    contract.setDelays(SIGNED_DELAY, CONTENT_DELAY, sender=owner)
    contract.setWindows(EVIDENCE, EXECUTION, LOCK, ARBITRATION, sender=owner)
    contract.setContentDistance(5, sender=owner)
    contract.setSignerGrace(5, sender=owner)
    contract.setBrakes(DAY, 20_000, 100_000, sender=owner)
    contract.setArmedFaults(14, sender=owner)
    return Court(protocol)


@pytest.fixture
def guardian(court: Court) -> str:
    account = boa.env.generate_address("guardian")
    court.contract.setGuardian(account, sender=court.protocol.owner)
    return account


@pytest.fixture
def finder() -> str:
    return boa.env.generate_address("finder")


@pytest.fixture
def accused(court: Court) -> str:
    """An active orchestrator among others, whose key signs."""
    account = court.orchestrator()
    for _ in range(3):
        court.orchestrator()
    court.register(account, key_of("signer"))
    court.protocol.next_round()
    return account


@pytest.fixture
def signing(court: Court, accused: str) -> Signing:
    return court.signing(accused)


@pytest.fixture
def arbiter(court: Court) -> Any:
    mock = deploy("ArbiterMock")
    court.contract.setArbiter(mock.address, sender=court.protocol.owner)
    return mock


@pytest.fixture(scope="session")
def honest_source() -> Any:
    return fingerprint(16, 0)
