"""What was signed about a segment against what its bytes give.

Signatures themselves are checked where the domain and the registered signer are known; here the
signed numbers are recomputed. Source: verification spec, section 5 (steps 1 and 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak

from verifier import faults, merkle
from verifier.findings import Code, Finding, finding

if TYPE_CHECKING:
    from verifier.decode import Decoded
    from verifier.messages import RenditionLeaf, SegmentOrder
    from verifier.proofs import SignedSegment


def source_problem(order: SegmentOrder, data: bytes, source: Decoded) -> str | None:
    """Why nothing can be proven with this source against this order; None if it can."""
    if keccak(data) != order.source_hash or len(data) != order.source_length:
        return "the source is not the file that was ordered"
    if source.fingerprint is None:
        return f"the source has no fingerprint: {source.unprovable}"
    if not faults.is_provable(order):
        return "the order is not provable: too few frames, or an unknown fingerprint version"
    if source.fingerprint.root != order.source_root:
        return "the order's fingerprint is not that of its source"
    if len(source.fingerprint.frames) != order.source_frames:
        return "the order's number of frames is not that of its source"
    return None


def contradiction_findings(signed: SignedSegment) -> tuple[Finding, ...]:
    """Where the receipt contradicts itself. ValueError when the parts were not signed together."""
    found = faults.contradictions(signed.order, signed.receipt, signed.leaves, signed.profiles)
    texts = {
        faults.Contradiction.ORDER: "the receipt names another job, order or source",
        faults.Contradiction.COUNT: "the receipt counts other renditions than were ordered",
        faults.Contradiction.PROFILE: "a rendition is signed with another size than ordered",
        faults.Contradiction.TIMES: "a rendition is signed with times that cannot be",
        faults.Contradiction.PIXELS: "the signed pixels are not the sum of the renditions",
    }
    return tuple(finding(Code.CONTRADICTION, f"{one.name}: {texts[one]}") for one in found)


def claim_findings(leaf: RenditionLeaf, data: bytes, delivered: Decoded) -> tuple[Finding, ...]:
    """A leaf against the file in hand. A lie about this very file is a false fingerprint."""
    if keccak(data) != leaf.bytes_hash:
        text = "the file is not the one that was signed, so nothing about it can be proven"
        return (finding(Code.UNSIGNED_BYTES, text),)
    seen = recomputed(data, delivered)
    lies = [name for name, value in seen.items() if getattr(leaf, name) != value]
    if not lies:
        return ()
    text = f"signed {', '.join(lies)} {'is' if len(lies) == 1 else 'are'} not what the bytes give"
    return (finding(Code.FALSE_FINGERPRINT, text, len(lies), 0),)


def recomputed(data: bytes, delivered: Decoded) -> dict[str, Any]:
    """Fields of a leaf that follow from the bytes; a zero root where there is no fingerprint."""
    own = delivered.fingerprint
    return {
        "length": len(data),
        "csf_root": own.root if own else merkle.ZERO,
        "frames": len(delivered.times),
        "width": delivered.width,
        "height": delivered.height,
        "first_pts": delivered.times[0],
        "last_pts": delivered.times[-1],
        "audio_root": merkle.chain(delivered.audio_packets),
    }
