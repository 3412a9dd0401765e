"""CSF-1 against slow arithmetic with fractions, across libraries, threads and FFmpeg builds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from tests.support.requirements import record
from tests.verifier.clips import Yuv, moving, planes_of, to_frame
from verifier import csf, merkle
from verifier.csf import Fingerprint, FrameFingerprint, grid_means
from verifier.decode import decode

# Of synthetic pictures, which no encoder or decoder has touched: 12 frames of 322x182, seed 5.
GOLDEN_ROOT = "3e5ddb3464233fe8a31b6278d97968a758370bd0980681ffcc18b02210ec45fb"

SIZES = [(640, 360), (426, 240), (320, 180), (1280, 720), (16, 16), (8, 8), (7, 5), (1, 1), (3, 97)]


def slow_means(plane: np.ndarray, grid: int) -> list[list[int]]:
    """Every cell as the exact weighted mean of the pixels it touches, with fractions only."""
    height, width = plane.shape

    def shares(size: int, cell: int) -> Iterator[tuple[int, Fraction]]:
        start, end = Fraction(cell * size, grid), Fraction((cell + 1) * size, grid)
        for pixel in range(int(start), size):
            if pixel >= end:
                break
            yield pixel, min(end, Fraction(pixel + 1)) - max(start, Fraction(pixel))

    def mean(row: int, column: int) -> int:
        total = Fraction(0)
        for y, tall in shares(height, row):
            for x, wide in shares(width, column):
                total += tall * wide * int(plane[y, x])
        exact = total / (Fraction(height, grid) * Fraction(width, grid))
        return int(exact + Fraction(1, 2))  # half up: nothing is negative

    return [[mean(row, column) for column in range(grid)] for row in range(grid)]


def random_planes(count: int) -> Iterator[np.ndarray]:
    """Planes of 1 to 150 pixels a side, odd sizes among them, noise or a ramp or extremes."""
    rng = np.random.default_rng(20)
    for at in range(count):
        height, width = rng.integers(1, 60, 2) if at % 5 else rng.integers(60, 150, 2)
        if at % 2:
            height, width = height | 1, width | 1
        kinds = (
            rng.integers(0, 256, (height, width)),
            np.add.outer(np.arange(height) * 3, np.arange(width)) % 256,
            rng.choice([0, 255], (height, width)),
        )
        yield kinds[at % 3].astype(np.uint8)


def synthetic() -> Fingerprint:
    return csf.fingerprint(
        (900 + 3000 * at, *p) for at, p in enumerate(moving(12, 322, 182, seed=5))
    )


def test_grid_means__fifty_random_planes__equal_exact_fractions() -> None:
    for at, plane in enumerate(random_planes(50)):
        grid = 16 if at % 2 else 8
        assert grid_means(plane, grid).tolist() == slow_means(plane, grid), plane.shape
    record(1, "random planes equal to exact fractions", at + 1, ">= 50")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_grid_means__numpy_and_torch_float_and_integer__agree(size: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch", reason="the extra `verifier` is not installed")
    width, height = size
    plane = np.random.default_rng(width).integers(0, 256, (height, width)).astype(np.uint8)
    expected = grid_means(plane, 16)
    results = [
        grid_means(plane, 16, arithmetic="int64"),
        grid_means(torch.from_numpy(plane), 16).numpy(),
        grid_means(torch.from_numpy(plane), 16, arithmetic="int64").numpy(),
    ]
    for result in results:
        assert result.dtype == np.int64
        np.testing.assert_array_equal(result, expected)


def test_grid_means__white_plane_of_the_largest_size__stays_exact() -> None:
    for size in ((4096, 16), (16, 4096), (1, 70_000), (70_000, 1)):
        assert grid_means(np.full(size, 255, np.uint8), 16).tolist() == [[255] * 16] * 16


def test_grid_means__batch__equals_one_by_one() -> None:
    planes = np.stack([y for y, _, _ in moving(3, 90, 50)])
    np.testing.assert_array_equal(grid_means(planes, 8), [grid_means(one, 8) for one in planes])


def test_grid_means__half_levels__round_up() -> None:
    plane = np.zeros((2, 2), np.uint8)
    plane[0] = 1
    assert grid_means(plane, 1).tolist() == [[1]]


def test_grid_means__no_pixels__raises() -> None:
    with pytest.raises(ValueError, match="a plane of 0x4 has no grid of means"):
        grid_means(np.zeros((4, 0), np.uint8), 16)


@pytest.mark.parametrize(("size", "grid"), [(360, 16), (5, 16), (1, 8), (1081, 8)])
def test_overlaps__any_size__counts_every_pixel_exactly_once(size: int, grid: int) -> None:
    shared = csf.overlaps(size, grid)
    assert shared.sum(0).tolist() == [grid] * size
    assert shared.sum(1).tolist() == [size] * grid


def test_leaf__any_frame__is_the_abi_encoding() -> None:
    frame = synthetic().frames[3]
    words = [
        [row[at : at + 32] for at in range(0, len(row), 32)] for row in (frame.y, frame.u, frame.v)
    ]
    kinds = ["uint8", "uint32", "uint64", "bytes32[8]", "bytes32[2]", "bytes32[2]"]
    assert frame.pts == 9000
    assert frame.leaf() == keccak(abi_encode(kinds, [1, 3, 9000, *words]))


@pytest.mark.parametrize(
    "change", [{"index": 1}, {"pts": 1}, {"y": b"\1" * 256}, {"v": b"\1" * 64}]
)
def test_leaf__any_part_changed__is_another(change: dict[str, object]) -> None:
    frame = FrameFingerprint(0, 0, bytes(256), bytes(64), bytes(64))
    assert replace(frame, **change).leaf() != frame.leaf()


@pytest.mark.parametrize(
    "parts",
    [
        (0, 0, bytes(255), bytes(64), bytes(64)),
        (0, 0, bytes(256), bytes(64), bytes(65)),
        (1 << 32, 0, bytes(256), bytes(64), bytes(64)),
        (0, -1, bytes(256), bytes(64), bytes(64)),
    ],
)
def test_frame_fingerprint__not_encodable__raises(parts: tuple) -> None:
    with pytest.raises(ValueError):
        FrameFingerprint(*parts)


def test_root__synthetic_pictures__is_golden_and_the_tree_of_the_leaves() -> None:
    fingerprint = synthetic()
    assert fingerprint.root.hex() == GOLDEN_ROOT
    assert fingerprint.root == merkle.root([frame.leaf() for frame in fingerprint.frames])
    assert (fingerprint.first_pts, fingerprint.last_pts) == (900, 33_900)
    assert (fingerprint.width, fingerprint.height) == (322, 182)


def test_fingerprint__json_and_back__is_the_same() -> None:
    assert Fingerprint.from_json(synthetic().to_json()) == synthetic()


@pytest.mark.parametrize(
    "change", [{"frames": [[0, "00", "00", "00"]]}, {"width": None}, {"frames": 1}]
)
def test_from_json__not_a_fingerprint__raises_one_line(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="^not a fingerprint: [^\n]*$"):
        Fingerprint.from_json({**synthetic().to_json(), **change})


def test_fingerprint__impossible_sequences__raise() -> None:
    one, two = moving(2, 32, 32)
    (other,) = moving(1, 32, 30)
    with pytest.raises(ValueError, match="a segment without frames has no fingerprint"):
        csf.fingerprint([])
    with pytest.raises(ValueError, match="frame 1 is not after the one before it"):
        csf.fingerprint([(5, *one), (5, *two)])
    with pytest.raises(ValueError, match="frame 1 has another size than the first"):
        csf.fingerprint([(5, *one), (6, *other)])


def test_fingerprint__every_way_to_decode__has_the_hash_of_one(
    clean_clips: dict[str, bytes],
) -> None:
    """Twice the same, and with one or four threads."""
    for name, data in clean_clips.items():
        prints = [decode(data, threads=n, pictures=False).fingerprint for n in (1, 1, 4)]
        assert prints[0] is not None, name
        assert {one.root for one in prints if one} == {prints[0].root}, name


def test_fingerprint__decoded_planes__are_of_the_pictures_as_coded(moving_clip: bytes) -> None:
    """Calculated again from the pictures, by the slow arithmetic for one of them."""
    decoded = decode(moving_clip)
    assert decoded.fingerprint == csf.fingerprint(decoded.frames)
    y = decoded.frames[7][1]
    assert decoded.fingerprint.frames[7].y == bytes(sum(slow_means(y, 16), []))


def test_to_frame__own_planes__come_back() -> None:
    """The tests' own tool: odd rows and padding do not move a pixel."""
    picture: Yuv = next(moving(1, 322, 182))
    for sent, got in zip(picture, planes_of(to_frame(picture)), strict=True):
        np.testing.assert_array_equal(sent, got)


