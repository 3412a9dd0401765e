"""Picture quality against slow arithmetic, and what it says about blur, noise and sharpening."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `verifier` is not installed")

from verifier import metrics  # noqa: E402  (needs torch)
from verifier.metrics import Quality, cells, drawn_frames, measure  # noqa: E402

Pictures = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang, Simoncelli, Bovik 2003


def score(source: Pictures, reference: Pictures, delivered: Pictures, seed: int = 1) -> Quality:
    nearest = np.arange(len(delivered))
    return measure(source, reference, delivered, nearest, device="cpu", seed=seed)


def textured(frames: int, height: int, width: int, *, seed: int = 1) -> Pictures:
    """Detail at every scale, as in natural pictures."""
    rng = np.random.default_rng(seed)
    total = np.full((frames, height, width), 128.0)
    for size in (1, 2, 4, 8, 16):
        coarse = rng.normal(0, 4 * size**0.6, (frames, -(-height // size), -(-width // size)))
        total += np.kron(coarse, np.ones((1, size, size)))[:, :height, :width]
    return np.clip(total, 0, 255).astype(np.uint8)


def noisy(pictures: Pictures, sigma: float, *, seed: int = 2) -> Pictures:
    noise = np.random.default_rng(seed).normal(0, sigma, pictures.shape)
    return np.clip(pictures + noise, 0, 255).round().astype(np.uint8)


def blurred(pictures: Pictures, size: int) -> Pictures:
    """As if upscaled from 1 / size."""
    frames, height, width = pictures.shape
    blocks = pictures.reshape(frames, height // size, size, width // size, size).mean(axis=(2, 4))
    return np.kron(blocks, np.ones((1, size, size))).round().astype(np.uint8)


# -- the same by loops


def slow_ms_ssim(one: Floats, other: Floats) -> float:
    """Windows of 8 x 8 every 4 pixels; as many scales as leave 16 pixels on the shorter side."""
    scales = 1
    while scales < 5 and min(one.shape) // 2**scales >= 16:
        scales += 1
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    result = 1.0
    for scale, weight in enumerate(weights):
        scores = []
        height, width = one.shape
        for top in range(0, height // 4 * 4 - 7, 4):
            for left in range(0, width // 4 * 4 - 7, 4):
                x = one[top : top + 8, left : left + 8]
                y = other[top : top + 8, left : left + 8]
                covariance = ((x - x.mean()) * (y - y.mean())).mean()
                structure = (2 * covariance + c2) / (x.var() + y.var() + c2)
                luminance = (2 * x.mean() * y.mean() + c1) / (x.mean() ** 2 + y.mean() ** 2 + c1)
                scores.append(structure * (luminance if scale == scales - 1 else 1))
        result *= max(0.0, float(np.mean(scores))) ** weight
        one, other = halved(one), halved(other)
    return result


def halved(picture: Floats) -> Floats:
    height, width = (side // 2 * 2 for side in picture.shape)
    whole = picture[:height, :width].reshape(height // 2, 2, width // 2, 2)
    return np.asarray(whole.mean(axis=(1, 3)))


def laplacian(picture: Pictures) -> Floats:
    p = picture.astype(np.float64)
    around = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]
    return np.asarray(4 * p[1:-1, 1:-1] - around)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (35, 50), (64, 48), (130, 141)])
def test_measure__small_pictures__ms_ssim_equals_loops(height: int, width: int) -> None:
    source = textured(2, height, width)
    reference, delivered = noisy(source, 5), noisy(textured(2, height, width, seed=9), 20)
    delivered[0] = np.clip(source[0] * 0.7 + 20, 0, 255)
    found = score(source, reference, delivered)
    for at in range(2):
        for pictures, values in (
            (reference, found.ms_ssim_reference),
            (delivered, found.ms_ssim),
        ):
            expected = slow_ms_ssim(source[at].astype(float), pictures[at].astype(float))
            assert values[at] == pytest.approx(expected, abs=2e-4)


def test_measure__small_pictures__laplacian_equals_loops() -> None:
    source = textured(3, 37, 44)
    reference, delivered = noisy(source, 3), noisy(source, 12)
    found = score(source, reference, delivered)
    for at in range(3):
        s, r, d = (laplacian(one[at]) for one in (source, reference, delivered))
        assert found.energy_source[at] == pytest.approx((s * s).mean(), rel=1e-5)
        assert found.energy_reference[at] == pytest.approx((r * r).mean(), rel=1e-5)
        assert found.energy_delivered[at] == pytest.approx((d * d).mean(), rel=1e-5)
        assert found.product_reference[at] == pytest.approx((s * r).mean(), rel=1e-4)
        assert found.product_delivered[at] == pytest.approx((s * d).mean(), rel=1e-4)
    assert found.detail_energy == pytest.approx(found.energy_reference.mean())


def test_measure__nearest__is_the_source_frame_compared_with() -> None:
    source = textured(4, 32, 32)
    nearest = np.array([2, 0, 3])
    found = measure(source, source, source[nearest], nearest, device="cpu", seed=0)
    assert found.ms_ssim == pytest.approx(1)
    other = measure(source, source, source[nearest], np.arange(3), device="cpu", seed=0)
    assert other.ms_ssim.max() < 0.5


# -- what the numbers say


def test_quality__same_pictures__is_perfect() -> None:
    source = textured(3, 64, 80)
    found = score(source, source, source)
    assert found.ms_ssim == pytest.approx(1)
    assert found.ms_ssim_loss == pytest.approx(0, abs=1e-6)
    for ratio in (found.detail, found.energy, found.high_pass, found.high_pass_reference):
        assert ratio == pytest.approx(1)
    assert found.detail_by_frame == pytest.approx(1)
    assert found.high_pass_by_frame == pytest.approx(1)


def test_quality__any_pictures__ms_ssim_is_between_zero_and_one() -> None:
    source = textured(4, 48, 48)
    delivered = np.stack(
        [255 - source[0], noisy(source, 90)[1], np.zeros_like(source[2]), source[3]]
    )
    found = score(source, source, delivered)
    assert (found.ms_ssim >= 0).all()
    assert found.ms_ssim.max() <= 1 + 1e-6
    assert found.ms_ssim[0] == 0  # inverted: negative structure counts as none
    assert found.ms_ssim[1] < 0.8 < found.ms_ssim[3]
    assert found.ms_ssim_loss == pytest.approx(1 - found.ms_ssim.mean())


def test_quality__more_and_more_blur__loses_in_every_measure() -> None:
    source = textured(2, 64, 64)
    reference = noisy(source, 2)
    found = [score(source, reference, blurred(source, size)) for size in (1, 2, 4, 8)]
    for sharper, softer in pairwise(found):
        assert sharper.detail > softer.detail
        assert sharper.high_pass > softer.high_pass
        assert sharper.ms_ssim_loss < softer.ms_ssim_loss
    assert found[0].detail == pytest.approx(1, abs=0.02)
    assert found[2].detail < 0.6
    assert found[2].high_pass < 0.8


def test_quality__blur_and_noise__brings_the_energy_back_but_not_the_detail() -> None:
    """The adaptive cheat of section 4.2: noise over an upscale."""
    source = textured(2, 64, 64)
    reference = noisy(source, 2)
    soft = blurred(source, 4)
    plain, faked = score(source, reference, soft), score(source, reference, noisy(soft, 9))
    assert plain.energy < 0.9 < faked.energy
    assert faked.detail == pytest.approx(plain.detail, abs=0.06)
    assert faked.high_pass < plain.high_pass


def test_quality__noise_on_a_whole_picture__keeps_detail_and_lowers_high_pass() -> None:
    source = textured(2, 64, 64)
    found = score(source, source, noisy(source, 8))
    assert found.detail == pytest.approx(1, abs=0.05)
    assert found.energy > 1.5
    assert found.high_pass < 0.85


def test_quality__nothing_to_lose__nothing_is_lost() -> None:
    flat = np.full((3, 32, 32), 90, np.uint8)
    found = score(flat, flat, flat)
    assert found.detail == found.energy == found.high_pass == found.high_pass_reference == 1
    assert found.detail_energy == 0
    assert found.detail_by_frame.tolist() == found.high_pass_by_frame.tolist() == [1, 1, 1]


def test_quality__one_frame_without_detail__has_a_ratio_of_its_own() -> None:
    source = textured(3, 32, 32)
    source[1] = 90
    found = score(source, source, source)
    assert found.detail_by_frame == pytest.approx(1)
    assert found.detail == pytest.approx(1)
    lost = score(source, source, np.full_like(source, 90))
    assert lost.detail == lost.energy == lost.high_pass == 0
    assert lost.high_pass_by_frame.tolist() == [0, 1, 0]
    assert lost.detail_by_frame.tolist() == [0, 1, 0]


# -- batches and drawn frames


def test_measure__batches_of_one_or_all__are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    source = textured(7, 40, 56)
    reference, delivered = noisy(source, 4), noisy(source, 11)
    found = []
    for pixels in (1, 3 * 40 * 56, 10**7):  # one, three and seven frames
        monkeypatch.setitem(metrics.BATCH_PIXELS, "cpu", pixels)
        quality = score(source, reference, delivered)
        found.append(np.stack([value for name, value in vars(quality).items() if name != "frames"]))
        assert quality.frames.tolist() == list(range(7))
    np.testing.assert_allclose(found[0], found[2], rtol=1e-5)
    np.testing.assert_allclose(found[1], found[2], rtol=1e-5)


def test_measure__more_pixels_than_are_scored__scores_a_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = textured(10, 32, 32)
    delivered = noisy(source, 6)
    every = score(source, source, delivered)
    for frames, scored in ((10, 10), (9, 5), (5, 5), (4, 4), (1, 1)):
        monkeypatch.setattr(metrics, "MAX_PIXELS", frames * 32 * 32)
        found = score(source, source, delivered, seed=frames)
        assert len(found.frames) == scored
        np.testing.assert_allclose(found.ms_ssim, every.ms_ssim[found.frames], rtol=1e-5)
        assert found.frames.tolist() == score(source, source, delivered, frames).frames.tolist()


def test_cells__any_batch__are_the_means_of_whole_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = textured(5, 29, 45)
    whole = pictures[:, :24, :40].reshape(5, 3, 8, 5, 8).mean(axis=(2, 4))
    for pixels in (1, 2 * 29 * 45, 10**7):
        monkeypatch.setitem(metrics.BATCH_PIXELS, "cpu", pixels)
        found = cells(pictures, device="cpu")
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, whole, atol=1e-4)


@given(st.integers(0, 200), st.integers(0, 30), st.integers(0, 2**64 - 1))
def test_drawn_frames__any_seed__one_of_each_stretch_and_always_the_same(
    count: int, step: int, seed: int
) -> None:
    step_taken = max(1, step)
    drawn = drawn_frames(count, step, seed).tolist()
    assert drawn == drawn_frames(count, step, seed).tolist()
    assert [at // step_taken for at in drawn] == list(range(-(-count // step_taken)))
    assert all(0 <= at < count for at in drawn)


def test_drawn_frames__many_seeds__leave_no_frame_safe() -> None:
    seen = [drawn_frames(30, 3, seed) for seed in range(300)]
    counts = np.bincount(np.concatenate(seen), minlength=30)
    # Each is drawn 100 times of 300 on average; five standard deviations are 41.
    assert counts.sum() == 3_000
    assert counts.min() >= 59
    assert counts.max() <= 141
