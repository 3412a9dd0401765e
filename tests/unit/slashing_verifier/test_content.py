"""Fault 3: delivered pictures that are not the source's (requirement 16)."""

from __future__ import annotations

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
from tests.unit.slashing_verifier.content import (
    Change,
    call_for,
    calls_of,
    forced,
    greyed,
    only,
    shifted,
)
from verifier.csf import Fingerprint
from verifier.faults import Metric, content_faults
from verifier.messages import sign
from verifier.proofs import (
    ContentEvidence,
    ContentSegment,
    EvidenceError,
    commitment,
    proof_calls,
)


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
