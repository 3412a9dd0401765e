"""Evidence of a provable fault, and the calls to SlashingVerifier that prove it at the least cost.

Evidence is what a verifier keeps and a keeper submits; it can be written as JSON and read back.
Source: verification spec, sections 7 (A, B, C) and 8.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from verifier import merkle
from verifier.csf import Fingerprint, FrameFingerprint
from verifier.faults import (
    ContentFault,
    Metric,
    content_faults,
    contradictions,
    needed_frames,
    window,
)
from verifier.messages import (
    MessageError,
    Profile,
    RenditionLeaf,
    SegmentOrder,
    SegmentReceipt,
)

# Bounds of the contract's FrameRun.
MAX_RUN_FRAMES, MAX_RUN_SOURCES, MAX_RUNS = 8, 24, 8
FRAME_BYTES = 416


class Fault(IntEnum):
    EQUIVOCATION = 1
    CONTRADICTION = 2
    CONTENT = 3


class EvidenceError(ValueError):
    """Evidence that proves nothing, or cannot be read; one line."""


@dataclass(frozen=True)
class SignedReceipt:
    receipt: SegmentReceipt
    sig: bytes

    def to_json(self) -> dict[str, Any]:
        return {"receipt": self.receipt.to_json(), "sig": _hex(self.sig)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SignedReceipt:
        return cls(SegmentReceipt.from_json(_child(data, "receipt")), _bytes(data, "sig"))


@dataclass(frozen=True)
class SignedSegment:
    """Everything that was signed about one segment, and what the signatures commit to."""

    order: SegmentOrder
    order_sig: bytes
    receipt: SegmentReceipt
    receipt_sig: bytes
    profiles: tuple[Profile, ...]
    leaves: tuple[RenditionLeaf, ...]

    def signed_receipt(self) -> SignedReceipt:
        return SignedReceipt(self.receipt, self.receipt_sig)

    def argument(self) -> tuple[Any, ...]:
        """As the contract's SignedSegment."""
        return (self.order.values(), self.order_sig, self.receipt.values(), self.receipt_sig)

    def to_json(self) -> dict[str, Any]:
        return {
            "order": self.order.to_json(),
            "orderSig": _hex(self.order_sig),
            "receipt": self.receipt.to_json(),
            "receiptSig": _hex(self.receipt_sig),
            "profiles": [profile.to_json() for profile in self.profiles],
            "leaves": [leaf.to_json() for leaf in self.leaves],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SignedSegment:
        return cls(
            order=SegmentOrder.from_json(_child(data, "order")),
            order_sig=_bytes(data, "orderSig"),
            receipt=SegmentReceipt.from_json(_child(data, "receipt")),
            receipt_sig=_bytes(data, "receiptSig"),
            profiles=tuple(Profile.from_json(one) for one in _list(data, "profiles")),
            leaves=tuple(RenditionLeaf.from_json(one) for one in _list(data, "leaves")),
        )


@dataclass(frozen=True)
class ContentSegment:
    """One segment at fault: what was signed, which rendition, and both fingerprints in full."""

    signed: SignedSegment
    profile: int
    source: Fingerprint
    delivered: Fingerprint

    def faults(self) -> tuple[ContentFault, ...]:
        """Raises EvidenceError when the fingerprints are not those that were signed."""
        order = self.signed.order
        if not 0 <= self.profile < len(self.signed.leaves):
            raise EvidenceError(f"receipt has no rendition {self.profile}")
        leaf = self.signed.leaves[self.profile]
        for name, fingerprint, root, frames in (
            ("source", self.source, order.source_root, order.source_frames),
            ("delivered", self.delivered, leaf.csf_root, leaf.frames),
        ):
            if fingerprint.root != root or len(fingerprint.frames) != frames:
                raise EvidenceError(f"{name} fingerprint is not the one that was signed")
        return content_faults(self.source, self.delivered)

    def to_json(self) -> dict[str, Any]:
        return {
            "signed": self.signed.to_json(),
            "profile": self.profile,
            "source": self.source.to_json(),
            "delivered": self.delivered.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ContentSegment:
        try:
            return cls(
                signed=SignedSegment.from_json(_child(data, "signed")),
                profile=int(data["profile"]),
                source=Fingerprint.from_json(_child(data, "source")),
                delivered=Fingerprint.from_json(_child(data, "delivered")),
            )
        except (KeyError, TypeError) as error:
            raise EvidenceError(f"content evidence cannot be read: {error}") from None


@dataclass(frozen=True)
class Equivocation:
    """Two receipts for one place of a session."""

    first: SignedReceipt
    second: SignedReceipt


@dataclass(frozen=True)
class ContradictionEvidence:
    """A receipt that does not fit itself or its order."""

    segment: SignedSegment


@dataclass(frozen=True)
class ContentEvidence:
    """Two segments of one session whose pictures are not the source's."""

    first: ContentSegment
    second: ContentSegment


Evidence = Equivocation | ContradictionEvidence | ContentEvidence


@dataclass(frozen=True)
class ProofCall:
    """A call of the contract. `prove` takes the arguments of `check`, and a salt behind them."""

    check: str
    prove: str
    arguments: tuple[Any, ...]
    case_id: bytes


# -- from evidence to calls


def accused(evidence: Evidence) -> str:
    return _receipt(evidence).orchestrator


def case_id(evidence: Evidence) -> bytes:
    """The contract's id of the case that this evidence opens."""
    receipt = _receipt(evidence)
    return case_id_of(_fault(evidence), receipt.orchestrator, receipt.job_id)


def case_id_of(fault: Fault, orchestrator: str, job_id: bytes) -> bytes:
    return keccak(encode(["uint8", "address", "bytes32"], [int(fault), orchestrator, job_id]))


def commitment(case: bytes, finder: str, salt: bytes) -> bytes:
    """What `commitProof` takes a block before the proof."""
    return keccak(encode(["bytes32", "address", "bytes32"], [case, finder, salt]))


def deadline(evidence: Evidence, evidence_window: int) -> int:
    """Unix time after which the contract no longer takes the proof; window in seconds."""
    return min(receipt.signed_at for receipt in _receipts(evidence)) + evidence_window


def proof_calls(evidence: Evidence) -> list[ProofCall]:
    """The calls that prove it, in order. Raises EvidenceError when nothing is proven."""
    case = case_id(evidence)
    if isinstance(evidence, Equivocation):
        return [_equivocation_call(evidence, case)]
    if isinstance(evidence, ContradictionEvidence):
        return [_contradiction_call(evidence.segment, case)]
    one, other = evidence.first.signed.receipt, evidence.second.signed.receipt
    if (one.orchestrator, one.job_id) != (other.orchestrator, other.job_id):
        raise EvidenceError("the two segments are of different sessions")
    if one.seq == other.seq:
        raise EvidenceError("two different segments are needed")
    return [_content_call(segment, case) for segment in (evidence.first, evidence.second)]


def conflict(first: SegmentReceipt, second: SegmentReceipt) -> bool:
    """Whether two receipts cannot both be honest: same place, or the same one before them."""
    return (
        first != second
        and (first.orchestrator, first.job_id) == (second.orchestrator, second.job_id)
        and (
            first.seq == second.seq
            or (first.prev_receipt == second.prev_receipt and any(first.prev_receipt))
        )
    )


def _equivocation_call(evidence: Equivocation, case: bytes) -> ProofCall:
    first, second = evidence.first, evidence.second
    if not conflict(first.receipt, second.receipt):
        raise EvidenceError("the two receipts do not conflict")
    arguments = (first.receipt.values(), first.sig, second.receipt.values(), second.sig)
    return ProofCall("checkEquivocation", "proveEquivocation", arguments, case)


def _contradiction_call(segment: SignedSegment, case: bytes) -> ProofCall:
    try:
        found = contradictions(segment.order, segment.receipt, segment.leaves, segment.profiles)
    except ValueError as error:
        raise EvidenceError(str(error)) from None
    if not found:
        raise EvidenceError("the receipt contradicts nothing")
    arguments = (
        segment.argument(),
        [leaf.values() for leaf in segment.leaves],
        [(p.width, p.height, p.bitrate) for p in segment.profiles],
    )
    return ProofCall("checkContradiction", "proveContradiction", arguments, case)


def _content_call(segment: ContentSegment, case: bytes) -> ProofCall:
    proofs = [
        (fault.metric, cheapest_runs(segment.source, segment.delivered, fault))
        for fault in segment.faults()
    ]
    if not proofs:
        raise EvidenceError(f"segment {segment.signed.receipt.seq} is not provably at fault")
    metric, runs = min(proofs, key=lambda proof: sum(run.size for run in proof[1]))
    return content_call(segment, metric, runs, case)


def content_call(
    segment: ContentSegment, metric: Metric, runs: Sequence[FrameRun], case: bytes
) -> ProofCall:
    """Shows these runs of frames; whether they are at fault by the metric is not looked at."""
    leaves = [leaf.leaf() for leaf in segment.signed.leaves]
    arguments = (
        segment.signed.argument(),
        segment.signed.leaves[segment.profile].values(),
        merkle.run_proof(leaves, segment.profile, 1),
        int(metric),
        [run.argument() for run in runs],
    )
    return ProofCall("checkContent", "proveContent", arguments, case)


# -- which frames to show


@dataclass(frozen=True)
class FrameRun:
    """Neighbouring delivered frames with the source frames around them, and their proofs."""

    frames: tuple[FrameFingerprint, ...]
    frames_proof: tuple[bytes, ...]
    sources: tuple[FrameFingerprint, ...]
    sources_proof: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes of calldata, heads aside."""
        leaves = len(self.frames) + len(self.sources)
        return FRAME_BYTES * leaves + 32 * (len(self.frames_proof) + len(self.sources_proof))

    def argument(self) -> tuple[Any, ...]:
        """As the contract's FrameRun."""
        return (
            self.frames[0].index,
            _packed(self.frames),
            list(self.frames_proof),
            self.sources[0].index,
            _packed(self.sources),
            list(self.sources_proof),
        )


def cheapest_runs(
    source: Fingerprint, delivered: Fingerprint, fault: ContentFault
) -> list[FrameRun]:
    """As many frames at fault as are needed, chosen close together: they share source frames."""
    needed = needed_frames(len(delivered.frames))
    if not 0 < needed <= len(fault.frames):
        raise EvidenceError("too few frames at fault")
    source_leaves = [frame.leaf() for frame in source.frames]
    leaves = [frame.leaf() for frame in delivered.frames]
    pts = [frame.pts for frame in source.frames]

    def span(first: int, last: int) -> range:
        low, high = (
            window(pts, delivered.frames[first].pts),
            window(pts, delivered.frames[last].pts),
        )
        return range(low.start, high.stop)

    def cost(chosen: Sequence[int]) -> int:
        return sum(b - a + 1 + len(span(a, b)) for a, b in _stretches(chosen, span))

    choices = [fault.frames[at : at + needed] for at in range(len(fault.frames) - needed + 1)]
    best = min(choices, key=cost)
    runs = []
    for first, last in _stretches(best, span):
        near = span(first, last)
        runs.append(
            FrameRun(
                frames=delivered.frames[first : last + 1],
                frames_proof=tuple(merkle.run_proof(leaves, first, last - first + 1)),
                sources=source.frames[near.start : near.stop],
                sources_proof=tuple(merkle.run_proof(source_leaves, near.start, len(near))),
            )
        )
    return runs


def _stretches(chosen: Sequence[int], span: Any) -> Iterator[tuple[int, int]]:
    """Neighbours among the chosen frames, as far as a run holds their source frames."""
    first = last = chosen[0]
    for frame in chosen[1:]:
        fits = frame - first < MAX_RUN_FRAMES and len(span(first, frame)) <= MAX_RUN_SOURCES
        if frame != last + 1 or not fits:
            yield first, last
            first = frame
        last = frame
    yield first, last


def _packed(frames: Sequence[FrameFingerprint]) -> bytes:
    return b"".join(frame.pts.to_bytes(32, "big") + frame.y + frame.u + frame.v for frame in frames)


# -- JSON


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    if isinstance(evidence, ContradictionEvidence):
        parts = {"segment": evidence.segment.to_json()}
    else:
        parts = {"first": evidence.first.to_json(), "second": evidence.second.to_json()}
    return {"fault": _fault(evidence).name.lower(), **parts}


def evidence_from_json(data: Mapping[str, Any]) -> Evidence:
    """Inverse of `evidence_to_json`. Raises EvidenceError in one line."""
    kind = data.get("fault") if isinstance(data, Mapping) else None
    try:
        if kind == "equivocation":
            receipts = (SignedReceipt.from_json(_child(data, k)) for k in ("first", "second"))
            return Equivocation(*receipts)
        if kind == "contradiction":
            return ContradictionEvidence(SignedSegment.from_json(_child(data, "segment")))
        if kind == "content":
            segments = (ContentSegment.from_json(_child(data, k)) for k in ("first", "second"))
            return ContentEvidence(*segments)
    except MessageError as error:
        raise EvidenceError(f"{kind} evidence cannot be read: {error}") from None
    raise EvidenceError(f"fault is {kind!r}: expected equivocation, contradiction or content")


def _fault(evidence: Evidence) -> Fault:
    if isinstance(evidence, Equivocation):
        return Fault.EQUIVOCATION
    return Fault.CONTENT if isinstance(evidence, ContentEvidence) else Fault.CONTRADICTION


def _receipts(evidence: Evidence) -> list[SegmentReceipt]:
    if isinstance(evidence, Equivocation):
        return [evidence.first.receipt, evidence.second.receipt]
    if isinstance(evidence, ContradictionEvidence):
        return [evidence.segment.receipt]
    return [evidence.first.signed.receipt, evidence.second.signed.receipt]


def _receipt(evidence: Evidence) -> SegmentReceipt:
    return _receipts(evidence)[0]


def _child(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    if not isinstance(value, Mapping):
        raise MessageError(f"{key} is missing or not an object")
    return value


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list):
        raise MessageError(f"{key} is missing or not a list")
    return value


def _bytes(data: Mapping[str, Any], key: str) -> bytes:
    try:
        return bytes.fromhex(data[key].removeprefix("0x"))
    except (KeyError, AttributeError, ValueError):
        raise MessageError(f"{key} is missing or not hex") from None


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"
