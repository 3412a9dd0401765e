"""Watches signed segments: reads every receipt, checks the drawn ones, keeps what is found.

Order matters. A receipt is read, its signatures are checked, and only then is it drawn. Evidence
is in the store before the state says so, under a name made from what it is about: after a crash the
same step writes the same case again, and a check that is done is never done twice.
Source: verification spec, section 5.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verifier.attest import attest
from verifier.authentic import IsSigner, authenticity_problem
from verifier.check import SegmentCheck
from verifier.devices import DeviceError
from verifier.dossier import (
    FINDING,
    RECOMPUTE,
    content_segment,
    finding_about,
    finding_files,
    is_lie,
    paired,
    save_epoch,
    save_proof,
)
from verifier.exporter import Metrics
from verifier.faults import contradictions
from verifier.findings import OK, UNVERIFIABLE, Code
from verifier.messages import Domain
from verifier.proofs import ContradictionEvidence, Equivocation, Evidence, SignedSegment
from verifier.sampling import Draw, Epoch, RatePolicy, SamplingError, commitment
from verifier.spool import Place, SpoolError, read_media, read_segment
from verifier.standing import Standing, standing
from verifier.standing import State as Level
from verifier.state import Receipt, State
from verifier.store import EVIDENCE_WINDOW, EvidenceStore, address, canonical, write_durably
from verifier.thresholds import Thresholds

# A round: so often a secret is revealed and a new one committed to.
EPOCH_SECONDS = 5_760 * 12
PRUNE_EVERY = 3_600
# A file that is not there may still be on its way; after so many looks it is given up.
TRIES = 3

Check = Callable[[SignedSegment, bytes, Sequence[bytes]], SegmentCheck]


@dataclass(frozen=True)
class Event:
    """Something to tell. `good` colours it; `orchestrator` is empty when nobody is meant."""

    text: str
    good: bool
    orchestrator: str = ""


@dataclass(frozen=True)
class Settings:
    """Times in seconds. `window` is how long evidence is kept."""

    domain: Domain
    thresholds: Thresholds
    policy: RatePolicy = field(default_factory=RatePolicy)
    epoch_seconds: int = EPOCH_SECONDS
    window: int = EVIDENCE_WINDOW
    standings: Path | None = None


class Watcher:
    """One place, one state, one store. Not for several threads."""

    def __init__(
        self,
        place: Place,
        state: State,
        store: EvidenceStore,
        settings: Settings,
        *,
        check: Check,
        is_signer: IsSigner,
        key: bytes,
        master: bytes,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._state, self._store, self._settings = place, state, store, settings
        self._check, self._is_signer, self._key, self._master = check, is_signer, key, master
        self._clock = clock
        self._tries: Counter[str] = Counter()
        self._known = state.known_names()
        self._pruned_at = 0
        self.metrics = metrics or Metrics()
        state.bind(settings.domain)
        self._epoch = self._current_epoch()
        self._show_standings()

    def _now(self) -> int:
        return int(self._clock())

    # -- epochs

    def _current_epoch(self) -> Epoch:
        """The epoch that is open, or a new one; its commitment is published before any draw."""
        epoch = self._state.epoch()
        if epoch is None or epoch.revealed_at:
            number = 0 if epoch is None else epoch.number + 1
            epoch = Epoch.open(self._master, number, self._now())
            self._state.keep_epoch(epoch)
        if Epoch.open(self._master, epoch.number, 0).commitment != epoch.commitment:
            raise SamplingError(
                f"the secret is not the one that epoch {epoch.number} was committed with: name the "
                "secret file used before"
            )
        save_epoch(self._store, epoch, now=epoch.committed_at)
        return epoch

    def reveal(self) -> Epoch:
        """End the epoch: publish its secret, its draws and the reports, and commit to a new one."""
        ended = self._epoch.reveal(self._now())
        assert commitment(ended.secret) == ended.commitment
        reports = self._state.reports(ended.committed_at, ended.revealed_at)
        self._state.keep_epoch(ended)
        save_epoch(self._store, ended, self._state.draws(ended.number), reports, self._now())
        self._epoch = self._current_epoch()
        return ended

    # -- reading

    def poll(self) -> Iterator[Event]:
        """Read what is new, draw it, and keep house; nothing is decoded here."""
        now = self._now()
        if now >= self._epoch.committed_at + self._settings.epoch_seconds:
            yield Event(f"epoch {self.reveal().number} ended, its draws are public", True)
        for name in self._place.names():
            if name not in self._known:
                yield from self._ingest(name)
        if now >= self._pruned_at + PRUNE_EVERY:
            self._store.prune(now, window=self._settings.window)
            self._state.prune(now - self._settings.window)
            self._pruned_at = now
        self.metrics.set("verifier_last_poll_seconds", now)
        self.metrics.set("verifier_queue", self._state.queued())

    def _ingest(self, name: str) -> Iterator[Event]:
        try:
            signed = read_segment(self._place, name)
        except SpoolError as error:
            self._tries[name] += 1
            if self._tries[name] >= TRIES:
                yield self._refuse(name, "unreadable", str(error))
            return
        problem = authenticity_problem(signed, self._settings.domain, self._is_signer)
        if problem:
            yield self._refuse(name, "unauthentic", f"{self._place.where}/{name}: {problem}")
            return
        self._known.add(name)
        if self._state.knows(signed.receipt.struct_hash()):
            self._state.note_name(name, "")
            return
        lies = list(self._lies(signed))
        for evidence in lies:
            save_proof(self._store, evidence, self._settings.domain, self._now())
            self.metrics.add("verifier_evidence_total", kind="proof")
        draw = self._draw(signed)
        with self._state.transaction():
            self._state.add(name, signed, draw)
            for evidence in lies:
                self._record_lie(signed, evidence)
        self.metrics.add("verifier_receipts_total", result="drawn" if draw.drawn else "skipped")
        for evidence in lies:
            yield Event(f"{_title(signed)}: {_LIES[type(evidence)]}", False,
                        signed.receipt.orchestrator)  # fmt: skip
        if lies:
            self._show_standings()

    def _refuse(self, name: str, kind: str, problem: str) -> Event:
        self._known.add(name)
        self._state.note_name(name, problem)
        self.metrics.add("verifier_failures_total", kind=kind)
        return Event(problem, False)

    def _lies(self, signed: SignedSegment) -> Iterator[Evidence]:
        """What is proven without decoding anything."""
        for other in self._state.conflicting(signed):
            yield Equivocation(other.signed_receipt(), signed.signed_receipt())
            break  # one pair is a proof, and a case has room for one
        if contradictions(signed.order, signed.receipt, signed.leaves, signed.profiles):
            yield ContradictionEvidence(signed)

    def _draw(self, signed: SignedSegment) -> Draw:
        receipt, now = signed.receipt, self._now()
        job, hash_ = receipt.job_id.hex(), receipt.struct_hash()
        before = self._state.drawn_before(receipt.orchestrator)
        rate, reason = self._settings.policy.rate(
            before=before,
            flagged=standing(self._state.samples(receipt.orchestrator)).flags > 0,
            follow_up=self._state.follows_finding(job, receipt.seq),
        )
        drawn = self._epoch.draw(hash_, rate)
        return Draw(self._epoch.number, f"0x{hash_.hex()}", receipt.orchestrator, job, receipt.seq,
                    before, rate, reason, drawn, now)  # fmt: skip

    def _record_lie(self, signed: SignedSegment, evidence: Evidence) -> None:
        code = (
            Code.EQUIVOCATION if isinstance(evidence, Equivocation) else Code.CONTRADICTION
        ).value
        self._state.record(
            signed, "provable", checked=False, lie=True, codes=[code], now=self._now()
        )
        self._state.force_after(signed.receipt.job_id.hex(), signed.receipt.seq)
        self.metrics.add("verifier_findings_total", code=code)

    # -- checking

    def work(self) -> Iterator[Event]:
        """Check everything in the queue, also what a finding adds to it; stop between checks."""
        given_up: set[bytes] = set()
        while True:
            waiting = [one for one in self._state.queue() if one.hash not in given_up]
            self.metrics.set("verifier_queue", len(waiting))
            if not waiting:
                return
            given_up.add(waiting[0].hash)
            yield from self._check_one(waiting[0])

    def _check_one(self, receipt: Receipt) -> Iterator[Event]:
        signed = receipt.signed
        try:
            source, renditions = read_media(self._place, receipt.name, signed)
        except SpoolError as error:
            self._tries[receipt.name] += 1
            if self._tries[receipt.name] >= TRIES:
                yield self._fail(receipt, "unreadable", str(error))
            return
        started = time.monotonic()
        try:
            result = self._check(signed, source, renditions)
        except DeviceError:
            raise
        except Exception as error:  # whatever one segment does, the others are still watched
            yield self._fail(receipt, "check", f"{_title(signed)}: {type(error).__name__}: {error}")
            return
        self.metrics.add("verifier_check_seconds_total", time.monotonic() - started)
        self._keep(signed, result, source, renditions)
        if result.verdict != OK:
            codes = ", ".join(sorted({found.code.value for found in result.all_findings}))
            yield Event(f"{_title(signed)}: {result.verdict} {codes or result.unverifiable}", False,
                        signed.receipt.orchestrator)  # fmt: skip
        else:
            yield Event(f"{_title(signed)}: ok", True, signed.receipt.orchestrator)

    def _fail(self, receipt: Receipt, kind: str, problem: str) -> Event:
        self._state.fail(receipt.hash, problem)
        self.metrics.add("verifier_failures_total", kind=kind)
        return Event(problem, False)

    def _keep(
        self,
        signed: SignedSegment,
        result: SegmentCheck,
        source: bytes,
        renditions: Sequence[bytes],
    ) -> None:
        """Evidence first, then the verdict with its reports, in one transaction."""
        receipt, now = signed.receipt, self._now()
        job, verdict, lie = receipt.job_id.hex(), result.verdict, is_lie(result)
        codes = sorted({found.code.value for found in result.all_findings})
        content = content_segment(result, signed)
        evidence = content and paired(content, self._state.contents(job))
        evidence_hash = b""
        if verdict not in (OK, UNVERIFIABLE):
            evidence_hash = bytes.fromhex(address(canonical(result.to_json())))
        reports = [
            one.to_json()
            for one in attest(result, receipt, evidence_hash=evidence_hash, now=now,
                              domain=self._settings.domain, key=self._key)
        ]  # fmt: skip
        if evidence_hash:
            files = finding_files(
                result, signed, self._settings.thresholds, [evidence] if evidence else []
            )
            files["reports.json"] = canonical(reports)
            if verdict != "flag":
                files["source.ts"] = source
                files |= {f"{at}.ts": data for at, data in enumerate(renditions)}
            kind = RECOMPUTE if lie else FINDING
            self._store.save(kind, files, key=receipt.struct_hash(), now=now,
                             about=finding_about(result, signed))  # fmt: skip
            self.metrics.add("verifier_evidence_total", kind=kind)
            if evidence:
                save_proof(self._store, evidence, self._settings.domain, now, files)
                self.metrics.add("verifier_evidence_total", kind="proof")
        with self._state.transaction():
            self._state.record(
                signed, verdict, checked=True, lie=lie, codes=codes, now=now, reports=reports,
                content=None if content is None else json.dumps(content.to_json()),
            )  # fmt: skip
            if verdict not in (OK, UNVERIFIABLE, "flag"):
                self._state.force_after(job, receipt.seq)
        self.metrics.add("verifier_checks_total", verdict=verdict)
        for code in codes:
            self.metrics.add("verifier_findings_total", code=code)
        self._show_standings()

    # -- standings

    def standings(self) -> dict[str, Standing]:
        return self._state.standings()

    def _show_standings(self) -> None:
        """For gateways: whom to select, and how often."""
        standings = self._state.standings()
        counts = Counter(one.state for one in standings.values())
        for level in Level:
            self.metrics.set("verifier_orchestrators", counts[level], state=level.value)
        if self._settings.standings is not None:
            shown = {address_: one.to_json() for address_, one in standings.items()}
            write_durably(
                self._settings.standings, json.dumps(shown, indent=1, sort_keys=True).encode()
            )


_LIES = {
    Equivocation: "two receipts for one place, proof complete",
    ContradictionEvidence: "the receipt contradicts itself, proof complete",
}


def _title(signed: SignedSegment) -> str:
    receipt = signed.receipt
    return f"{receipt.orchestrator} job {receipt.job_id.hex()[:8]} segment {receipt.seq}"
