"""Dishonest and broken renditions, as bytes: cheats on pictures, on coding and on the file.

Source: verification spec, section 4.3, and requirements 5, 6, 7 and 9.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from verifier.calibration.cheats import cheat
from verifier.calibration.encoding import Coding, encode, standard
from verifier.calibration.honest import Make, Variant
from verifier.calibration.material import Material
from verifier.calibration.pictures import Dimensions, Picture, scale

FLIPPED_BITS = 40
PAGE = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body></body></html>\n"


def _rng(name: str, material: Material) -> np.random.Generator:
    """The same chance for the same cheat on the same content and rung."""
    text = f"{name} {material.content.name} {material.rung}"
    return np.random.default_rng(list(hashlib.sha256(text.encode()).digest()[:8]))


def _picture(name: str) -> Make:
    def make(material: Material) -> bytes:
        pictures = cheat(
            name,
            material.scaled,
            material.profile,
            _rng(name, material),
            other=material.other,
            earlier=material.earlier,
        )
        return _ordinary(pictures, material)

    return make


def _ordinary(pictures: list[Picture], material: Material, sound: bytes | None = None) -> bytes:
    coding = standard(material.profile.bitrate)
    return encode(pictures, material.rate, coding, sound or material.source)


def _bitrate(percent: int) -> Make:
    def make(material: Material) -> bytes:
        coding = standard(material.profile.bitrate * percent // 100)
        return encode(material.scaled, material.rate, coding, material.source)

    return make


def _crf_34(material: Material) -> bytes:
    coding = Coding(None, {**standard(0).options, "crf": "34"})
    return encode(material.scaled, material.rate, coding, material.source)


def _wrong_size(material: Material) -> bytes:
    """Three quarters of the ordered size."""
    width, height = (
        side * 3 // 8 * 2 for side in (material.profile.width, material.profile.height)
    )
    return _ordinary(scale(material.scaled, Dimensions(width, height)), material)


def _no_audio(material: Material) -> bytes:
    coding = standard(material.profile.bitrate)
    return encode(material.scaled, material.rate, coding, None)


def _other_audio(material: Material) -> bytes:
    return _ordinary(material.scaled, material, material.other_sound)


def _file(name: str, change: Callable[[bytes, np.random.Generator], bytes]) -> Make:
    def make(material: Material) -> bytes:
        return change(_ordinary(material.scaled, material), _rng(name, material))

    return make


def _cut(data: bytes, _rng: np.random.Generator) -> bytes:
    """Ends in the middle of a packet, at six tenths."""
    return data[: len(data) * 6 // 10 // 188 * 188 + 77]


def _flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bits of the coded pictures are wrong; the first tenth, with the headers, is not."""
    damaged = np.frombuffer(data, np.uint8).copy()
    places = rng.integers(len(data) // 10, len(data), size=FLIPPED_BITS)
    damaged[places] ^= (1 << rng.integers(0, 8, size=FLIPPED_BITS)).astype(np.uint8)
    return damaged.tobytes()


def _picture_cheats(group: str, *names: str) -> tuple[Variant, ...]:
    return tuple(Variant(name, group, _picture(name)) for name in names)


VARIANTS: tuple[Variant, ...] = (
    *_picture_cheats("other content", "other-clip", "stale", "splice"),
    *_picture_cheats("no content", "black", "grey-frame", "half-black"),
    *_picture_cheats("time", "freeze-first", "freeze-middle", "repeat-2", "repeat-4", "backwards",
                     "late"),
    *_picture_cheats("logo", "logo-15", "logo-8", "logo-15-faint"),
    *_picture_cheats("geometry", "mirror", "upside-down", "rotate-2", "crop-5", "crop-10", "pad-5"),
    *_picture_cheats("colour", "greyscale", "uv-swap", "tint"),
    *_picture_cheats("light", "brightness-5", "brightness-12", "gamma-1.3", "inverted"),
    *_picture_cheats("upscaled", "upscaled-3-4", "upscaled-1-2", "upscaled-1-4", "upscaled-1-8",
                     "upscaled-1-4-noise", "upscaled-1-4-sharpened"),
    Variant("bitrate-50", "starved", _bitrate(50)),
    Variant("bitrate-25", "starved", _bitrate(25)),
    Variant("bitrate-10", "starved", _bitrate(10)),
    Variant("crf-34", "starved", _crf_34),
    *_picture_cheats("fewer frames", "half-frames", "frames-90", "first-75", "double-speed"),
    Variant("wrong-size", "file", _wrong_size),
    Variant("no-audio", "file", _no_audio),
    Variant("other-audio", "file", _other_audio),
    Variant("cut-file", "file", _file("cut-file", _cut)),
    Variant("bit-flips", "file", _file("bit-flips", _flipped)),
    Variant("garbage", "file", _file("garbage", lambda data, rng: rng.bytes(len(data)))),
    Variant("html", "file", _file("html", lambda _data, _rng: PAGE)),
    Variant("empty", "file", _file("empty", lambda _data, _rng: b"")),
)  # fmt: skip
