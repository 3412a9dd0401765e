"""Whether a signed segment is authentic: signed by both sides, about what comes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verifier.faults import contradictions
from verifier.messages import Domain, signer_of
from verifier.proofs import SignedSegment

IsSigner = Callable[[str, str], bool]
"""Whether an address signs for an orchestrator."""


def signers_listed(signers: Mapping[str, str]) -> IsSigner:
    """Keys from a list; an orchestrator that is not on it signs with its own."""
    return lambda orchestrator, signer: signers.get(orchestrator, orchestrator) == signer


def authenticity_problem(signed: SignedSegment, domain: Domain, is_signer: IsSigner) -> str:
    """Why a segment can be held against nobody; empty if it is authentic.

    A receipt that contradicts its order is authentic: both were signed.
    """
    order, receipt = signed.order, signed.receipt
    try:
        if signer_of(domain, order, signed.order_sig) != order.gateway:
            return "the order is not signed by its gateway"
        signer = signer_of(domain, receipt, signed.receipt_sig)
        contradictions(order, receipt, signed.leaves, signed.profiles)
    except ValueError as error:  # MessageError is one
        return str(error)
    if not is_signer(receipt.orchestrator, signer):
        return f"the receipt is signed by {signer}, who does not sign for its orchestrator"
    return ""
