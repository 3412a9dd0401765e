"""Cheats on pictures (spec 4.3): what a dishonest orchestrator encodes in place of its work.

`cheat(name, source, profile, rng)` gives the pictures it would encode. Needs numpy and PyAV only,
so a cheating node of the development network can use it as well as the calibration does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verifier.calibration.pictures import Dimensions, Picture, Plane, Size, scale

Pictures = list[Picture]
LATE_FRAMES = 4
LOGO_LUMA = (235, 16)


@dataclass(frozen=True)
class Work:
    """What a cheat works on: scaled pictures, another clip's or an earlier segment's, chance."""

    honest: Pictures
    other: Pictures
    earlier: Pictures
    rng: np.random.Generator


def cheat(
    name: str,
    source: Sequence[Picture],
    profile: Size,
    rng: np.random.Generator,
    *,
    other: Sequence[Picture] = (),
    earlier: Sequence[Picture] = (),
) -> Pictures:
    """Pictures in the profile's size that the cheat `name` delivers for `source`.

    `other` is another clip and `earlier` an older segment of the same stream; where one is needed
    and not given, a seeded pattern takes its place. Raises KeyError for a name not in `CHEATS`.
    """
    honest = scale(source, profile)
    if not honest:
        raise ValueError("cheat: the source has no pictures")
    pattern = [] if other and earlier else _pattern(honest, rng)
    work = Work(
        honest=honest,
        other=_retimed(scale(other, profile), honest) if other else pattern,
        earlier=_retimed(scale(earlier, profile), honest) if earlier else pattern,
        rng=rng,
    )
    return CHEATS[name](work)


def _retimed(pictures: Sequence[Picture], honest: Pictures) -> Pictures:
    """As many pictures as `honest` has, at its times; repeats from the start when too few."""
    return [pictures[i % len(pictures)].at(one.pts) for i, one in enumerate(honest)]


def _pattern(honest: Pictures, rng: np.random.Generator) -> Pictures:
    """A moving, coloured block pattern: the picture of nothing in particular."""
    first = honest[0]
    tiles = [rng.integers(16, 236, size=(9, 16), dtype=np.uint8) for _ in range(3)]
    planes = [
        np.kron(tile, np.ones((-(-plane.shape[0] // 9), -(-plane.shape[1] // 16)), np.uint8))[
            : plane.shape[0], : plane.shape[1]
        ]
        for tile, plane in zip(tiles, first.planes, strict=True)
    ]
    return [
        one.with_planes(
            np.roll(planes[0], 4 * i, axis=1),
            np.roll(planes[1], 2 * i, axis=1),
            np.roll(planes[2], 2 * i, axis=1),
        )
        for i, one in enumerate(honest)
    ]


def _each(change: Callable[[Picture], Picture]) -> Callable[[Work], Pictures]:
    return lambda work: [change(one) for one in work.honest]


def _levels(change: Callable[[Plane], Plane]) -> Callable[[Work], Pictures]:
    """Changes the luma levels only."""
    return _each(lambda one: one.with_planes(change(one.y), one.u, one.v))


def _flat(picture: Picture, luma: int) -> Picture:
    return picture.with_planes(
        np.full_like(picture.y, luma), np.full_like(picture.u, 128), np.full_like(picture.v, 128)
    )


def _added(plane: Plane, amount: int) -> Plane:
    added: Plane = np.clip(plane.astype(np.int16) + amount, 0, 255).astype(np.uint8)
    return added


def _gamma(power: float) -> Callable[[Plane], Plane]:
    """Power law on the video range: 16 and 235 stay where they are, the middle darkens."""
    steps = np.clip((np.arange(256) - 16) / 219, 0, 1) ** power
    table = np.round(16 + 219 * steps).astype(np.uint8)

    def change(plane: Plane) -> Plane:
        changed: Plane = table[plane]
        return changed

    return change


def _half_black(work: Work) -> Pictures:
    middle = len(work.honest) // 2
    return [one if i < middle else _flat(one, 16) for i, one in enumerate(work.honest)]


def _splice(work: Work) -> Pictures:
    cut = len(work.honest) * 3 // 4
    return work.honest[:cut] + work.other[cut:]


def _chosen(choose: Callable[[int, int], int]) -> Callable[[Work], Pictures]:
    """Shows picture `choose(i, count)` at time i: freezes, repeats, reversals."""

    def apply(work: Work) -> Pictures:
        count = len(work.honest)
        return [work.honest[choose(i, count)].at(one.pts) for i, one in enumerate(work.honest)]

    return apply


def _logo(share: float, opacity: float) -> Callable[[Work], Pictures]:
    """A two-tone badge, `share` of the width and of the height, near the upper right corner.

    Made to be read: bright over a dark picture, dark over a bright one.
    """

    def apply(work: Work) -> Pictures:
        first = work.honest[0]
        height, width = (max(4, round(side * share)) for side in first.y.shape)
        top, left = first.height // 20, first.width - first.width // 20 - width
        corner = first.y[top : top + height, left : left + width]
        plate, line = LOGO_LUMA if corner.mean() < 128 else LOGO_LUMA[::-1]
        badge = np.full((height, width), plate, np.float64)
        badge[height * 2 // 5 : height * 3 // 5, width // 6 : -(width // 6)] = line
        result = []
        for one in work.honest:
            y = one.y.copy()
            under = y[top : top + height, left : left + width]
            under[:] = np.round(badge * opacity + under * (1 - opacity)).astype(np.uint8)
            result.append(one.with_planes(y, one.u, one.v))
        return result

    return apply


def _crop(share: float) -> Callable[[Work], Pictures]:
    """Loses `share` of each side, blown up to the full size."""

    def apply(work: Work) -> Pictures:
        size = Dimensions(work.honest[0].width, work.honest[0].height)
        dx, dy = (2 * max(1, round(side * share / 2)) for side in (size.width, size.height))
        cut = [
            one.with_planes(
                one.y[dy : size.height - dy, dx : size.width - dx].copy(),
                one.u[dy // 2 : -(dy // 2), dx // 2 : -(dx // 2)].copy(),
                one.v[dy // 2 : -(dy // 2), dx // 2 : -(dx // 2)].copy(),
            )
            for one in work.honest
        ]
        return scale(cut, size)

    return apply


def _pad(share: float) -> Callable[[Work], Pictures]:
    """Shrinks the picture into a black border of `share` on each side."""

    def apply(work: Work) -> Pictures:
        first = work.honest[0]
        dx, dy = (2 * max(1, round(side * share / 2)) for side in (first.width, first.height))
        small = scale(work.honest, Dimensions(first.width - 2 * dx, first.height - 2 * dy))
        result = []
        for one in small:
            frame = _flat(first.at(one.pts), 16)
            for target, plane, x, y in zip(
                frame.planes,
                one.planes,
                (dx, dx // 2, dx // 2),
                (dy, dy // 2, dy // 2),
                strict=True,
            ):
                target[y : y + plane.shape[0], x : x + plane.shape[1]] = plane
            result.append(frame)
        return result

    return apply


def _rotated(degrees: float) -> Callable[[Work], Pictures]:
    """Turns the picture about its middle, nearest pixel, edges repeated."""

    def turn(plane: Plane) -> Plane:
        height, width = plane.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float64)
        y, x = y - (height - 1) / 2, x - (width - 1) / 2
        sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        rows = np.clip(np.round(cos * y + sin * x + (height - 1) / 2), 0, height - 1)
        columns = np.clip(np.round(cos * x - sin * y + (width - 1) / 2), 0, width - 1)
        turned: Plane = plane[rows.astype(np.intp), columns.astype(np.intp)]
        return turned

    return _each(lambda one: one.with_planes(turn(one.y), turn(one.u), turn(one.v)))


def _upscaled(
    numerator: int, denominator: int, finish: Callable[[Plane, np.random.Generator], Plane] | None
) -> Callable[[Work], Pictures]:
    """Works in a fraction of the size and blows it up; `finish` hides the missing detail."""

    def apply(work: Work) -> Pictures:
        size = Dimensions(work.honest[0].width, work.honest[0].height)
        small = Dimensions(
            *(
                max(16, side * numerator // denominator // 2 * 2)
                for side in (size.width, size.height)
            )
        )
        large = scale(scale(work.honest, small), size)
        if finish is None:
            return large
        return [one.with_planes(finish(one.y, work.rng), one.u, one.v) for one in large]

    return apply


def _rounded(values: npt.NDArray[np.float64]) -> Plane:
    levels: Plane = np.clip(np.round(values), 0, 255).astype(np.uint8)
    return levels


def _noise(plane: Plane, rng: np.random.Generator) -> Plane:
    noisy = plane + rng.normal(0.0, 4.0, size=plane.shape)
    return _rounded(noisy)


def _sharpen(plane: Plane, _rng: np.random.Generator) -> Plane:
    padded = np.pad(plane.astype(np.float64), 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    sharp = plane + 1.5 * (plane - around / 4)
    return _rounded(sharp)


def _every(kept: Callable[[int, int], bool]) -> Callable[[Work], Pictures]:
    """Leaves pictures out; those that stay keep their times."""
    return lambda work: [one for i, one in enumerate(work.honest) if kept(i, len(work.honest))]


def _double_speed(work: Work) -> Pictures:
    chosen = work.honest[::2]
    return [one.at(work.honest[i].pts) for i, one in enumerate(chosen)]


CHEATS: dict[str, Callable[[Work], Pictures]] = {
    # Other content
    "other-clip": lambda work: work.other,
    "stale": lambda work: work.earlier,
    "splice": _splice,
    "black": _each(lambda one: _flat(one, 16)),
    "grey-frame": _each(lambda one: _flat(one, 128)),
    "half-black": _half_black,
    # Time
    "freeze-first": _chosen(lambda _i, _n: 0),
    "freeze-middle": _chosen(lambda i, n: min(i, n // 2)),
    "repeat-2": _chosen(lambda i, _n: i - i % 2),
    "repeat-4": _chosen(lambda i, _n: i - i % 4),
    "backwards": _chosen(lambda i, n: n - 1 - i),
    "late": _chosen(lambda i, _n: max(0, i - LATE_FRAMES)),
    # Picture
    "logo-15": _logo(0.15, 1.0),
    "logo-8": _logo(0.08, 1.0),
    "logo-15-faint": _logo(0.15, 0.3),
    "mirror": _each(lambda one: one.with_planes(*(plane[:, ::-1].copy() for plane in one.planes))),
    "upside-down": _each(
        lambda one: one.with_planes(*(plane[::-1].copy() for plane in one.planes))
    ),
    "rotate-2": _rotated(2.0),
    "crop-5": _crop(0.05),
    "crop-10": _crop(0.10),
    "pad-5": _pad(0.05),
    # Colour and light
    "greyscale": _each(
        lambda one: one.with_planes(one.y, np.full_like(one.u, 128), np.full_like(one.v, 128))
    ),
    "uv-swap": _each(lambda one: one.with_planes(one.y, one.v, one.u)),
    "tint": _each(lambda one: one.with_planes(one.y, _added(one.u, 8), _added(one.v, -8))),
    "brightness-5": _levels(lambda plane: _added(plane, 5)),
    "brightness-12": _levels(lambda plane: _added(plane, 12)),
    "gamma-1.3": _levels(_gamma(1.3)),
    "inverted": _levels(lambda plane: (255 - plane).astype(np.uint8)),
    # Less work than paid for
    "upscaled-3-4": _upscaled(3, 4, None),
    "upscaled-1-2": _upscaled(1, 2, None),
    "upscaled-1-4": _upscaled(1, 4, None),
    "upscaled-1-8": _upscaled(1, 8, None),
    "upscaled-1-4-noise": _upscaled(1, 4, _noise),
    "upscaled-1-4-sharpened": _upscaled(1, 4, _sharpen),
    # Fewer pictures
    "half-frames": _every(lambda i, _n: i % 2 == 0),
    "frames-90": _every(lambda i, _n: i % 10 != 9),
    "first-75": _every(lambda i, n: i < n * 3 // 4),
    "double-speed": _double_speed,
}
