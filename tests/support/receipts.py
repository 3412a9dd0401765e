"""Signed segments without video: fingerprints drawn from a seed, orders and receipts over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from eth_account import Account
from eth_utils import keccak

from verifier.csf import Fingerprint, FrameFingerprint
from verifier.messages import (
    Domain,
    Profile,
    RenditionLeaf,
    SegmentOrder,
    SegmentReceipt,
    profiles_hash,
    renditions_root,
    sign,
)
from verifier.proofs import ContentSegment, SignedReceipt, SignedSegment

TICKS = 3_000  # 30 frames a second
PROFILES = (Profile(640, 360, 1_200_000), Profile(426, 240, 700_000))


def key_of(name: str) -> bytes:
    return keccak(text=f"test key {name}")


def address_of(key: bytes) -> str:
    return str(Account.from_key(key).address)


def fingerprint(
    frames: int,
    seed: int,
    *,
    change: Callable[[int, np.ndarray], np.ndarray] = lambda _, cells: cells,
    ticks: int = TICKS,
    shift: int = 0,
) -> Fingerprint:
    """Slowly drifting cells. `change` gets frame number and 384 cells (Y, U, V) as integers."""
    rng = np.random.default_rng(seed)
    base = rng.integers(40, 215, 384)
    drift = rng.integers(-1, 2, (frames, 384)).cumsum(0)
    rows = []
    for at in range(frames):
        cells = np.clip(change(at, base + drift[at]), 0, 255).astype(np.uint8)
        y, u, v = cells[:256].tobytes(), cells[256:320].tobytes(), cells[320:].tobytes()
        rows.append(FrameFingerprint(at, at * ticks + (shift if at else 0), y, u, v))
    return Fingerprint(tuple(rows), 640, 360, 0, rows[-1].pts)


@cache
def _plain(seed: int) -> Fingerprint:
    return fingerprint(16, seed)


@dataclass
class Signing:
    """One session between a gateway and an orchestrator, and the keys of both."""

    domain: Domain
    orchestrator: str
    now: int
    key: bytes = field(default_factory=lambda: key_of("signer"))
    gateway_key: bytes = field(default_factory=lambda: key_of("gateway"))
    job: bytes = field(default_factory=lambda: keccak(text="job"))

    def order(self, seq: int, source: Fingerprint, **changes: Any) -> SegmentOrder:
        order = SegmentOrder(
            job_id=self.job,
            seq=seq,
            gateway=address_of(self.gateway_key),
            orchestrator=self.orchestrator,
            source_hash=keccak(text=f"source {seq}"),
            source_length=100_000,
            source_root=source.root,
            source_frames=len(source.frames),
            profiles_hash=profiles_hash(PROFILES),
            csf_version=1,
            issued_at=self.now - 10,
            expiry=self.now + 60,
        )
        return replace(order, **changes)

    def leaves(self, delivered: Sequence[Fingerprint]) -> tuple[RenditionLeaf, ...]:
        return tuple(
            RenditionLeaf(
                profile=at,
                bytes_hash=keccak(text=f"rendition {at}"),
                length=50_000,
                csf_root=one.root,
                frames=len(one.frames),
                width=profile.width,
                height=profile.height,
                first_pts=one.first_pts,
                last_pts=one.last_pts,
                audio_root=bytes(32),
            )
            for at, (one, profile) in enumerate(zip(delivered, PROFILES, strict=False))
        )

    def segment(
        self,
        seq: int = 0,
        source: Fingerprint | None = None,
        delivered: Sequence[Fingerprint] | None = None,
        *,
        order: dict[str, Any] | None = None,
        receipt: dict[str, Any] | None = None,
        leaves: tuple[RenditionLeaf, ...] | None = None,
    ) -> SignedSegment:
        """An honest segment, as far as nothing is changed."""
        source = source or _plain(seq)
        signed_order = self.order(seq, source, **(order or {}))
        leaves = leaves or self.leaves(delivered or [source, source])
        claims = SegmentReceipt(
            order_hash=signed_order.struct_hash(),
            job_id=self.job,
            seq=seq,
            orchestrator=self.orchestrator,
            source_root=source.root,
            renditions_root=renditions_root(leaves),
            renditions=len(leaves),
            pixels=sum(leaf.frames * leaf.width * leaf.height for leaf in leaves),
            prev_receipt=keccak(text=f"before {seq}") if seq else bytes(32),
            signed_at=self.now,
        )
        claims = replace(claims, **(receipt or {}))
        return SignedSegment(
            order=signed_order,
            order_sig=sign(self.domain, signed_order, self.gateway_key),
            receipt=claims,
            receipt_sig=sign(self.domain, claims, self.key),
            profiles=PROFILES,
            leaves=leaves,
        )

    def receipt(self, seq: int = 0, **changes: Any) -> SignedReceipt:
        return self.segment(seq, receipt=changes).signed_receipt()

    def content(
        self,
        seq: int,
        change: Callable[[int, np.ndarray], np.ndarray],
        *,
        frames: int = 60,
        ticks: int = TICKS,
        shift: int = 0,
        profile: int = 0,
    ) -> ContentSegment:
        """A segment of which one rendition is changed; `ticks` is the time between its frames."""
        source = fingerprint(frames, seq)
        count = len(range(0, frames * TICKS, ticks))
        bad = fingerprint(count, seq, change=change, ticks=ticks, shift=shift)
        delivered = [bad if at == profile else source for at in range(len(PROFILES))]
        return ContentSegment(self.segment(seq, source, delivered), profile, source, bad)
