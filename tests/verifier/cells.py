"""Fingerprints from cells alone, and small random ones for comparison with slow arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from verifier.csf import Fingerprint, FrameFingerprint

TICKS = 3_000  # between frames, 30 a second
Y, U, V = slice(0, 256), slice(256, 320), slice(320, 384)

Cells = npt.NDArray[np.int64]


def of_cells(rows: Cells, pts: Sequence[int] | None = None) -> Fingerprint:
    """One frame per row of 384 cells: Y, U, V. Without `pts` there are 30 frames a second."""
    times = list(pts) if pts is not None else [at * TICKS for at in range(len(rows))]
    frames = tuple(
        FrameFingerprint(at, when, *(bytes(row[plane].tolist()) for plane in (Y, U, V)))
        for at, (when, row) in enumerate(zip(times, rows, strict=True))
    )
    return Fingerprint(frames, 640, 360, 0, times[-1])


def moving_cells(frames: int, *, seed: int = 1) -> Cells:
    """Every frame is far from every other, and the further the more frames lie between."""
    rng = np.random.default_rng(seed)
    base = rng.integers(60, 100, 384)
    rows: Cells = base + 3 * np.arange(frames)[:, None]
    return rows


def flat(frames: int, y: int = 100, u: int = 100, v: int = 100) -> Cells:
    return np.tile(np.r_[np.full(256, y), np.full(64, u), np.full(64, v)], (frames, 1))


@st.composite
def fingerprints(draw: st.DrawFn, *, least: int = 1, most: int = 14) -> Fingerprint:
    """Few frames at uneven times. Some have so few levels or frames that many are equally near."""
    frames = draw(st.integers(least, most))
    gaps = draw(st.lists(st.integers(1, 9_000), min_size=frames - 1, max_size=frames - 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread = draw(st.sampled_from([0, 1, 2, 9, 120]))
    base = rng.integers(0, 256, 384)
    # Chroma near grey, so that some frames have colour and others have none.
    base[256:] = 128 + rng.integers(0, draw(st.sampled_from([1, 2, 3, 90])), 128)
    rows = base + rng.integers(-spread, spread + 1, (frames, 384))
    if draw(st.booleans()):
        rows = rows[np.sort(rng.integers(0, frames, frames))]  # frames repeat
    return of_cells(np.clip(rows, 0, 255), np.r_[0, np.cumsum(gaps)].astype(int).tolist())
