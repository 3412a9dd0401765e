"""Segments the verifier's tests share, made once a session: all small, all reproducible."""

from __future__ import annotations

import pytest

from tests.verifier.clips import X264, Yuv, encode, flip_bits, moving, real_pictures, remux


@pytest.fixture(scope="session")
def moving_clip() -> bytes:
    """48 synthetic frames of 320x180 with sound, MP4."""
    return encode(moving(48, 320, 180), sound=True)


@pytest.fixture(scope="session")
def real_clip() -> bytes:
    """60 frames of 640x360 of the clip in samples/ with sound, MP4."""
    return encode(real_pictures(60, 640, 360), sound=True)


@pytest.fixture(scope="session")
def other_clip() -> bytes:
    """48 synthetic frames of 320x180 with sound, of another content than `moving_clip`."""
    return encode(moving(48, 320, 180, seed=2), sound=True)


@pytest.fixture(scope="session")
def pictures(moving_clip: bytes) -> list[Yuv]:
    """Those of an honest rendition of `moving_clip`."""
    # Imported here: it needs torch, which some installations leave out.
    from tests.verifier.renditions import scaled

    return scaled(moving_clip)


@pytest.fixture(scope="session")
def honest(pictures: list[Yuv]) -> bytes:
    """That rendition."""
    from tests.verifier.renditions import deliver

    return deliver(pictures)


@pytest.fixture(scope="session")
def clean_clips(moving_clip: bytes, real_clip: bytes) -> dict[str, bytes]:
    """Ten segments inside the provable domain, by name."""
    pictures = list(moving(24, 320, 180, seed=3))
    real = real_pictures(24, 426, 240)
    return {
        "mp4": moving_clip,
        "real mp4": real_clip,
        "ts": remux(moving_clip, "mpegts"),
        "matroska": remux(real_clip, "matroska"),
        "baseline": encode(pictures, options={**X264, "profile": "baseline"}),
        "slow, B-frames": encode(real, options={"preset": "slow", "crf": "23", "threads": "1"}),
        "four slices": encode(real, options={**X264, "slices": "4"}),
        "full range": encode(pictures, pixel_format="yuvj420p"),
        "odd crop": encode(moving(24, 322, 182), crop="2,2,4,6"),
        "low bitrate": encode(real, options={"preset": "ultrafast", "b": "80000", "threads": "1"}),
    }


@pytest.fixture(scope="session")
def damaged_clips(clean_clips: dict[str, bytes]) -> list[bytes]:
    """Twelve copies of clean segments with six inverted bits each, in the coded slices."""
    names = ("mp4", "real mp4", "slow, B-frames", "four slices")
    return [flip_bits(clean_clips[name], seed=seed) for name in names for seed in range(3)]
