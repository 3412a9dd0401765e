"""Faults that a contract can recompute: integers only, and exactly what SlashingVerifier does.

Content: a delivered frame is at fault when *every* source frame around its time differs by more
than the threshold; a segment is at fault when enough frames are, all by the same measure.
Contradiction: the signed numbers do not fit each other.
Source: verification spec, sections 4, 5, 7 (B, C) and 8.4.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from verifier.csf import Fingerprint, FrameFingerprint
from verifier.messages import (
    CSF_VERSION,
    Profile,
    RenditionLeaf,
    SegmentOrder,
    SegmentReceipt,
    profiles_hash,
    renditions_root,
)

# The window: so many source frames at or before the delivered frame's time, and as many after it.
# A superset of two on each side of the nearest that can be checked without the frame rate.
WINDOW_SIDE = 3
# A mean difference of 8 levels, as sums over 256 luma cells and over 64 cells of one chroma plane.
LUMA_SUM = 8 * 256
CHROMA_SUM = 8 * 64
# Sum over both chroma planes of |value - 128|; the source must carry colour of one level at least.
GREY_SOURCE_SUM = 64
GREY_SHARE = 4
MIN_FRAMES = 8
MAX_NEEDED = 8

Ints = npt.NDArray[np.int64]


class Metric(IntEnum):
    """What differs. `GREY`: less than a quarter of the source's colour is left."""

    LUMA = 0
    CHROMA = 1
    GREY = 2


class Contradiction(IntEnum):
    """How a receipt contradicts itself or the order it names."""

    ORDER = 1  # another job, sequence number, orchestrator or source than the order it names
    COUNT = 2  # as many renditions as profiles were not delivered
    PROFILE = 3  # a rendition of another size than ordered, or out of place
    TIMES = 4  # a rendition without frames, or whose last frame is not after its first
    PIXELS = 5  # pixels that are not the sum of frames x width x height


@dataclass(frozen=True)
class ContentFault:
    """Delivered frames, by index and in order, that are at fault by `metric`."""

    metric: Metric
    frames: tuple[int, ...]