# -- another FFmpeg


def other_ffmpeg() -> str:
    """An FFmpeg that is not the one inside PyAV; skips the test when there is none."""
    package = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed")
    return package.get_ffmpeg_exe()


def decode_elsewhere(ffmpeg: str, data: bytes, width: int, height: int, folder: Path) -> list[Yuv]:
    """The planes that another build decodes, strictly and without any conversion."""
    (folder / "segment").write_bytes(data)
    strict = ["-threads", "1", "-err_detect", "explode", "-flags", "+unaligned"]
    raw = ["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]
    command = [ffmpeg, "-v", "error", "-xerror", *strict, "-i", str(folder / "segment"), *raw]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    sizes = [(height, width)] + [((height + 1) // 2, (width + 1) // 2)] * 2
    bytes_a_frame = sum(h * w for h, w in sizes)
    assert len(done.stdout) % bytes_a_frame == 0
    pictures = []
    for start in range(0, len(done.stdout), bytes_a_frame):
        planes, at = [], start
        for h, w in sizes:
            planes.append(np.frombuffer(done.stdout, np.uint8, h * w, at).reshape(h, w))
            at += h * w
        pictures.append(tuple(planes))
    return pictures


def test_root__pyav_and_another_ffmpeg_build__is_the_same(
    clean_clips: dict[str, bytes], tmp_path: Path
) -> None:
    """Requirement 2: same root from another build, for all the clean clips."""
    ffmpeg = other_ffmpeg()
    roots = 0
    for name, data in clean_clips.items():
        own = decode(data)
        assert own.fingerprint is not None
        pictures = decode_elsewhere(ffmpeg, data, own.width, own.height, tmp_path)
        assert len(pictures) == len(own.times), name
        other = csf.fingerprint(
            (pts, *planes) for pts, planes in zip(own.times, pictures, strict=True)
        )
        assert other.root == own.fingerprint.root, name
        roots += 1
    assert roots >= 6
    record(2, "clips with the same root in PyAV and another FFmpeg", roots, ">= 6")


# -- cost


def test_fingerprint_only__sixty_frames_of_360p__within_one_and_a_half_cpu_seconds(
    real_clip: bytes,
) -> None:
    """Requirement 12, on one thread: from bytes to root, without keeping pictures."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    script = (
        "import sys, time; data = sys.stdin.buffer.read()\n"
        "from verifier.decode import decode\n"
        "start = time.process_time()\n"
        "found = decode(data, pictures=False).fingerprint\n"
        "print(len(found.frames), found.root.hex(), time.process_time() - start)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=real_clip,
        capture_output=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=60,
    )
    frames, root, seconds = done.stdout.decode().split()
    assert frames == "60"
    assert root == decode(real_clip, pictures=False).fingerprint.root.hex()
    assert float(seconds) <= 1.5
    record(12, "CPU seconds to fingerprint 60 frames of 360p", f"{float(seconds):.2f}", "<= 1.5")
