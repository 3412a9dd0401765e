"""The durable guard: what it refuses, and that no crash makes it sign twice (requirement 14)."""

from __future__ import annotations

import pickle
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak

from tests.support.requirements import record
from tests.verifier.clips import encode, moving
from verifier import merkle
from verifier.decode import Decoded, decode
from verifier.faults import contradictions
from verifier.guard import EquivocationRefused, ReceiptSigner, RefusedOrder
from verifier.messages import (
    Domain,
    Profile,
    RenditionLeaf,
    SegmentOrder,
    profiles_hash,
    sign,
    signer_of,
)

ROOT = Path(__file__).parents[2]
KEY, GATEWAY_KEY, STRANGER_KEY = (keccak(text=role) for role in ("signer", "gateway", "stranger"))
ORCHESTRATOR = "0x" + "ab" * 20  # on purpose not in checksum form
DOMAIN = Domain(31337, "0x" + "12" * 20)
PROFILES = (Profile(32, 32, 100_000), Profile(16, 16, 50_000))
NOW = 1_000_000


def address(key: bytes) -> str:
    return PrivateKey(key).public_key.to_checksum_address()


@dataclass(frozen=True)
class Work:
    """All that an orchestrator has when a segment is done."""

    order: SegmentOrder
    order_sig: bytes
    source_bytes: bytes
    source: Decoded
    profiles: tuple[Profile, ...]
    leaves: tuple[RenditionLeaf, ...]

    def ordered(self, *, key: bytes = GATEWAY_KEY, **change: Any) -> Work:
        """The same work for another order, signed by `key`."""
        order = replace(self.order, **change)
        return replace(self, order=order, order_sig=sign(DOMAIN, order, key))

    def delivered(self, place: int, **change: Any) -> Work:
        """The same order with another leaf at a place."""
        leaves = list(self.leaves)
        leaves[place] = replace(leaves[place], **change)
        return replace(self, leaves=tuple(leaves))


@pytest.fixture(scope="module")
def work() -> Work:
    data = encode(moving(12, 64, 64))
    source = replace(decode(data), frames=())
    assert source.fingerprint is not None
    order = SegmentOrder(
        job_id=keccak(text="job"),
        seq=0,
        gateway=address(GATEWAY_KEY),
        orchestrator=ORCHESTRATOR,
        source_hash=keccak(data),
        source_length=len(data),
        source_root=source.fingerprint.root,
        source_frames=12,
        profiles_hash=profiles_hash(PROFILES),
        csf_version=1,
        issued_at=NOW - 5,
        expiry=NOW + 60,
    )
    leaves = tuple(
        RenditionLeaf(
            profile=at,
            bytes_hash=keccak(bytes([at])),
            length=1000,
            csf_root=keccak(bytes([at, at])),
            frames=12,
            width=profile.width,
            height=profile.height,
            first_pts=0,
            last_pts=33_000,
            audio_root=merkle.ZERO,
        )
        for at, profile in enumerate(PROFILES)
    )
    return Work(order, sign(DOMAIN, order, GATEWAY_KEY), data, source, PROFILES, leaves)


@pytest.fixture
def signer(tmp_path: Path) -> ReceiptSigner:
    return new_signer(tmp_path)


def new_signer(folder: Path, **change: Any) -> ReceiptSigner:
    parts = {"key": KEY, "domain": DOMAIN, "orchestrator": ORCHESTRATOR, **change}
    return ReceiptSigner(path=folder / "receipts.db", **parts)


def signed(signer: ReceiptSigner, work: Work, *, now: int = NOW) -> Any:
    return signer.sign(
        work.order, work.order_sig, work.source_bytes, work.source, work.profiles, work.leaves, now
    )


def test_sign__finished_segment__gives_a_receipt_without_contradictions(
    signer: ReceiptSigner, work: Work
) -> None:
    segment = signed(signer, work)
    assert signer_of(DOMAIN, segment.receipt, segment.receipt_sig) == address(KEY)
    assert segment.receipt.order_hash == work.order.struct_hash()
    assert segment.receipt.pixels == 12 * (32 * 32 + 16 * 16)
    assert segment.receipt.signed_at == NOW
    assert segment.receipt.prev_receipt == merkle.ZERO
    assert contradictions(segment.order, segment.receipt, segment.leaves, segment.profiles) == ()


def test_sign__same_content_again__gives_the_same_receipt(tmp_path: Path, work: Work) -> None:
    first = signed(new_signer(tmp_path), work)
    again = signed(new_signer(tmp_path), work, now=NOW + 1)
    assert again == first


def test_sign__same_content_after_expiry__gives_what_was_signed_in_time(
    signer: ReceiptSigner, work: Work
) -> None:
    first = signed(signer, work)
    assert signed(signer, work, now=work.order.expiry + 1) == first


