"""Decoded 8-bit 4:2:0 pictures as arrays: made from frames, scaled, made into frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

Plane = npt.NDArray[np.uint8]
CLOCK = Fraction(1, 90_000)


class Size(Protocol):
    """Anything with a width and a height in luma pixels, such as a profile."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


@dataclass(frozen=True)
class Dimensions:
    """The plainest `Size`."""

    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture. `pts` counts 1/90000 s; y is [height, width], u and v half of that, uint8."""

    pts: int
    y: Plane
    u: Plane
    v: Plane

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        return self.y, self.u, self.v

    def at(self, pts: int) -> Picture:
        """The same picture at another time."""
        return replace(self, pts=pts)

    def with_planes(self, y: Plane, u: Plane, v: Plane) -> Picture:
        return Picture(self.pts, y, u, v)


def from_frame(frame: VideoFrame) -> Picture:
    """A decoded frame as arrays; other pixel formats are converted to yuv420p first."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="yuv420p")
    stacked: Plane = np.asarray(frame.to_ndarray(), np.uint8)
    height, width = frame.height, frame.width
    half = (height // 2) * (width // 2)
    chroma = stacked[height:].reshape(-1)
    seconds = Fraction(frame.pts or 0) * Fraction(frame.time_base or CLOCK)
    return Picture(
        pts=round(seconds / CLOCK),
        y=stacked[:height].copy(),
        u=chroma[:half].reshape(height // 2, width // 2).copy(),
        v=chroma[half : 2 * half].reshape(height // 2, width // 2).copy(),
    )


def to_frame(picture: Picture) -> VideoFrame:
    """The picture as a yuv420p frame that carries its time."""
    stacked = np.concatenate([plane.reshape(-1) for plane in picture.planes])
    shaped = stacked.reshape(picture.height * 3 // 2, picture.width)
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(shaped), format="yuv420p")
    frame.pts, frame.time_base = picture.pts, CLOCK
    return frame


def scale(pictures: Sequence[Picture], size: Size, method: str = "BICUBIC") -> list[Picture]:
    """Pictures in another size by swscale; `method` is one of its names (BILINEAR, AREA, ...)."""
    if all((one.width, one.height) == (size.width, size.height) for one in pictures):
        return list(pictures)
    return [
        from_frame(to_frame(one).reformat(size.width, size.height, interpolation=method))
        for one in pictures
    ]
