"""Requirement 20 without the whole network: real clip, order, cheat, verifier, proof, slash.

The cheating node, the gateway's session, the watching verifier and the proof keeper are those of
`make devnet CHEAT=...`; only rounds, tickets on chain and processes of their own are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from devnet.cheating import CHEATS, Cheat, CheatingOrchestrator, Outcome
from devnet.cutting import Segment, cut
from devnet.media import Profile, probe
from devnet.options import SAMPLE
from devnet.orchestrator import Orchestrator
from devnet.orders import Accountability, fingerprinted
from devnet.receipts import Signing
from devnet.session import Job, Limits, Session, UnaccountableError
from tests.devnet.network import (
    DOMAIN,
    GATEWAY_KEY,
    TERMS,
    TICKET_EV,
    FakeChain,
    NodeThread,
    signing_key,
)
from tests.keepers.slashing_system import (
    FINDER_SHARE,
    SLASHES,
    STAKE,
    Court,
    Desk,
    as_deployed,
    new_court,
)
from tests.support.anvil import find_anvil, run_anvil
from tests.support.receipts import address_of, key_of
from tests.support.requirements import record
from verifier.cli import cli
from verifier.messages import Domain
from verifier.proofs import SignedSegment
from verifier.spool import SpoolWriter
from verifier.store import Case, EvidenceStore

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
PROFILES = (Profile("180p", 320, 180, 400_000),)
LIMITS = Limits(Fraction(10**10), 10 * TICKET_EV)
#: Of anvil's second account, printed whenever anvil starts.
ACCUSED_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
FAULTS = {"wrong-size": "contradiction", "double-sign": "equivocation"}
HONEST_NODES, HONEST_SEGMENTS = 4, 52


@pytest.fixture(scope="module")
def deployed() -> Iterator[Court]:
    with run_anvil() as anvil:
        yield new_court(anvil)


@pytest.fixture
def court(deployed: Court) -> Iterator[Court]:
    with as_deployed(deployed) as court:
        yield court


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory) -> list[Segment]:
    """Three segments of a second out of the sample, a second apart."""
    return cut(probe(SAMPLE), tmp_path_factory.mktemp("seconds"), seconds=1)[:5:2]


@dataclass
class Stand:
    """What a gateway keeps, and what the verifier makes of it."""

    folder: Path
    domain: Domain
    chain: FakeChain = field(default_factory=FakeChain)
    signed: int = 0

    def send(self, node: Orchestrator, segments: list[Segment]) -> None:
        """One session, as a gateway holds it; it ends when the receipts prove a lie."""
        writer = SpoolWriter(self.folder / "place", self.domain, self.chain.signers)

        def keep(signed: SignedSegment, segment: bytes, renditions: Sequence[bytes]) -> None:
            writer.write(signed, segment, renditions)
            self.signed += 1

        serving = NodeThread(node)
        accountability = Accountability(self.domain, self.chain.is_accountable_signer, keep)
        try:
            session = Session(
                serving.url, node.address, GATEWAY_KEY, self.chain, LIMITS, accountability
            )
            for segment in segments:
                data = segment.path.read_bytes()
                length = Fraction(segment.seconds)
                session.send(
                    Job("s", segment.seq, data, length, Fraction(25), PROFILES, fingerprinted(data))
                )
        except UnaccountableError:
            assert self.signed, "refused, and nothing kept of it"
        finally:
            serving.stop()

    def verify(self) -> None:
        """`python -m verifier watch`, every segment."""
        folders = ["--store", self.folder / "store", "--state", self.folder / "state"]
        every = ["--rate", 1, "--raised-rate", 1, "--once"]
        arguments = [str(one) for one in ("watch", self.folder / "place", *every, *folders)]
        result = CliRunner(mix_stderr=False).invoke(cli, arguments)
        assert result.exit_code == 0, result.stderr

    @property
    def store(self) -> EvidenceStore:
        return EvidenceStore(self.folder / "store")

    def proofs(self) -> list[Case]:
        return list(self.store.cases("proof"))

    def standings(self) -> dict[str, str]:
        read = json.loads((self.folder / "state" / "standings.json").read_text())
        return {who: one["state"] for who, one in read.items()}


def cheating_node(court: Court, stand: Stand, cheat: Cheat) -> Orchestrator:
    """The accused of `court`, with the signing key it has registered there."""
    signing = Signing(key_of("signer"), court.domain)
    node = CheatingOrchestrator(
        cheat,
        key=ACCUSED_KEY,
        url="http://node",
        terms=TERMS,
        chain=stand.chain,
        directory=stand.folder / "node",
        signing=signing,
    )
    assert node.address == court.accused
    stand.chain.signers[node.address] = address_of(signing.key)
    return node


def caught(court: Court, tmp_path: Path, seconds: list[Segment], name: str) -> Stand:
    stand = Stand(tmp_path, court.domain)
    stand.send(cheating_node(court, stand, CHEATS[name]), seconds)
    stand.verify()
    return stand


STAKE_CHEATS = [name for name, one in CHEATS.items() if one.outcome is Outcome.STAKE]


@pytest.mark.parametrize("name", STAKE_CHEATS)
def test_cheat__signed_for__is_proven_and_cut_on_chain(
    court: Court, tmp_path: Path, seconds: list[Segment], name: str
) -> None:
    fault = FAULTS.get(name, "content")
    stand = caught(court, tmp_path, seconds, name)
    (proof,) = stand.proofs()
    assert proof.about["fault"] == fault
    assert proof.about["accused"] == court.accused

    desk = Desk(court, tmp_path / "keeper")
    evidence = stand.store.get(proof.files["evidence.json"])
    (desk.folder / "evidence" / "a.json").write_bytes(evidence)
    # The chain's clock stood still: the keeper asks what it would say as of the latest block.
    court.wait(max(1, int(time.time()) + 60 - court.now))
    desk.follow(bytes.fromhex(str(proof.about["caseId"])[2:]))
    bonded = court.contracts["BondingManager"].functions.getDelegator(court.accused).call()[0]
    penalty = STAKE * SLASHES[fault] // 10**6
    assert bonded == STAKE - penalty
    assert desk.income() == penalty * FINDER_SHARE // 10**6
    record(20, f"{name}: {fault} proven, share of own stake cut", f"{penalty / STAKE:.0%}", "exact")


def test_cheat__on_quality__costs_work_and_no_stake(
    court: Court, tmp_path: Path, seconds: list[Segment]
) -> None:
    stand = caught(court, tmp_path, seconds, "upscaled")
    assert stand.proofs() == []
    assert stand.standings() == {court.accused: "suspended"}
    codes = {code for case in stand.store.cases("finding") for code in case.about["codes"]}
    assert "HIGH_PASS" in codes
    record(20, "upscaled: suspended, cases", 0, "0")


def test_honest__fifty_segments_all_checked__nothing_is_found(tmp_path: Path) -> None:
    stand = Stand(tmp_path, DOMAIN)
    segments = cut(probe(SAMPLE), tmp_path / "cut", seconds=0.4)
    for number in range(HONEST_NODES):
        key = key_of(f"honest {number}")
        signing = Signing(signing_key(number), stand.domain)
        node = Orchestrator(
            key="0x" + key.hex(),
            url="http://node",
            terms=TERMS,
            chain=stand.chain,
            directory=tmp_path / f"node {number}",
            signing=signing,
        )
        stand.chain.signers[node.address] = address_of(signing.key)
        stand.send(node, segments[: HONEST_SEGMENTS // HONEST_NODES])
    stand.verify()
    assert stand.signed == HONEST_SEGMENTS
    assert stand.proofs() == []
    assert list(stand.store.cases("finding")) == []
    assert set(stand.standings().values()) <= {"new", "good"}
    record(20, f"honest: findings in {stand.signed} segments, all checked", 0, "0")
