"""The provable rules in integers, against loops; the contract's tests compare them with Vyper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.receipts import PROFILES, Signing, address_of, fingerprint, key_of
from tests.verifier.cells import Cells, fingerprints, flat, moving_cells, of_cells
from verifier import faults
from verifier.csf import Fingerprint, FrameFingerprint
from verifier.faults import (
    ContentFault,
    Contradiction,
    Metric,
    content_faults,
    contradictions,
    faulty_frames,
    frame_margins,
    is_provable,
    needed_frames,
    window,
)
from verifier.messages import Domain, Profile, profiles_hash
from verifier.proofs import SignedSegment

# -- the rules once more, one frame at a time


def total(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def colour(frame: FrameFingerprint) -> int:
    return sum(abs(value - 128) for value in frame.u + frame.v)


def differs(metric: Metric, source: FrameFingerprint, delivered: FrameFingerprint) -> bool:
    """Whether the delivered frame cannot be this source frame."""
    if metric is Metric.LUMA:
        return total(source.y, delivered.y) > 2_048
    if metric is Metric.CHROMA:
        return total(source.u, delivered.u) > 512 or total(source.v, delivered.v) > 512
    return colour(source) > 64 and 4 * colour(delivered) < colour(source)


def near(source: Fingerprint, pts: int) -> list[FrameFingerprint]:
    before = [frame for frame in source.frames if frame.pts <= pts]
    return before[-3:] + [frame for frame in source.frames if frame.pts > pts][:3]


def slow_faults(source: Fingerprint, delivered: Fingerprint) -> tuple[ContentFault, ...]:
    count, found = len(delivered.frames), []
    for metric in Metric:
        guilty = tuple(
            frame.index
            for frame in delivered.frames
            if all(differs(metric, one, frame) for one in near(source, frame.pts))
        )
        if count >= 8 and len(guilty) >= min(8, count // 4):
            found.append(ContentFault(metric, guilty))
    return tuple(found)


@st.composite
def near_the_limits(draw: st.DrawFn) -> tuple[Fingerprint, Fingerprint]:
    """A still source and frames that miss it by sums on, just above and just below the limits."""
    seed, frames = draw(st.integers(0, 2**32)), draw(st.integers(6, 40))
    rng = np.random.default_rng(seed)
    source = flat(draw(st.integers(1, 20)), u=128, v=128)
    has_colour = draw(st.sampled_from([0, 63, 64, 65, 68, 128]))
    source[:, 256 : 256 + has_colour] += 1
    delivered = flat(frames, u=128, v=128)
    for row in delivered:
        luma = 2_048 + int(rng.integers(-1, 2)) if rng.random() < 0.6 else int(rng.integers(9_000))
        cells, counts = np.unique(rng.integers(0, 256, luma), return_counts=True)
        row[cells] += counts * rng.choice([-1, 1])
        row[256 : 256 + int(rng.integers(0, 129))] += int(rng.choice([1, 8, 9]))
        left = max(0, has_colour // 4 + int(rng.integers(-1, 2)))
        if rng.random() < 0.4:
            row[256:] = 128
            row[256 : 256 + left] += 1
    return of_cells(source), of_cells(delivered)


@given(near_the_limits())
@settings(max_examples=60)
def test_content_faults__sums_around_the_limits__equal_the_loops(
    pair: tuple[Fingerprint, Fingerprint],
) -> None:
    assert content_faults(*pair) == slow_faults(*pair)


@given(fingerprints(), fingerprints(most=40))
@settings(max_examples=40)
def test_content_faults__random_pictures_and_times__equal_the_loops(
    source: Fingerprint, delivered: Fingerprint
) -> None:
    assert content_faults(source, delivered) == slow_faults(source, delivered)
    margins = frame_margins(source, delivered)
    for at, frame in enumerate(delivered.frames):
        sources = near(source, frame.pts)
        assert [source.frames[i] for i in window([f.pts for f in source.frames], frame.pts)] == (
            sources
        )
        assert margins[Metric.LUMA][at] == min(total(s.y, frame.y) for s in sources)
        for metric in Metric:
            guilty = all(differs(metric, one, frame) for one in sources)
            assert (at in faulty_frames(margins, metric)) == guilty


# -- single rules


def changed(rows: Cells, *, luma: int = 0, u: int = 0, v: int = 0) -> Cells:
    """Every frame off by exactly these sums, spread as evenly as possible."""
    rows = rows.copy()
    for first, size, off in ((0, 256, luma), (256, 64, u), (320, 64, v)):
        rows[:, first : first + size] += off // size
        rows[:, first : first + off % size] += 1
    return rows


@pytest.mark.parametrize(
    ("off", "metrics"),
    [
        ({"luma": 2_048}, []),
        ({"luma": 2_049}, [Metric.LUMA]),
        ({"u": 512, "v": 512}, []),  # of one plane, not of both together
        ({"u": 513}, [Metric.CHROMA]),
        ({"v": 513}, [Metric.CHROMA]),
        ({"luma": 2_049, "v": 513}, [Metric.LUMA, Metric.CHROMA]),
    ],
)
def test_content_faults__on_and_above_a_limit__only_above_is_one(
    off: dict[str, int], metrics: list[Metric]
) -> None:
    found = content_faults(of_cells(flat(16)), of_cells(changed(flat(16), **off)))
    assert [one.metric for one in found] == metrics
    assert all(one.frames == tuple(range(16)) for one in found)


def test_content_faults__half_of_the_frames_by_either_metric__do_not_add_up() -> None:
    """32 frames need 8 by one metric: 7 by luma and 7 by chroma are none."""
    rows = flat(32)
    rows[:7] = changed(rows[:7], luma=5_000)
    rows[20:27] = changed(rows[20:27], u=5_000)
    assert content_faults(of_cells(flat(32)), of_cells(rows)) == ()
    rows[27] = rows[26]
    assert content_faults(of_cells(flat(32)), of_cells(rows)) == (
        ContentFault(Metric.CHROMA, tuple(range(20, 28))),
    )


@pytest.mark.parametrize("frames", [8, 11, 12, 31, 32, 33, 60])
def test_content_faults__one_frame_fewer_than_needed__none(frames: int) -> None:
    needed = {8: 2, 11: 2, 12: 3, 31: 7, 32: 8, 33: 8, 60: 8}[frames]
    for bad in (needed - 1, needed):
        rows = flat(frames)
        rows[frames - bad :] = changed(rows[frames - bad :], luma=4_000)
        found = content_faults(of_cells(flat(frames)), of_cells(rows))
        assert bool(found) == (bad == needed)


@given(st.integers(0, 5_000))
def test_needed_frames__any_length__a_quarter_up_to_eight_and_none_below_eight(frames: int) -> None:
    needed = needed_frames(frames)
    assert needed == (0 if frames < 8 else 8 if frames >= 32 else frames // 4)


@pytest.mark.parametrize("frames", range(1, 8))
def test_content_faults__under_eight_frames__cannot_be_judged(frames: int) -> None:
    assert content_faults(of_cells(flat(40)), of_cells(flat(frames, y=255, u=255))) == ()


def test_content_faults__no_source_frames__none() -> None:
    nothing = Fingerprint((), 640, 360, 0, 0)
    assert content_faults(nothing, of_cells(flat(16))) == ()


@pytest.mark.parametrize(("late", "guilty"), [(-3, False), (2, False), (3, True)])
def test_content_faults__one_frame_of_the_window_fits__acquits(late: int, guilty: bool) -> None:
    """Nine levels from each frame to the next: any other frame than the one shown is a fault."""
    rows = 3 * moving_cells(24) - 120
    shown = np.arange(24) - late
    inside = (shown >= 0) & (shown < 24)
    shifted = rows[np.clip(shown, 0, 23)]
    shifted[~inside] = rows[~inside]
    found = content_faults(of_cells(np.clip(rows, 0, 255)), of_cells(np.clip(shifted, 0, 255)))
    assert bool(found) == guilty


def test_content_faults__no_colour_left__luma_and_chroma_within_limits_is_still_grey() -> None:
    found = content_faults(of_cells(flat(12, u=130, v=126)), of_cells(flat(12, u=128, v=128)))
    assert found == (ContentFault(Metric.GREY, tuple(range(12))),)


# -- contradictions


@pytest.fixture
def signing() -> Signing:
    return Signing(Domain(31_337, "0x" + "11" * 20), address_of(key_of("orchestrator")), 1_000)


def found_in(segment: SignedSegment) -> tuple[Contradiction, ...]:
    return contradictions(segment.order, segment.receipt, segment.leaves, segment.profiles)


def with_leaf(at: int, **changes: Any) -> Callable[[Signing], SignedSegment]:
    def make(signing: Signing) -> SignedSegment:
        leaves = list(signing.leaves([fingerprint(16, 0)] * 2))
        leaves[at] = replace(leaves[at], **changes)
        return signing.segment(0, leaves=tuple(leaves))

    return make


def with_receipt(**changes: Any) -> Callable[[Signing], SignedSegment]:
    return lambda signing: signing.segment(0, receipt=changes)


def test_contradictions__honest__none(signing: Signing) -> None:
    assert found_in(signing.segment()) == found_in(signing.segment(3)) == ()
    one_frame = {"frames": 1, "first_pts": 77, "last_pts": 77}
    assert found_in(with_leaf(1, **one_frame)(signing)) == ()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (with_receipt(job_id=keccak(text="other")), Contradiction.ORDER),
        (with_receipt(seq=1), Contradiction.ORDER),
        (with_receipt(orchestrator=address_of(key_of("other"))), Contradiction.ORDER),
        (with_receipt(source_root=bytes(32)), Contradiction.ORDER),
        (with_receipt(renditions=1), Contradiction.COUNT),
        (lambda s: s.segment(leaves=s.leaves([fingerprint(16, 0)])), Contradiction.COUNT),
        (with_leaf(0, width=638), Contradiction.PROFILE),
        (with_leaf(1, height=242), Contradiction.PROFILE),
        (with_leaf(0, profile=1), Contradiction.PROFILE),
        (with_leaf(1, profile=7), Contradiction.PROFILE),
        (with_leaf(0, frames=0), Contradiction.TIMES),
        (with_leaf(0, frames=1), Contradiction.TIMES),
        (with_leaf(1, last_pts=0), Contradiction.TIMES),
        (with_leaf(1, first_pts=10**9), Contradiction.TIMES),
        (with_receipt(pixels=0), Contradiction.PIXELS),
        (with_receipt(pixels=16 * (640 * 360 + 426 * 240) + 1), Contradiction.PIXELS),
    ],
)
def test_contradictions__one_kind__is_the_only_one(
    signing: Signing, make: Callable[[Signing], SignedSegment], kind: Contradiction
) -> None:
    assert found_in(make(signing)) == (kind,)


def test_contradictions__all_at_once__are_all_named(signing: Signing) -> None:
    leaf = replace(signing.leaves([fingerprint(16, 0)])[0], width=2, frames=0)
    segment = signing.segment(0, leaves=(leaf,), receipt={"seq": 9, "pixels": 5})
    assert found_in(segment) == tuple(Contradiction)


def test_contradictions__more_renditions_than_ordered__is_a_matter_of_count(
    signing: Signing,
) -> None:
    two = signing.leaves([fingerprint(16, 0)] * 2)
    segment = signing.segment(0, leaves=(*two, replace(two[0], profile=2)))
    assert found_in(segment) == (Contradiction.COUNT,)


def test_contradictions__not_what_was_signed__raises(signing: Signing) -> None:
    """Also with equal numbers in another order: both lists are signed as lists."""
    signed = signing.segment()
    order, receipt, leaves = signed.order, signed.receipt, signed.leaves
    with pytest.raises(ValueError, match="receipt is for another order"):
        contradictions(replace(order, expiry=order.expiry + 1), receipt, leaves, PROFILES)
    for profiles in (PROFILES[::-1], (*PROFILES, PROFILES[0]), [Profile(640, 360, 1)] * 2):
        with pytest.raises(ValueError, match="profiles are not those of the order"):
            contradictions(order, receipt, leaves, profiles)
    for others in ((), leaves[::-1], leaves[:1], (leaves[0], replace(leaves[1], length=1))):
        with pytest.raises(ValueError, match="renditions are not those of the receipt"):
            contradictions(order, receipt, others, PROFILES)
    with pytest.raises(ValueError, match="0 profiles, expected 1 to 8"):
        contradictions(order, receipt, leaves, ())


def test_is_provable__version_and_length__are_both_needed(signing: Signing) -> None:
    order = signing.order(0, fingerprint(16, 0), profiles_hash=profiles_hash(PROFILES))
    assert is_provable(order)
    assert is_provable(replace(order, source_frames=faults.MIN_FRAMES))
    assert not is_provable(replace(order, source_frames=7))
    for version in (0, 2):
        assert not is_provable(replace(order, csf_version=version))
