"""Picture quality in torch: block MS-SSIM, and what is left of the fine detail.

All three pictures have the rendition's size: the delivered frame, the source frame it shows, and
the same frame of the verifier's own encode. Windows are blocks on a stride: Gaussian windows by
convolution cost ten times as much for the same decision.
Source: verification spec, sections 4 (definitions) and 4.5 (cost).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import avg_pool2d

from verifier.align import Floats, Ints
from verifier.temporal import CELL

# Wang, Simoncelli, Bovik 2003: weights of the five scales, from fine to coarse.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# The usual constants of SSIM for 8 bits.
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
# Windows of 8 x 8 every 4 pixels, put together from tiles of 4 x 4.
TILE = 4
MIN_SIDE = 4 * TILE
# Scored pixels per rendition: 30 frames of 360p, 13 of 720p. Fingerprints look at every frame.
MAX_PIXELS = 12_000_000
# A batch that fits the caches of a CPU; a GPU wants more at once.
BATCH_PIXELS = {"cpu": 300_000, "cuda": 16_000_000}

Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Quality:
    """One entry per scored frame, `frames` has their indexes.

    ms_ssim, ms_ssim_reference: of delivered and of the own encode, against the source. energy_*:
    squared Laplacian, mean over pixels. product_*: mean product with the source's Laplacian.
    """

    frames: Ints
    ms_ssim: Floats
    ms_ssim_reference: Floats
    energy_source: Floats
    energy_reference: Floats
    energy_delivered: Floats
    product_reference: Floats
    product_delivered: Floats

    @property
    def ms_ssim_loss(self) -> float:
        """How much further from the source than the own encode, mean over frames."""
        return float((self.ms_ssim_reference - self.ms_ssim).mean())

    @property
    def detail(self) -> float:
        """The source's fine detail that is kept, relative to what the own encode keeps.

        The Laplacian's product with the source's in place of its energy: blocks, ringing and noise
        have energy too, and with it a fast preset passed for twice the detail.
        """
        return _ratio(self.product_delivered.sum(), self.product_reference.sum())

    @property
    def energy(self) -> float:
        """Laplacian energy relative to the own encode's; above 1 with noise or sharpening."""
        return _ratio(self.energy_delivered.sum(), self.energy_reference.sum())

    @property
    def detail_energy(self) -> float:
        """Squared Laplacian of the own encode, mean over pixels and frames."""
        return float(self.energy_reference.mean())

    @property
    def high_pass_reference(self) -> float:
        """Correlation of the own encode's Laplacian with the source's."""
        return _correlation(self.product_reference, self.energy_reference, self.energy_source)

    @property
    def high_pass(self) -> float:
        """Correlation of delivered and source Laplacian, relative to the own encode's."""
        own = _correlation(self.product_delivered, self.energy_delivered, self.energy_source)
        return _ratio(own, self.high_pass_reference)

    @property
    def detail_by_frame(self) -> Floats:
        return _divide(self.product_delivered, self.product_reference)

    @property
    def high_pass_by_frame(self) -> Floats:
        source = self.energy_source
        own = _correlations(self.product_delivered, self.energy_delivered, source)
        best = _correlations(self.product_reference, self.energy_reference, source)
        return _divide(own, best)


