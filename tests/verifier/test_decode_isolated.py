"""Decoding in a process of its own: hostile files, limits, and a decoder that misbehaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.requirements import record
from tests.verifier import hostile
from tests.verifier.clips import X264, encode, moving, remux
from tests.verifier.hostile import SECONDS, refusal
from verifier import sandbox
from verifier.decode import (
    Limits,
    MediaCode,
    MediaFault,
    decode,
    decode_isolated,
)
from verifier.media import MIB

ROOT = Path(__file__).parents[2]
NO_B_FRAMES = {**X264, "bf": "0"}


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
