"""Fault 3: delivered pictures that are not the source's (requirement 16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boa
import numpy as np
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.gas import transaction_gas
from tests.support.receipts import TICKS, Signing, fingerprint
from tests.support.requirements import record
from tests.unit.slashing_verifier.conftest import CONTENT_DELAY, QUEUED, SALT, Court, bad
from verifier.csf import Fingerprint
from verifier.faults import Metric, content_faults
from verifier.messages import sign
from verifier.proofs import (
    ContentEvidence,
    ContentSegment,
    EvidenceError,
    ProofCall,
    cheapest_runs,
    commitment,
    proof_calls,
)

Change = Callable[[int, np.ndarray], np.ndarray]


def shifted(y: int, u: int = 0, v: int = 0) -> Change:
    step = np.r_[np.full(256, y), np.full(64, u), np.full(64, v)]
    return lambda _, cells: cells + step


def greyed(share: float) -> Change:
    def change(_: int, cells: np.ndarray) -> np.ndarray:
        colour = 128 + np.round((cells[256:] - 128) * share).astype(np.int64)
        return np.r_[cells[:256], colour]

    return change


def only(frames: set[int]) -> Change:
    return lambda at, cells: bad(at, cells) if at in frames else cells


def calls_of(signing: Signing, change: Change, **options: Any) -> list[ProofCall]:
    pair = (signing.content(seq, change, **options) for seq in (0, 3))
    return proof_calls(ContentEvidence(*pair))


@pytest.mark.parametrize(
    ("change", "metric"),
    [(bad, Metric.LUMA), (shifted(0, 9), Metric.CHROMA), (shifted(0, 0, -9), Metric.CHROMA),
     (greyed(0.2), Metric.GREY), (greyed(0.0), Metric.GREY)],
)  # fmt: skip
def test_check__every_frame_at_fault__accepted_by_each_metric(
    court: Court, signing: Signing, change: Change, metric: Metric
) -> None:
    segment = signing.content(0, change, frames=32)
    fault = next(one for one in segment.faults() if one.metric == metric)
    call = call_for(segment, fault.metric)
    assert court.check(call) == court.contract.caseIdOf(3, signing.orchestrator, signing.job)


def call_for(segment: ContentSegment, metric: Metric) -> ProofCall:
    """The proof by one metric, whichever would be cheapest."""
    fault = next(one for one in segment.faults() if one.metric == metric)
    call = proof_calls(ContentEvidence(segment, replace(segment, signed=other_place(segment))))[0]
    runs = [run.argument() for run in cheapest_runs(segment.source, segment.delivered, fault)]
    return replace(call, arguments=(*call.arguments[:3], int(metric), runs))


def other_place(segment: ContentSegment) -> Any:
    receipt = replace(segment.signed.receipt, seq=segment.signed.receipt.seq + 1)
    return replace(segment.signed, receipt=receipt)


def test_prove__two_segments__opens_a_case_within_its_gas(
    court: Court, signing: Signing, finder: str
) -> None:
    first, second = calls_of(signing, bad)
    assert first.case_id == second.case_id
    court.check(first)
    judged = transaction_gas(court.contract, first.check, *first.arguments)
    court.commit(first.case_id, finder)
    court.prove(first, finder)
    event = court.contract.get_logs()[-1]
    assert (event.caseId, event.accused, event.finder) == (
        first.case_id, signing.orchestrator, finder
    )  # fmt: skip
    assert (event.seq, event.profile, event.metric) == (0, 0, Metric.LUMA)
    assert court.state(first.case_id) == 0
    court.prove(second, finder)
    opened = transaction_gas(court.contract, second.prove, *second.arguments, SALT)
    assert court.state(first.case_id) == QUEUED
    assert court.due(first.case_id) == court.now + CONTENT_DELAY
    record(16, "gas to judge 8 neighbouring frames of 60", judged, "<= 2000000")
    record(16, "gas of the second proof, which opens the case", opened, "<= 2000000")
    assert max(judged, opened) <= 2_000_000


def test_check__eight_frames_far_apart__still_within_its_gas(
    court: Court, signing: Signing
) -> None:
    """The dearest shape: no two frames share a source frame; trees of 512 leaves."""
    frames = set(range(10, 512, 64))
    call = calls_of(signing, only(frames), frames=512)[0]
    assert len(call.arguments[4]) == 8
    court.check(call)
    judged = transaction_gas(court.contract, call.check, *call.arguments)
    record(16, "gas to judge 8 frames far apart of 512", judged, "<= 2000000")
    assert judged <= 2_000_000


def test_check__any_subset_of_frames_at_fault__contract_agrees_with_software(
    court: Court, signing: Signing
) -> None:
    @given(
        seed=st.integers(0, 2**32),
        frames=st.integers(8, 40),
        ticks=st.sampled_from([TICKS, 1_500, 6_000, 3_100]),
        shift=st.sampled_from([0, 1_500, 3_000]),
    )
    @settings(max_examples=40)
    def agree(seed: int, frames: int, ticks: int, shift: int) -> None:
        rng = np.random.default_rng(seed)
        share = rng.choice([0.2, 0.6, 0.95])
        faulty = {at for at in range(90) if rng.random() < share}
        segments = [
            signing.content(seq, only(faulty), frames=frames, ticks=ticks, shift=shift)
            for seq in (0, 1)
        ]
        if all(one.faults() for one in segments):
            for call in proof_calls(ContentEvidence(*segments)):
                assert court.check(call) == call.case_id
        else:
            with pytest.raises(EvidenceError, match="not provably at fault"):
                proof_calls(ContentEvidence(*segments))

    agree()


def test_check__thresholds__one_more_is_a_fault(court: Court, signing: Signing) -> None:
    """A mean of exactly 8 levels is none; 8 levels and 1/256 (1/64) are."""
    flat = np.full(384, 100)

    def constant(extra: np.ndarray) -> Change:
        return lambda _, __: flat + extra

    def step(y: int, first_y: int, u: int, first_u: int) -> np.ndarray:
        extra = np.r_[np.full(256, y), np.full(64, u), np.zeros(64, dtype=int)]
        extra[0] += first_y
        extra[256] += first_u
        return extra

    source = fingerprint(16, 0, change=constant(np.zeros(384, dtype=int)))
    cases = [
        (step(8, 0, 0, 0), ()), (step(8, 1, 0, 0), (Metric.LUMA,)),
        (step(0, 0, 8, 0), ()), (step(0, 0, 8, 1), (Metric.CHROMA,)),
    ]  # fmt: skip
    for extra, metrics in cases:
        delivered = fingerprint(16, 0, change=constant(extra))
        signed = signing.segment(0, source, [delivered, source])
        segment = ContentSegment(signed, 0, source, delivered)
        assert tuple(fault.metric for fault in segment.faults()) == metrics
        for metric in (Metric.LUMA, Metric.CHROMA):
            call = forced(segment, metric)
            if metric in metrics:
                court.check(call)
            else:
                with boa.reverts("frame is not at fault"):
                    court.check(call)


def forced(segment: ContentSegment, metric: Metric, frames: tuple[int, ...] = ()) -> ProofCall:
    """A proof about frames that the software would not submit."""
    from verifier import merkle
    from verifier.faults import ContentFault

    frames = frames or tuple(range(len(segment.delivered.frames)))
    runs = cheapest_runs(segment.source, segment.delivered, ContentFault(metric, frames))
    leaves = [leaf.leaf() for leaf in segment.signed.leaves]
    arguments = (
        segment.signed.argument(),
        segment.signed.leaves[segment.profile].values(),
        merkle.run_proof(leaves, segment.profile, 1),
        int(metric),
        [run.argument() for run in runs],
    )
    return ProofCall("checkContent", "proveContent", arguments, bytes(32))


def test_check__grey_edges__a_quarter_and_a_level(court: Court, signing: Signing) -> None:
    """64 in sum is too little colour in the source; a quarter left is enough to pass."""
    for colour, left, guilty in ((64, 0, False), (65, 0, True), (68, 17, False), (68, 16, True)):
        source, delivered = (
            fingerprint(16, 0, change=lambda _, __, c=c: coloured(c)) for c in (colour, left)
        )
        signed = signing.segment(0, source, [delivered, source])
        segment = ContentSegment(signed, 0, source, delivered)
        assert (Metric.GREY in [one.metric for one in segment.faults()]) == guilty
        call = forced(segment, Metric.GREY)
        if guilty:
            court.check(call)
        else:
            with boa.reverts("frame is not at fault"):
                court.check(call)


def coloured(total: int) -> np.ndarray:
    """Flat luma; chroma whose distances from 128 sum to `total`."""
    cells = np.full(384, 128)
    cells[256 : 256 + total] += 1
    return cells


@pytest.mark.parametrize("metric", list(Metric))
def test_check__honest_variants__rejected(court: Court, signing: Signing, metric: Metric) -> None:
    """Noise, a level offset, a frame dropped or doubled, half a frame late: no proof exists."""
    rng = np.random.default_rng(1)
    source = fingerprint(32, 0)

    def noise(_: int, cells: np.ndarray) -> np.ndarray:
        return cells + rng.integers(-3, 4, 384)

    variants: list[Fingerprint] = [
        source,
        fingerprint(32, 0, change=noise),
        fingerprint(32, 0, change=shifted(1, 1, 1)),
        fingerprint(32, 0, shift=TICKS // 2),
        fingerprint(32, 0, shift=TICKS),
        reindexed([*source.frames[1:]]),
        reindexed([*source.frames[:16], *source.frames[17:]]),
    ]
    for delivered in variants:
        assert content_faults(source, delivered) == ()
        signed = signing.segment(0, source, [delivered, source])
        with boa.reverts("frame is not at fault"):
            court.check(forced(ContentSegment(signed, 0, source, delivered), metric))


def reindexed(frames: list[Any]) -> Fingerprint:
    begin = frames[0].pts
    rows = tuple(replace(one, index=at, pts=one.pts - begin) for at, one in enumerate(frames))
    return Fingerprint(rows, 640, 360, 0, rows[-1].pts)


# -- proofs that were tampered with


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


# -- the second segment


@pytest.mark.parametrize(("seqs", "opens"), [((0, 1), True), ((5, 0), True), ((0, 6), False)])
def test_prove__second_segment__only_near_the_first(
    court: Court, signing: Signing, finder: str, seqs: tuple[int, int], opens: bool
) -> None:
    case = court.open(court.content(signing, seqs), finder)
    assert (court.state(case) == QUEUED) == opens


def test_prove__same_segment_twice__no_case(court: Court, signing: Signing, finder: str) -> None:
    call = calls_of(signing, bad, frames=32)[0]
    court.commit(call.case_id, finder)
    court.prove(call, finder)
    court.prove(call, finder)
    assert court.state(call.case_id) == 0


def test_prove__second_segment_by_another_finder__no_case(
    court: Court, signing: Signing, finder: str
) -> None:
    """Nobody completes somebody else's case and takes the share."""
    first, second = calls_of(signing, bad, frames=32)
    thief = boa.env.generate_address("thief")
    court.commit(first.case_id, finder)
    court.prove(first, finder)
    court.commit(first.case_id, thief)
    court.prove(second, thief)
    assert court.state(first.case_id) == 0
    court.prove(second, finder)
    assert court.contract.getCase(first.case_id)[3] == finder


