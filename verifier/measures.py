"""What is measured on one rendition, in numbers for the rules and in curves for the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from verifier.align import Alignment, Floats, Grids, align, lasting_high, lasting_low
from verifier.csf import TICKS, Fingerprint
from verifier.decode import Decoded
from verifier.temporal import changes, stillness

if TYPE_CHECKING:
    from verifier.metrics import Quality
    from verifier.reference import Reference
    from verifier.thresholds import Thresholds

Curve = tuple[float | None, ...]


@dataclass(frozen=True)
class Curves:
    """One entry per delivered frame; None where a frame was not scored or a measure has no meaning.

    time: seconds from the first frame. source_index: the source frame it was compared with. luma,
    chroma: levels. grey, detail, high_pass: shares. motion: levels of change from the frame before.
    """

    time: tuple[float, ...]
    source_index: tuple[int, ...]
    luma: Curve
    chroma: Curve
    grey: Curve
    motion_source: Curve
    motion_delivered: Curve
    ms_ssim: Curve
    ms_ssim_reference: Curve
    detail: Curve
    high_pass: Curve


@dataclass(frozen=True)
class Metrics:
    """Numbers of section 4, one rendition.

    luma, chroma: levels that enough frames reach (f and uv). grey: share of colour left, None
    without colour. cell: levels. motion: mean change of the source per frame, levels. still: share
    of moving frames, None where the rule does not apply; frozen: in one long run. The others are
    relative to the own encode and None if not measured or if the content has too little detail:
    ms_ssim_loss (r_ms), detail (fine detail of the source that is kept), energy (the detail ratio
    of the spec, not judged: noise adds to it), high_pass (hpc).
    """

    luma: float
    chroma: float
    grey: float | None
    cell: float
    motion: float
    still: float | None
    frozen: bool
    ms_ssim_loss: float | None
    detail: float | None
    energy: float | None
    high_pass: float | None
    curves: Curves

    def to_json(self) -> dict[str, Any]:
        return {
            key: round(value, 5) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def fingerprint_metrics(source: Fingerprint, delivered: Fingerprint, limits: Thresholds) -> Metrics:
    """Measures of the fingerprints alone; motion is that of the grids."""
    grids, own = Grids.of(source), Grids.of(delivered)
    alignment = align(grids, own)
    return _metrics(alignment, own, changes(grids.y), changes(own.y), limits)


def full_metrics(
    source: Fingerprint,
    delivered: Decoded,
    reference: Reference,
    limits: Thresholds,
    device: str,
) -> Metrics:
    """All measures. `reference` has the size of `delivered`, which has a fingerprint."""
    # Imported here: fingerprints alone are checked without torch.
    from verifier.metrics import cells, measure

    if delivered.fingerprint is None:
        raise ValueError("a rendition without a fingerprint cannot be measured")
    grids, own = Grids.of(source), Grids.of(delivered.fingerprint)
    alignment = align(grids, own)
    pictures = np.stack([frame[1] for frame in delivered.frames])
    # What moves the source but not an encode of it is noise.
    there, encoded, here = (
        changes(cells(one, device=device))
        for one in (reference.source, reference.encoded, pictures)
    )
    moved = np.minimum(there, encoded)
    quality = measure(
        reference.source,
        reference.encoded,
        pictures,
        alignment.nearest,
        device=device,
        # Known to nobody before the rendition is final, and the same for everybody after.
        seed=int.from_bytes(delivered.fingerprint.root[:8], "big"),
    )
    return _metrics(alignment, own, moved, here, limits, quality)


def _metrics(
    alignment: Alignment,
    delivered: Grids,
    moved_source: Floats,
    moved_delivered: Floats,
    limits: Thresholds,
    quality: Quality | None = None,
) -> Metrics:
    still = stillness(moved_source, moved_delivered, alignment.steady, motion=limits.applies.motion)
    loss = detail = energy = high_pass = None
    if quality is not None:
        loss = quality.ms_ssim_loss
        # Where the own encode itself keeps little of the source, there is nothing to compare with.
        kept = quality.high_pass_reference >= limits.applies.high_pass
        if kept and quality.detail_energy >= limits.applies.detail_energy:
            detail, energy, high_pass = quality.detail, quality.energy, quality.high_pass
    return Metrics(
        luma=lasting_high(alignment.luma),
        chroma=lasting_high(alignment.chroma),
        grey=lasting_low(alignment.grey),
        cell=alignment.cell,
        motion=float(moved_source.mean()),
        still=None if still is None else still.share,
        frozen=still is not None and still.frozen,
        ms_ssim_loss=loss,
        detail=detail,
        energy=energy,
        high_pass=high_pass,
        curves=_curves(alignment, delivered, moved_source, moved_delivered, quality),
    )


def _curves(
    alignment: Alignment,
    delivered: Grids,
    moved_source: Floats,
    moved_delivered: Floats,
    quality: Quality | None,
) -> Curves:
    count = len(delivered.pts)

    def scored(name: str) -> Curve:
        curve: list[float | None] = [None] * count
        if quality is not None:
            for at, value in zip(quality.frames.tolist(), getattr(quality, name), strict=True):
                curve[at] = round(float(value), 4)
        return tuple(curve)

    return Curves(
        time=tuple(round(pts / TICKS, 4) for pts in delivered.pts.tolist()),
        source_index=tuple(alignment.nearest.tolist()),
        luma=_curve(alignment.luma),
        chroma=_curve(alignment.chroma),
        grey=_curve(alignment.grey),
        motion_source=_curve(moved_source[alignment.steady]),
        motion_delivered=_curve(moved_delivered),
        ms_ssim=scored("ms_ssim"),
        ms_ssim_reference=scored("ms_ssim_reference"),
        detail=scored("detail_by_frame"),
        high_pass=scored("high_pass_by_frame"),
    )


def _curve(values: Iterable[float]) -> Curve:
    return tuple(None if np.isnan(value) else round(float(value), 4) for value in values)
