"""The strict decode gate: bytes to pictures, or a refusal, never a guess.

A clean H.264 stream decodes to the same pictures everywhere, a damaged one does not. So one thread,
`err_detect=explode`, no packet and no picture marked corrupt, as many pictures as packets, nothing
missing by the stream's own count (`verifier.h264`), and no scaler or colour conversion between the
decoder and the fingerprint.
Source: verification spec, sections 2, 3 and 8.1.
"""

from __future__ import annotations

import errno
import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from verifier import csf
from verifier.containers import check_whole, container_of, without_adts
from verifier.csf import FrameFingerprint, Plane
from verifier.h264 import StreamRules
from verifier.media import Decoded, Limits, MediaCode, MediaFault, check_bytes, read_media
from verifier.sandbox import decode_isolated

__all__ = [
    "Decoded",
    "Limits",
    "MediaCode",
    "MediaFault",
    "decode",
    "decode_into",
    "decode_isolated",
    "read_media",
]

PROVABLE_CODEC = "h264"
CODECS = (PROVABLE_CODEC, "hevc", "av1", "vp8", "vp9", "mpeg4", "mpeg2video")
PROVABLE_FORMATS = ("yuv420p", "yuvj420p")
# Planar, one byte a sample: their planes can be compared as they are.
FORMATS = (*PROVABLE_FORMATS, "yuv422p", "yuvj422p", "yuv444p", "yuvj444p")
MIN_PROVABLE_FRAMES = 8
MAX_STREAMS = 16
CODED_MARGIN = 2  # the limit is of the picture, and before its crop the coded one may be larger
INT_MAX = (1 << 31) - 1
PACKETS_PER_FRAME = 16  # of audio, at most, for the limit on frames

Planes = tuple[Plane, Plane, Plane]
Sink = Callable[[int, Planes], None]


def decode(
    data: bytes, *, limits: Limits | None = None, pictures: bool = True, threads: int = 1
) -> Decoded:
    """Decode a segment in this process; for bytes that strangers sent use `decode_isolated`.

    `pictures=False` fingerprints without keeping frames. Raises MediaFault.
    """
    kept: list[csf.Picture] = []

    def keep(pts: int, planes: Planes) -> None:
        y, u, v = (plane.copy() for plane in planes)
        kept.append((pts, y, u, v))

    sink = keep if pictures else None
    decoded = decode_into(sink, data, limits=limits or Limits(), threads=threads)
    return replace(decoded, frames=tuple(kept))


def decode_into(sink: Sink | None, data: bytes, *, limits: Limits, threads: int = 1) -> Decoded:
    """Decode and hand each picture to `sink` with its time; the planes are only lent to it.

    The result has no frames. Raises MediaFault, also after some pictures were handed over.
    """
    check_bytes(len(data), limits)
    container = container_of(data)
    check_whole(data, container)
    try:
        # The demuxer is named and not guessed: playlists and scripts that open other files are
        # no containers here.
        with av.open(
            io.BytesIO(data),
            format=container,
            metadata_errors="ignore",
            options={"max_streams": str(MAX_STREAMS)},
        ) as source:
            return _Reader(source, container, sink, limits, threads).read()
    except MemoryError:
        raise MediaFault(MediaCode.MEMORY, "decoding takes too much memory") from None
    except (av.FFmpegError, EOFError) as error:
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise MediaFault(MediaCode.MEMORY, "decoding takes too much memory") from None
        raise MediaFault(MediaCode.DAMAGED, _one_line(error)) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())


