"""Frozen and repeated pictures: the source moves, the rendition does not.

Motion is the mean absolute change of luma from the frame before, in levels, over cells of the
picture and not over pixels: sensor noise moves every pixel, and no encode keeps it.
Source: verification spec, section 4 (definition of "still") and requirement 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verifier.align import Floats, Ints

# Side of those cells in pixels; a picture with a shorter side has none.
CELL = 8
# A frame is still if it changes by less than this share of what the source changes.
STILL_SHARE = 0.2
# The rule needs this many moving frames, or this share of the segment if that is more.
MIN_MOVING = 8
MIN_MOVING_SHARE = 0.25
# Still moving frames in one run that make a freeze, a number and a share; shorter runs are repeats.
FREEZE_RUN = 6
FREEZE_SHARE = 0.25


@dataclass(frozen=True)
class Stillness:
    """share: of the frames where the source moves. frozen: most of them in one long run."""

    share: float
    frozen: bool


def changes(cells: npt.NDArray[np.generic]) -> Floats:
    """Mean absolute change per frame of frames x cells (any shape); the first is 0."""
    flat = cells.reshape(len(cells), -1).astype(np.float64)
    change = np.abs(np.diff(flat, axis=0)).mean(axis=1)
    return np.concatenate([[0.0], change])


def stillness(
    source: Floats, delivered: Floats, steady: Ints, *, motion: float
) -> Stillness | None:
    """How much of a moving source stands still; None where too little moves to say.

    `source` and `delivered` are changes per frame, `steady` the source frame of each delivered one.
    `motion` is the least mean change, and the least change of a frame, that counts as moving.
    """
    if len(delivered) < 2 or source.mean() < motion:
        return None
    there, here = source[steady][1:], delivered[1:]
    moving = there >= motion
    if moving.sum() < max(MIN_MOVING, MIN_MOVING_SHARE * len(delivered)):
        return None
    still = (here < STILL_SHARE * there)[moving]
    run = max(FREEZE_RUN, FREEZE_SHARE * len(still))
    return Stillness(float(still.mean()), _longest_run(still) >= run)


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags.tolist():
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
