"""Signed segments with and without video, and scripted checks, for tests of watching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eth_utils import keccak

from tests.support.receipts import Signing, address_of, key_of
from verifier import merkle
from verifier.authentic import signers_listed
from verifier.check import RenditionCheck, SegmentCheck
from verifier.claims import recomputed
from verifier.decode import decode
from verifier.findings import Code, finding
from verifier.messages import (
    Domain,
    Profile,
    RenditionLeaf,
    SegmentReceipt,
    profiles_hash,
    renditions_root,
    sign,
)
from verifier.proofs import SignedSegment
from verifier.sampling import RatePolicy
from verifier.spool import FolderPlace, SpoolWriter
from verifier.state import State
from verifier.store import EvidenceStore
from verifier.thresholds import load_thresholds
from verifier.watch import Settings, Watcher

DOMAIN = Domain(42161, "0x00000000000000000000000000000000000000A1")
KEY, MASTER = key_of("verifier"), keccak(text="master secret")
NOW = 1_800_000_000
EVERYTHING = RatePolicy(1_000_000, 1_000_000)


def session(name: str = "orchestrator", job: str = "job") -> Signing:
    """A session in which the orchestrator signs with its own key."""
    key = key_of(name)
    return Signing(DOMAIN, address_of(key), NOW, key=key, job=keccak(text=job))


def verdict_check(*codes: Code, unverifiable: str = "") -> SegmentCheck:
    """A check of one rendition that found these."""
    findings = tuple(finding(code, f"found {code}", 9.0, 8.0) for code in codes)
    limits = load_thresholds()
    return SegmentCheck(
        source=None,
        renditions=(RenditionCheck(0, None, findings, None, None),),
        findings=(),
        unverifiable=unverifiable,
        encoder="none",
        device="cpu",
        thresholds_version=limits.version,
        thresholds_hash=limits.hash,
        seconds=0.0,
    )


@dataclass
class Scripted:
    """A check that gives each number in the job its verdict, and remembers what it was asked."""

    bad: dict[int, tuple[Code, ...]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    dies_at: int | None = None

    def __call__(
        self, signed: SignedSegment, _source: bytes, _renditions: Sequence[bytes]
    ) -> SegmentCheck:
        seq = signed.receipt.seq
        if seq == self.dies_at:
            raise KeyboardInterrupt
        self.asked.append(seq)
        return verdict_check(*self.bad.get(seq, ()))


@dataclass
class Bench:
    """A place, a store and a memory in a folder, and watchers over them."""

    root: Path
    time: int = NOW + 100

    def __post_init__(self) -> None:
        self.writer = SpoolWriter(self.root / "place", DOMAIN)
        self.place = FolderPlace(self.root / "place")
        self.store = EvidenceStore(self.root / "store")
        self.state: State | None = None

    def add(self, *segments: SignedSegment) -> None:
        for signed in segments:
            self.writer.write(signed, b"source", [b"rendition"] * len(signed.leaves))

    def watcher(
        self,
        check: Scripted,
        policy: RatePolicy = EVERYTHING,
        *,
        epoch_seconds: int = 10**9,
    ) -> Watcher:
        """A new process, as it were: the memory is opened again."""
        if self.state is not None:
            self.state.close()
        self.state = State(self.root / "state" / "state.sqlite")
        settings = Settings(
            DOMAIN,
            load_thresholds(),
            policy,
            epoch_seconds,
            standings=self.root / "state" / "standings.json",
        )
        return Watcher(
            self.place,
            self.state,
            self.store,
            settings,
            check=check,
            is_signer=signers_listed({}),
            key=KEY,
            master=MASTER,
            clock=lambda: self.time,
        )


def run(watcher: Watcher) -> list[str]:
    """One round of a watcher; what it told that was not good."""
    return [
        event.text for step in (watcher.poll, watcher.work) for event in step() if not event.good
    ]


def sign_media(
    who: Signing,
    seq: int,
    source: bytes,
    delivered: bytes,
    *,
    claims: bytes | None = None,
    previous: bytes = merkle.ZERO,
) -> SignedSegment:
    """What both sides sign about real bytes; `claims` are those the orchestrator pretends to."""
    of, told = decode(source), decode(claims or delivered)
    assert of.fingerprint is not None
    profile = Profile(told.width, told.height, 700_000)
    numbers = recomputed(claims or delivered, told) | {"length": len(delivered)}
    leaf = RenditionLeaf(profile=0, bytes_hash=keccak(delivered), **numbers)
    order = replace(
        who.order(seq, of.fingerprint),
        source_hash=keccak(source),
        source_length=len(source),
        profiles_hash=profiles_hash([profile]),
    )
    receipt = SegmentReceipt(
        order_hash=order.struct_hash(),
        job_id=order.job_id,
        seq=seq,
        orchestrator=order.orchestrator,
        source_root=order.source_root,
        renditions_root=renditions_root([leaf]),
        renditions=1,
        pixels=leaf.frames * leaf.width * leaf.height,
        prev_receipt=previous,
        signed_at=who.now,
    )
    return SignedSegment(
        order,
        sign(DOMAIN, order, who.gateway_key),
        receipt,
        sign(DOMAIN, receipt, who.key),
        (profile,),
        (leaf,),
    )
