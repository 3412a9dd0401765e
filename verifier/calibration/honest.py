"""Honest renditions: the many encoders, settings, scalers and small slips that are no fraud.

Source: verification spec, section 4 ("Honest set").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verifier.calibration.encoding import LOSSLESS, Coding, encode, standard, through
from verifier.calibration.material import Material
from verifier.calibration.pictures import Picture, Plane, Size, scale

Make = Callable[[Material], bytes]


@dataclass(frozen=True)
class Variant:
    """One way to make a rendition; `needs_scaling`: only where the rung is another size."""

    name: str
    group: str
    make: Make
    needs_scaling: bool = False


def _coded(change: Callable[[Coding], Coding]) -> Make:
    def make(material: Material) -> bytes:
        coding = change(standard(material.profile.bitrate))
        return encode(material.scaled, material.rate, coding, material.source)

    return make


def _with(**options: str) -> Make:
    return _coded(lambda coding: coding.with_options(**options))


def _preset(name: str) -> Make:
    return _with(preset=name)


def _bitrate(percent: int) -> Make:
    return _coded(lambda c: Coding((c.bitrate or 0) * percent // 100, c.options))


def _quality(crf: int) -> Make:
    return _coded(lambda c: Coding(None, {**c.options, "crf": str(crf)}))


def _vbv(material: Material) -> bytes:
    rate = str(material.profile.bitrate)
    half = str(material.profile.bitrate // 2)
    return _with(maxrate=rate, bufsize=half)(material)


def _scaler(rescale: Callable[[list[Picture], Size], list[Picture]]) -> Make:
    def make(material: Material) -> bytes:
        pictures = rescale(material.full, material.profile)
        return _encoded(pictures, material)

    return make


def _encoded(pictures: list[Picture], material: Material) -> bytes:
    return encode(pictures, material.rate, standard(material.profile.bitrate), material.source)


def _swscale(method: str) -> Make:
    return _scaler(lambda pictures, size: scale(pictures, size, method))


def _edited(edit: Callable[[list[Picture], int], list[Picture]]) -> Make:
    """`edit` gets the pictures and the length of a frame in 1/90000 s."""

    def make(material: Material) -> bytes:
        return _encoded(edit(material.scaled, round(90_000 / material.rate)), material)

    return make


def _dropped(place: Callable[[int], int]) -> Make:
    def edit(pictures: list[Picture], _frame: int) -> list[Picture]:
        gone = place(len(pictures))
        return pictures[:gone] + pictures[gone + 1 :]

    return _edited(edit)


def _doubled(pictures: list[Picture], frame: int) -> list[Picture]:
    """One picture twice, half a frame apart, as a rate converter does that lost count."""
    middle = len(pictures) // 2
    again = pictures[middle].at(pictures[middle].pts + frame // 2)
    return [*pictures[: middle + 1], again, *pictures[middle + 1 :]]


def _shifted(share: float) -> Make:
    return _edited(
        lambda pictures, frame: [one.at(one.pts + round(share * frame)) for one in pictures]
    )


def _brighter(pictures: list[Picture], _frame: int) -> list[Picture]:
    return [one.with_planes(np.minimum(one.y, 254) + np.uint8(1), one.u, one.v) for one in pictures]


def _through(codec: str, **options: str) -> Make:
    """Another encoder's pictures in lossless H.264, since the rules take H.264 only."""

    def make(material: Material) -> bytes:
        profile = material.profile
        pictures = through(material.scaled, material.rate, codec, profile.bitrate, options)
        return encode(pictures, material.rate, LOSSLESS, material.source)

    return make


def _taps(old: int, new: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Four taps of the Catmull-Rom cubic at each new place; not widened where it shrinks."""
    place = (np.arange(new) + 0.5) * old / new - 0.5
    base = np.floor(place)
    t = (place - base)[:, None]
    weights = np.concatenate(
        [
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        ],
        axis=1,
    )
    rows = np.clip(base[:, None] + np.arange(-1, 3), 0, old - 1).astype(np.intp)
    return rows, weights.astype(np.float32)


def _sampled(plane: Plane, width: int, height: int) -> Plane:
    rows, down = _taps(plane.shape[0], height)
    columns, right = _taps(plane.shape[1], width)
    tall = sum(plane[rows[:, k]].astype(np.float32) * down[:, k, None] for k in range(4))
    values = sum(tall[:, columns[:, k]] * right[None, :, k] for k in range(4))
    levels: Plane = np.clip(np.round(values), 0, 255).astype(np.uint8)
    return levels


def _no_anti_alias(pictures: list[Picture], size: Size) -> list[Picture]:
    """Bicubic as graphics cards do it: four taps however much the picture shrinks."""
    half = size.width // 2, size.height // 2
    return [
        one.with_planes(
            _sampled(one.y, size.width, size.height), _sampled(one.u, *half), _sampled(one.v, *half)
        )
        for one in pictures
    ]


VARIANTS: tuple[Variant, ...] = (
    *(Variant(f"preset-{name}", "preset", _preset(name))
      for name in ("ultrafast", "superfast", "veryfast", "fast", "medium", "slow")),
    Variant("nvenc-like", "settings", _with(preset="superfast", bf="0", refs="1", weightp="0")),
    Variant("baseline", "settings", _with(profile="baseline")),
    Variant("zerolatency", "settings", _with(tune="zerolatency")),
    Variant("vbv", "settings", _vbv),
    Variant("no-aq", "settings", _with(**{"aq-mode": "0"})),
    Variant("no-deblock", "settings", _with(**{"x264-params": "no-deblock=1"})),
    Variant("threads-4", "settings", _with(threads="4")),
    Variant("short-gop", "gop", _with(g="8")),
    Variant("bitrate-85", "bitrate", _bitrate(85)),
    Variant("bitrate-115", "bitrate", _bitrate(115)),
    Variant("crf-23", "bitrate", _quality(23)),
    Variant("crf-27", "bitrate", _quality(27)),
    *(Variant(f"scaler-{name.lower()}", "scaler", _swscale(name), needs_scaling=True)
      for name in ("BILINEAR", "AREA", "LANCZOS", "SPLINE")),
    Variant("scaler-no-anti-alias", "scaler", _scaler(_no_anti_alias), needs_scaling=True),
    Variant("drop-first", "frames", _dropped(lambda _n: 0)),
    Variant("drop-middle", "frames", _dropped(lambda n: n // 2)),
    Variant("drop-last", "frames", _dropped(lambda n: n - 1)),
    Variant("doubled", "frames", _edited(_doubled)),
    Variant("half-frame-later", "time", _shifted(0.5)),
    Variant("one-frame-later", "time", _shifted(1.0)),
    Variant("level-plus-1", "level", _edited(_brighter)),
    Variant("x265", "other encoder", _through("libx265", preset="veryfast",
            **{"x265-params": "log-level=none:pools=1:frame-threads=1"})),
    Variant("vp9", "other encoder", _through("libvpx-vp9", deadline="realtime",
            **{"cpu-used": "6", "lag-in-frames": "0"})),
    Variant("mpeg4", "other encoder", _through("mpeg4")),
)  # fmt: skip

# Its pictures lie off their place, so no job may ask for it: measured, but not called honest.
FORBIDDEN = Variant("scaler-fast_bilinear", "forbidden", _swscale("FAST_BILINEAR"), True)
