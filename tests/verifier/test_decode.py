"""The strict decode gate: clean, unprovable and damaged media, and files as they are read."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.support.requirements import record
from tests.verifier import hostile
from tests.verifier.clips import REAL_CLIP, X264, encode, moving, remux
from tests.verifier.hostile import refusal
from verifier import decode as decode_module
from verifier.decode import (
    Limits,
    MediaCode,
    MediaFault,
    decode,
    decode_isolated,
    read_media,
    to_ticks,
)

ROOT = Path(__file__).parents[2]
NO_B_FRAMES = {**X264, "bf": "0"}


# -- clean


def test_decode__clean_segments__are_all_accepted_and_provable(clean_clips: dict) -> None:
    assert len(clean_clips) >= 8
    assert {
        name: decode(data, pictures=False).unprovable for name, data in clean_clips.items()
    } == (dict.fromkeys(clean_clips))
    record(3, "clean clips accepted", f"{len(clean_clips)} of {len(clean_clips)}", "all of >= 8")


def test_decode__clip_from_the_wild__is_provable() -> None:
    decoded = decode(REAL_CLIP.read_bytes(), pictures=False)
    assert decoded.unprovable is None
    assert (decoded.width, decoded.height, len(decoded.times)) == (1280, 720, 132)
    assert decoded.fps == 25


def test_decode__isolated_or_not__gives_the_same(clean_clips: dict[str, bytes]) -> None:
    for name in ("mp4", "odd crop", "ts"):
        here, apart = decode(clean_clips[name]), decode_isolated(clean_clips[name])
        assert {k: v for k, v in vars(here).items() if k != "frames"} == {
            k: v for k, v in vars(apart).items() if k != "frames"
        }
        assert len(apart.frames) == len(here.frames)
        for (pts, *planes), (other_pts, *others) in zip(here.frames, apart.frames, strict=True):
            assert pts == other_pts
            for one, other in zip(planes, others, strict=True):
                np.testing.assert_array_equal(one, other)


def test_decode_isolated__without_pictures__has_the_fingerprint_only(moving_clip: bytes) -> None:
    decoded = decode_isolated(moving_clip, pictures=False)
    assert decoded.frames == ()
    assert len(decoded.times) == 48
    assert decoded.fingerprint == decode(moving_clip).fingerprint


def test_decode_isolated__pictures__may_be_written(moving_clip: bytes) -> None:
    luma = decode_isolated(moving_clip).frames[0][1]
    luma[:] = 7
    assert luma.min() == luma.max() == 7


def test_decode__crop_on_all_sides__is_applied_to_the_pixel(clean_clips: dict[str, bytes]) -> None:
    """322x182 less 2 left, 2 top, 4 right, 6 bottom; near enough to what was encoded."""
    decoded = decode(clean_clips["odd crop"])
    assert (decoded.width, decoded.height) == (316, 174)
    sent = next(moving(1, 322, 182))[0][2:176, 2:318].astype(int)
    assert np.abs(decoded.frames[0][1] - sent).mean() < 4


def test_decode__full_range__keeps_values_as_coded(clean_clips: dict[str, bytes]) -> None:
    decoded = decode(clean_clips["full range"])
    assert decoded.pix_fmt == "yuvj420p"
    sent = next(moving(1, 320, 180, seed=3))[0].astype(int)
    assert abs(decoded.frames[0][1].mean() - sent.mean()) < 0.5


def test_decode__same_sound_in_mp4_and_ts__has_the_same_packets(clean_clips: dict) -> None:
    mp4, ts = decode(clean_clips["mp4"]), decode(clean_clips["ts"])
    assert mp4.audio_codec == ts.audio_codec == "aac"
    assert len(mp4.audio_packets) > 70
    assert mp4.audio_packets == ts.audio_packets


def test_decode__other_container__keeps_times_and_root(clean_clips: dict[str, bytes]) -> None:
    mp4, ts = decode(clean_clips["mp4"]), decode(clean_clips["ts"])
    assert [t - ts.times[0] for t in ts.times] == [3000 * at for at in range(48)]
    assert mp4.fingerprint is not None
    assert ts.fingerprint is not None
    assert mp4.fingerprint.root == ts.fingerprint.root
    assert ts.fingerprint.first_pts == ts.times[0]
    assert ts.fingerprint.last_pts == ts.times[-1]


def test_decode__wrong_extension__is_judged_by_its_bytes(
    moving_clip: bytes, tmp_path: Path
) -> None:
    named = tmp_path / "segment.ts"
    named.write_bytes(moving_clip)
    assert decode(read_media(named)).container == "mp4"


@pytest.mark.parametrize(
    ("pts", "time_base", "ticks"),
    [
        (1, "1/25", 3600),
        (1, "1/12800", 7),
        (-1, "1/12800", -7),
        (1, "1/180000", 1),
        (5, "1/1", 450_000),
    ],
)
def test_to_ticks__any_time_base__rounds_half_up(pts: int, time_base: str, ticks: int) -> None:
    assert to_ticks(pts, Fraction(time_base)) == ticks


# -- not provable, but decoded


def unprovable_clips() -> dict[str, tuple[bytes, str]]:
    pictures = list(moving(12, 64, 64))
    wide = [(y, u.repeat(2, 0), v.repeat(2, 0)) for y, u, v in pictures]
    matroska = {"container": "matroska", "options": NO_B_FRAMES}
    return {
        "short": (encode(pictures[:7]), "7 frames are fewer than 8"),
        "mpeg4": (encode(pictures, codec="mpeg4", options={}), "video is mpeg4, not H.264"),
        "vp9": (
            encode(pictures, codec="libvpx-vp9", options={"cpu-used": "8"}, container="matroska"),
            "video is vp9, not H.264",
        ),
        "4:2:2": (encode(wide, pixel_format="yuv422p"), "pixels are not 8-bit 4:2:0"),
        "fields": (
            encode(pictures, options={**X264, "x264-params": "interlaced=1"}),
            "video is interlaced",
        ),
        "may have fields": (
            encode(pictures, options={**X264, "x264-params": "fake-interlaced=1"}),
            "video is interlaced",
        ),
        "same times": (encode(pictures, fps=4000, **matroska), "times do not increase"),
    }


def test_decode__outside_the_domain__is_decoded_without_a_fingerprint() -> None:
    for name, (data, reason) in unprovable_clips().items():
        decoded = decode(data)
        assert (decoded.unprovable, decoded.fingerprint) == (reason, None), name
        assert len(decoded.frames) == len(decoded.times) >= 7


def test_decode__starts_before_time_zero__has_no_fingerprint(
    moving_clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leaf has no room for such a time. Muxers shift it away, so here the clock is shifted."""
    monkeypatch.setattr(decode_module, "to_ticks", lambda pts, base: to_ticks(pts, base) - 1)
    assert decode(moving_clip).unprovable == "it starts before time zero"


