"""The verifier's own encode: one picture per frame, the same each time, or one line why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest

from tests.verifier.card import BROKEN, Card, nv12
from tests.verifier.clips import moving, planes_of
from verifier import reference
from verifier.csf import Picture
from verifier.devices import CPU, CUDA, HARDWARE_ENCODER, SOFTWARE_ENCODER, Device, Encoder
from verifier.messages import Profile
from verifier.reference import (
    NVENC,
    Reference,
    ReferenceFault,
    luma,
    make_reference,
    to_frame,
)

TICKS = 3000
SMALL = Profile(160, 90, 150_000)
SAME = Profile(320, 180, 400_000)
X264 = Encoder(SOFTWARE_ENCODER)
SOFTWARE, GPU = Device(CPU, CPU), Device(CUDA, "cuda (Simulated 9000)")


@pytest.fixture(scope="module")
def frames() -> list[Picture]:
    return [(TICKS * at, *planes) for at, planes in enumerate(moving(24, 320, 180))]


def made(
    frames: list[Picture],
    profile: Profile = SMALL,
    encoder: Encoder = X264,
    device: Device = SOFTWARE,
) -> Reference:
    return make_reference(frames, profile, encoder, device)


def same(one: Reference, other: Reference) -> bool:
    return (
        np.array_equal(one.source, other.source)
        and np.array_equal(one.encoded, other.encoded)
        and one.size_bytes == other.size_bytes
    )


def test_make_reference__any_profile__has_one_picture_per_frame(frames: list[Picture]) -> None:
    for profile in (SMALL, SAME, Profile(400, 226, 400_000)):
        result = made(frames, profile)
        shape = (24, profile.height, profile.width)
        assert result.source.shape == result.encoded.shape == shape
        assert result.source.dtype == result.encoded.dtype == np.uint8
        assert (result.encoder, result.decoder) == (X264, "h264 (cpu)")


def test_make_reference__encode__shows_each_frame_in_its_place(frames: list[Picture]) -> None:
    """B-frames come out of the decoder in the order of presentation."""
    result = made(frames)
    source, encoded = result.source.astype(int), result.encoded.astype(int)
    apart = np.array([[np.abs(one - other).mean() for other in source] for one in encoded])
    assert apart.argmin(1).tolist() == list(range(24))
    assert apart.diagonal().max() < 8


def test_make_reference__same_size__leaves_the_source_as_it_is(frames: list[Picture]) -> None:
    result = made(frames, SAME)
    assert np.array_equal(result.source, np.stack([frame[1] for frame in frames]))
    assert not np.array_equal(result.encoded, result.source)


def test_make_reference__smaller__is_the_source_scaled(frames: list[Picture]) -> None:
    blocks = frames[5][1].reshape(90, 2, 160, 2).mean((1, 3))
    assert np.abs(made(frames).source[5] - blocks).mean() < 4


def test_make_reference__made_again__is_the_same(frames: list[Picture]) -> None:
    """Often enough to see what a processor with AVX-512 gave one time in fifty."""
    first = made(frames)
    assert all(same(made(frames), first) for _ in range(200))
    assert same(made(frames, SAME), made([(pts, *planes) for pts, *planes in frames], SAME))


def test_make_reference__bitrate__is_followed(frames: list[Picture]) -> None:
    sizes = [made(frames, replace(SAME, bitrate=rate)).size_bytes for rate in (10**5, 10**6, 10**7)]
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize(
    "times",
    [
        [7 + 1501 * at for at in range(24)],
        [3000 * at + (at % 3) * 700 for at in range(24)],
        [90_000 * at for at in range(24)],
    ],
    ids=["60 fps, later", "uneven", "1 fps"],
)
def test_make_reference__other_times__keeps_every_frame(
    frames: list[Picture], times: list[int]
) -> None:
    retimed = [(pts, *planes) for pts, (_, *planes) in zip(times, frames, strict=True)]
    assert np.array_equal(made(retimed).source, made(frames).source)


def test_make_reference__one_frame__is_enough(frames: list[Picture]) -> None:
    assert made(frames[:1]).encoded.shape == (1, 90, 160)


@pytest.mark.parametrize("profile", [Profile(161, 90, 10**5), Profile(160, 91, 10**5)])
def test_make_reference__size_that_x264_cannot__is_one_line(
    frames: list[Picture], profile: Profile
) -> None:
    with pytest.raises(ReferenceFault) as refused:
        made(frames, profile)
    size = f"{profile.width}x{profile.height}"
    assert (
        str(refused.value) == f"own encode at {size} failed: Generic error in an external library"
    )


ENCODE = reference._encode


def without_last(frames: list[Picture], *rest: Any) -> bytes:
    return ENCODE(frames[:-1], *rest)


def test_make_reference__a_picture_lost__is_one_line(
    frames: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "_encode", without_last)
    with pytest.raises(ReferenceFault) as refused:
        made(frames)
    assert str(refused.value) == ("own encode at 160x90 failed: own encode has 23 frames of 24")


# -- on a card


def test_make_reference__card__encodes_and_decodes(
    frames: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = made(frames)
    card = Card().install(monkeypatch)
    result = made(frames, SMALL, Encoder(HARDWARE_ENCODER), GPU)
    assert (result.encoder.text, result.decoder) == ("h264_nvenc", "h264 (cuda)")
    assert (card.encoded, card.decoded, card.options) == (24, 1, NVENC)
    assert same(result, plain)


@pytest.mark.parametrize("fails_at", [0, 12, 23])
def test_make_reference__encoder_of_the_card_gives_up__libx264_makes_all_of_it(
    frames: list[Picture], monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    plain = made(frames)
    card = Card(fails_at=fails_at).install(monkeypatch)
    result = made(frames, SMALL, Encoder(HARDWARE_ENCODER), GPU)
    note = f"h264_nvenc failed on the source: {BROKEN}"
    assert result.encoder == Encoder(SOFTWARE_ENCODER, note)
    assert card.encoded == fails_at
    assert same(result, plain)


def test_make_reference__encoder_of_the_card_loses_a_picture__libx264_makes_all_of_it(
    frames: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(given: list[Picture], profile: Profile, encoder: Encoder, scaled: Any) -> bytes:
        lossy = encoder.name == HARDWARE_ENCODER
        return (without_last if lossy else ENCODE)(given, profile, encoder, scaled)

    Card().install(monkeypatch)
    monkeypatch.setattr(reference, "_encode", encode)
    result = made(frames, SMALL, Encoder(HARDWARE_ENCODER))
    assert result.encoder.note == (
        "h264_nvenc failed on the source: own encode has 23 frames of 24"
    )
    assert len(result.encoded) == 24


def test_make_reference__both_encoders_fail__is_one_line(
    frames: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    Card(fails_at=3).install(monkeypatch)
    with pytest.raises(ReferenceFault, match=r"^own encode at 161x90 failed: [^\n]+$"):
        made(frames, Profile(161, 90, 10**5), Encoder(HARDWARE_ENCODER))


@pytest.mark.parametrize(
    "card", [Card(has_decoder=False), Card(refuses=True)], ids=["absent", "refuses"]
)
def test_make_reference__decoder_of_the_card_does_not_work__software_decodes(
    frames: list[Picture], monkeypatch: pytest.MonkeyPatch, card: Card
) -> None:
    plain = made(frames)
    card.install(monkeypatch)
    result = made(frames, SMALL, X264, GPU)
    assert (result.encoder, result.decoder) == (X264, "h264 (cpu)")
    assert card.refused == card.refuses
    assert same(result, plain)


# -- frames and planes


@pytest.mark.parametrize("size", [(320, 180), (322, 182), (321, 181), (33, 17)])
def test_to_frame__odd_sides_and_padding__keep_every_pixel(size: tuple[int, int]) -> None:
    (planes,) = moving(1, *size)
    frame = to_frame(*planes)
    assert (frame.width, frame.height, frame.format.name) == (*size, "yuv420p")
    for sent, got in zip(planes, planes_of(frame), strict=True):
        assert np.array_equal(sent, got)
    assert np.array_equal(luma(frame), planes[0])


def test_luma__frame_of_a_card__is_its_first_plane() -> None:
    (planes,) = moving(1, 322, 182)
    assert np.array_equal(luma(nv12(*planes)), planes[0])


def test_luma__other_format__is_converted() -> None:
    grey = av.VideoFrame.from_ndarray(np.full((16, 32, 3), 255, np.uint8), "rgb24")
    assert np.unique(luma(grey)).tolist() == [235]