def measure(
    source: Plane,
    reference: Plane,
    delivered: Plane,
    nearest: Ints,
    *,
    device: str,
    seed: int,
) -> Quality:
    """Score delivered frames (frames x height x width) against `nearest` of source and reference.

    `source` and `reference` have one picture per source frame, at the same size. Every frame is
    scored up to MAX_PIXELS, above that one of each two, three and so on, drawn with `seed`.
    """
    count, height, width = delivered.shape
    scored = drawn_frames(count, -(-count * height * width // MAX_PIXELS), seed)
    batch = max(1, BATCH_PIXELS[device] // (height * width))
    parts = []
    with torch.inference_mode():
        for start in range(0, len(scored), batch):
            at = scored[start : start + batch]
            pictures = [source[nearest[at]], reference[nearest[at]], delivered[at]]
            stacked = torch.from_numpy(np.stack(pictures)).to(device).float()
            parts.append(torch.cat([_ms_ssim(stacked), _laplacian(stacked)]).cpu())
        values = torch.cat(parts, dim=1).double().numpy()
    return Quality(scored, values[1], values[0], *values[2:])


def cells(pictures: Plane, *, device: str) -> Floats:
    """Means of blocks of 8 x 8 pixels: frames x height / 8 x width / 8; the rest is left out."""
    count, height, width = pictures.shape
    batch = max(1, BATCH_PIXELS[device] // (height * width))
    parts = []
    with torch.inference_mode():
        for start in range(0, count, batch):
            some = torch.from_numpy(pictures[start : start + batch]).to(device).float()
            parts.append(avg_pool2d(some, CELL).cpu())
    return np.asarray(torch.cat(parts).double().numpy(), dtype=np.float64)


def drawn_frames(count: int, step: int, seed: int) -> Ints:
    """One frame of each `step` neighbours, so that nobody can make only the scored ones good."""
    starts = np.arange(0, count, max(1, step), dtype=np.int64)
    ends = np.minimum(starts + max(1, step), count)
    drawn = np.random.default_rng(seed).integers(starts, ends)
    return np.asarray(drawn, dtype=np.int64)


def _ms_ssim(pictures: torch.Tensor) -> torch.Tensor:
    """3 x n x h x w (source, reference, delivered) to 2 x n: the latter two against the first."""
    scales = 1
    while scales < len(SCALE_WEIGHTS) and min(pictures.shape[2:]) >> scales >= MIN_SIDE:
        scales += 1
    weights = torch.tensor(SCALE_WEIGHTS[:scales])
    weights = (weights / weights.sum()).tolist()
    result = torch.ones(2, pictures.shape[1], device=pictures.device)
    for scale, weight in enumerate(weights):
        luminance, contrast = _ssim(pictures)
        last = scale == scales - 1
        score = (luminance * contrast if last else contrast).mean(dim=(2, 3))
        result = result * score.clamp(min=0) ** weight
        if not last:
            pictures = avg_pool2d(pictures, 2)
    return result


def _ssim(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Luminance and contrast-structure terms of SSIM, each 2 x n x windows."""
    mean = _windows(pictures)
    power = _windows(pictures * pictures)
    product = _windows(pictures[1:] * pictures[:1])
    squares = mean * mean
    variance = power - squares
    cross = mean[1:] * mean[:1]
    luminance = (2 * cross + C1) / (squares[1:] + squares[:1] + C1)
    contrast = (2 * (product - cross) + C2) / (variance[1:] + variance[:1] + C2)
    return luminance, contrast


def _windows(values: torch.Tensor) -> torch.Tensor:
    """Means over 8 x 8 windows, 4 pixels apart."""
    tiles = avg_pool2d(values, TILE)
    return avg_pool2d(tiles, 2, stride=1) if min(tiles.shape[2:]) > 1 else tiles


def _laplacian(pictures: torch.Tensor) -> torch.Tensor:
    """3 x n x h x w to 5 x n: energies of all three, products of the latter two with the first."""
    centre = pictures[:, :, 1:-1, 1:-1]
    across = pictures[:, :, 1:-1, :-2] + pictures[:, :, 1:-1, 2:]
    down = pictures[:, :, :-2, 1:-1] + pictures[:, :, 2:, 1:-1]
    edges = 4 * centre - across - down
    energies = (edges * edges).mean(dim=(2, 3))
    products = (edges[1:] * edges[:1]).mean(dim=(2, 3))
    return torch.cat([energies, products])


def _correlation(product: Floats, energy: Floats, source: Floats) -> float:
    return float(_correlations(product.sum(), energy.sum(), source.sum()))


def _correlations(product: Floats, energy: Floats, source: Floats) -> Floats:
    """With the source's, by frame. A flat picture keeps a flat source, and nothing of another."""
    whole = np.sqrt(energy * source)
    flat = np.where(source > 0.0, 0.0, 1.0)
    return np.divide(product, whole, out=flat, where=whole > 0.0)


def _ratio(part: float, whole: float) -> float:
    """0 / 0 is 1: nothing to lose, nothing lost."""
    if whole <= 0:
        return 1.0
    return float(part / whole)


def _divide(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.ones_like(part), where=whole > 0.0)
