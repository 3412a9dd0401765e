"""What a watching verifier writes to the evidence store, and when a proof is complete.

Kinds of cases: "proof" has evidence.json, complete, for a keeper to submit; "recompute" is a false
fingerprint, for a panel that decodes; "finding" is everything else that was held against somebody;
"epoch" has the draws of an epoch and the signed reports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from verifier.check import SegmentCheck
from verifier.findings import Code
from verifier.messages import Domain
from verifier.outlook import CONTENT, outlook
from verifier.proofs import (
    ContentEvidence,
    ContentSegment,
    Evidence,
    EvidenceError,
    SignedSegment,
    accused,
    case_id,
    evidence_to_json,
)
from verifier.report import Subject, render
from verifier.sampling import FOLLOW_UPS, Draw, Epoch
from verifier.store import Case, EvidenceStore, canonical
from verifier.thresholds import Thresholds

PROOF, RECOMPUTE, FINDING, EPOCH = "proof", "recompute", "finding", "epoch"


def content_segment(check: SegmentCheck, signed: SignedSegment) -> ContentSegment | None:
    """The first rendition whose signed fingerprint the contract would find at fault."""
    if check.source is None or check.source.fingerprint is None:
        return None
    for one in check.renditions:
        if not any(found.code in CONTENT for found in one.findings):
            continue
        if one.decoded is None or one.decoded.fingerprint is None:
            continue
        segment = ContentSegment(
            signed, one.index, check.source.fingerprint, one.decoded.fingerprint
        )
        try:
            if segment.faults():
                return segment
        except EvidenceError:  # the signed fingerprint is another: a lie, and judged as one
            continue
    return None


def paired(segment: ContentSegment, others: Sequence[tuple[int, str]]) -> ContentEvidence | None:
    """Complete evidence with another faulty segment of the job, at most five orders away.

    `others` are numbers and ContentSegments as JSON; the closest is taken.
    """
    seq = segment.signed.receipt.seq
    near = [(abs(at - seq), text) for at, text in others if 0 < abs(at - seq) <= FOLLOW_UPS]
    if not near:
        return None
    other = ContentSegment.from_json(json.loads(min(near)[1]))
    first, second = sorted((segment, other), key=lambda one: one.signed.receipt.seq)
    return ContentEvidence(first, second)


def save_proof(
    store: EvidenceStore,
    evidence: Evidence,
    domain: Domain,
    now: int,
    more: Mapping[str, bytes] | None = None,
) -> Case:
    """Keep complete evidence, one case per case on chain: the first evidence of it stays."""
    key = case_id(evidence)
    data = evidence_to_json(evidence)
    files = {"evidence.json": canonical(data), **(more or {})}
    about = {
        "fault": data["fault"],
        "accused": accused(evidence),
        "caseId": f"0x{key.hex()}",
        "chainId": domain.chain_id,
        "verifyingContract": domain.verifying_contract,
    }
    return store.save(PROOF, files, key=key, now=now, about=about)


def finding_files(
    check: SegmentCheck,
    signed: SignedSegment,
    thresholds: Thresholds,
    evidence: Sequence[Evidence] = (),
) -> dict[str, bytes]:
    """The check, the messages and the report; bytes of the media are added by who has them."""
    names = [f"{at}.ts" for at in range(len(check.renditions))]
    subject = Subject(
        check, thresholds, outlook(check, signed, evidence), "source.ts", names, signed
    )
    return {
        "check.json": canonical(check.to_json()),
        "segment.json": canonical(signed.to_json()),
        "report.html": render(subject).encode(),
    }


def finding_about(check: SegmentCheck, signed: SignedSegment) -> dict[str, object]:
    """What a list of findings shows of one."""
    return {
        "verdict": check.verdict,
        "codes": sorted({found.code.value for found in check.all_findings}),
        "orchestrator": signed.receipt.orchestrator,
        "job": signed.receipt.job_id.hex(),
        "seq": signed.receipt.seq,
    }


def is_lie(check: SegmentCheck) -> bool:
    return any(found.code is Code.FALSE_FINGERPRINT for found in check.all_findings)


def save_epoch(
    store: EvidenceStore,
    epoch: Epoch,
    draws: Sequence[Draw] = (),
    reports: Sequence[object] = (),
    now: int = 0,
) -> Case:
    """Publish an epoch: its commitment while it runs, everything once it is revealed."""
    files = {"epoch.json": canonical(epoch.published())}
    if epoch.revealed_at:
        files["draws.json"] = canonical([draw.to_json() for draw in draws])
        files["reports.json"] = canonical(list(reports))
    about = {"epoch": epoch.number, "commitment": f"0x{epoch.commitment.hex()}"}
    return store.save(EPOCH, files, key=epoch.commitment, now=now, about=about)
