"""Proofs of fault 3 that somebody changed, and segments that cannot be judged (requirement 16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boa
import pytest
from eth_utils import keccak

from tests.support.receipts import Signing, fingerprint
from tests.unit.slashing_verifier.conftest import Court, bad
from tests.unit.slashing_verifier.content import (
    calls_of,
    forced,
    only,
)
from verifier.faults import Metric
from verifier.proofs import (
    ContentSegment,
    ProofCall,
)


def run_with(call: ProofCall, **changes: Any) -> ProofCall:
    names = ("first_frame", "frames", "frames_proof", "first_source", "sources", "sources_proof")
    runs = [dict(zip(names, run, strict=True)) for run in call.arguments[4]]
    runs[0] |= {
        name: change(runs[0][name]) if callable(change) else change
        for name, change in changes.items()
    }
    rows = [tuple(run.values()) for run in runs]
    return replace(call, arguments=(*call.arguments[:4], rows))


def with_leaf_place(call: ProofCall, place: int) -> ProofCall:
    context, leaf, *rest = call.arguments
    return replace(call, arguments=(context, (place, *leaf[1:]), *rest))


def with_leaf_proof(call: ProofCall, proof: list[bytes]) -> ProofCall:
    context, leaf, _, *rest = call.arguments
    return replace(call, arguments=(context, leaf, proof, *rest))


def swap(data: bytes) -> bytes:
    return data[416:832] + data[:416] + data[832:]


TAMPERED: dict[str, tuple[Callable[[ProofCall], ProofCall], str | None]] = {
    "source frame of the window left out at its end": (
        lambda c: run_with(c, sources=lambda d: d[:-416]), "proof is of another depth",
    ),
    "source frames exchanged": (
        lambda c: run_with(c, sources=swap), "fingerprint does not match its root",
    ),
    "delivered frames exchanged": (
        lambda c: run_with(c, frames=swap), "fingerprint does not match its root",
    ),
    "another first frame": (
        lambda c: run_with(c, first_frame=lambda n: n + 1), None,
    ),
    "another first source frame": (
        lambda c: run_with(c, first_source=lambda n: n + 1), "fingerprint does not match its root",
    ),
    "a bit of a picture": (
        lambda c: run_with(c, frames=lambda d: d[:40] + bytes([d[40] ^ 1]) + d[41:]),
        "fingerprint does not match its root",
    ),
    "a bit of a time": (
        lambda c: run_with(c, sources=lambda d: d[:31] + bytes([d[31] ^ 1]) + d[32:]),
        "fingerprint does not match its root",
    ),
    "proof one level deeper": (
        lambda c: run_with(c, frames_proof=lambda p: [*p, bytes(32)]), "proof is of another depth",
    ),
    "proof one level short": (lambda c: run_with(c, frames_proof=lambda p: p[:-1]), None),
    "siblings exchanged": (
        lambda c: run_with(c, sources_proof=lambda p: p[::-1]),
        "fingerprint does not match its root",
    ),
    "part of a frame": (lambda c: run_with(c, frames=lambda d: d[:-1]), None),
    "no frames": (lambda c: run_with(c, frames=b""), "frames are not in order"),
    "no source frames": (lambda c: run_with(c, sources=b""), None),
    "the same run twice": (
        lambda c: replace(c, arguments=(*c.arguments[:4], [*c.arguments[4], c.arguments[4][0]])),
        "frames are not in order",
    ),
    "no runs": (
        lambda c: replace(c, arguments=(*c.arguments[:4], [])), "too few frames at fault",
    ),
    "unknown metric": (
        lambda c: replace(c, arguments=(*c.arguments[:3], 3, c.arguments[4])), "unknown metric",
    ),
    "another rendition's leaf": (
        lambda c: with_leaf_place(c, 1),
        "renditions are not those of the receipt",
    ),
    "leaf proof left out": (
        lambda c: with_leaf_proof(c, []), None,
    ),
    "leaf proof too long": (
        lambda c: with_leaf_proof(c, [*c.arguments[2], bytes(32)]),
        "proof is of another depth",
    ),
    "rendition that was not delivered": (
        lambda c: with_leaf_place(c, 2),
        "renditions are not those of the receipt",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_check__tampered__reverts(court: Court, signing: Signing, name: str) -> None:
    tamper, reason = TAMPERED[name]
    call = calls_of(signing, only(set(range(10, 18))), frames=32)[0]
    court.check(call)
    with boa.reverts(reason) if reason else boa.reverts():
        court.check(tamper(call))


def test_check__window_without_its_ends__reverts(court: Court, signing: Signing) -> None:
    """A frame that would acquit cannot be left out: neighbours must be there, or the end proven."""
    from verifier import merkle

    segment = signing.content(0, only(set(range(10, 18))), frames=32)
    call = forced(segment, Metric.LUMA, tuple(range(10, 18)))
    leaves = [frame.leaf() for frame in segment.source.frames]
    for start, stop in ((9, 21), (8, 20)):
        packed = b"".join(
            one.pts.to_bytes(32, "big") + one.y + one.u + one.v
            for one in segment.source.frames[start:stop]
        )
        proof = merkle.run_proof(leaves, start, stop - start)
        with boa.reverts("source window is not complete"):
            court.check(run_with(call, first_source=start, sources=packed, sources_proof=proof))


def test_check__segments_that_cannot_be_judged__revert(court: Court, signing: Signing) -> None:
    short = signing.content(0, bad, frames=7)
    assert short.faults() == ()
    long_source = fingerprint(16, 0)
    whole = signing.content(0, bad, frames=16)
    call = forced(whole, Metric.LUMA)

    def resigned(**order: Any) -> tuple[Any, ...]:
        segment = signing.segment(0, long_source, [whole.delivered, long_source], order=order)
        return segment.argument()

    with boa.reverts("segment has too many frames"):
        court.contract.checkContent(resigned(source_frames=4_097), *call.arguments[1:])
    with boa.reverts("fingerprint is of an unknown version"):
        court.contract.checkContent(resigned(csf_version=0), *call.arguments[1:])
    with boa.reverts("receipt: signed after the order expired"):
        court.contract.checkContent(resigned(expiry=1), *call.arguments[1:])
    leaves = signing.leaves([short.delivered, short.source])
    signed = signing.segment(0, short.source, leaves=leaves)
    arguments = (signed.argument(), leaves[0].values(), [leaves[1].leaf()], 0, [])
    with boa.reverts("segment is too short to judge"):
        court.contract.checkContent(*arguments)
    few = signing.content(0, only({3, 4, 5}), frames=16)
    assert few.faults() == ()
    run = proof_of_frames(few, (3, 4, 5))
    leaves = few.signed.leaves
    arguments = (few.signed.argument(), leaves[0].values(), [leaves[1].leaf()], 0, [run])
    with boa.reverts("too few frames at fault"):
        court.contract.checkContent(*arguments)


def proof_of_frames(segment: ContentSegment, frames: tuple[int, ...]) -> tuple[Any, ...]:
    from verifier import merkle

    source, delivered = segment.source.frames, segment.delivered.frames
    chosen = delivered[frames[0] : frames[-1] + 1]
    return (
        frames[0],
        b"".join(one.pts.to_bytes(32, "big") + one.y + one.u + one.v for one in chosen),
        merkle.run_proof([one.leaf() for one in delivered], frames[0], len(chosen)),
        0,
        b"".join(one.pts.to_bytes(32, "big") + one.y + one.u + one.v for one in source),
        merkle.run_proof([one.leaf() for one in source], 0, len(source)),
    )


def test_check__receipt_names_another_source__reverts(court: Court, signing: Signing) -> None:
    whole = signing.content(0, bad, frames=16)
    call = forced(whole, Metric.LUMA)
    for receipt in ({"source_root": keccak(text="other")},):
        false = signing.segment(0, whole.source, [whole.delivered, whole.source], receipt=receipt)
        with boa.reverts("receipt: names another source"):
            court.contract.checkContent(false.argument(), *call.arguments[1:])
