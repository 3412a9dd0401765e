"""Alignment of delivered frames with the source, against plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.cells import Cells, fingerprints, flat, moving_cells, of_cells
from verifier.align import Alignment, Grids, align, lasting_high, lasting_low
from verifier.csf import Fingerprint, FrameFingerprint
from verifier.faults import needed_frames

STEP = 3.0  # levels from one frame of `moving_cells` to the next


def aligned(source: Cells, delivered: Cells, pts: Sequence[int] | None = None) -> Alignment:
    return align(Grids.of(of_cells(source)), Grids.of(of_cells(delivered, pts)))


# -- the same in plain Python, from the definitions


def total(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def colour(frame: FrameFingerprint) -> int:
    return sum(abs(value - 128) for value in frame.u + frame.v)


def around(source: Fingerprint, pts: int) -> list[int]:
    before = [frame.index for frame in source.frames if frame.pts <= pts]
    after = [frame.index for frame in source.frames if frame.pts > pts]
    return before[-3:] + after[:3]


def slow_steady(source: Fingerprint, delivered: Fingerprint) -> list[int]:
    last = len(source.frames) - 1

    def moved(at: int, shift: int) -> int:
        pts = delivered.frames[at].pts
        closest = min(range(last + 1), key=lambda i: (abs(source.frames[i].pts - pts), i))
        return max(0, min(last, closest + shift))

    def cost(at: int, shift: int) -> int:
        return total(source.frames[moved(at, shift)].y, delivered.frames[at].y)

    count, steady = len(delivered.frames), []
    for at in range(count):
        near = range(max(0, at - 5), min(count, at + 6))
        shift = min((0, -1, 1, -2, 2), key=lambda one: sum(cost(i, one) for i in near))
        steady.append(moved(at, shift))
    return steady


def slow_cell(source: Fingerprint, delivered: Fingerprint, nearest: list[int]) -> float:
    pairs = [(source.frames[i].y, d.y) for i, d in zip(nearest, delivered.frames, strict=True)]
    return max(abs(median(d[cell] - s[cell] for s, d in pairs)) for cell in range(256))


@given(fingerprints(), fingerprints())
@settings(max_examples=40)
def test_align__random_fingerprints__equals_plain_python(
    source: Fingerprint, delivered: Fingerprint
) -> None:
    found = align(Grids.of(source), Grids.of(delivered))
    nearest = []
    for at, frame in enumerate(delivered.frames):
        near = [source.frames[i] for i in around(source, frame.pts)]
        best = min(near, key=lambda s, f=frame: (total(s.y, f.y), abs(s.pts - f.pts), s.index))
        nearest.append(best.index)
        assert found.luma[at] == total(best.y, frame.y) / 256
        chroma = min(max(total(s.u, frame.u), total(s.v, frame.v)) for s in near)
        assert found.chroma[at] == chroma / 64
        if all(colour(s) > 64 for s in near):
            assert found.grey[at] == max(colour(frame) / colour(s) for s in near)
        else:
            assert math.isnan(found.grey[at])
    assert found.nearest.tolist() == nearest
    assert found.steady.tolist() == slow_steady(source, delivered)
    assert found.cell == slow_cell(source, delivered, nearest)


# -- what the definitions are for


def test_align__same_frames__is_the_identity() -> None:
    rows = moving_cells(20)
    found = aligned(rows, rows)
    assert found.nearest.tolist() == found.steady.tolist() == list(range(20))
    assert not found.luma.any()
    assert not found.chroma.any()
    assert found.cell == 0
    assert (found.grey >= 1).all()  # beside a frame of less colour, more than all is left


def test_align__first_and_last_frame__see_only_what_is_there() -> None:
    rows = moving_cells(20)
    for at, shown, seen in ((0, 3, 3), (0, 4, 3), (19, 17, 17), (19, 16, 17)):
        found = aligned(rows, rows[[shown]], [at * 3_000])
        assert found.nearest.tolist() == [seen]
        assert found.luma.tolist() == [STEP * abs(shown - seen)]


def test_align__long_after_the_end__sees_the_last_three() -> None:
    rows = moving_cells(20)
    found = aligned(rows, rows[[0]], [10**9])
    assert found.nearest.tolist() == [17]
    assert found.steady.tolist() == [17]  # two frames before the last, which is next in time


@pytest.mark.parametrize("dropped", [0, 1, 9, 18, 19])
def test_align__frame_dropped__every_other_is_found(dropped: int) -> None:
    rows = moving_cells(20)
    kept = [at for at in range(20) if at != dropped]
    in_time = aligned(rows, rows[kept], [(at - kept[0]) * 3_000 for at in kept])
    moved_up = aligned(rows, rows[kept])
    for found in (in_time, moved_up):
        assert found.nearest.tolist() == kept
        assert not found.luma.any()
    if dropped:
        assert in_time.steady.tolist() == kept


@pytest.mark.parametrize("doubled", [0, 9, 19])
def test_align__frame_doubled__both_show_the_same(doubled: int) -> None:
    rows = moving_cells(20)
    shown = sorted([*range(20), doubled])
    found = aligned(rows, rows[shown])
    assert found.nearest.tolist() == shown
    assert not found.luma.any()


@pytest.mark.parametrize("shift", [-2, -1, 1, 2])
def test_align__all_shifted_a_little__steady_follows(shift: int) -> None:
    rows = moving_cells(24)
    shown = np.clip(np.arange(24) + shift, 0, 23)
    found = aligned(rows, rows[shown])
    assert found.nearest.tolist() == shown.tolist()
    assert found.steady.tolist() == shown.tolist()


def test_align__three_frames_early_or_late__only_early_is_inside_the_window() -> None:
    rows = moving_cells(24)
    for shift, distance in ((3, 0.0), (-3, STEP)):
        shown = np.clip(np.arange(24) + shift, 0, 23)
        found = aligned(rows, rows[shown])
        assert set(found.luma[4:20]) == {distance}
        assert (found.steady - np.arange(24))[4:20].tolist() == [2 * np.sign(shift)] * 16


def test_align__three_frames_repeated__nearest_stands_and_steady_goes_on() -> None:
    rows = moving_cells(24)
    shown = np.arange(24)
    shown[11:13] = 10
    found = aligned(rows, rows[shown])
    assert found.nearest.tolist() == shown.tolist()
    assert found.steady.tolist() == list(range(24))


def test_align__still_content__means_the_frame_of_the_same_time() -> None:
    rows = flat(20)
    found = aligned(rows, rows)
    assert found.nearest.tolist() == found.steady.tolist() == list(range(20))
    between = aligned(rows, rows, [at * 3_000 + 1_400 if at else 0 for at in range(20)])
    assert between.nearest.tolist() == list(range(20))


@pytest.mark.parametrize(("source", "delivered"), [(1, 1), (1, 12), (12, 1), (2, 3), (3, 2)])
def test_align__very_few_frames__are_compared_with_what_there_is(
    source: int, delivered: int
) -> None:
    found = aligned(flat(source), flat(delivered, y=107, u=105, v=90))
    assert found.luma.tolist() == [7.0] * delivered
    assert found.chroma.tolist() == [10.0] * delivered
    assert found.cell == 7
    assert set(found.nearest.tolist()) | set(found.steady.tolist()) <= set(range(source))


# -- colour


def coloured(frames: int, total: int) -> Cells:
    rows = flat(frames, u=128, v=128)
    rows[:, 256 : 256 + total] += 1
    return rows


def test_align__colour_of_one_level__is_not_enough_for_a_verdict() -> None:
    left = coloured(8, 20)
    assert np.isnan(aligned(coloured(8, 64), left).grey).all()
    assert aligned(coloured(8, 65), left).grey.tolist() == [20 / 65] * 8


def test_align__one_grey_source_frame__no_verdict_wherever_it_is_in_the_window() -> None:
    source = coloured(20, 100)
    source[10] = coloured(1, 50)[0]
    grey = np.isnan(aligned(source, coloured(20, 0)).grey)
    assert np.flatnonzero(grey).tolist() == [7, 8, 9, 10, 11, 12]


def test_align__colour_fades__compares_with_the_least_colourful_of_the_window() -> None:
    source = np.concatenate([coloured(10, 120), coloured(10, 80)])
    found = aligned(source, coloured(20, 20)).grey
    assert found.tolist() == [20 / 120] * 7 + [20 / 80] * 13


# -- cells


def test_align__logo__is_as_large_as_its_strongest_cell() -> None:
    rows = moving_cells(16)
    marked = rows.copy()
    marked[:, [40, 41]] += [20, 33]
    marked[:, 200] -= 25
    assert aligned(rows, marked).cell == 33


def test_align__mark_in_fewer_than_half_of_the_frames__leaves_no_cell() -> None:
    rows = flat(16)
    for frames, cell in ((7, 0.0), (8, 15.0), (9, 30.0)):
        marked = rows.copy()
        marked[:frames, 77] += 30
        assert aligned(rows, marked).cell == cell


def test_align__noise_over_time__averages_out_of_the_cell() -> None:
    rows = flat(41)
    noise = np.random.default_rng(4).permuted(
        np.tile(np.arange(-20, 21)[:, None], (1, 256)), axis=0
    )
    noisy = rows.copy()
    noisy[:, :256] += noise
    found = aligned(rows, noisy)
    assert found.cell == 0
    assert found.luma.mean() > 8


# -- what lasts


@pytest.mark.parametrize(
    ("frames", "high", "low"),
    [(1, 0, 0), (3, 2, 0), (7, 6, 0), (8, 6, 1), (12, 9, 2), (32, 24, 7), (100, 92, 7)],
)
def test_lasting__ramp__is_what_so_many_frames_reach(frames: int, high: int, low: int) -> None:
    ramp = np.random.default_rng(frames).permutation(frames).astype(float)
    assert lasting_high(ramp) == high
    assert lasting_low(ramp) == low


@given(st.lists(st.floats(0, 255), min_size=1, max_size=50))
def test_lasting__any_values__so_many_reach_it_and_no_more_exceed_it(values: list[float]) -> None:
    needed = max(1, needed_frames(len(values)))
    high, low = lasting_high(np.array(values)), lasting_low(np.array(values))
    assert low is not None
    assert sum(one >= high for one in values) >= needed > sum(one > high for one in values)
    assert sum(one <= low for one in values) >= needed > sum(one < low for one in values)


def test_lasting_low__frames_without_a_number__do_not_count() -> None:
    nothing = float("nan")
    assert lasting_low(np.array([nothing] * 6 + [0.5, 0.2])) == 0.5
    assert lasting_low(np.array([nothing] * 7 + [0.2])) is None
    assert lasting_low(np.full(3, nothing)) is None
    assert lasting_low(np.array([nothing, 0.3])) == 0.3
