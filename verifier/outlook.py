"""What of a check can be proven on chain, and what the proof would cost.

Costs of evidence in hand are computed from its own proof; without evidence they are the measured
figures of verification spec, section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verifier.check import SegmentCheck
from verifier.findings import Code, Severity

if TYPE_CHECKING:
    from verifier.proofs import Evidence, SignedSegment

# Floor of the price of gas on Arbitrum One, wei.
FLOOR_PRICE = 20_000_000
# Measured: 509,000 gas to judge 47,000 bytes of frames; recovering and storing for the others.
EXECUTION_PER_BYTE = 11
SIGNED_EXECUTION = 34_000
SPEC = "verification spec, section 7"
CONTENT = frozenset({Code.CONTENT_LUMA, Code.CONTENT_CHROMA, Code.CONTENT_GREY})


@dataclass(frozen=True)
class ProofCost:
    """One proof: gas of all its calls, bytes of their calldata; 0 where that is not known."""

    what: str
    needs: str
    gas: int
    calldata: int
    note: str


@dataclass(frozen=True)
class Outlook:
    """In words, and one line per proof that is possible or would be."""

    text: str
    proofs: tuple[ProofCost, ...] = ()


_EQUIVOCATION = ProofCost("two receipts for one order", "both signed receipts", 67_000, 1_300, SPEC)
_CONTRADICTION = ProofCost(
    "a receipt that contradicts itself", "order and receipt, signed", 67_000, 1_300, SPEC
)
_CONTENT = ProofCost(
    "content that is not the source, 8 frames",
    "two signed segments of one job, at most five apart",
    3_240_000,
    94_000,
    SPEC,
)


def outlook(
    check: SegmentCheck,
    signed: SignedSegment | None = None,
    evidence: Sequence[Evidence] = (),
) -> Outlook:
    """What can be done with this check on chain."""
    if evidence:
        costs = tuple(cost_of(one) for one in evidence)
        gas = sum(one.gas for one in costs)
        ether = gas * FLOOR_PRICE / 10**18
        return Outlook(
            f"Evidence is complete. Its proof takes {gas:,} gas, {ether:.6f} ETH at the floor "
            "price of Arbitrum One, and nobody's opinion.",
            costs,
        )
    provable = {f.code for f in check.all_findings if f.severity is Severity.PROVABLE}
    if signed is None:
        return Outlook(_unsigned(provable), (_EQUIVOCATION, _CONTRADICTION, _CONTENT))
    if provable & CONTENT:
        return Outlook(
            "The contract would accept this segment as the first of two. A second one among the "
            "next five of the same job completes the proof.",
            (_CONTENT,),
        )
    if any(found.code is Code.FALSE_FINGERPRINT for found in check.all_findings):
        return Outlook(
            "The signed fingerprint is not that of the bytes. Whoever decodes them gets the same "
            "result; the contract cannot decode, so a panel that recomputes has to be asked."
        )
    return Outlook("Nothing in this segment can be proven on chain.")


def _unsigned(provable: set[Code]) -> str:
    rule = "Only signed segments can be proven: here are files without order and receipt."
    if not provable:
        return rule
    return (
        f"{rule} Signed, this content would be provable: the fault is "
        f"{' and '.join(sorted(code.value for code in provable))}."
    )


def cost_of(evidence: Evidence) -> ProofCost:
    """Cost of the cheapest proof of evidence in hand: its calldata is counted, execution is the
    measured one, in proportion to the frames shown."""
    from verifier.proofs import ContentEvidence, Equivocation, proof_calls

    known = _CONTENT if isinstance(evidence, ContentEvidence) else (
        _EQUIVOCATION if isinstance(evidence, Equivocation) else _CONTRADICTION
    )  # fmt: skip
    gas = size = 0
    for call in proof_calls(evidence):
        data = bytes(4) + abi_bytes((*call.arguments, b"\xff" * 32))
        tokens = sum(4 if byte else 1 for byte in data)
        execution = EXECUTION_PER_BYTE * len(data) if known is _CONTENT else SIGNED_EXECUTION
        gas += 21_000 + max(4 * tokens + execution, 10 * tokens)
        size += len(data)
    return ProofCost(known.what, "complete", gas, size, "this proof, estimated")


def abi_bytes(value: Any) -> bytes:
    """An argument as long as its ABI encoding and with nearly as many zeros; offsets are rough."""
    if isinstance(value, bytes):
        if len(value) == 32:
            return value
        return _word(0) + _word(len(value)) + value + bytes(-len(value) % 32)
    if isinstance(value, list):
        return _word(0) + _word(len(value)) + b"".join(map(abi_bytes, value))
    if isinstance(value, tuple):
        inside = b"".join(map(abi_bytes, value))
        return (_word(0) if any(map(_is_dynamic, value)) else b"") + inside
    return _word(int(value, 16) if isinstance(value, str) else int(value))


def _is_dynamic(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_dynamic, value))
    return isinstance(value, list) or (isinstance(value, bytes) and len(value) != 32)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
