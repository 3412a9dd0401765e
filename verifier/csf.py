"""CSF-1, the canonical segment fingerprint: exact area means of decoded pictures.

Per frame a 16x16 grid of the luma plane and 8x8 grids of both chroma planes, one byte per cell, and
the frame's time. All of it is integers, so every device and library gives the same bytes; the root
of the frames' Merkle tree is what an order and a receipt sign.
Source: verification spec, section 8.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

VERSION = 1
LEAF_TAG = 1
LUMA_GRID, CHROMA_GRID = 16, 8
TICKS = 90_000  # of presentation times, per second

Plane = npt.NDArray[np.uint8]
Picture = tuple[int, Plane, Plane, Plane]
"""Time in ticks of 90 kHz, then luma, U and V, each height x width."""

Arithmetic = Literal["float64", "int64"]


@dataclass(frozen=True)
class FrameFingerprint:
    """One frame. `pts` counts 90 kHz ticks from the first frame; cells are row-major."""

    index: int
    pts: int
    y: bytes
    u: bytes
    v: bytes

    def __post_init__(self) -> None:
        if (len(self.y), len(self.u), len(self.v)) != (
            LUMA_GRID**2,
            CHROMA_GRID**2,
            CHROMA_GRID**2,
        ):
            raise ValueError("a frame has 256 luma cells and 64 cells of each chroma plane")
        if not 0 <= self.index < 1 << 32 or not 0 <= self.pts < 1 << 64:
            raise ValueError(f"frame {self.index} at {self.pts} does not fit uint32 and uint64")

    def leaf(self) -> bytes:
        """keccak256(abi.encode(uint8 1, uint32, uint64, bytes32[8], bytes32[2], bytes32[2]))."""
        # Loaded here, like merkle below: the sandbox fingerprints but never hashes, and starts
        # twice as fast without.
        from eth_utils.crypto import keccak

        head = b"".join(word.to_bytes(32, "big") for word in (LEAF_TAG, self.index, self.pts))
        return keccak(head + self.y + self.u + self.v)


@dataclass(frozen=True)
class Fingerprint:
    """A segment. `width` and `height` are pixels of luma, first and last pts absolute ticks."""

    frames: tuple[FrameFingerprint, ...]
    width: int
    height: int
    first_pts: int
    last_pts: int

    @cached_property
    def root(self) -> bytes:
        """Merkle root of the frames' leaves in order. ValueError without frames."""
        from verifier import merkle

        return merkle.root([frame.leaf() for frame in self.frames])

    def to_json(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "firstPts": self.first_pts,
            "lastPts": self.last_pts,
            "frames": [[f.pts, f.y.hex(), f.u.hex(), f.v.hex()] for f in self.frames],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fingerprint:
        """Inverse of `to_json`. ValueError in one line for anything that is not a fingerprint."""
        try:
            frames = tuple(
                FrameFingerprint(at, int(pts), *(bytes.fromhex(cells) for cells in planes))
                for at, (pts, *planes) in enumerate(data["frames"])
            )
            numbers = (int(data[k]) for k in ("width", "height", "firstPts", "lastPts"))
            return cls(frames, *numbers)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a fingerprint: {type(error).__name__}: {error}") from None


@lru_cache(maxsize=64)
def overlaps(size: int, grid: int) -> npt.NDArray[np.int64]:
    """How much of each pixel lies in each cell, in units of 1/grid pixel: grid x size.

    A row sums to `size` and a column to `grid`, so nothing is lost or counted twice.
    """
    cells = np.arange(grid, dtype=np.int64)[:, None] * size
    pixels = np.arange(size, dtype=np.int64)[None, :] * grid
    ends = np.minimum(cells + size, pixels + grid)
    shared: npt.NDArray[np.int64] = np.clip(ends - np.maximum(cells, pixels), 0, None)
    shared.setflags(write=False)
    return shared


def grid_means(
    plane: npt.NDArray[Any] | torch.Tensor, grid: int, *, arithmetic: Arithmetic = "float64"
) -> Any:
    """Area mean of each cell of a grid x grid raster, rounded half up, as exact integers.

    `plane` is ... x height x width of 0 to 255, a numpy array or a torch tensor on any device; the
    result is ... x grid x grid int64 of the same kind, on the same device. Every sum is an integer
    below 2**53, so float64 products are as exact as int64 ones and far faster; int64 is there to
    show it. Source: verification spec, section 8.1.
    """
    height, width = plane.shape[-2:]
    if not 0 < height * width < 1 << 45:
        raise ValueError(f"a plane of {width}x{height} has no grid of means")
    rows, columns = overlaps(height, grid), overlaps(width, grid)
    weight = height * width
    if isinstance(plane, np.ndarray):
        sums = _sums(plane, rows, columns, arithmetic)
        return (sums + weight // 2) // weight
    import torch

    kind = torch.int64 if arithmetic == "int64" else torch.float64
    left = torch.as_tensor(rows.copy(), device=plane.device).to(kind)
    right = torch.as_tensor(columns.T.copy(), device=plane.device).to(kind)
    total = (left @ plane.to(kind) @ right).to(torch.int64)
    return torch.div(total + weight // 2, weight, rounding_mode="floor")


def _sums(
    plane: npt.NDArray[Any],
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    arithmetic: Arithmetic,
) -> npt.NDArray[np.int64]:
    if arithmetic == "int64":
        product: npt.NDArray[np.int64] = rows @ plane.astype(np.int64) @ columns.T
        return product
    # Sums down a column stay below 255 * height: under 2**24, float32 is exact and half the work.
    small = 255 * plane.shape[-2] < 1 << 24
    kind = np.float32 if small else np.float64
    bands = rows.astype(kind) @ plane.astype(kind)
    total: npt.NDArray[np.float64] = bands.astype(np.float64) @ columns.T.astype(np.float64)
    return total.astype(np.int64)


def frame_fingerprint(index: int, pts: int, y: Plane, u: Plane, v: Plane) -> FrameFingerprint:
    """Fingerprint of one picture; `pts` is relative to the first frame."""
    cells = ((y, LUMA_GRID), (u, CHROMA_GRID), (v, CHROMA_GRID))
    means = (grid_means(plane, grid).astype(np.uint8).tobytes() for plane, grid in cells)
    return FrameFingerprint(index, pts, *means)


def fingerprint(pictures: Iterable[Picture]) -> Fingerprint:
    """Fingerprint of pictures in presentation order, with absolute times.

    ValueError when there are none, when times do not increase or when the size changes.
    """
    frames: list[FrameFingerprint] = []
    first = last = 0
    size: tuple[int, ...] = ()
    for at, (pts, y, u, v) in enumerate(pictures):
        first, size = (pts, y.shape) if at == 0 else (first, size)
        if y.shape != size:
            raise ValueError(f"frame {at} has another size than the first")
        if at and pts <= last:
            raise ValueError(f"frame {at} is not after the one before it")
        last = pts
        frames.append(frame_fingerprint(at, pts - first, y, u, v))
    if not frames:
        raise ValueError("a segment without frames has no fingerprint")
    return Fingerprint(tuple(frames), size[1], size[0], first, last)