def test_decode__eight_frames__are_enough() -> None:
    assert decode(encode(moving(8, 64, 64))).unprovable is None


# -- damaged


def test_decode__twelve_streams_with_inverted_bits__are_all_refused(damaged_clips: list) -> None:
    faults = [refusal(data) for data in damaged_clips]
    assert [fault.code for fault in faults] == [MediaCode.DAMAGED] * 12
    # The decoder refuses by itself, as any other build does that is told to be strict.
    assert "Invalid data found when processing input" in {fault.reason for fault in faults}
    record(3, "streams with inverted bits refused", f"{len(faults)} of 12", "12 of 12")


def test_decode__reference_picture_left_out__is_refused() -> None:
    """Decoders put another picture in its place and report nothing."""
    data = encode(moving(24, 64, 64), options=NO_B_FRAMES)
    for left_out in (1, 10, 22):
        cut = hostile.change_packets(
            data, lambda at, p, left_out=left_out: p if at != left_out else None
        )
        fault = refusal(cut)
        assert fault.reason == "a picture that others are predicted from is missing"


def test_decode__reference_picture_twice__is_refused() -> None:
    data = encode(moving(12, 64, 64), options=NO_B_FRAMES)
    packets: list[bytes] = []
    hostile.change_packets(data, lambda _, payload: packets.append(payload))
    twice = hostile.change_packets(data, lambda at, _: packets[at - (at > 5)])
    assert refusal(twice).reason == "a picture comes twice"


