"""Numbers of one rendition, and where a rule has nothing to say."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from tests.verifier.cells import flat, moving_cells, of_cells
from verifier import csf
from verifier.align import Grids, align, lasting_high, lasting_low
from verifier.csf import Fingerprint
from verifier.media import Decoded
from verifier.thresholds import Applies, Thresholds, load_thresholds

pytest.importorskip("torch", reason="the extra `verifier` is not installed")

from verifier import metrics  # noqa: E402  (needs torch)
from verifier.devices import Encoder  # noqa: E402
from verifier.measures import Metrics, fingerprint_metrics, full_metrics  # noqa: E402
from verifier.reference import Reference  # noqa: E402

Pictures = npt.NDArray[np.uint8]

QUALITY = ("ms_ssim_loss", "detail", "energy", "high_pass")
NUMBERS = ("luma", "chroma", "cell", "motion")
FRAMES, HEIGHT, WIDTH = 16, 48, 64


@pytest.fixture
def limits() -> Thresholds:
    applies = Applies(motion=0.3, detail_energy=2.0, high_pass=0.6)
    return replace(load_thresholds(), applies=applies)


def panning(*, seed: int = 1, step: int = 2) -> Pictures:
    """Texture that moves by `step` pixels a frame."""
    rng = np.random.default_rng(seed)
    wide = np.kron(rng.integers(40, 216, (HEIGHT // 4, 40)), np.ones((4, 4)))
    wide = np.clip(wide + rng.normal(0, 6, wide.shape), 0, 255).astype(np.uint8)
    return np.stack([wide[:, step * at : step * at + WIDTH] for at in range(FRAMES)])


def decoded(luma: Pictures, *, chroma: int = 90) -> Decoded:
    plane = np.full((HEIGHT // 2, WIDTH // 2), chroma, np.uint8)
    frames = tuple((3_000 * at, y, plane, plane) for at, y in enumerate(luma))
    return Decoded(
        frames=frames,
        times=tuple(frame[0] for frame in frames),
        width=WIDTH,
        height=HEIGHT,
        container="mp4",
        codec="h264",
        pix_fmt="yuv420p",
        fps=Fraction(30),
        audio_codec=None,
        audio_packets=(),
        fingerprint=csf.fingerprint(frames),
        unprovable=None,
    )


def noisy(pictures: Pictures, sigma: float, *, seed: int = 5) -> Pictures:
    noise = np.random.default_rng(seed).normal(0, sigma, pictures.shape)
    return np.clip(pictures + noise, 0, 255).round().astype(np.uint8)


def print_of(segment: Decoded) -> Fingerprint:
    assert segment.fingerprint is not None
    return segment.fingerprint


def full(
    source: Pictures, encoded: Pictures, delivered: Decoded, limits: Thresholds, chroma: int = 90
) -> Metrics:
    reference = Reference(source, encoded, Encoder("libx264", ""), "h264 (cpu)", 0)
    origin = print_of(decoded(source, chroma=chroma))
    return full_metrics(origin, delivered, reference, limits, "cpu")


# -- fingerprints alone


def test_fingerprint_metrics__moving_and_coloured__has_no_quality(limits: Thresholds) -> None:
    rows = moving_cells(20)
    changed = rows.copy()
    changed[:, 5] += 40
    source, delivered = of_cells(rows), of_cells(changed)
    found = fingerprint_metrics(source, delivered, limits)
    by_hand = align(Grids.of(source), Grids.of(delivered))
    assert found.luma == lasting_high(by_hand.luma) == 40 / 256
    assert found.chroma == lasting_high(by_hand.chroma) == 0
    assert found.grey == lasting_low(by_hand.grey)
    assert (found.cell, found.still, found.frozen) == (40, 0.0, False)
    assert found.motion == pytest.approx(3 * 19 / 20)
    assert all(getattr(found, name) is None for name in QUALITY)
    for curve in ("ms_ssim", "ms_ssim_reference", "detail", "high_pass"):
        assert getattr(found.curves, curve) == (None,) * 20


def test_fingerprint_metrics__source_stands_still__nothing_is_said_about_time(
    limits: Thresholds,
) -> None:
    found = fingerprint_metrics(of_cells(flat(20)), of_cells(flat(20)), limits)
    assert (found.motion, found.still, found.frozen) == (0, None, False)


def test_fingerprint_metrics__frozen_or_repeated__only_one_run_is_frozen(
    limits: Thresholds,
) -> None:
    rows = moving_cells(24)
    at = np.arange(24)
    for shown, share, frozen in (
        (np.minimum(at, 10), 13 / 23, True),
        (at - at % 2, 12 / 23, False),
    ):
        found = fingerprint_metrics(of_cells(rows), of_cells(rows[shown]), limits)
        assert found.still == pytest.approx(share)
        assert found.frozen is frozen


def test_fingerprint_metrics__source_without_colour__nothing_is_said_about_grey(
    limits: Thresholds,
) -> None:
    grey = of_cells(flat(20, u=128, v=128))
    found = fingerprint_metrics(grey, of_cells(flat(20, u=128, v=128)), limits)
    assert found.grey is None
    assert found.curves.grey == (None,) * 20
    coloured = fingerprint_metrics(of_cells(flat(20)), grey, limits)
    assert coloured.grey == 0


def test_fingerprint_metrics__one_frame__is_measured(limits: Thresholds) -> None:
    found = fingerprint_metrics(of_cells(flat(1)), of_cells(flat(1, y=103)), limits)
    assert (found.luma, found.still, len(found.curves.time)) == (3, None, 1)


# -- with the own encode


def test_full_metrics__honest__has_every_number(limits: Thresholds) -> None:
    source = panning()
    delivered = decoded(noisy(source, 2))
    found = full(source, noisy(source, 2, seed=6), delivered, limits)
    assert found.ms_ssim_loss == pytest.approx(0, abs=0.01)
    assert found.detail == pytest.approx(1, abs=0.05)
    assert found.energy == pytest.approx(1, abs=0.05)
    assert found.high_pass == pytest.approx(1, abs=0.05)
    assert (found.still, found.frozen) == (0, False)
    assert found.grey == 1
    assert found.curves.source_index == tuple(range(FRAMES))
    assert found.curves.time == tuple(round(at / 30, 4) for at in range(FRAMES))
    for curve in vars(found.curves).values():
        assert len(curve) == FRAMES
        assert None not in curve


def test_full_metrics__flat_content__says_nothing_about_detail(limits: Thresholds) -> None:
    source = np.repeat(np.arange(40, 40 + 4 * FRAMES, 4, dtype=np.uint8), HEIGHT * WIDTH)
    source = source.reshape(FRAMES, HEIGHT, WIDTH)
    found = full(source, source, decoded(source), limits)
    assert found.ms_ssim_loss == pytest.approx(0, abs=1e-6)
    assert found.detail is found.energy is found.high_pass is None
    assert found.still == 0  # it moves all the same


def test_full_metrics__just_too_little_detail__is_where_the_limit_says(limits: Thresholds) -> None:
    source = panning()
    quality = metrics.measure(
        source, source, source, np.arange(FRAMES), device="cpu", seed=0
    ).detail_energy
    for least, judged in ((0.999 * quality, True), (1.001 * quality, False)):
        applies = replace(limits.applies, detail_energy=least)
        found = full(source, source, decoded(source), replace(limits, applies=applies))
        assert (found.detail is not None) == judged
        assert found.ms_ssim_loss is not None


def test_full_metrics__own_encode_keeps_little__says_nothing_about_detail(
    limits: Thresholds,
) -> None:
    source = panning()
    elsewhere = panning(seed=2)
    found = full(source, elsewhere, decoded(source), limits)
    assert found.detail is found.energy is found.high_pass is None
    assert found.ms_ssim_loss is not None
    assert found.ms_ssim_loss < -0.3  # better than the own encode


def test_full_metrics__noise_of_a_still_source__is_no_motion(limits: Thresholds) -> None:
    """Noise as large as motion: an encode without it shows that nothing moves."""
    still = np.tile(panning()[:1], (FRAMES, 1, 1))
    source = noisy(still, 30)
    found = full(source, still, decoded(still), limits)
    assert (found.motion, found.still) == (0, None)
    assert full(still, source, decoded(still), limits).motion == 0  # nor is noise of the encode
    moving = full(source, source, decoded(still), limits)
    assert moving.motion > limits.applies.motion
    assert (moving.still, moving.frozen) == (1, True)


def test_full_metrics__frozen_picture__is_compared_with_the_frame_it_shows(
    limits: Thresholds,
) -> None:
    source = panning(step=1)
    shown = np.minimum(np.arange(FRAMES), 13)
    found = full(source, source, decoded(source[shown]), limits)
    assert found.curves.source_index == tuple(shown.tolist())
    assert found.ms_ssim_loss == pytest.approx(0, abs=1e-6)
    assert found.still == pytest.approx(2 / 15)


def test_full_metrics__not_every_frame_scored__curves_have_gaps(
    limits: Thresholds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MAX_PIXELS", 4 * HEIGHT * WIDTH)
    source = panning()
    kept = []
    for sigma in (2, 2, 3):
        found = full(source, source, decoded(noisy(source, sigma)), limits)
        scored = [at for at, value in enumerate(found.curves.ms_ssim) if value is not None]
        assert [at // 4 for at in scored] == [0, 1, 2, 3]
        for curve in (found.curves.detail, found.curves.high_pass):
            assert [at for at, value in enumerate(curve) if value is not None] == scored
        kept.append(scored)
    assert kept[0] == kept[1] != kept[2]  # drawn by the fingerprint, the same for everybody


def test_full_metrics__no_fingerprint__raises(limits: Thresholds) -> None:
    source = panning()
    nothing = replace(decoded(source), fingerprint=None, unprovable="why")
    with pytest.raises(ValueError, match="without a fingerprint cannot be measured"):
        full(source, source, nothing, limits)


def test_to_json__any_metrics__is_json_with_five_digits(limits: Thresholds) -> None:
    source = panning()
    found = full(source, noisy(source, 1), decoded(noisy(source, 3), chroma=128), limits)
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert set(data) == {*NUMBERS, *QUALITY, "grey", "still", "frozen", "curves"}
    assert data["luma"] == round(found.luma, 5)
    assert data["curves"]["luma"] == list(found.curves.luma)
    grey = full(source, source, decoded(source, chroma=128), limits, chroma=128)
    assert json.loads(json.dumps(grey.to_json(), allow_nan=False))["grey"] is None
