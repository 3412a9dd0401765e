"""The full check of one sampled segment: source, renditions and what was signed about them.

Steps of verification spec section 5: strict decode in isolation, objective faults, fingerprints
against the signed ones, provable faults, the verifier's own encode, quality.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from verifier.claims import claim_findings, contradiction_findings, source_problem
from verifier.csf import TICKS
from verifier.decode import Decoded, Limits, MediaCode, MediaFault, decode, decode_isolated
from verifier.devices import SOFTWARE_ENCODER, Device, Encoder, resolve_device, resolve_encoder
from verifier.findings import UNVERIFIABLE, Code, Finding, Severity, finding, worst
from verifier.measures import Metrics, fingerprint_metrics, full_metrics
from verifier.messages import Profile
from verifier.reference import Reference, ReferenceFault, make_reference
from verifier.rules import (
    content_findings,
    fingerprint_findings,
    objective_findings,
    quality_findings,
)
from verifier.temporal import CELL
from verifier.thresholds import Thresholds, load_thresholds

if TYPE_CHECKING:
    from verifier.proofs import SignedSegment

__all__ = [
    "Code",
    "Finding",
    "Metrics",
    "RenditionCheck",
    "SegmentCheck",
    "Severity",
    "check_segment",
]

Mode = Literal["full", "fingerprint"]
NO_ENCODER = "none"
# An own encode for a rendition without a profile: nobody orders less, and x264 needs some.
MIN_BITRATE = 10_000
_MEDIA_CODES = {
    MediaCode.EMPTY: Code.EMPTY,
    MediaCode.TOO_LARGE: Code.OVER_LIMITS,
    MediaCode.CONTAINER: Code.NOT_MEDIA,
    MediaCode.NO_VIDEO: Code.NO_VIDEO,
    MediaCode.CODEC: Code.WRONG_CODEC,
    MediaCode.DAMAGED: Code.UNDECODABLE,
    MediaCode.CHANGED: Code.WRONG_SIZE,
    MediaCode.TIME: Code.UNCHECKED,
    MediaCode.MEMORY: Code.UNCHECKED,
    MediaCode.CRASHED: Code.UNCHECKED,
}


@dataclass(frozen=True)
class RenditionCheck:
    """One rendition. `decoded` and `metrics` are None when it could not be decoded or measured.

    `index` is its place among the renditions. `profile` is the one ordered, None when unknown.
    `encoder` names what made the own encode, or "none"; `note` says why quality was not judged.
    """

    index: int
    profile: Profile | None
    findings: tuple[Finding, ...]
    metrics: Metrics | None
    decoded: Decoded | None = field(repr=False)
    encoder: str = NO_ENCODER
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "ok" or the heaviest severity found."""
        return worst(self.findings)

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "profile": self.profile and self.profile.to_json(),
            "verdict": self.verdict,
            "findings": [one.to_json() for one in self.findings],
            "metrics": self.metrics and self.metrics.to_json(),
            "encoder": self.encoder,
            "note": self.note,
        }


@dataclass(frozen=True)
class SegmentCheck:
    """A segment. `source` is None when it could not be decoded.

    `unverifiable` says why nothing can be held against anybody, else it is empty. `findings` are
    those about the receipt as a whole. `seconds` is processor time, child processes included.
    """

    source: Decoded | None = field(repr=False)
    renditions: tuple[RenditionCheck, ...]
    findings: tuple[Finding, ...]
    unverifiable: str
    encoder: str
    device: str
    thresholds_version: int
    thresholds_hash: bytes
    seconds: float

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those about the receipt, then each rendition's."""
        return self.findings + tuple(f for one in self.renditions for f in one.findings)

    @property
    def verdict(self) -> str:
        """ "ok", "flag", "objective", "severe" or "provable"; "unverifiable" if nothing was judged.

        A receipt that contradicts itself is proven without any picture.
        """
        if self.unverifiable and not self.findings:
            return UNVERIFIABLE
        return worst(self.all_findings)

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "unverifiable": self.unverifiable,
            "findings": [one.to_json() for one in self.findings],
            "renditions": [one.to_json() for one in self.renditions],
            "encoder": self.encoder,
            "device": self.device,
            "thresholdsVersion": self.thresholds_version,
            "thresholdsHash": f"0x{self.thresholds_hash.hex()}",
            "cpuSeconds": round(self.seconds, 3),
        }


