"""A verifier's signed statement about each rendition it checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from verifier import merkle
from verifier.check import RenditionCheck, SegmentCheck
from verifier.findings import OK, UNVERIFIABLE, worst
from verifier.messages import Domain, SegmentReceipt, VerificationReport, sign
from verifier.store import canonical

VERDICTS = (OK, "flag", "objective", "severe", "provable", UNVERIFIABLE)
"""Numbers of VerificationReport.verdict."""


@dataclass(frozen=True)
class SignedReport:
    report: VerificationReport
    sig: bytes

    def to_json(self) -> dict[str, Any]:
        return {"report": self.report.to_json(), "sig": f"0x{self.sig.hex()}"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SignedReport:
        sig = bytes.fromhex(str(data["sig"]).removeprefix("0x"))
        return cls(VerificationReport.from_json(data["report"]), sig)


def attest(
    check: SegmentCheck,
    receipt: SegmentReceipt,
    *,
    evidence_hash: bytes,
    now: int,
    domain: Domain,
    key: bytes,
) -> tuple[SignedReport, ...]:
    """One report per rendition; a finding about the receipt as a whole weighs on each.

    `metricsHash` is the keccak256 of the rendition's check as canonical JSON, `evidenceHash` names
    the whole check in the evidence store.
    """
    return tuple(
        _signed(
            VerificationReport(
                receipt_hash=receipt.struct_hash(),
                profile=one.index,
                verdict=VERDICTS.index(_verdict(check, one)),
                metrics_hash=keccak(canonical(one.to_json())),
                thresholds_hash=check.thresholds_hash,
                evidence_hash=evidence_hash or merkle.ZERO,
                signed_at=now,
            ),
            domain,
            key,
        )
        for one in check.renditions
    )


def _verdict(check: SegmentCheck, one: RenditionCheck) -> str:
    if check.unverifiable and not check.findings:
        return UNVERIFIABLE
    return worst((*check.findings, *one.findings))


def _signed(report: VerificationReport, domain: Domain, key: bytes) -> SignedReport:
    return SignedReport(report, sign(domain, report, key))
