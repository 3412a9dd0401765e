"""Small clips made on the spot: moving gradients, and a tone where sound is wanted."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def make_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    size: tuple[int, int] = (320, 240),
    rate: int = 25,
    codec: str = "libx264",
    gop: int = 250,
    audio: str | None = None,
    pix_fmt: str = "yuv420p",
    b_frames: int = 0,
) -> Path:
    """A clip of `seconds`; a key frame every `gop` frames."""
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.gop_size = gop
        video.max_b_frames = b_frames
        if codec == "libx264":
            video.options = {"preset": "ultrafast", "sc_threshold": "0", "bf": str(b_frames)}
        sound = None
        if audio is not None:
            sound = output.add_stream(audio, rate=48_000)
            sound.layout = "mono"
        for number in range(round(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(_picture(size, number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(video.encode(frame))
        if sound is not None:
            for frame in _tone(seconds):
                output.mux(sound.encode(frame))
            output.mux(sound.encode(None))
        output.mux(video.encode(None))
    return path


def _picture(size: tuple[int, int], number: int) -> np.ndarray:
    width, height = size
    x = (np.arange(width, dtype=np.uint16) + 3 * number) % 256
    y = (np.arange(height, dtype=np.uint16) + number) % 256
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[..., 0], picture[..., 1], picture[..., 2] = x, y[:, None], (5 * number) % 256
    return picture


def _tone(seconds: float) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, int(seconds * 48_000), 1024):
        wave = np.sin(2 * np.pi * 440 * (start + np.arange(1024)) / 48_000).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        frames.append(frame)
    return frames


def frame_times(path: Path | str) -> list[Fraction]:
    with av.open(str(path)) as source:
        return [frame.pts * frame.time_base for frame in source.decode(video=0)]
