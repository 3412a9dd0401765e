"""Makes renditions of a segment and counts what is in one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame

from devnet.media import TS_CLOCK, TS_OPTIONS, X264, MediaError, Profile

# Damaged streams decode differently from build to build, so they are refused, never patched up.
STRICT = {"err_detect": "explode"}


@dataclass(frozen=True)
class Rendition:
    """A transcoded segment. `pixels` = frames x width x height, what is paid for."""

    profile: Profile
    data: bytes
    frames: int

    @property
    def pixels(self) -> int:
        return self.frames * self.profile.width * self.profile.height


@dataclass(frozen=True)
class Count:
    """What decoding a rendition shows."""

    width: int
    height: int
    frames: int

    @property
    def pixels(self) -> int:
        return self.frames * self.width * self.height


def transcode(segment: bytes, profiles: Sequence[Profile]) -> list[Rendition]:
    """Decode once, encode once per profile; audio is copied. Raises MediaError."""
    if not profiles:
        raise MediaError("no profiles to transcode to")
    try:
        with av.open(io.BytesIO(segment), format="mpegts") as source:
            if not source.streams.video:
                raise MediaError("segment holds no video stream")
            video = source.streams.video[0]
            video.codec_context.options = STRICT
            video.codec_context.thread_count = 1
            streams: list[Stream] = [video, *source.streams.audio[:1]]
            outputs = [_Output(profile, streams) for profile in profiles]
            for packet in source.demux(*streams):
                if packet.stream is not video:
                    for output in outputs:
                        output.copy(packet)
                    continue
                for frame in packet.decode():
                    for output in outputs:
                        output.encode(frame)
            return [output.close() for output in outputs]
    except av.FFmpegError as error:
        raise MediaError(f"segment cannot be transcoded ({error.strerror})") from None


class _Output:
    """One rendition while it is made."""

    def __init__(self, profile: Profile, streams: Sequence[Stream]) -> None:
        self._profile = profile
        self._buffer = io.BytesIO()
        self._container: OutputContainer = av.open(self._buffer, "w", "mpegts", options=TS_OPTIONS)
        rate = streams[0].average_rate or 30
        self._video = self._container.add_stream("libx264", rate=rate)
        self._video.width, self._video.height = profile.width, profile.height
        self._video.pix_fmt = "yuv420p"
        self._video.bit_rate = profile.bitrate
        self._video.codec_context.time_base = TS_CLOCK
        self._video.options = dict(X264)
        self._audio = [self._container.add_stream_from_template(stream) for stream in streams[1:]]
        self._frames = 0

    def encode(self, frame: VideoFrame) -> None:
        if frame.pts is None or frame.time_base is None:
            raise MediaError("segment has a frame without a time")
        picture = frame.reformat(self._profile.width, self._profile.height, "yuv420p")
        picture.pts, picture.time_base = round(frame.pts * frame.time_base / TS_CLOCK), TS_CLOCK
        picture.pict_type = PictureType.NONE
        self._frames += 1
        self._container.mux(self._video.encode(picture))

    def copy(self, packet: Packet[Stream]) -> None:
        if packet.dts is None:
            return
        twin = Packet(bytes(packet))
        twin.pts, twin.dts, twin.time_base = packet.pts, packet.dts, packet.time_base
        twin.duration = packet.duration
        twin.stream = self._audio[0]
        self._container.mux_one(twin)

    def close(self) -> Rendition:
        if not self._frames:
            raise MediaError("segment holds no video frames")
        self._container.mux(self._video.encode(None))
        self._container.close()
        return Rendition(self._profile, self._buffer.getvalue(), self._frames)


def count(rendition: bytes) -> Count:
    """Decode every frame of a rendition. Raises MediaError when it is damaged or sizes vary."""
    sizes: set[tuple[int, int]] = set()
    frames = 0
    try:
        with av.open(io.BytesIO(rendition), format="mpegts") as source:
            if not source.streams.video:
                raise MediaError("rendition holds no video stream")
            video = source.streams.video[0]
            video.codec_context.options = STRICT
            video.codec_context.thread_count = 1
            for packet in source.demux():
                if packet.is_corrupt:
                    raise MediaError("rendition has pieces missing")
                if packet.stream is not video:
                    continue
                for frame in packet.decode():
                    sizes.add((frame.width, frame.height))
                    frames += 1
    except av.FFmpegError as error:
        raise MediaError(f"rendition cannot be decoded ({error.strerror})") from None
    if len(sizes) != 1:
        raise MediaError(f"rendition has frames of {len(sizes)} sizes, expected 1")
    width, height = sizes.pop()
    return Count(width, height, frames)
