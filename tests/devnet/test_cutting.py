from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from devnet.cutting import LEAD_IN, Segment, cut
from devnet.media import probe
from tests.devnet.clips import frame_times, make_clip


def _times(segments: list[Segment]) -> list[Fraction]:
    """Presentation times over all segments, as from the start of the clip."""
    return [time - LEAD_IN for segment in segments for time in frame_times(segment.path)]


def _close(times: list[Fraction], expected: list[Fraction]) -> bool:
    tick = Fraction(1, 90_000)
    return len(times) == len(expected) and all(
        abs(a - b) <= tick for a, b in zip(times, expected, strict=True)
    )


def test_cut__key_frames_fit__copies_the_packets(tmp_path: Path) -> None:
    clip = probe(make_clip(tmp_path / "a.mp4", seconds=2, gop=10))
    segments = cut(clip, tmp_path / "cut", seconds=0.4)
    assert [round(segment.seconds, 3) for segment in segments] == [0.4] * 5
    assert [segment.seq for segment in segments] == list(range(5))
    assert not (tmp_path / "cut" / "source.mp4").exists()
    assert _close(_times(segments), [Fraction(n, 25) for n in range(50)])


def test_cut__one_key_frame__encodes_with_one_per_segment(tmp_path: Path) -> None:
    clip = probe(make_clip(tmp_path / "a.mp4", seconds=2, gop=1000))
    segments = cut(clip, tmp_path / "cut", seconds=0.5)
    assert [round(segment.start, 2) for segment in segments] == [0.0, 0.52, 1.0, 1.52]
    assert _close(_times(segments), [Fraction(n, 25) for n in range(50)])


def test_cut__b_frames__keeps_every_frame_in_order(tmp_path: Path) -> None:
    clip = probe(make_clip(tmp_path / "a.mp4", seconds=2, gop=12, b_frames=3))
    segments = cut(clip, tmp_path / "cut", seconds=0.5)
    assert len(segments) > 2
    assert _close(_times(segments), [Fraction(n, 25) for n in range(50)])


def test_cut__each_segment__starts_with_a_key_frame(tmp_path: Path) -> None:
    clip = probe(make_clip(tmp_path / "a.mp4", seconds=2, gop=1000))
    for segment in cut(clip, tmp_path / "cut", seconds=0.5):
        with av.open(str(segment.path)) as source:
            assert next(source.demux(video=0)).is_keyframe


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.webm", "libvpx-vp9", {}),
        ("a.mkv", "mpeg4", {}),
        ("a.mp4", "libx264", {"pix_fmt": "yuv444p"}),
        ("a.mp4", "libx264", {"size": (322, 242)}),
        ("a.ts", "libx264", {"rate": 30}),
    ],
)
def test_cut__other_formats__become_h264(
    tmp_path: Path, name: str, codec: str, options: dict[str, object]
) -> None:
    rate = int(str(options.get("rate", 25)))
    clip = probe(make_clip(tmp_path / name, seconds=1, codec=codec, **options))  # type: ignore[arg-type]
    segments = cut(clip, tmp_path / "cut", seconds=0.5)
    assert len(_times(segments)) == rate
    with av.open(str(segments[0].path)) as source:
        context = source.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.width, context.height) == (clip.width, clip.height)


@pytest.mark.parametrize(("gop", "audio"), [(10, "aac"), (1000, "aac"), (1000, "libmp3lame")])
def test_cut__sound__is_kept_as_aac_without_gaps(tmp_path: Path, gop: int, audio: str) -> None:
    clip = probe(make_clip(tmp_path / "a.mp4", seconds=2, gop=gop, audio=audio))
    times: list[Fraction] = []
    for segment in cut(clip, tmp_path / "cut", seconds=0.4):
        with av.open(str(segment.path)) as source:
            assert source.streams.audio[0].codec_context.name == "aac"
            packets = [packet for packet in source.demux(audio=0) if packet.pts is not None]
            times += [packet.pts * packet.time_base for packet in packets]
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert times[-1] - times[0] > Fraction(17, 10)
    assert max(steps) < Fraction(3, 100)
    assert min(steps) > 0


def test_cut__limit__takes_only_the_beginning(tmp_path: Path) -> None:
    for gop in (10, 1000):
        clip = probe(make_clip(tmp_path / "a.mp4", seconds=3, gop=gop))
        segments = cut(clip, tmp_path / f"cut{gop}", seconds=0.4, limit=1.2)
        assert sum(segment.seconds for segment in segments) == pytest.approx(1.2)


def test_cut__turned_clip__is_put_upright(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", seconds=0.6, size=(320, 240))
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(_with_quarter_turn(path.read_bytes()))
    clip = probe(turned)
    assert (clip.width, clip.height) == (240, 320)
    segments = cut(clip, tmp_path / "cut", seconds=0.5)
    with av.open(str(segments[0].path)) as source:
        frame = next(source.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (240, 320, 0)
        # The picture's red grows to the right; a quarter turn clockwise makes it grow downwards.
        red = frame.to_ndarray(format="rgb24")[:, :, 0].astype(int)
        assert red[200, 120] - red[20, 120] > 100
        assert abs(red[100, 200] - red[100, 20]) < 30


def _with_quarter_turn(data: bytes) -> bytes:
    """Set the display matrix in the track header as a phone held upright does."""
    straight = b"".join(
        value.to_bytes(4, "big") for value in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    )
    turned = b"".join(
        value.to_bytes(4, "big") for value in (0, 0x10000, 0, 0xFFFF0000, 0, 0, 0, 0, 0x40000000)
    )
    at = data.index(straight, data.index(b"tkhd"))
    return data[:at] + turned + data[at + len(straight) :]
