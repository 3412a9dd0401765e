"""What a clip is and which renditions are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MAX_SIDE = 4096
# One thread: x264 output depends on the number of threads, and the nodes share one machine.
# Without mbtree: on processors with AVX-512 it makes x264 give other bytes for the same pictures.
X264 = {
    "preset": "veryfast",
    "threads": "1",
    "mbtree": "0",
    "sc_threshold": "0",
    "g": "100000",
    "forced-idr": "1",
}
# MPEG-TS has no negative times, and decoding starts before presentation where there are B-frames.
TS_OPTIONS = {"mpegts_copyts": "1", "avoid_negative_ts": "disabled"}
STILL_FORMATS = ("image2", "tty", "bin", "xbin", "idf", "adf")
TS_CLOCK = Fraction(1, 90_000)


class MediaError(ValueError):
    """Input that cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Profile:
    """A rendition to make: size in pixels, bitrate in bits per second."""

    name: str
    width: int
    height: int
    bitrate: int

    def __post_init__(self) -> None:
        if not self.name.isalnum():
            raise MediaError(f"profile name {self.name!r}: letters and digits only")
        for side in (self.width, self.height):
            if not 2 <= side <= MAX_SIDE or side % 2:
                raise MediaError(f"profile {self.name}: sides must be even and 2 to {MAX_SIDE}")
        if self.bitrate <= 0:
            raise MediaError(f"profile {self.name}: bitrate must be positive")


@dataclass(frozen=True)
class Clip:
    """A source. `width` and `height` are as shown, after rotation; times are in seconds."""

    path: Path
    width: int
    height: int
    frame_rate: Fraction
    start: Fraction
    seconds: float
    video_codec: str
    audio_codec: str | None
    rotation: int


def probe(path: Path) -> Clip:
    """What is in the file. Raises MediaError with one line when there is no video to use."""
    if not path.is_file():
        raise MediaError(f"{path}: no such file")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError(f"{path}: holds no video stream")
            stream = container.streams.video[0]
            frame = next(iter(container.decode(stream)), None)
            if frame is None:
                raise MediaError(f"{path}: no video frame can be decoded")
            return _clip(path, container, stream, frame)
    except av.FFmpegError as error:
        raise MediaError(f"{path}: not a video that can be read ({error.strerror})") from None


def _clip(path: Path, container: InputContainer, stream: VideoStream, frame: VideoFrame) -> Clip:
    rate = stream.average_rate or stream.guessed_rate
    if not rate or frame.pts is None or frame.time_base is None or _is_still(container):
        raise MediaError(f"{path}: a picture or a text, not a video")
    seconds = 0.0
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / 1_000_000
    width, height = frame.width - frame.width % 2, frame.height - frame.height % 2
    if frame.rotation % 180:
        width, height = height, width
    audio = container.streams.audio
    return Clip(
        path=path,
        width=width,
        height=height,
        frame_rate=Fraction(rate),
        start=frame.pts * frame.time_base,
        seconds=seconds,
        video_codec=stream.codec_context.name,
        audio_codec=audio[0].codec_context.name if audio else None,
        rotation=frame.rotation % 360,
    )


def _is_still(container: InputContainer) -> bool:
    """FFmpeg reads pictures as videos of one frame, and plain text as a drawing of letters."""
    name = container.format.name
    return name.endswith("_pipe") or name in STILL_FORMATS


def ladder(clip: Clip) -> tuple[Profile, ...]:
    """The two renditions made of a clip: 360p and 240p, or smaller ones of a small source."""
    short = min(clip.width, clip.height)
    sides = [side for side in (360, 240, 144) if side <= short][:2]
    while len(sides) < 2:
        sides.append(_even(Fraction(sides[-1], 2) if sides else Fraction(short)))
    return tuple(_scaled(clip, side) for side in sides)


def _scaled(clip: Clip, side: int) -> Profile:
    scale = Fraction(side, min(clip.width, clip.height))
    width, height = _even(clip.width * scale), _even(clip.height * scale)
    return Profile(f"{side}p", width, height, bitrate=max(64_000, width * height * 4))


def _even(value: Fraction) -> int:
    return max(2, round(value / 2) * 2)
