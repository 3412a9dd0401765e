"""Which source frame a delivered frame shows, and how far the two fingerprints are apart.

Distances are levels (0 to 255) of the CSF-1 grids, to the nearest source frame within the window
that the provable rule uses. Source: verification spec, section 4 (definitions).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verifier.csf import Fingerprint
from verifier.faults import GREY_SOURCE_SUM, needed_frames, window

# A delivered frame may be this many frames off its time; one dropped or doubled frame is honest.
MAX_SHIFT = 2
# The shift holds for a while, so it is judged over this many frames on each side.
SHIFT_REACH = 5

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grids:
    """A fingerprint as integers: y frames x 256, u and v frames x 64, pts in 90 kHz."""

    y: Ints
    u: Ints
    v: Ints
    pts: Ints

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> Grids:
        def stack(plane: str) -> Ints:
            joined = b"".join(getattr(frame, plane) for frame in fingerprint.frames)
            rows = np.frombuffer(joined, dtype=np.uint8).reshape(len(fingerprint.frames), -1)
            return rows.astype(np.int64)

        pts = np.array([frame.pts for frame in fingerprint.frames], dtype=np.int64)
        return cls(stack("y"), stack("u"), stack("v"), pts)

    @property
    def colour(self) -> Ints:
        """Per frame the sum over both chroma planes of the distance from grey."""
        planes = np.concatenate([self.u, self.v], axis=1)
        return np.asarray(np.abs(planes - 128).sum(1), dtype=np.int64)


@dataclass(frozen=True)
class Alignment:
    """One entry per delivered frame.

    nearest: source frame of least luma distance. steady: source frame at the frame's time, moved by
    the shift that fits its neighbourhood: a short freeze does not bend it. luma, chroma: levels.
    grey: share of the source's colour that is left, nan where the source has none.
    """

    nearest: Ints
    steady: Ints
    luma: Floats
    chroma: Floats
    grey: Floats
    cell: float


def align(source: Grids, delivered: Grids) -> Alignment:
    """Compare every delivered frame with the source frames around its time. Both need frames."""
    pts = source.pts.tolist()
    colour_source, colour_delivered = source.colour, delivered.colour
    nearest, luma, chroma, grey = [], [], [], []
    for at, when in enumerate(delivered.pts.tolist()):
        near = window(pts, when)
        span = slice(near.start, near.stop)
        sums = np.abs(source.y[span] - delivered.y[at]).sum(1)
        # Still content: many are equally near, the one at the same time is meant.
        order = np.lexsort((np.abs(source.pts[span] - when), sums))
        nearest.append(near.start + int(order[0]))
        luma.append(sums.min() / 256)
        u = np.abs(source.u[span] - delivered.u[at]).sum(1)
        v = np.abs(source.v[span] - delivered.v[at]).sum(1)
        chroma.append(np.maximum(u, v).min() / 64)
        grey.append(_colour_left(colour_source[span], int(colour_delivered[at])))
    best = np.array(nearest, dtype=np.int64)
    return Alignment(
        nearest=best,
        steady=_steady(source, delivered),
        luma=np.array(luma),
        chroma=np.array(chroma),
        grey=np.array(grey),
        cell=_cell(source.y[best], delivered.y),
    )


def _colour_left(source: Ints, delivered: int) -> float:
    """The kindest ratio of the window, as in the provable rule: no colour somewhere, no verdict."""
    if (source <= GREY_SOURCE_SUM).any():
        return float("nan")
    return float((delivered / source).max())


def _cell(source: Ints, delivered: Ints) -> float:
    """Largest over cells of the median over time: a logo stays, noise averages out."""
    return float(np.abs(np.median(delivered - source, axis=0)).max())


def _steady(source: Grids, delivered: Grids) -> Ints:
    """Source frame by time, shifted by what fits best over a neighbourhood of frames."""
    by_time = np.abs(delivered.pts[:, None] - source.pts[None, :]).argmin(1)
    shifts = np.array(sorted(range(-MAX_SHIFT, MAX_SHIFT + 1), key=abs))
    moved = np.clip(by_time[:, None] + shifts[None, :], 0, len(source.pts) - 1)
    cost = np.abs(source.y[moved] - delivered.y[:, None, :]).sum(2)
    reach = np.ones(2 * SHIFT_REACH + 1)
    smooth = np.stack([_same(cost[:, k], reach) for k in range(len(shifts))], axis=1)
    # argmin takes the first of equals, and the smallest shift comes first.
    return np.asarray(moved[np.arange(len(moved)), smooth.argmin(1)], dtype=np.int64)


def _same(values: Ints, kernel: Floats) -> Floats:
    half = len(kernel) // 2
    return np.convolve(np.pad(values.astype(np.float64), half), kernel, mode="valid")


def lasting_high(values: Floats) -> float:
    """K-th largest, K as in the provable rule: what at least so many frames reach."""
    needed = max(1, needed_frames(len(values)))
    return float(np.sort(values)[::-1][min(needed, len(values)) - 1])


def lasting_low(values: Floats) -> float | None:
    """K-th smallest of those that are numbers; None when fewer than K are."""
    needed = max(1, needed_frames(len(values)))
    numbers = np.sort(values[~np.isnan(values)])
    return float(numbers[needed - 1]) if len(numbers) >= needed else None
