from __future__ import annotations

import base64
import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from devnet.cutting import cut
from devnet.hls import HlsOutput
from devnet.media import MediaError, Profile, probe
from devnet.pictures import join, thumbnail
from devnet.transcoding import count, transcode
from tests.devnet.clips import frame_times, make_clip

LARGE, SMALL = Profile("180p", 240, 180, 200_000), Profile("90p", 120, 90, 100_000)

TS_PACKET = 188  # bytes; the pictures are in those with the first stream's number, 0x100


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("source")
    clip = probe(make_clip(folder / "a.mp4", seconds=2, audio="aac"))
    return [segment.path.read_bytes() for segment in cut(clip, folder, seconds=0.5)]


def test_transcode__two_profiles__counts_every_pixel(segments: list[bytes]) -> None:
    renditions = transcode(segments[0], [LARGE, SMALL])
    assert [rendition.frames for rendition in renditions] == [13, 13]
    assert [rendition.pixels for rendition in renditions] == [13 * 240 * 180, 13 * 120 * 90]
    for rendition in renditions:
        found = count(rendition.data)
        assert found.pixels == rendition.pixels
        assert (found.width, found.height) == (rendition.profile.width, rendition.profile.height)


def test_transcode__same_input_twice__same_bytes(segments: list[bytes]) -> None:
    first, second = (transcode(segments[1], [SMALL])[0].data for _ in range(2))
    assert first == second


def test_transcode__sound__is_copied(segments: list[bytes]) -> None:
    rendition = transcode(segments[0], [SMALL])[0]
    packets = []
    for data in (segments[0], rendition.data):
        with av.open(io.BytesIO(data), format="mpegts") as source:
            packets.append([bytes(packet) for packet in source.demux(audio=0) if packet.size])
    assert packets[0] == packets[1]


def test_transcode__no_profiles__is_refused(segments: list[bytes]) -> None:
    with pytest.raises(MediaError, match="no profiles to transcode to"):
        transcode(segments[0], [])


@pytest.mark.parametrize("data", [b"", b"video" * 1000, bytes(188 * 20)])
def test_transcode__no_segment__is_refused(data: bytes) -> None:
    with pytest.raises(MediaError, match="segment"):
        transcode(data, [SMALL])


@pytest.mark.parametrize("tenth", range(10))
def test_count__piece_of_the_pictures_lost__is_refused(segments: list[bytes], tenth: int) -> None:
    data = bytearray(transcode(segments[0], [LARGE])[0].data)
    packets = range(0, len(data), TS_PACKET)
    pictures = [at for at in packets if data[at + 1] & 31 == 1 and data[at + 2] == 0]
    lost = pictures[len(pictures) * tenth // 10]
    data[lost : lost + TS_PACKET] = bytes(TS_PACKET)
    with pytest.raises(MediaError):
        count(bytes(data))


def test_count__sizes_differ__is_refused(segments: list[bytes]) -> None:
    large, small = transcode(segments[0], [LARGE, SMALL])
    with pytest.raises(MediaError):
        count(large.data + small.data)


def test_hls__finished__plays_every_frame(tmp_path: Path, segments: list[bytes]) -> None:
    output = HlsOutput(tmp_path, (LARGE, SMALL), frame_rate=Fraction(25), audio=True)
    for seq, data in reversed(list(enumerate(segments))):
        for rendition in transcode(data, [LARGE, SMALL]):
            output.add(rendition.profile.name, seq, rendition.data)
    master = output.finish(dict.fromkeys(range(len(segments)), 0.5))
    text = master.read_text()
    assert text.startswith("#EXTM3U")
    assert "RESOLUTION=240x180" in text
    assert 'CODECS="avc1.' in text
    assert "mp4a.40.2" in text
    times = frame_times(master)
    assert len(times) == 50
    assert sorted(times) == times
    for profile in (LARGE, SMALL):
        assert len(frame_times(tmp_path / profile.name / "index.m3u8")) == 50


def test_join__segments__one_file_with_all_frames(tmp_path: Path, segments: list[bytes]) -> None:
    renditions = [transcode(data, [SMALL])[0].data for data in segments]
    path = tmp_path / "joined.mp4"
    path.write_bytes(join(renditions))
    times = frame_times(path)
    assert len(times) == 50
    assert times[0] == 0
    with av.open(str(path)) as source:
        assert source.streams.audio[0].codec_context.name == "aac"


def test_thumbnail__segment__is_a_jpeg(segments: list[bytes]) -> None:
    text = thumbnail(segments[0], width=160)
    head, data = text.split(",", 1)
    assert head == "data:image/jpeg;base64"
    with av.open(io.BytesIO(base64.b64decode(data)), format="jpeg_pipe") as picture:
        frame = next(picture.decode(video=0))
        assert (frame.width, frame.height) == (160, 120)
