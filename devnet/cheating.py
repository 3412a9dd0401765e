"""Orchestrators that cheat, one way each: `make devnet CHEAT=black`.

What is cheated about pictures is signed truthfully, so the contract can recompute it; the other two
sign what no honest node could. Nothing else is changed: offers, tickets and prices are in order.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from devnet.media import Profile
from devnet.orchestrator import Orchestrator
from devnet.orders import SignedOrder
from devnet.receipts import Desk, Signing
from devnet.transcoding import Rendition, transcode
from verifier.calibration import scenes
from verifier.calibration.cheats import cheat as change
from verifier.calibration.encoding import encode, read, standard
from verifier.calibration.pictures import Picture
from verifier.decode import Decoded
from verifier.messages import Profile as SignedProfile
from verifier.messages import RenditionLeaf, SegmentReceipt, renditions_root, sign
from verifier.proofs import SignedSegment


class Outcome(Enum):
    """What a cheat costs the one who does it."""

    STAKE = "stake"
    WORK = "work"


@dataclass(frozen=True)
class Cheat:
    """`pictures` names what is done to them (verifier/calibration/cheats.py), if anything."""

    name: str
    about: str
    outcome: Outcome = Outcome.STAKE
    pictures: str | None = None


OTHER_CLIP, STALE, WRONG_SIZE, DOUBLE_SIGN = (
    "other-clip",
    "stale-segment",
    "wrong-size",
    "double-sign",
)
CHEATS = {
    one.name: one
    for one in (
        Cheat(OTHER_CLIP, "delivers another clip", pictures="other-clip"),
        Cheat("black", "delivers black pictures", pictures="black"),
        Cheat(STALE, "delivers the first segment again and again", pictures="stale"),
        Cheat("upscaled", "works in a quarter of the size and blows it up", Outcome.WORK,
              "upscaled-1-4"),
        Cheat("colour", "swaps the two colour planes", pictures="uv-swap"),
        Cheat("mirrored", "mirrors the picture", pictures="mirror"),
        Cheat(WRONG_SIZE, "delivers, and signs, half the ordered size"),
        Cheat(DOUBLE_SIGN, "signs two receipts for one order"),
    )
}  # fmt: skip


class CheatError(ValueError):
    """A cheat that does not exist; one line."""


def cheat_named(name: str) -> Cheat | None:
    """None for no name. Raises CheatError with the names there are."""
    if not name:
        return None
    if name not in CHEATS:
        raise CheatError(f"no cheat is called {name!r}: choose one of {', '.join(CHEATS)}")
    return CHEATS[name]


class CheatingOrchestrator(Orchestrator):
    """Does less, or other, work than it is paid for."""

    def __init__(self, cheat: Cheat, *, signing: Signing, directory: Path, **others: Any) -> None:
        super().__init__(signing=signing, directory=directory, **others)
        self._cheat = cheat
        self._first: list[Picture] = []
        desks = {WRONG_SIZE: CarelessDesk, DOUBLE_SIGN: ForgetfulDesk}
        if cheat.name in desks:
            self._desk = desks[cheat.name](signing, self.address, directory)

    def _make(self, source: bytes, profiles: Sequence[Profile]) -> list[Rendition]:
        if self._cheat.name == WRONG_SIZE:
            return transcode(source, [_halved(profile) for profile in profiles])
        if self._cheat.pictures is None:
            return transcode(source, profiles)
        honest = read(source)
        self._first = self._first or honest
        return [self._changed(source, honest, profile) for profile in profiles]

    def _changed(self, source: bytes, honest: list[Picture], profile: Profile) -> Rendition:
        assert self._cheat.pictures is not None
        pictures = change(
            self._cheat.pictures,
            honest,
            profile,
            np.random.default_rng(0),
            other=_traffic(profile, len(honest)) if self._cheat.name == OTHER_CLIP else (),
            earlier=self._first,
        )
        rate = _rate(pictures)
        return Rendition(
            profile, encode(pictures, rate, standard(profile.bitrate), source), len(pictures)
        )


def _halved(profile: Profile) -> Profile:
    width, height = (max(2, side // 4 * 2) for side in (profile.width, profile.height))
    return replace(profile, width=width, height=height)


def _rate(pictures: Sequence[Picture]) -> Fraction:
    """Frames a second, from the time between the first and the last."""
    if len(pictures) < 2:
        return Fraction(25)
    return Fraction(90_000 * (len(pictures) - 1), pictures[-1].pts - pictures[0].pts)


def _traffic(profile: Profile, count: int) -> list[Picture]:
    shot = scenes.traffic(profile.width, profile.height, np.random.default_rng(1))
    return [Picture(at, *shot(at)) for at in range(count)]


class _UnguardedDesk(Desk):
    """Signs without the guard, which would refuse."""

    def __init__(self, signing: Signing, orchestrator: str, directory: Path) -> None:
        super().__init__(signing, orchestrator, directory)
        self._previous: dict[bytes, bytes] = {}

    def _sign(
        self,
        ordered: SignedOrder,
        segment: bytes,  # noqa: ARG002
        source: Decoded,  # noqa: ARG002
        profiles: tuple[SignedProfile, ...],
        leaves: tuple[RenditionLeaf, ...],
    ) -> SignedSegment:
        order = ordered.order
        receipt = SegmentReceipt(
            order_hash=order.struct_hash(),
            job_id=order.job_id,
            seq=order.seq,
            orchestrator=self._orchestrator,
            source_root=order.source_root,
            renditions_root=renditions_root(leaves),
            renditions=len(leaves),
            pixels=sum(leaf.frames * leaf.width * leaf.height for leaf in leaves),
            prev_receipt=self._previous.get(order.job_id, bytes(32)),
            signed_at=int(time.time()),
        )
        self._previous[order.job_id] = receipt.struct_hash()
        sig = sign(self._signing.domain, receipt, self._signing.key)
        return SignedSegment(order, ordered.sig, receipt, sig, profiles, leaves)


class CarelessDesk(_UnguardedDesk):
    """Signs sizes that were not ordered."""


class ForgetfulDesk(_UnguardedDesk):
    """Shows everybody another receipt than the gateway got, as after a crash without a guard."""

    def _show(self, signed: SignedSegment) -> None:
        later = replace(signed.receipt, signed_at=signed.receipt.signed_at + 1)
        sig = sign(self._signing.domain, later, self._signing.key)
        super()._show(replace(signed, receipt=later, receipt_sig=sig))
