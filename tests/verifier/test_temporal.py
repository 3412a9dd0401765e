"""Still pictures of a moving source: one long run is a freeze, many short ones are repeats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier.temporal import Stillness, changes, stillness

Shown = npt.NDArray[np.int64]

MOTION = 0.3  # levels: less is no motion


def judge(shown: Shown, source: npt.NDArray[np.float64], steady: Shown) -> Stillness | None:
    """`shown` is the source frame that each delivered frame shows."""
    return stillness(changes(source), changes(source[shown]), steady, motion=MOTION)


def moving(frames: int, levels: float = 2.0) -> npt.NDArray[np.float64]:
    """Every frame changes by as many levels on the mean, no two alike."""
    steps = levels * np.sign(np.random.default_rng(frames).normal(size=(frames, 64)))
    return 100 + steps.cumsum(axis=0)


def test_changes__cells_of_any_shape__mean_absolute_change_and_zero_first() -> None:
    cells = np.array([[[0, 10], [20, 30]], [[0, 14], [20, 30]], [[255, 14], [20, 30]]], np.uint8)
    assert changes(cells).tolist() == [0.0, 1.0, 63.75]
    assert changes(cells[::-1]).tolist() == [0.0, 63.75, 1.0]  # bytes do not wrap around
    assert changes(cells[:1]).tolist() == [0.0]


def test_stillness__all_frames_move__none_is_still() -> None:
    own = np.arange(30)
    assert judge(own, moving(30), own) == Stillness(0.0, False)


@pytest.mark.parametrize(
    ("frozen_from", "share"), [(0, 1.0), (10, 19 / 29), (20, 9 / 29), (23, 6 / 29)]
)
def test_stillness__frozen_from_some_frame__is_a_freeze_unless_short(
    frozen_from: int, share: float
) -> None:
    """Of 29 changes a quarter in one run is a freeze: 9 are, 6 are not."""
    own = np.arange(30)
    assert judge(np.minimum(own, frozen_from), moving(30), own) == Stillness(share, share > 0.25)


@pytest.mark.parametrize(
    ("each", "share"), [(2, 15 / 29), (3, 20 / 29), (4, 22 / 29), (6, 25 / 30)]
)
def test_stillness__one_frame_of_several__is_repeats_and_no_freeze(each: int, share: float) -> None:
    own = np.arange(31 if each == 6 else 30)
    shown = own - own % each
    assert judge(shown, moving(len(own)), own) == Stillness(pytest.approx(share), False)


def test_stillness__few_frames__freeze_takes_six_in_a_run() -> None:
    own = np.arange(10)
    for frozen, is_freeze in ((5, False), (6, True)):
        shown = np.minimum(own, 9 - frozen)
        assert judge(shown, moving(10), own) == Stillness(frozen / 9, is_freeze)


def test_stillness__long_segment__freeze_takes_a_quarter_of_what_moves() -> None:
    own = np.arange(101)
    for frozen, is_freeze in ((24, False), (25, True)):
        shown = own.copy()
        shown[30 : 30 + frozen + 1] = 30
        found = judge(shown, moving(101), own)
        assert found == Stillness(frozen / 100, is_freeze)


def test_stillness__fifth_of_the_motion__is_not_still_any_more() -> None:
    source, steady = np.full(20, 2.0), np.arange(20)
    for left, share in ((0.39, 1.0), (0.4, 0.0)):
        found = stillness(source, np.full(20, left), steady, motion=MOTION)
        assert found == Stillness(share, share == 1.0)


def test_stillness__source_stands_still__has_no_verdict() -> None:
    own = np.arange(30)
    assert judge(np.zeros(30, int), moving(30, levels=0.2), own) is None
    assert judge(np.zeros(30, int), moving(30, levels=0.4), own) == Stillness(1.0, True)


def test_stillness__little_motion_in_some_frames__has_no_verdict() -> None:
    """Ten frames move by half a level, the mean is a quarter of one."""
    source, still, own = np.tile([0.0, 0.5], 10), np.zeros(20), np.arange(20)
    assert stillness(source, still, own, motion=MOTION) is None
    assert stillness(source, still, own, motion=0.25) == Stillness(1.0, True)


def test_stillness__too_few_moving_frames__has_no_verdict() -> None:
    """Eight, or a quarter of the segment: a cut or two are no motion."""
    for frames, needed in ((20, 8), (32, 8), (60, 15), (100, 25)):
        own = np.arange(frames)
        for moved in (needed - 1, needed):
            source = np.zeros((frames, 4))
            source[-moved:] = 50 * np.arange(1, moved + 1)[:, None]
            found = judge(np.zeros(frames, int), source, own)
            assert (found is None) == (moved < needed)


def test_stillness__one_frame_or_none__has_no_verdict() -> None:
    source = changes(moving(30))
    for frames in (0, 1):
        nothing = np.zeros(frames)
        assert stillness(source, nothing, nothing.astype(int), motion=MOTION) is None


def test_stillness__pauses_of_the_source__do_not_count_and_do_not_break_a_run() -> None:
    own = np.arange(41)
    source = moving(41)
    source[20:31] = source[20]  # ten frames in which nothing moves
    assert judge(own, source, own) == Stillness(0.0, False)
    shown = own.copy()
    shown[16:35] = 16  # four moving frames before the pause, four after it
    assert judge(shown, source, own) == Stillness(8 / 30, True)


def test_stillness__source_frame_of_each__is_where_it_is_compared() -> None:
    """The source moves in its first half; delivered frames move with it, two frames later."""
    source = moving(48)
    source[24:] = source[24]
    shown = np.maximum(0, np.arange(48) - 2)
    assert judge(shown, source, shown) == Stillness(0.0, False)
    late = judge(shown, source, np.arange(48))
    assert late is not None
    assert late.share == 2 / 24


@given(st.lists(st.booleans(), min_size=12, max_size=60))
@settings(max_examples=50)
def test_stillness__any_pattern__share_and_longest_run_are_counted(still: list[bool]) -> None:
    frames = len(still) + 1
    delivered = np.array([0.0, *(0.0 if one else 1.0 for one in still)])
    found = stillness(np.full(frames, 1.0), delivered, np.arange(frames), motion=MOTION)
    runs = "".join("x" if one else " " for one in still).split()
    longest = max((len(run) for run in runs), default=0)
    is_freeze = longest >= 6 and 4 * longest >= len(still)
    assert found == Stillness(pytest.approx(sum(still) / len(still)), is_freeze)
