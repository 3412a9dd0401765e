"""The strict decode gate and its separate process: clean, damaged, unprovable and hostile media."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.support.requirements import record
from tests.verifier import hostile
from tests.verifier.clips import REAL_CLIP, X264, encode, moving, remux
from verifier import decode as decode_module
from verifier import sandbox
from verifier.decode import (
    Decoded,
    Limits,
    MediaCode,
    MediaFault,
    decode,
    decode_isolated,
    read_media,
    to_ticks,
)
from verifier.media import MIB

ROOT = Path(__file__).parents[2]
SECONDS = 10  # requirement 3: nothing hangs for longer
NO_B_FRAMES = {**X264, "bf": "0"}


def refusal(data: bytes, *, by: Callable[..., Decoded] = decode, **options: object) -> MediaFault:
    """Why bytes are refused; fails when they are not, or when it takes too long."""
    start = time.monotonic()
    with pytest.raises(MediaFault) as caught:
        by(data, **options)
    assert time.monotonic() - start < SECONDS
    assert str(caught.value).startswith(f"{caught.value.code}: ")
    assert "\n" not in str(caught.value)
    return caught.value


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


# -- hostile, in the separate process


def hostile_files(clip: bytes) -> dict[str, tuple[bytes, set[MediaCode]]]:
    """Each with the codes it may be refused with."""
    damaged, container = {MediaCode.DAMAGED}, {MediaCode.CONTAINER}
    large = {MediaCode.TOO_LARGE}
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n"
    return {
        "empty": (b"", {MediaCode.EMPTY}),
        "one byte": (b"\0", container),
        "random": (hostile.random_bytes(300_000), container),
        "page": (b"<!DOCTYPE html><html><body>404</body></html>" * 99, container),
        "playlist of local files": (playlist, container),
        "random after an MP4 head": (hostile.random_bytes(99_999, b"\0\0\0\x18ftypisom"), damaged),
        "random after a Matroska head": (
            hostile.random_bytes(99_999, b"\x1a\x45\xdf\xa3"),
            damaged,
        ),
        "random in transport packets": (
            hostile.transport_noise(4000),
            damaged | {MediaCode.NO_VIDEO, MediaCode.CODEC},
        ),
        "huge coded size": (hostile.huge_picture(16_384, 16_384), large),
        "huge coded size that decoders take": (hostile.huge_picture(8192, 4320), large),
        "many frames": (hostile.many_frames(4_200), large),
        "more bytes than allowed": (hostile.endless_stream(clip, 65 * MIB), large),
        "table of sizes without end": (hostile.huge_table(clip, b"stsz", 0xFFFFFFFF), damaged),
        "sound only": (hostile.sound_only(), {MediaCode.NO_VIDEO}),
    }


def test_decode_isolated__hostile_files__are_refused_with_a_reason(moving_clip: bytes) -> None:
    longest = 0.0
    for name, (data, codes) in hostile_files(moving_clip).items():
        start = time.monotonic()
        fault = refusal(data, by=decode_isolated)
        longest = max(longest, time.monotonic() - start)
        assert fault.code in codes, (name, fault)
    assert longest < SECONDS
    record(3, "longest refusal of a hostile file, seconds", f"{longest:.1f}", f"< {SECONDS:g}")


@pytest.mark.parametrize("table", [b"stts", b"stco"])
def test_decode_isolated__table_that_claims_billions__stays_inside_limits(
    moving_clip: bytes, table: bytes
) -> None:
    """Readers stop at the end of the table itself; what was there is all there is."""
    decoded = decode_isolated(hostile.huge_table(moving_clip, table, 0x7FFFFFFF), pictures=False)
    assert decoded.fingerprint == decode(moving_clip, pictures=False).fingerprint


def test_decode_isolated__endless_stuffing__is_read_no_further_than_allowed(
    moving_clip: bytes,
) -> None:
    data = hostile.endless_stream(moving_clip, 30 * MIB)
    start = time.monotonic()
    assert len(decode_isolated(data, pictures=False).times) == 48
    assert time.monotonic() - start < SECONDS


def test_decode_isolated__mutated_headers__end_in_time_and_without_a_crash(
    moving_clip: bytes,
) -> None:
    """Any outcome but a crash, a hang or a loss of memory; clean results equal the original."""
    rng = np.random.default_rng(9)
    original = decode(moving_clip, pictures=False)
    for container in ("mp4", "mpegts", "matroska") * 2:
        data = bytearray(remux(moving_clip, container))
        size = len(data)
        for at in rng.integers(8, 700, 6):
            data[int(at) if rng.random() < 0.5 else size - int(at)] = int(rng.integers(256))
        start = time.monotonic()
        try:
            decoded = decode_isolated(bytes(data), pictures=False)
            assert decoded.width * decoded.height == original.width * original.height
        except MediaFault as fault:
            assert fault.code not in (MediaCode.CRASHED, MediaCode.TIME)  # noqa: PT017
        assert time.monotonic() - start < SECONDS


@pytest.fixture(scope="module")
def large_clip() -> bytes:
    """60 frames of 720p, the size the memory limit is stated for."""
    return encode(moving(60, 1280, 720), options={"preset": "ultrafast", "threads": "1"})


def test_decode_isolated__sixty_frames_of_720p__fit_the_memory(large_clip: bytes) -> None:
    """Requirement 12: the default limit is 1.5 GB, of address space at that."""
    assert Limits().memory == 1536 * MIB
    decoded = decode_isolated(large_clip)
    assert len(decoded.frames) == 60
    assert decoded.frames[-1][1].shape == (720, 1280)
    limit = Limits().memory // MIB
    record(12, "MiB of address space that 60 frames of 720p decode in", limit, "<= 1536")


@pytest.mark.parametrize(
    ("limits", "code", "reason"),
    [
        (Limits(frames=59), MediaCode.TOO_LARGE, "more than 59 frames"),
        (
            Limits(pixels=1280 * 719),
            MediaCode.TOO_LARGE,
            "1280x720 is more than 920320 pixels a frame",
        ),
        (
            Limits(picture_bytes=9 * MIB),
            MediaCode.TOO_LARGE,
            "pictures take more than 9437184 bytes",
        ),
        (Limits(bytes=1000), MediaCode.TOO_LARGE, "more than the 1000 bytes a segment may have"),
        (Limits(seconds=0.05), MediaCode.TIME, "not decoded within 0.05 s"),
    ],
    ids=lambda value: str(value).replace("MediaCode.", "") if isinstance(value, str) else None,
)
def test_decode_isolated__beyond_a_limit__is_refused(
    large_clip: bytes, limits: Limits, code: MediaCode, reason: str
) -> None:
    fault = refusal(large_clip, by=decode_isolated, limits=limits)
    assert (fault.code, fault.reason) == (code, reason)


def test_decode_isolated__not_enough_memory_to_start__is_refused(moving_clip: bytes) -> None:
    fault = refusal(moving_clip, by=decode_isolated, limits=Limits(memory=MIB))
    assert fault.code == MediaCode.MEMORY


# -- the separate process itself


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: str) -> None:
    """A decoder that was taken over, or hangs: runs shell commands in place of the real one."""
    script = tmp_path / "decoder"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n{commands}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sandbox.sys, "executable", str(script))


def test_decode_isolated__decoder_hangs__is_killed(
    moving_clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    fault = refusal(moving_clip, by=decode_isolated, limits=Limits(seconds=1.0))
    assert fault.code == MediaCode.TIME
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        (f"kill -{int(signal.SIGSEGV)} $$", "decoder ended with -11: nothing said"),
        ("echo lost >&2; exit 3", "decoder ended with 3: lost"),
        ("exit 0", "decoder answered nonsense: "),
        ("head -c 100 /dev/zero > /dev/fd/$6", "decoder answered nonsense: "),
        ('printf "{}\\0\\0\\0\\0\\0\\0\\0\\2" > /dev/fd/$6', "decoder answered nonsense: "),
        ('printf "[]\\0\\0\\0\\0\\0\\0\\0\\2" > /dev/fd/$6', "decoder answered nonsense: "),
    ],
)
def test_decode_isolated__decoder_crashes_or_talks_nonsense__is_refused(
    moving_clip: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    commands: str,
    reason: str,
) -> None:
    stand_in(tmp_path, monkeypatch, commands)
    fault = refusal(moving_clip, by=decode_isolated)
    assert fault.code == MediaCode.CRASHED
    assert fault.reason.startswith(reason)


def test_decode_isolated__decoder_lies_about_sizes__reads_no_memory_by_it(
    moving_clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sandbox.to_answer(
        decode(moving_clip, pictures=False), [(180, 320), (90, 160), (90, 160)]
    )
    (tmp_path / "answer").touch()
    with (tmp_path / "answer").open("wb") as file:
        file.write(bytes(1000))
        sandbox.write_answer(file, real)
    stand_in(tmp_path, monkeypatch, f"cat {tmp_path}/answer > /dev/fd/$6")
    fault = refusal(moving_clip, by=decode_isolated)
    assert fault.reason == "decoder answered nonsense: planes and frames do not fit"


def test_sandbox_worker__imports__are_few() -> None:
    """It starts in a fraction of a second: no torch, no wallet, no chain."""
    script = (
        "import sys, verifier.sandbox_worker\n"
        "print([m for m in ('torch', 'eth_utils', 'eth_abi', 'web3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=ROOT, check=True)
    assert done.stdout.decode().strip() == "[]"


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
