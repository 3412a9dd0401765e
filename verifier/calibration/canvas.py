"""Brushes for synthetic pictures: textures, text and boxes on luma and chroma planes.

Whole numbers come from seeded generators and every plane is rounded once, so a scene has the same
bytes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verifier.calibration.pictures import Plane

Values = npt.NDArray[np.float64]
BLACK = 16


@dataclass(frozen=True, eq=False)
class Canvas:
    """Luma [height, width] and chroma of half that size, as floats until `planes`."""

    y: Values
    u: Values
    v: Values

    @classmethod
    def flat(cls, width: int, height: int, luma: float, u: float = 128, v: float = 128) -> Canvas:
        half = (height // 2, width // 2)
        size = (height, width)
        return cls(*(np.full(s, float(x)) for s, x in ((size, luma), (half, u), (half, v))))

    def copy(self) -> Canvas:
        return Canvas(self.y.copy(), self.u.copy(), self.v.copy())

    def window(self, x: int, y: int, width: int, height: int) -> Canvas:
        """A copied part; even `x`, `y`, `width` and `height`."""
        rows, columns = slice(y, y + height), slice(x, x + width)
        half = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
        return Canvas(self.y[rows, columns], self.u[half], self.v[half]).copy()

    def box(self, x: int, y: int, width: int, height: int, colour: tuple[int, int, int]) -> None:
        """A filled rectangle in (luma, u, v); what lies outside is cut off."""
        left, top = max(0, x), max(0, y)
        right, bottom = max(0, x + width), max(0, y + height)
        self.y[top:bottom, left:right] = colour[0]
        for plane, level in ((self.u, colour[1]), (self.v, colour[2])):
            plane[top // 2 : bottom // 2, left // 2 : right // 2] = level

    def planes(self) -> tuple[Plane, Plane, Plane]:
        """Rounded into the video range 16..235, chroma 16..240."""
        y = np.clip(np.round(self.y), 16, 235).astype(np.uint8)
        u = np.clip(np.round(self.u), 16, 240).astype(np.uint8)
        v = np.clip(np.round(self.v), 16, 240).astype(np.uint8)
        return y, u, v


def _enlarged(grid: Values, height: int, width: int) -> Values:
    """Bilinear enlargement of a coarse grid."""
    rows = np.linspace(0, grid.shape[0] - 1, height)
    columns = np.linspace(0, grid.shape[1] - 1, width)
    top = np.minimum(rows.astype(np.intp), grid.shape[0] - 2)
    left = np.minimum(columns.astype(np.intp), grid.shape[1] - 2)
    down, right = (rows - top)[:, None], (columns - left)[None, :]
    upper = grid[top][:, left] * (1 - right) + grid[top][:, left + 1] * right
    lower = grid[top + 1][:, left] * (1 - right) + grid[top + 1][:, left + 1] * right
    result: Values = upper * (1 - down) + lower * down
    return result


def texture(
    rng: np.random.Generator, height: int, width: int, coarse: int, fine: int, fade: float = 0.55
) -> Values:
    """Noise in octaves, values about -1..1: grain sizes from `coarse` down to `fine` pixels."""
    total, weight, size = np.zeros((height, width)), 1.0, coarse
    while size >= fine:
        cells = rng.integers(-1000, 1001, size=(height // size + 2, width // size + 2)) / 1000
        total += weight * _enlarged(cells, height, width)
        weight, size = weight * fade, size // 2
    return total


def write(
    canvas: Canvas,
    rng: np.random.Generator,
    x: int,
    y: int,
    *,
    letters: int,
    dot: int,
    colour: tuple[int, int, int],
) -> None:
    """A line of made-up letters, 5 x 7 dots each, `dot` pixels a side."""
    for i in range(letters):
        glyph = rng.integers(0, 2, size=(7, 5))
        for row, column in zip(*np.nonzero(glyph), strict=True):
            left, top = x + (6 * i + int(column)) * dot, y + int(row) * dot
            canvas.box(left, top, dot, dot, colour)


def grain(canvas: Canvas, rng: np.random.Generator, strength: int) -> None:
    """Adds camera noise of up to `strength` levels to the luma."""
    canvas.y[...] += rng.integers(-strength, strength + 1, size=canvas.y.shape)
