"""Signed orders and receipts: what a gateway asks for, and what it accepts as done.

They travel beside go-livepeer's messages, an order in a header of its own, a receipt in a field of
its own, and change nothing about those. A job is one session with one orchestrator; its orders are
numbered, its receipts chained. Source: verification spec, section 8.2.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet.fields import Fields, WireError, hexed
from devnet.media import Profile
from verifier.claims import recomputed
from verifier.decode import Decoded, MediaFault, decode
from verifier.faults import contradictions
from verifier.messages import (
    CSF_VERSION,
    Domain,
    MessageError,
    RenditionLeaf,
    SegmentOrder,
    SegmentReceipt,
    profiles_hash,
    sign,
    signer_of,
)
from verifier.messages import Profile as SignedProfile
from verifier.proofs import SignedSegment

ORDER_HEADER = "Livepeer-Order"
ORDER_SECONDS = 600
MAX_LEAVES = 8

Keep = Callable[[SignedSegment, bytes, Sequence[bytes]], object]


class ReceiptError(ValueError):
    """A receipt that is missing, or not one for the work that was delivered; one line."""


# -- what is signed about media


def fingerprinted(segment: bytes) -> Decoded | None:
    """A source as it goes into an order; None for one that nothing can be proven with.

    Such a segment, shorter than eight frames for example, is sent without an order.
    """
    try:
        source = decode(segment, pictures=False)
    except MediaFault:
        return None
    return source if source.fingerprint is not None else None


def signed_profiles(profiles: Sequence[Profile]) -> tuple[SignedProfile, ...]:
    return tuple(SignedProfile(one.width, one.height, one.bitrate) for one in profiles)


def leaf_of(place: int, rendition: bytes) -> RenditionLeaf:
    """What an orchestrator signs about a file; `place` in the order. Raises MediaFault."""
    decoded = decode(rendition, pictures=False)
    return RenditionLeaf(
        profile=place, bytes_hash=keccak(rendition), **recomputed(rendition, decoded)
    )


# -- messages


@dataclass(frozen=True)
class SignedOrder:
    order: SegmentOrder
    sig: bytes

    @classmethod
    def read(cls, fields: Fields) -> SignedOrder:
        try:
            order = SegmentOrder.from_json(fields.child("order").values)
        except MessageError as error:
            raise WireError(f"{fields.name}: {error}") from None
        return cls(order, fields.data("sig", length=65))

    def write(self) -> dict[str, Any]:
        return {"order": self.order.to_json(), "sig": hexed(self.sig)}


def write_receipt(signed: SignedSegment) -> dict[str, Any]:
    return {
        "receipt": signed.receipt.to_json(),
        "sig": hexed(signed.receipt_sig),
        "leaves": [leaf.to_json() for leaf in signed.leaves],
    }


def read_receipt(
    fields: Fields, ordered: SignedOrder, profiles: tuple[SignedProfile, ...]
) -> SignedSegment:
    """A receipt with what it answers to. Raises WireError."""
    try:
        return SignedSegment(
            order=ordered.order,
            order_sig=ordered.sig,
            receipt=SegmentReceipt.from_json(fields.child("receipt").values),
            receipt_sig=fields.data("sig", length=65),
            profiles=profiles,
            leaves=fields.items("leaves", lambda item: RenditionLeaf.from_json(item.values)),
        )
    except MessageError as error:
        raise WireError(f"{fields.name}: {error}") from None


# -- the gateway's side


@dataclass(frozen=True)
class Accountability:
    """How a gateway holds orchestrators to what they sign.

    `is_signer` says whether a key is accountable for an orchestrator; `keep` gets every segment
    that was signed for, also one that is refused then: it is what a verifier works from.
    """

    domain: Domain
    is_signer: Callable[[str, str], bool]
    keep: Keep


@dataclass
class Job:
    """Orders of one session. Not for two threads at once. `key` signs them, hex."""

    key: str = field(repr=False)
    orchestrator: str
    terms: Accountability = field(repr=False)
    clock: Callable[[], float] = time.time
    job_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    seq: int = 0
    previous: bytes = bytes(32)

    def order(
        self, segment: bytes, source: Decoded, profiles: tuple[SignedProfile, ...]
    ) -> SignedOrder:
        """The next order; `source` must have a fingerprint."""
        assert source.fingerprint is not None
        now = int(self.clock())
        order = SegmentOrder(
            job_id=self.job_id,
            seq=self.seq,
            gateway=to_checksum_address(Account.from_key(self.key).address),
            orchestrator=self.orchestrator,
            source_hash=keccak(segment),
            source_length=len(segment),
            source_root=source.fingerprint.root,
            source_frames=len(source.fingerprint.frames),
            profiles_hash=profiles_hash(profiles),
            csf_version=CSF_VERSION,
            issued_at=now,
            expiry=now + ORDER_SECONDS,
        )
        self.seq += 1
        return SignedOrder(order, sign(self.terms.domain, order, bytes.fromhex(self.key[2:])))

    def accept(self, signed: SignedSegment, segment: bytes, renditions: Sequence[bytes]) -> None:
        """Take a receipt for what was delivered. Raises ReceiptError.

        First whether it is somebody's, so that what is signed is kept, then whether it is right.
        """
        self._check_signature(signed)
        hashes = [(keccak(data), len(data)) for data in renditions]
        if [(leaf.bytes_hash, leaf.length) for leaf in signed.leaves] != hashes:
            raise ReceiptError("receipt is for other bytes than were delivered")
        try:
            found = contradictions(signed.order, signed.receipt, signed.leaves, signed.profiles)
        except ValueError as error:
            raise ReceiptError(f"receipt: {error}") from None
        self.terms.keep(signed, segment, renditions)
        if found:
            raise ReceiptError(f"receipt contradicts its order: {found[0].name}")
        if not signed.order.issued_at <= signed.receipt.signed_at <= signed.order.expiry:
            raise ReceiptError("receipt is not of the time of its order")
        if signed.receipt.prev_receipt != self.previous:
            raise ReceiptError("receipt does not follow the one before it")
        self.previous = signed.receipt.struct_hash()

    def compare(
        self,
        shown: SignedSegment,
        taken: SignedSegment,
        segment: bytes,
        renditions: Sequence[bytes],
    ) -> None:
        """Keep a second receipt for the same order, and raise ReceiptError, if there is one."""
        if shown.receipt == taken.receipt:
            return
        self._check_signature(shown)
        self.terms.keep(shown, segment, renditions)
        raise ReceiptError("two different receipts are signed for one order")

    def _check_signature(self, signed: SignedSegment) -> None:
        try:
            signer = signer_of(self.terms.domain, signed.receipt, signed.receipt_sig)
        except MessageError as error:
            raise ReceiptError(f"receipt: {error}") from None
        if not self.terms.is_signer(self.orchestrator, signer):
            raise ReceiptError(f"receipt is signed by {signer}, who does not sign for them")