def test_prove__two_sessions__no_case(court: Court, signing: Signing, finder: str) -> None:
    other = replace(signing, job=keccak(text="other job"))
    for session, seq in ((signing, 0), (other, 1)):
        segment = session.content(seq, bad, frames=32)
        call = forced(segment, Metric.LUMA)
        case = court.contract.caseIdOf(3, signing.orchestrator, session.job)
        court.contract.commitProof(commitment(case, finder, SALT), sender=finder)
        court.block()
        court.contract.proveContent(*call.arguments, SALT, sender=finder)
        assert court.state(case) == 0
    with pytest.raises(EvidenceError, match="different sessions"):
        proof_calls(
            ContentEvidence(signing.content(0, bad, frames=32), other.content(1, bad, frames=32))
        )


def test_evidence__fingerprint_that_was_not_signed__refused(signing: Signing) -> None:
    segment = signing.content(0, bad, frames=32)
    for wrong, text in (
        (replace(segment, source=segment.delivered), "source fingerprint is not"),
        (replace(segment, delivered=segment.source), "delivered fingerprint is not"),
        (replace(segment, profile=2), "no rendition 2"),
    ):
        with pytest.raises(EvidenceError, match=text):
            wrong.faults()
    assert sign(signing.domain, segment.signed.order, signing.gateway_key) == (
        segment.signed.order_sig
    )