class _Reader:
    """One pass over an open container."""

    def __init__(
        self, source: Any, container: str, sink: Sink | None, limits: Limits, threads: int
    ) -> None:
        self.source, self.container = source, container
        self.sink, self.limits, self.threads = sink, limits, threads
        self.deadline = time.monotonic() + limits.seconds
        self.handed = 0  # bytes of pictures
        self.packets = 0  # of video, that should become pictures
        self.times: list[int] = []
        self.fingerprints: list[FrameFingerprint] = []
        self.audio_hashes: list[bytes] = []
        self.interlaced = False
        self.shape: tuple[int, int, str] | None = None

    def read(self) -> Decoded:
        streams = self.source.streams
        if not streams.video:
            raise MediaFault(MediaCode.NO_VIDEO, "there is no video in it")
        self.video = streams.video[0]
        self.audio = streams.audio[0] if streams.audio else None
        self.codec = self.video.codec_context.codec.canonical_name
        self._prepare_decoder()
        self.rules: StreamRules | None = None
        if self.codec == PROVABLE_CODEC:
            extradata = self.video.codec_context.extradata or b""
            self.rules = StreamRules(extradata, CODED_MARGIN * self.limits.pixels)
        wanted = [self.video] if self.audio is None else [self.video, self.audio]
        for packet in self.source.demux(wanted):
            self._check_time()
            if packet.stream is self.video:
                self._take_video(packet)
            elif packet.size:
                self._take_audio(packet)
        return self._result()

    def _prepare_decoder(self) -> None:
        if self.codec not in CODECS:
            raise MediaFault(MediaCode.CODEC, f"video is {self.codec}, expected {CODECS}")
        context = self.video.codec_context
        self._check_size(context.width, context.height)
        context.thread_count = self.threads
        context.thread_type = "NONE" if self.threads == 1 else "AUTO"
        # Without this flag a crop from the left is shortened to keep pointers aligned.
        context.flags |= Flags.unaligned
        coded = min(CODED_MARGIN * self.limits.pixels, INT_MAX)
        options = {"err_detect": "explode", "max_pixels": str(coded)}
        if self.codec == PROVABLE_CODEC:
            # Film grain is an effect of display in H.264, and older decoders do not know it.
            options["export_side_data"] = "film_grain"
        context.options = options

    def _take_audio(self, packet: Any) -> None:
        if packet.is_corrupt:
            raise MediaFault(MediaCode.DAMAGED, "a packet of sound is incomplete")
        if len(self.audio_hashes) >= PACKETS_PER_FRAME * self.limits.frames:
            raise MediaFault(MediaCode.TOO_LARGE, "there are too many packets of sound")
        payload = bytes(packet)
        if self.audio.codec_context.name.startswith("aac"):
            payload = without_adts(payload)
        self.audio_hashes.append(hashlib.sha256(payload).digest())

    def _take_video(self, packet: Any) -> None:
        if packet.size:
            if packet.is_corrupt:
                raise MediaFault(MediaCode.DAMAGED, "a packet of video is incomplete")
            if not self.packets and not packet.is_keyframe:
                raise MediaFault(MediaCode.DAMAGED, "it does not start with a key frame")
            self.packets += not packet.is_discard
            if self.rules:
                self.rules.take(bytes(packet))
        for frame in packet.decode():
            self._check_time()
            self._take_frame(frame)

    def _take_frame(self, frame: Any) -> None:
        at = len(self.times)
        if at >= self.limits.frames:
            raise MediaFault(MediaCode.TOO_LARGE, f"more than {self.limits.frames} frames")
        if frame.is_corrupt:
            raise MediaFault(MediaCode.DAMAGED, f"frame {at} is corrupt")
        if frame.pts is None:
            raise MediaFault(MediaCode.DAMAGED, f"frame {at} has no time")
        self._check_shape(at, frame)
        pts = to_ticks(frame.pts, frame.time_base or self.video.time_base)
        planes = _planes(frame)
        self.times.append(pts)
        fields = self.rules is not None and not self.rules.progressive
        self.interlaced = self.interlaced or fields or frame.interlaced_frame
        if self._is_candidate():
            # Where times run backwards there will be no fingerprint, and below zero no leaf.
            relative = max(0, pts - self.times[0])
            self.fingerprints.append(csf.frame_fingerprint(at, relative, *planes))
        if self.sink:
            self.handed += sum(plane.size for plane in planes)
            if self.handed > self.limits.picture_bytes:
                raise MediaFault(
                    MediaCode.TOO_LARGE,
                    f"pictures take more than {self.limits.picture_bytes} bytes",
                )
            self.sink(pts, planes)

    def _check_shape(self, at: int, frame: Any) -> None:
        shape = frame.width, frame.height, frame.format.name
        if self.shape is None:
            self._check_size(frame.width, frame.height)
            if frame.format.name not in FORMATS:
                raise MediaFault(
                    MediaCode.CODEC, f"pixels are {frame.format.name}, expected {FORMATS}"
                )
            self.shape = shape
        if shape != self.shape:
            raise MediaFault(MediaCode.CHANGED, f"frame {at} is {shape}, the first {self.shape}")

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self.limits.pixels:
            raise MediaFault(
                MediaCode.TOO_LARGE,
                f"{width}x{height} is more than {self.limits.pixels} pixels a frame",
            )

    def _check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise MediaFault(MediaCode.TIME, f"not decoded within {self.limits.seconds:g} s")

    def _is_candidate(self) -> bool:
        return (
            self.codec == PROVABLE_CODEC
            and self.shape is not None
            and self.shape[2] in PROVABLE_FORMATS
            and not self.interlaced
        )

    def _result(self) -> Decoded:
        if self.shape is None:
            raise MediaFault(MediaCode.DAMAGED, "there is no picture in it")
        if self.codec == PROVABLE_CODEC and not self.interlaced and len(self.times) != self.packets:
            raise MediaFault(
                MediaCode.DAMAGED, f"{self.packets} packets gave {len(self.times)} pictures"
            )
        width, height, pixel_format = self.shape
        unprovable = self._unprovable()
        fingerprint = None
        if unprovable is None:
            fingerprint = csf.Fingerprint(
                tuple(self.fingerprints), width, height, self.times[0], self.times[-1]
            )
        rate = self.video.average_rate
        return Decoded(
            frames=(),
            times=tuple(self.times),
            width=width,
            height=height,
            container=self.container,
            codec=self.codec,
            pix_fmt=pixel_format,
            fps=Fraction(rate) if rate else None,
            audio_codec=self.audio.codec_context.name if self.audio else None,
            audio_packets=tuple(self.audio_hashes),
            fingerprint=fingerprint,
            unprovable=unprovable,
        )

    def _unprovable(self) -> str | None:
        """Why there is no fingerprint of version 1; None when there is one."""
        times = self.times
        if self.codec != PROVABLE_CODEC:
            return f"video is {self.codec}, not H.264"
        if self.shape is None or self.shape[2] not in PROVABLE_FORMATS:
            return "pixels are not 8-bit 4:2:0"
        if self.interlaced:
            return "video is interlaced"
        if self.rules and not self.rules.starts_with_idr:
            return "it does not start with an IDR picture"
        if len(self.source.streams.video) > 1:
            return "there are several video streams"
        if any(late <= early for early, late in pairwise(times)):
            return "times do not increase"
        if times[0] < 0:
            return "it starts before time zero"
        if len(times) < MIN_PROVABLE_FRAMES:
            return f"{len(times)} frames are fewer than {MIN_PROVABLE_FRAMES}"
        return None


def to_ticks(pts: int, time_base: Fraction) -> int:
    """A time in ticks of 90 kHz, rounded half up, in integers only."""
    numerator, denominator = pts * time_base.numerator * csf.TICKS, time_base.denominator
    return (2 * numerator + denominator) // (2 * denominator)


def _planes(frame: Any) -> Planes:
    """Views of the three planes as height x width, without the padding at the end of rows."""
    y, u, v = (
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    )
    return y, u, v
