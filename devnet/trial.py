"""What is held against whom in a run: signed segments, findings, and at most one case on chain."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account

from devnet.chain_view import JsonRpcChain
from devnet.cheating import Cheat, Outcome
from devnet.keeping import Keepers
from devnet.network import Cast, Network
from devnet.orders import Accountability
from devnet.prosecution import CaseStory, Prosecution
from devnet.screen import Phase
from devnet.watching import Count, Finding, Standing, Watch
from verifier.messages import Domain
from verifier.proofs import SignedSegment
from verifier.spool import SpoolWriter


class TrialError(RuntimeError):
    """A cheat that was not caught, or an honest node that was accused; one line."""


@dataclass(frozen=True)
class Accused:
    """The one that cheats, and how."""

    name: str
    address: str
    cheat: Cheat


@dataclass(frozen=True)
class Verdict:
    """What came of it. `work_after` are segments it got after the case or the suspension."""

    count: Count
    signed: int
    findings: tuple[Finding, ...]
    standings: dict[str, Standing]
    accused: Accused | None = None
    case: CaseStory | None = None
    evidence: str | None = None
    work_after: int = 0

    @property
    def good(self) -> bool:
        """No case against anybody honest, and the exact penalty for who is not."""
        if self.accused is None or self.accused.cheat.outcome is Outcome.WORK:
            return self.case is None
        return self.case is not None and self.case.exact

    def line(self) -> str:
        """The one line a run says about it."""
        count = self.count
        begin = (
            f"verifier: {_counted(self.signed, 'signed receipt')}, "
            f"{_counted(count.verified, 'segment')} verified, "
            f"{_counted(len(self.findings), 'finding')}"
        )
        if self.accused is None:
            return f"{begin}; no case was opened"
        if self.case is not None:
            return f"{begin}; {self.accused.name} {self.accused.cheat.about}: {self.case.line()}"
        standing = self.standings[self.accused.address]
        return (
            f"{begin}; {self.accused.name} {self.accused.cheat.about}: {standing.state}, "
            f"{standing.reason}; it costs work and not stake, no case was opened"
        )


class Trial:
    """From the first receipt to the last. `keep` may be called from several threads."""

    def __init__(
        self,
        network: Network,
        cast: Cast,
        domain: Domain,
        spool: Path,
        home: Path,
        accused: Accused | None,
        *,
        rate: float,
    ) -> None:
        self._network, self._cast = network, cast
        self.domain, self.accused = domain, accused
        self._keys = [secrets.token_bytes(32) for _ in cast.orchestrators]
        signers = {
            actor.address: str(Account.from_key(key).address)
            for actor, key in zip(cast.orchestrators, self._keys, strict=True)
        }
        self._spool = SpoolWriter(spool, domain, signers)
        self._home, self._watch = home, Watch(spool, home, rate=rate)
        self._kept: set[str] = set()
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._prosecution: Prosecution | None = None
        self._work_after = 0

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.stop()
        if self._prosecution is not None:
            self._prosecution.close()

    # -- orders and receipts

    def signing_key(self, orchestrator: int) -> bytes:
        """The key that an orchestrator signs receipts with; made for this run."""
        return self._keys[orchestrator]

    def accountability(self, chain: JsonRpcChain) -> Accountability:
        return Accountability(self.domain, chain.is_accountable_signer, self.keep)

    def keep(self, signed: SignedSegment, segment: bytes, renditions: Sequence[bytes]) -> None:
        with self._lock:
            self._kept.add(self._spool.write(signed, segment, renditions))

    # -- what the verifier finds

    def look(self, phase: Phase) -> None:
        """Let the verifier catch up, and say what it found since the last time."""
        count = self._watch.settle(len(self._kept))
        findings = self._watch.findings()
        for one in findings:
            if one.case.id not in self._told:
                self._told.add(one.case.id)
                phase.say(
                    f"{self._cast.name_of(one.orchestrator)}, order {one.seq} of its session: "
                    f"{one.verdict} ({', '.join(_worst(one))})"
                )
        for proof in self._watch.proofs():
            if proof.id not in self._told:
                self._told.add(proof.id)
                name = self._cast.name_of(str(proof.about["accused"]))
                phase.say(f"{name}: evidence of {proof.about['fault']} is complete")
        phase.detail = (
            f"{_counted(count.receipts, 'receipt')} read, {count.verified} verified in full, "
            f"{_counted(len(findings), 'finding')}, "
            f"{_counted(len(self._watch.proofs()), 'proof')}"
        )

    def is_over(self) -> bool:
        """Whether the cheat has cost what it costs."""
        if self.accused is None:
            return False
        if self.accused.cheat.outcome is Outcome.WORK:
            standing = self._watch.standings().get(self.accused.address)
            return standing is not None and standing.state == "suspended"
        return any(proof.about["accused"] == self.accused.address for proof in self._watch.proofs())

    def check_innocent(self) -> None:
        """Raises TrialError when there is a proof against anybody but the one that cheats."""
        for proof in self._watch.proofs():
            if self.accused is None or proof.about["accused"] != self.accused.address:
                name = self._cast.name_of(str(proof.about["accused"]))
                raise TrialError(f"{name} is honest, and there is a proof against it")

    # -- on chain

    def prosecute(self, phase: Phase) -> None:
        """Open the case: from now on the accused is jailed."""
        assert self.accused is not None
        proof = next(
            one for one in self._watch.proofs() if one.about["accused"] == self.accused.address
        )
        self._prosecution = Prosecution(
            self._network, self._cast, self._watch.store, proof, self._home / "keeper"
        )
        self._prosecution.open(phase)

    def execute(self, phase: Phase, keepers: Keepers) -> None:
        """Let the delay pass and cut the stake."""
        assert self._prosecution is not None
        self._prosecution.execute(phase, keepers)

    def note_work_after(self, orchestrators: Sequence[str]) -> None:
        """Who got the segments that were streamed after the accusation or the suspension."""
        assert self.accused is not None
        self._work_after = sum(one == self.accused.address for one in orchestrators)
        if self._work_after:
            raise TrialError(f"{self.accused.name} got {self._work_after} segments after it")

    # -- the end

    def weights(self) -> Mapping[str, int]:
        """What the verifier leaves each of its chance to get work; for gateways."""
        return self._watch.weights()

    def verdict(self) -> Verdict:
        """Raises TrialError when the chain has other cases than there should be."""
        self.check_innocent()
        opened = self._network.logs(self._network.protocol["Verifier"], "CaseOpened")
        blamed = {self._cast.name_of(str(log["accused"])) for log in opened}
        guilty = set() if self._prosecution is None else {self.accused and self.accused.name}
        if blamed != guilty:
            raise TrialError(f"there are cases against {', '.join(sorted(blamed)) or 'nobody'}")
        return Verdict(
            count=self._watch.settle(len(self._kept)),
            signed=len(self._kept),
            findings=tuple(self._watch.findings()),
            standings=self._watch.standings(),
            accused=self.accused,
            case=None if self._prosecution is None else self._prosecution.story(),
            evidence=self._evidence(),
            work_after=self._work_after,
        )

    def _evidence(self) -> str | None:
        """The verifier's own report about the accused, the worst there is."""
        if self.accused is None:
            return None
        cases = [*self._watch.proofs(), *(one.case for one in self._watch.findings()[::-1])]
        for case in cases:
            if "report.html" in case.files:
                return self._watch.store.get(case.files["report.html"]).decode()
        return None


def _worst(finding: Finding) -> tuple[str, ...]:
    """The codes that can be proven, or all there are."""
    provable = tuple(code for code in finding.codes if code.startswith("CONTENT_"))
    return provable or finding.codes


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
