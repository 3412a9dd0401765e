"""Pictures to segments: MPEG-TS with the coded pictures and sound, by every encoder of the matrix.

x264 runs on one thread unless a variant says otherwise: it gives another stream for each number of
threads, and the matrix has to be the same on every run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType

from verifier.calibration.pictures import CLOCK, Picture, from_frame, to_frame

TS_OPTIONS = {"mpegts_copyts": "1"}
AUDIO_RATE = 48_000
LOSSLESS_OPTIONS = {"qp": "0", "preset": "ultrafast", "threads": "1"}


@dataclass(frozen=True)
class Coding:
    """How x264 is run. `bitrate` in bits a second; None when the options set a constant quality."""

    bitrate: int | None
    options: Mapping[str, str] = field(default_factory=dict)

    def with_options(self, **options: str) -> Coding:
        return replace(self, options={**self.options, **options})


def standard(bitrate: int) -> Coding:
    """What an ordinary node does: x264 veryfast at the profile's mean bitrate."""
    return Coding(bitrate, {"preset": "veryfast", "threads": "1"})


LOSSLESS = Coding(None, LOSSLESS_OPTIONS)
INGEST = Coding(None, {"preset": "veryfast", "threads": "1", "crf": "18"})


def encode(
    pictures: Sequence[Picture],
    rate: Fraction,
    coding: Coding,
    sound: bytes | None,
    start: int | None = None,
) -> bytes:
    """An H.264 segment. `sound` is a segment whose first audio stream is passed through.

    `start` moves the sound, 1/90000 s. Raises av.FFmpegError when an option is refused.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", "mpegts", options=TS_OPTIONS) as output:
        video = output.add_stream("libx264", rate=rate)
        video.width, video.height = pictures[0].width, pictures[0].height
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = CLOCK
        if coding.bitrate is not None:
            video.bit_rate = coding.bitrate
        video.options = dict(coding.options)
        if sound is not None:
            _pass_sound(sound, output, start or 0)
        for picture in pictures:
            frame = to_frame(picture)
            frame.pict_type = PictureType.NONE
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return buffer.getvalue()


def _pass_sound(segment: bytes, output: OutputContainer, start: int) -> None:
    with av.open(io.BytesIO(segment)) as source:
        if not source.streams.audio:
            return
        stream = source.streams.audio[0]
        target = output.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is None or packet.pts is None:
                continue
            twin = Packet(bytes(packet))
            twin.pts, twin.dts = packet.pts + start, packet.dts + start
            twin.time_base, twin.duration = packet.time_base, packet.duration
            twin.stream = target
            output.mux_one(twin)


def make_sound(seconds: Fraction, seed: int, first_pts: int) -> bytes:
    """A segment with nothing but seeded AAC tones, from `first_pts` (1/90000 s) on."""
    rng = np.random.default_rng(seed)
    count = int(seconds * AUDIO_RATE)
    tones = rng.integers(200, 2000, size=8)
    steps = np.arange(count) / AUDIO_RATE
    wave = sum(np.sin(2 * np.pi * tone * steps) for tone in tones.tolist()) / 12
    buffer = io.BytesIO()
    with av.open(buffer, "w", "mpegts", options=TS_OPTIONS) as output:
        stream = output.add_stream("aac", rate=AUDIO_RATE, layout="mono")
        stream.codec_context.time_base = Fraction(1, AUDIO_RATE)
        for at in range(0, count - 1023, 1024):
            block = np.asarray(wave[at : at + 1024], np.float32)[None, :]
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = AUDIO_RATE, Fraction(1, AUDIO_RATE)
            frame.pts = at + int(first_pts * CLOCK * AUDIO_RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def through(
    pictures: Sequence[Picture],
    rate: Fraction,
    codec: str,
    bitrate: int,
    options: Mapping[str, str],
) -> list[Picture]:
    """The pictures as another encoder leaves them: coded, decoded, at their old times."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height = pictures[0].width, pictures[0].height
    encoder.pix_fmt, encoder.bit_rate = "yuv420p", bitrate
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.options = dict(options)
    packets = []
    for at, picture in enumerate(pictures):
        frame = to_frame(picture)
        frame.pts, frame.time_base = at, 1 / rate
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create(encoder.codec.canonical_name, "r")
    decoder.thread_count = 1
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    if len(frames) != len(pictures):
        raise ValueError(f"{codec} gave {len(frames)} pictures for {len(pictures)}")
    return [from_frame(frame).at(one.pts) for frame, one in zip(frames, pictures, strict=True)]


def read(segment: bytes) -> list[Picture]:
    """The decoded pictures of a segment in order of presentation."""
    with av.open(io.BytesIO(segment)) as source:
        source.streams.video[0].codec_context.thread_count = 1
        return [from_frame(frame) for frame in source.decode(video=0)]