def check_segment(
    source: bytes,
    renditions: Sequence[bytes],
    profiles: Sequence[Profile | None],
    *,
    device: str = "cpu",
    allow_cpu: bool = False,
    encoder: str = SOFTWARE_ENCODER,
    thresholds: Thresholds | None = None,
    signed: SignedSegment | None = None,
    isolate: bool = True,
    metrics: Mode = "full",
    limits: Limits | None = None,
) -> SegmentCheck:
    """Check every rendition of a source segment; the files are the bytes as delivered.

    A profile of None means that the rendition's own size and bitrate are taken for ordered. With
    `signed`, its numbers are recomputed too. "fingerprint" leaves out the own encode and quality,
    and keeps no pictures.
    Raises DeviceError for a device or encoder that is not there, ValueError for arguments that do
    not belong together. Media never raises: what is wrong with it is a finding.
    """
    if len(renditions) != len(profiles):
        raise ValueError(f"{len(renditions)} renditions but {len(profiles)} profiles")
    if signed is not None and any(
        profile is not None and profile != signed.profiles[at : at + 1][0]
        for at, profile in enumerate(profiles[: len(signed.profiles)])
    ):
        raise ValueError("profiles are not those that were signed")
    if metrics not in get_args(Mode):
        raise ValueError(f"metrics is {metrics!r}, not one of {', '.join(get_args(Mode))}")
    started = _cpu_seconds()
    full = metrics == "full"
    check = _Check(
        limits=thresholds or load_thresholds(),
        device=resolve_device(device, allow_cpu=allow_cpu),
        encoder=resolve_encoder(encoder) if full else None,
        read=_reader(isolate, limits or Limits(), pictures=full),
    )
    decoded, problem = check.read_source(source, signed)
    checked: tuple[RenditionCheck, ...] = ()
    if decoded is not None and not problem:
        checked = tuple(
            check.rendition(at, decoded, data, profile, signed)
            for at, (data, profile) in enumerate(zip(renditions, profiles, strict=True))
        )
    used = {one.encoder for one in checked} - {NO_ENCODER}
    planned = NO_ENCODER if check.encoder is None else check.encoder.text
    return SegmentCheck(
        source=decoded,
        renditions=checked,
        findings=() if signed is None else contradiction_findings(signed),
        unverifiable=problem,
        encoder=", ".join(sorted(used)) or planned,
        device=check.device.text,
        thresholds_version=check.limits.version,
        thresholds_hash=check.limits.hash,
        seconds=_cpu_seconds() - started,
    )


def _reader(isolate: bool, limits: Limits, *, pictures: bool) -> Callable[[bytes], Decoded]:
    if isolate:
        return lambda data: decode_isolated(data, limits=limits, pictures=pictures)
    return lambda data: decode(data, limits=limits, pictures=pictures)


def _cpu_seconds() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


@dataclass(frozen=True)
class _Check:
    """What one call works with. Own encodes are kept: renditions may share a profile."""

    limits: Thresholds
    device: Device
    encoder: Encoder | None
    read: Callable[[bytes], Decoded]
    references: dict[Profile, Reference] = field(default_factory=dict)

    def read_source(self, data: bytes, signed: SignedSegment | None) -> tuple[Decoded | None, str]:
        """The decoded source, and why it is no ground for a verdict, if it is none."""
        try:
            decoded = self.read(data)
        except MediaFault as fault:
            return None, f"the source cannot be decoded: {fault}"
        if decoded.fingerprint is None:
            return decoded, f"the source has no fingerprint: {decoded.unprovable}"
        if signed is not None:
            return decoded, source_problem(signed.order, data, decoded) or ""
        return decoded, ""

    def rendition(
        self,
        at: int,
        source: Decoded,
        data: bytes,
        profile: Profile | None,
        signed: SignedSegment | None,
    ) -> RenditionCheck:
        try:
            delivered = self.read(data)
        except MediaFault as fault:
            return RenditionCheck(at, profile, (_media_finding(fault),), None, None)
        found = list(objective_findings(source, delivered, profile, self.limits))
        lies: tuple[Finding, ...] = ()
        if signed is not None and at < len(signed.leaves):
            lies = claim_findings(signed.leaves[at], data, delivered)
        found.extend(lies)
        if source.fingerprint is None or delivered.fingerprint is None:
            return RenditionCheck(at, profile, tuple(found), None, delivered)
        content = content_findings(source.fingerprint, delivered.fingerprint)
        found.extend(_unprovable(one) if lies else one for one in content)
        wrong_size = any(one.code is Code.WRONG_SIZE for one in found)
        note = "the size is not the one ordered" if wrong_size else ""
        if min(delivered.width, delivered.height) < CELL:
            note = note or f"a side is under {CELL} pixels"
        reference = None
        if self.encoder is not None and not note:
            wanted = profile or _own_profile(delivered, data)
            reference, note = self.own_encode(source, wanted, self.encoder)
        if reference is None:
            measured = fingerprint_metrics(source.fingerprint, delivered.fingerprint, self.limits)
        else:
            measured = full_metrics(
                source.fingerprint, delivered, reference, self.limits, self.device.name
            )
        found.extend(fingerprint_findings(measured, self.limits))
        found.extend(quality_findings(measured, self.limits))
        encoder = NO_ENCODER if reference is None else reference.encoder.text
        return RenditionCheck(at, profile, tuple(found), measured, delivered, encoder, note)

    def own_encode(
        self, source: Decoded, profile: Profile, encoder: Encoder
    ) -> tuple[Reference | None, str]:
        """The verifier's encode of the source at a profile, or why there is none."""
        if profile not in self.references:
            try:
                made = make_reference(source.frames, profile, encoder, self.device)
            except ReferenceFault as fault:
                return None, str(fault)
            self.references[profile] = made
        return self.references[profile], ""


def _media_finding(fault: MediaFault) -> Finding:
    return finding(_MEDIA_CODES.get(fault.code, Code.UNDECODABLE), fault.reason)


def _unprovable(found: Finding) -> Finding:
    """The proof needs the signed fingerprint, and the signed one is another."""
    text = f"{found.text}; not provable against the fingerprint that was signed"
    return replace(found, severity=Severity.SEVERE, text=text)


def _own_profile(delivered: Decoded, data: bytes) -> Profile:
    """Size and bitrate as delivered; the container and audio count as picture, which is lenient."""
    times = delivered.times
    seconds = (times[-1] - times[0]) / TICKS * len(times) / max(1, len(times) - 1)
    bitrate = int(8 * len(data) / seconds) if seconds > 0 else MIN_BITRATE
    return Profile(delivered.width, delivered.height, max(MIN_BITRATE, bitrate))
