"""Frozen and repeated pictures: the source moves, the rendition does not.

Motion is the mean absolute change of luma from the frame before, in levels.
Source: verification spec, section 4 (definition of "still") and requirement 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verifier.align import Floats, Ints

# A frame is still if it changes by less than this share of what the source changes.
STILL_SHARE = 0.2
# The rule needs this many moving frames, or this share of the segment if that is more.
MIN_MOVING = 8
MIN_MOVING_SHARE = 0.25
# A run of still frames over this share of the segment is a freeze, shorter ones are repeats.
FREEZE_SHARE = 0.25


@dataclass(frozen=True)
class Stillness:
    """share: of the frames where the source moves. frozen: most of them in one long run."""

    share: float
    frozen: bool


def changes(pictures: npt.NDArray[np.uint8]) -> Floats:
    """Mean absolute change per frame of frames x height x width (or cells); the first is 0."""
    change = np.zeros(len(pictures))
    for at in range(1, len(pictures)):
        one, other = pictures[at - 1], pictures[at]
        # Unsigned bytes: the larger minus the smaller needs no wider type.
        change[at] = (np.maximum(one, other) - np.minimum(one, other)).mean(dtype=np.float64)
    return change


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
    still = moving & (here < STILL_SHARE * there)
    share = float(still.sum() / moving.sum())
    return Stillness(share, _longest_run(still) > FREEZE_SHARE * len(delivered))


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags.tolist():
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