def test_sign__following_segments__are_chained_as_they_are_signed(
    signer: ReceiptSigner, work: Work
) -> None:
    """Also when one overtakes another: the chain goes by time and has no forks."""
    previous = merkle.ZERO
    for seq in (0, 2, 1, 2**64 - 1, 3):
        receipt = signed(signer, work.ordered(seq=seq)).receipt
        assert (receipt.seq, receipt.prev_receipt) == (seq, previous)
        previous = receipt.struct_hash()


def test_sign__another_job__starts_its_own_chain(signer: ReceiptSigner, work: Work) -> None:
    signed(signer, work)
    other = signed(signer, work.ordered(job_id=keccak(text="other")))
    assert other.receipt.prev_receipt == merkle.ZERO


OTHER_CONTENT: dict[str, Callable[[Work], Work]] = {
    "another rendition": lambda work: work.delivered(0, bytes_hash=keccak(text="other")),
    "another fingerprint": lambda work: work.delivered(1, csf_root=keccak(text="other")),
    "another order": lambda work: work.ordered(issued_at=NOW - 4),
    "another gateway": lambda work: work.ordered(gateway=address(STRANGER_KEY), key=STRANGER_KEY),
    "fewer renditions": lambda work: replace(work, leaves=work.leaves[:1]),
}


@pytest.mark.parametrize("change", OTHER_CONTENT.values(), ids=OTHER_CONTENT)
def test_sign__other_content_in_the_same_place__is_refused(
    tmp_path: Path, work: Work, change: Callable[[Work], Work]
) -> None:
    first = signed(new_signer(tmp_path), work)
    text = f"another receipt is signed for job 0x{work.order.job_id.hex()}, sequence 0"
    for signer in (new_signer(tmp_path), new_signer(tmp_path, key=keccak(text="rotated key"))):
        with pytest.raises(EquivocationRefused, match=f"^{text}$"):
            signed(signer, change(work))
    assert signed(new_signer(tmp_path), work) == first


def test_sign__other_chain_or_orchestrator__has_places_of_its_own(
    tmp_path: Path, work: Work
) -> None:
    signed(new_signer(tmp_path), work)
    other = work.ordered(orchestrator="0x" + "cd" * 20, issued_at=NOW - 9)
    signed(new_signer(tmp_path, orchestrator="0x" + "cd" * 20), other)
    domain = Domain(1, DOMAIN.verifying_contract)
    elsewhere = replace(other, order_sig=sign(domain, other.order, GATEWAY_KEY))
    signed(new_signer(tmp_path, orchestrator="0x" + "cd" * 20, domain=domain), elsewhere)


REFUSALS: dict[str, tuple[Callable[[Work], Work], str]] = {
    "signature of a stranger": (
        lambda w: w.ordered(key=STRANGER_KEY),
        f"order names gateway {address(GATEWAY_KEY)}, but {address(STRANGER_KEY)} signed it",
    ),
    "signature cut": (
        lambda w: replace(w, order_sig=w.order_sig[:64]),
        "order: signature has 64 bytes, expected 65",
    ),
    "other orchestrator": (
        lambda w: w.ordered(orchestrator=address(STRANGER_KEY)),
        f"order is for orchestrator {address(STRANGER_KEY)}",
    ),
    "expired": (lambda w: w.ordered(expiry=NOW - 1), "order expired 1 s ago"),
    "other file": (
        lambda w: w.ordered(source_hash=keccak(text="other")),
        "the source is not the file that was ordered",
    ),
    "other length": (
        lambda w: w.ordered(source_length=w.order.source_length + 1),
        "the source is not the file that was ordered",
    ),
    "false fingerprint": (
        lambda w: w.ordered(source_root=keccak(text="other")),
        "the order's fingerprint is not that of its source",
    ),
    "other number of frames": (
        lambda w: w.ordered(source_frames=13),
        "the order's number of frames is not that of its source",
    ),
    "unknown fingerprint version": (
        lambda w: w.ordered(csf_version=2),
        "the order is not provable: too few frames, or an unknown fingerprint version",
    ),
    "source that is not provable": (
        lambda w: replace(w, source=replace(w.source, fingerprint=None, unprovable="too short")),
        "the source has no fingerprint: too short",
    ),
    "other profiles": (
        lambda w: replace(w, profiles=(PROFILES[0], Profile(16, 16, 60_000))),
        "profiles are not those of the order",
    ),
    "no profiles": (lambda w: replace(w, profiles=()), "order: 0 profiles, expected 1 to 8"),
    "no rendition": (lambda w: replace(w, leaves=()), "there is no rendition to sign for"),
    "rendition missing": (
        lambda w: replace(w, leaves=w.leaves[:1]),
        "the receipt would contradict itself: COUNT",
    ),
    "rendition of another size": (
        lambda w: w.delivered(1, width=18),
        "the receipt would contradict itself: PROFILE",
    ),
    "renditions swapped": (
        lambda w: replace(w, leaves=w.leaves[::-1]),
        "the receipt would contradict itself: PROFILE",
    ),
    "rendition without frames": (
        lambda w: w.delivered(0, frames=0),
        "the receipt would contradict itself: TIMES",
    ),
    "rendition that ends before it starts": (
        lambda w: w.delivered(0, first_pts=33_001),
        "the receipt would contradict itself: TIMES",
    ),
}


