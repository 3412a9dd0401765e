"""The verifier's own encode: what an honest node's picture looks like at the job's profile.

Nothing here can be proven, so the scaler and the encoder may be whatever works best: quality is
judged relative to this encode, never by equality with it. Source: verification spec, section 5.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
import torch
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation

from verifier.csf import Picture, Plane
from verifier.devices import HARDWARE_ENCODER, SOFTWARE_ENCODER, Device, Encoder, open_hwaccel
from verifier.messages import Profile

PTS_CLOCK = Fraction(1, 90_000)
# A report should repeat. One thread: x264 gives another stream for every number of threads. Without
# AVX-512: its mbtree there now and then gives other bytes for the same pictures (1 encode in 50).
X264 = {"preset": "veryfast", "threads": "1"}
if torch.backends.cpu.get_cpu_capability() == "AVX512":
    X264["x264-params"] = "asm=AVX2"
NVENC = {"preset": "p4", "rc": "vbr"}
# The softest of the usual scalers: no honest one keeps less detail.
INTERPOLATION = Interpolation.BILINEAR


class ReferenceFault(ValueError):
    """The verifier could not make its own encode; one line that says why."""


@dataclass(frozen=True)
class Reference:
    """Luma at the profile's size, frames x height x width: the source scaled, and its encode.

    `decoder` names what decoded the encode.
    """

    source: Plane
    encoded: Plane
    encoder: Encoder
    decoder: str
    size_bytes: int


def make_reference(
    frames: Sequence[Picture], profile: Profile, encoder: Encoder, device: Device
) -> Reference:
    """Scale and encode the source's frames (pts in 90 kHz, 8-bit planes, 4:2:0), and decode it.

    An encoder of the hardware that fails on the way is replaced by libx264, and the result says so.
    Raises ReferenceFault when libx264 fails or does not give one picture per frame.
    """
    try:
        return _make(frames, profile, encoder, device)
    except (av.FFmpegError, ReferenceFault) as error:
        reason = _reason(error)
    if encoder.name == SOFTWARE_ENCODER:
        raise ReferenceFault(f"own encode at {profile.width}x{profile.height} failed: {reason}")
    software = Encoder(SOFTWARE_ENCODER, f"{encoder.name} failed on the source: {reason}")
    return make_reference(frames, profile, software, device)


def _make(
    frames: Sequence[Picture], profile: Profile, encoder: Encoder, device: Device
) -> Reference:
    size = (profile.height, profile.width)
    scaled = np.empty((len(frames), *size), dtype=np.uint8)
    data = _encode(frames, profile, encoder, scaled)
    encoded, decoder = _decode(data, len(frames), size, device)
    return Reference(scaled, encoded, encoder, decoder, len(data))


def _reason(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, av.FFmpegError) else str(error)


def _encode(frames: Sequence[Picture], profile: Profile, encoder: Encoder, scaled: Plane) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="h264") as output:
        stream = output.add_stream(encoder.name, rate=_rate([frame[0] for frame in frames]))
        stream.width, stream.height, stream.pix_fmt = profile.width, profile.height, "yuv420p"
        stream.bit_rate = profile.bitrate
        stream.codec_context.time_base = PTS_CLOCK
        stream.options = dict(NVENC if encoder.name == HARDWARE_ENCODER else X264)
        for at, (pts, *planes) in enumerate(frames):
            picture = to_frame(*planes)
            if (picture.width, picture.height) != (profile.width, profile.height):
                picture = picture.reformat(
                    profile.width, profile.height, "yuv420p", interpolation=INTERPOLATION
                )
            scaled[at] = luma(picture)
            picture.pts, picture.time_base = pts, PTS_CLOCK
            picture.pict_type = PictureType.NONE
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def _decode(data: bytes, frames: int, size: tuple[int, int], device: Device) -> tuple[Plane, str]:
    """Luma of each frame, in presentation order, and what decoded it."""
    accel = open_hwaccel(device)
    if accel is not None:
        try:
            return _pictures(data, frames, size, accel), "h264 (cuda)"
        except (av.FFmpegError, ReferenceFault):
            pass  # the card lists the decoder but refuses the stream, or loses pictures of it
    return _pictures(data, frames, size, None), "h264 (cpu)"


def _pictures(
    data: bytes, frames: int, size: tuple[int, int], accel: av.codec.hwaccel.HWAccel | None
) -> Plane:
    pictures = np.empty((frames, *size), dtype=np.uint8)
    count = 0
    with av.open(io.BytesIO(data), format="h264", hwaccel=accel) as stream:
        stream.streams.video[0].codec_context.thread_count = 1
        for frame in stream.decode(video=0):
            if count < frames:
                pictures[count] = luma(frame)
            count += 1
    if count != frames:
        raise ReferenceFault(f"own encode has {count} frames of {frames}")
    return pictures


def _rate(pts: Sequence[int]) -> Fraction:
    """Frames per second, for the encoder's rate control."""
    if len(pts) < 2 or pts[-1] <= pts[0]:
        return Fraction(30)
    return Fraction(90_000 * (len(pts) - 1), pts[-1] - pts[0]).limit_denominator(1001)


def luma(frame: VideoFrame) -> Plane:
    """The Y plane without the padding at the end of its lines."""
    if frame.format.name not in ("yuv420p", "yuvj420p", "nv12"):
        frame = frame.reformat(format="yuv420p")
    plane: Any = frame.planes[0]  # a buffer, which its type does not say
    rows = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
    picture: Plane = rows[: frame.height, : frame.width]
    return picture


def to_frame(y: Plane, u: Plane, v: Plane) -> VideoFrame:
    """A yuv420p frame from its planes; sides may be odd."""
    height, width = y.shape
    frame = VideoFrame(width, height, "yuv420p")
    for plane, values in zip(frame.planes, (y, u, v), strict=True):
        rows = np.zeros((plane.height, plane.line_size), dtype=np.uint8)
        rows[: values.shape[0], : values.shape[1]] = values
        plane.update(rows.tobytes())
    return frame
