from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from devnet.media import Clip, MediaError, Profile, ladder, probe
from devnet.options import SAMPLE
from tests.devnet.clips import make_clip


def test_probe__sample__describes_it() -> None:
    clip = probe(SAMPLE)
    assert (clip.width, clip.height, clip.frame_rate) == (1280, 720, 25)
    assert (clip.video_codec, clip.audio_codec) == ("h264", "aac")
    assert clip.seconds == pytest.approx(5.28)


def test_probe__missing_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"no\.mp4: no such file$"):
        probe(tmp_path / "no.mp4")


@pytest.mark.parametrize(
    "content",
    [b"", b"# not a video\n" * 500, bytes(10_000)],
    ids=["empty", "text", "zeros"],
)
def test_probe__no_video__one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_probe__sound_only__says_there_is_no_video(tmp_path: Path) -> None:
    import av

    source = make_clip(tmp_path / "clip.mp4", seconds=0.5, audio="aac")
    path = tmp_path / "sound.m4a"
    with av.open(str(source)) as clip, av.open(str(path), "w", "mp4") as output:
        stream = output.add_stream_from_template(clip.streams.audio[0])
        for packet in clip.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    with pytest.raises(MediaError, match="holds no video stream"):
        probe(path)


def test_probe__picture__is_not_a_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "picture.png"
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "rgb24"
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame(64, 64, "rgb24")
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    with pytest.raises(MediaError, match="a picture or a text, not a video"):
        probe(path)


def _clip(width: int, height: int) -> Clip:
    return Clip(Path("x"), width, height, Fraction(25), Fraction(0), 1.0, "h264", None, 0)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1920, 1080), [("360p", 640, 360), ("240p", 426, 240)]),
        ((1080, 1920), [("360p", 360, 640), ("240p", 240, 426)]),
        ((640, 272), [("240p", 564, 240), ("144p", 338, 144)]),
        ((176, 144), [("144p", 176, 144), ("72p", 88, 72)]),
        ((64, 48), [("48p", 64, 48), ("24p", 32, 24)]),
    ],
)
def test_ladder__any_size__two_even_renditions_not_larger(
    size: tuple[int, int], expected: list[tuple[str, int, int]]
) -> None:
    profiles = ladder(_clip(*size))
    assert [(p.name, p.width, p.height) for p in profiles] == expected


@pytest.mark.parametrize("side", [0, 3, 4098])
def test_profile__bad_side__is_refused(side: int) -> None:
    with pytest.raises(MediaError, match="sides must be even and 2 to 4096"):
        Profile("a", side, 240, 1000)


def test_profile__name_with_a_path__is_refused() -> None:
    with pytest.raises(MediaError, match="letters and digits only"):
        Profile("../a", 426, 240, 1000)


def test_profile__no_bitrate__is_refused() -> None:
    with pytest.raises(MediaError, match="bitrate must be positive"):
        Profile("240p", 426, 240, 0)
