"""Makes small segments with PyAV at test time: moving pictures, sound, any container or codec."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

REAL_CLIP = Path(__file__).parents[2] / "samples" / "big-buck-bunny.mp4"
BITEXACT = {"fflags": "+bitexact"}
X264 = {"preset": "veryfast", "crf": "20", "threads": "1"}

Yuv = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


def moving(frames: int, width: int, height: int, *, seed: int = 1) -> Iterator[Yuv]:
    """Textured pictures that pan, with coloured blobs that drift: luma, U and V per frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 226, (height // 20 + 3, width // 20 + 3))
    texture = np.kron(coarse, np.ones((20, 20))) + rng.normal(0, 6, (coarse.shape[0] * 20, 1))
    texture = np.clip(texture, 16, 235).astype(np.uint8)
    rows, columns = (np.arange(n)[:, None] for n in ((height + 1) // 2, (width + 1) // 2))
    phase = rng.uniform(0, 2 * np.pi, 2)
    for at in range(frames):
        x, y = at % 20, (at // 2) % 20
        luma = texture[y : y + height, x : x + width]
        wave = np.sin(columns.T / width * 9 + at / 9 + phase[0]) * np.ones_like(rows)
        other = np.cos(rows / height * 7 - at / 11 + phase[1]) * np.ones_like(columns.T)
        yield (
            np.ascontiguousarray(luma),
            (128 + 60 * wave).astype(np.uint8),
            (128 + 60 * other).astype(np.uint8),
        )


def to_frame(planes: Yuv, pixel_format: str = "yuv420p") -> av.VideoFrame:
    """A frame with exactly these planes. The two chroma planes may have any subsampling."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, pixel_format)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size), dtype=np.uint8)
        rows[:, : plane.width] = values
        plane.update(rows.tobytes()[: plane.buffer_size])
    return frame


def encode(
    pictures: Iterable[Yuv],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    options: Mapping[str, str] = X264,
    pixel_format: str = "yuv420p",
    fps: int = 30,
    sound: bool = False,
    times: Sequence[int] | None = None,
    crop: str | None = None,
) -> bytes:
    """A segment as bytes. `times` replaces the frame numbers as presentation times, in 1/fps.

    The same arguments give the same bytes. `crop` is x264's left,top,right,bottom.
    """
    options = dict(options)
    if crop:
        options["x264-params"] = f"crop-rect={crop}"
    out = io.BytesIO()
    pictures = list(pictures)
    height, width = pictures[0][0].shape
    with av.open(out, "w", format=container, options=BITEXACT) as target:
        video = target.add_stream(codec, rate=fps, options=options)
        video.width, video.height, video.pix_fmt = width, height, pixel_format
        video.codec_context.thread_count = int(options.get("threads", "1"))
        video.codec_context.time_base = Fraction(1, fps)
        audio = target.add_stream("aac", rate=48_000) if sound else None
        for at, planes in enumerate(pictures):
            frame = to_frame(planes, pixel_format)
            frame.pts = times[at] if times is not None else at
            frame.time_base = Fraction(1, fps)
            target.mux(video.encode(frame))
        target.mux(video.encode())
        if audio is not None:
            add_sound(target, audio, len(pictures) * 48_000 // fps)
    return out.getvalue()


def add_sound(target: av.container.OutputContainer, audio: av.AudioStream, samples: int) -> None:
    """One second of sound for every 48,000 samples, whole AAC frames only."""
    tone = (0.2 * np.sin(np.arange(samples) / 17)).astype(np.float32)
    for start in range(0, samples - 1023, 1024):
        frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        target.mux(audio.encode(frame))
    target.mux(audio.encode())


def remux(data: bytes, container: str, **options: str) -> bytes:
    """The same streams in another container, nothing encoded again. `options` are the muxer's."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as source,
        av.open(out, "w", format=container, options={**BITEXACT, **options}) as target,
    ):
        copies = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    return out.getvalue()


@cache
def real_pictures(frames: int, width: int, height: int, start: int = 0) -> tuple[Yuv, ...]:
    """Frames of the clip in samples/, scaled: animation with a cut, motion and dark parts."""
    pictures = []
    with av.open(str(REAL_CLIP)) as clip:
        for at, frame in enumerate(clip.decode(video=0)):
            if at < start:
                continue
            if len(pictures) == frames:
                break
            small = frame.reformat(width, height, "yuv420p", interpolation="AREA")
            pictures.append(planes_of(small))
    return tuple(pictures)


def planes_of(frame: av.VideoFrame) -> Yuv:
    """Copies of the three planes of a 4:2:0 frame, without padding."""
    y, u, v = (
        np.frombuffer(plane, np.uint8)
        .reshape(-1, plane.line_size)[: plane.height, : plane.width]
        .copy()
        for plane in frame.planes
    )
    return y, u, v


def flip_bits(data: bytes, *, seed: int, bits: int = 6) -> bytes:
    """Inverts bits inside the coded slices of the first video stream, never in headers or sound."""
    packets = []
    with av.open(io.BytesIO(data)) as source:
        for packet in source.demux(video=0):
            if packet.size > 200:
                packets.append(bytes(packet))
    rng = np.random.default_rng(seed)
    damaged = bytearray(data)
    for at in rng.choice(len(packets), bits, replace=len(packets) < bits):
        payload = packets[at]
        start = data.find(payload)
        # Past the first slice's header, and past the text x264 puts before the first slice.
        skip = payload.find(b"x264 - core")
        first = 900 if skip >= 0 else 40
        offset = start + int(rng.integers(min(first, len(payload) - 2), len(payload) - 1))
        damaged[offset] ^= 1 << int(rng.integers(8))
    return bytes(damaged)