def test_decode__picture_nobody_needs_left_out__is_a_clean_shorter_segment() -> None:
    """A B-frame that is no reference: what is left decodes the same everywhere."""
    data = encode(moving(24, 64, 64), options={**X264, "bf": "3", "x264-params": "b-pyramid=none"})
    kinds: list[bool] = []
    hostile.change_packets(
        data, lambda _, payload: kinds.append(hostile.units(payload)[-1][4] & 96 == 0)
    )
    unused = kinds.index(True)
    cut = hostile.change_packets(data, lambda at, payload: payload if at != unused else None)
    assert len(decode(cut).times) == 23


def test_decode__slice_left_out__is_refused() -> None:
    data = encode(moving(12, 64, 64), options={**NO_B_FRAMES, "slices": "2"})

    def without_last_slice(at: int, payload: bytes) -> bytes:
        return payload if at != 5 else b"".join(hostile.units(payload)[:-1])

    assert refusal(hostile.change_packets(data, without_last_slice)).code == MediaCode.DAMAGED


def test_decode__start_left_out__is_refused() -> None:
    cut = hostile.change_packets(encode(moving(12, 64, 64)), lambda at, p: p if at > 1 else None)
    assert refusal(cut).reason == "it does not start with a key frame"


def test_decode__unit_longer_than_its_packet__is_refused() -> None:
    data = encode(moving(8, 64, 64), options=NO_B_FRAMES)
    cut = hostile.change_packets(data, lambda at, p: p[:-9] if at == 3 else p)
    assert refusal(cut).reason == "a packet is not made of whole units"


@pytest.mark.parametrize("container", ["mp4", "mpegts", "matroska"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.75, 0.99])
def test_decode__truncated__is_refused(moving_clip: bytes, container: str, share: float) -> None:
    whole = remux(moving_clip, container)
    fault = refusal(whole[: int(len(whole) * share) // 188 * 188 + 7])
    assert fault.code == MediaCode.DAMAGED


def test_decode__transport_stream_cut_between_packets__shows_no_picture_of_its_own(
    moving_clip: bytes,
) -> None:
    """Refused, or a segment that is shorter and otherwise the same: never a guessed picture."""
    stream = remux(moving_clip, "mpegts")
    whole = decode(stream, pictures=False).fingerprint
    assert whole is not None
    known = {(frame.y, frame.u, frame.v) for frame in whole.frames}
    outcomes = {"refused": 0, "shorter": 0}
    for packets in range(4, len(stream) // 188, 11):
        try:
            decoded = decode(stream[: packets * 188], pictures=False)
        except MediaFault as fault:
            assert fault.code == MediaCode.DAMAGED  # noqa: PT017
            outcomes["refused"] += 1
            continue
        frames = decoded.fingerprint.frames if decoded.fingerprint else ()
        assert {(frame.y, frame.u, frame.v) for frame in frames} <= known
        outcomes["shorter"] += 1
    assert min(outcomes.values()) > 0


def test_decode__size_changes_on_the_way__is_refused() -> None:
    """Two segments in one: another parameter set under the number of the first."""
    fault = refusal(hostile.huge_picture(320, 192))
    assert fault.code == MediaCode.CHANGED
    assert fault.reason == "sequence parameter set 0 changes on the way"


# -- files


def test_read_media__not_a_plain_file__is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (Path("/dev/zero"), tmp_path / "pipe.mp4", tmp_path):
        with pytest.raises(MediaFault, match="is not a file"):
            read_media(path)


def test_read_media__larger_than_allowed_or_empty__is_refused(tmp_path: Path) -> None:
    file = tmp_path / "segment.mp4"
    file.write_bytes(b"")
    with pytest.raises(MediaFault, match="EMPTY: no bytes"):
        read_media(file)
    file.write_bytes(bytes(101))
    with pytest.raises(MediaFault, match="TOO_LARGE: more than the 100 bytes a segment may have"):
        read_media(file, limits=Limits(bytes=100))
    assert read_media(file) == bytes(101)