@pytest.mark.parametrize(("change", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_sign__order_or_result_that_is_wrong__is_refused_and_uses_nothing_up(
    signer: ReceiptSigner, work: Work, change: Callable[[Work], Work], reason: str
) -> None:
    with pytest.raises(RefusedOrder) as caught:
        signed(signer, change(work))
    assert str(caught.value) == reason
    assert not isinstance(caught.value, EquivocationRefused)
    assert signed(signer, work).receipt.prev_receipt == merkle.ZERO


def test_sign__last_second_of_the_order__is_in_time(signer: ReceiptSigner, work: Work) -> None:
    assert signed(signer, work, now=work.order.expiry).receipt.signed_at == work.order.expiry


def test_sign__job_of_another_gateway__is_refused(signer: ReceiptSigner, work: Work) -> None:
    """Nobody can use up the sequence numbers of a session that is not theirs."""
    signed(signer, work)
    with pytest.raises(RefusedOrder, match="^the job is another gateway's$"):
        signed(signer, work.ordered(seq=1, gateway=address(STRANGER_KEY), key=STRANGER_KEY))
    assert signed(signer, work.ordered(seq=1)).receipt.seq == 1


def test_signer__file__is_private(tmp_path: Path) -> None:
    new_signer(tmp_path)
    assert stat.S_IMODE((tmp_path / "receipts.db").stat().st_mode) == 0o600


def test_sign__many_at_once__one_content_wins(tmp_path: Path, work: Work) -> None:
    """Eight signers on one file, each with a rendition of its own for the same place."""
    rivals = [work.delivered(0, bytes_hash=keccak(bytes([at, 7]))) for at in range(8)]

    def attempt(rival: Work) -> bytes | None:
        try:
            return signed(new_signer(tmp_path), rival).receipt_sig
        except EquivocationRefused:
            return None

    with ThreadPoolExecutor(8) as pool:
        signatures = [one for one in pool.map(attempt, rivals) if one]
    assert len(signatures) == 1


# -- crashes, with a process that really dies

DYING = """
import os, pickle, signal, sys
from pathlib import Path
from tests.verifier.test_guard import new_signer, signed
from verifier import guard

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

where, folder = sys.argv[1], Path(sys.argv[2])
if where == "between":
    guard.sign = die
if where == "before":
    guard.ReceiptSigner._keep = die
segment = signed(new_signer(folder), pickle.loads(sys.stdin.buffer.read()))
sys.stdout.buffer.write(segment.receipt_sig)
sys.stdout.flush()
die()
"""


def sign_and_die(folder: Path, work: Work, where: str) -> bytes:
    """A process that signs in `folder` and kills itself; the signature that got out of it."""
    done = subprocess.run(
        [sys.executable, "-c", DYING, where, str(folder)],
        input=pickle.dumps(work),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    return done.stdout


def test_sign__killed_between_keeping_and_signing__signs_the_same_or_nothing(
    tmp_path: Path, work: Work
) -> None:
    assert sign_and_die(tmp_path, work, "between") == b""
    with pytest.raises(EquivocationRefused):
        signed(new_signer(tmp_path), work.delivered(0, csf_root=keccak(text="other")))
    restarted = signed(new_signer(tmp_path), work, now=NOW + 30)
    assert restarted.receipt.signed_at == NOW
    assert signer_of(DOMAIN, restarted.receipt, restarted.receipt_sig) == address(KEY)


def test_sign__killed_after_signing__gives_the_same_signature_or_nothing(
    tmp_path: Path, work: Work
) -> None:
    signature = sign_and_die(tmp_path, work, "after")
    assert len(signature) == 65
    with pytest.raises(EquivocationRefused):
        signed(new_signer(tmp_path), work.delivered(0, csf_root=keccak(text="other")))
    assert signed(new_signer(tmp_path), work, now=NOW + 30).receipt_sig == signature
    record(14, "other receipts signed for a place after a crash", 0, "0")


def test_sign__killed_before_keeping__has_promised_nothing(tmp_path: Path, work: Work) -> None:
    assert sign_and_die(tmp_path, work, "before") == b""
    other = work.delivered(0, csf_root=keccak(text="other"))
    assert signed(new_signer(tmp_path), other, now=NOW + 30).receipt.signed_at == NOW + 30