def needed_frames(frames: int) -> int:
    """Frames at fault that make a segment of so many a fault; 0 when it is too short to judge."""
    return min(MAX_NEEDED, frames // 4) if frames >= MIN_FRAMES else 0


def window(source_pts: Sequence[int], pts: int) -> range:
    """Indexes of the source frames that a delivered frame at `pts` is compared with."""
    after = bisect_right(source_pts, pts)
    return range(max(0, after - WINDOW_SIDE), min(len(source_pts), after + WINDOW_SIDE))


def luma_sum(one: FrameFingerprint, other: FrameFingerprint) -> int:
    return _difference(one.y, other.y)


def chroma_sum(one: FrameFingerprint, other: FrameFingerprint) -> int:
    """The larger of the two planes' sums."""
    return max(_difference(one.u, other.u), _difference(one.v, other.v))


def colour_sum(frame: FrameFingerprint) -> int:
    """How much colour there is: distance of both chroma planes from grey."""
    grey = bytes([128]) * 64
    return _difference(frame.u, grey) + _difference(frame.v, grey)


def _difference(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def frame_margins(source: Fingerprint, delivered: Fingerprint) -> dict[Metric, Ints]:
    """Per delivered frame and metric: how far its *nearest* source frame is, as the proof sees it.

    LUMA and CHROMA: the smallest sum over the window. GREY: the largest of 4 x delivered - source
    over the window, made 0 where a source frame has no colour; a fault is below 0.
    """
    s, d = _Planes.of(source), _Planes.of(delivered)
    pts = [frame.pts for frame in source.frames]
    luma, chroma, grey = [], [], []
    for at, frame in enumerate(delivered.frames):
        near = window(pts, frame.pts)
        span = slice(near.start, near.stop)
        luma.append(np.abs(s.y[span] - d.y[at]).sum(1).min())
        u, v = np.abs(s.u[span] - d.u[at]).sum(1), np.abs(s.v[span] - d.v[at]).sum(1)
        chroma.append(np.maximum(u, v).min())
        colour = s.colour[span]
        short = np.where(colour > GREY_SOURCE_SUM, GREY_SHARE * d.colour[at] - colour, 0)
        grey.append(short.max())
    return {
        Metric.LUMA: np.array(luma, dtype=np.int64),
        Metric.CHROMA: np.array(chroma, dtype=np.int64),
        Metric.GREY: np.array(grey, dtype=np.int64),
    }


def faulty_frames(margins: dict[Metric, Ints], metric: Metric) -> tuple[int, ...]:
    """Indexes of the frames at fault by one metric."""
    limits = {
        Metric.LUMA: margins[Metric.LUMA] > LUMA_SUM,
        Metric.CHROMA: margins[Metric.CHROMA] > CHROMA_SUM,
        Metric.GREY: margins[Metric.GREY] < 0,
    }
    return tuple(int(at) for at in np.flatnonzero(limits[metric]))


def content_faults(source: Fingerprint, delivered: Fingerprint) -> tuple[ContentFault, ...]:
    """The metrics by which the delivered segment is provably not the source; empty if by none."""
    needed = needed_frames(len(delivered.frames))
    if not needed or not source.frames:
        return ()
    margins = frame_margins(source, delivered)
    found = (ContentFault(metric, faulty_frames(margins, metric)) for metric in Metric)
    return tuple(fault for fault in found if len(fault.frames) >= needed)


def contradictions(
    order: SegmentOrder,
    receipt: SegmentReceipt,
    leaves: Sequence[RenditionLeaf],
    profiles: Sequence[Profile],
) -> tuple[Contradiction, ...]:
    """Everything that does not fit. ValueError when the arguments are not what was signed."""
    if receipt.order_hash != order.struct_hash():
        raise ValueError("receipt is for another order")
    if order.profiles_hash != profiles_hash(profiles):
        raise ValueError("profiles are not those of the order")
    if not leaves or receipt.renditions_root != renditions_root(leaves):
        raise ValueError("renditions are not those of the receipt")
    found = []
    if _names_another_order(order, receipt):
        found.append(Contradiction.ORDER)
    if len(leaves) != len(profiles) or receipt.renditions != len(leaves):
        found.append(Contradiction.COUNT)
    if any(_is_misplaced(at, leaf, profiles) for at, leaf in enumerate(leaves)):
        found.append(Contradiction.PROFILE)
    if any(_is_timeless(leaf) for leaf in leaves):
        found.append(Contradiction.TIMES)
    if receipt.pixels != sum(leaf.frames * leaf.width * leaf.height for leaf in leaves):
        found.append(Contradiction.PIXELS)
    return tuple(found)


def _names_another_order(order: SegmentOrder, receipt: SegmentReceipt) -> bool:
    return (receipt.job_id, receipt.seq, receipt.orchestrator, receipt.source_root) != (
        order.job_id,
        order.seq,
        order.orchestrator,
        order.source_root,
    )


def _is_misplaced(at: int, leaf: RenditionLeaf, profiles: Sequence[Profile]) -> bool:
    if leaf.profile != at:
        return True
    if at >= len(profiles):
        return False  # a matter of COUNT
    return (leaf.width, leaf.height) != (profiles[at].width, profiles[at].height)


def _is_timeless(leaf: RenditionLeaf) -> bool:
    return leaf.frames == 0 or (leaf.frames > 1) != (leaf.last_pts > leaf.first_pts)


def is_provable(order: SegmentOrder) -> bool:
    """Whether the order's fingerprint is of the version that this code and the contract know."""
    return order.csf_version == CSF_VERSION and order.source_frames >= MIN_FRAMES


@dataclass(frozen=True)
class _Planes:
    """A fingerprint as arrays: frames x cells."""

    y: Ints
    u: Ints
    v: Ints
    colour: Ints

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> _Planes:
        def stack(name: str) -> Ints:
            rows = [np.frombuffer(getattr(f, name), dtype=np.uint8) for f in fingerprint.frames]
            return np.stack(rows).astype(np.int64)

        u, v = stack("u"), stack("v")
        return cls(stack("y"), u, v, np.abs(u - 128).sum(1) + np.abs(v - 128).sum(1))
