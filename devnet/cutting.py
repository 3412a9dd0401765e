"""Cuts a clip into segments.

A segment is an MPEG-TS file that starts with a key frame and needs nothing before it. Times run on
from one segment to the next, so that what is made of them plays as one stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame

from devnet.media import TS_CLOCK, TS_OPTIONS, X264, Clip, MediaError, probe

LEAD_IN = Fraction(1)
AUDIO_RATE = 48_000
# A source whose key frames are further apart than this many segments is encoded again.
LONGEST = Fraction(3, 2)
TURNS = {90: ("transpose=cclock",), 180: ("hflip", "vflip"), 270: ("transpose=clock",)}


@dataclass(frozen=True)
class Segment:
    """One piece of the source. `start` and `seconds` are times of presentation."""

    seq: int
    path: Path
    start: float
    seconds: float


def cut(
    clip: Clip, directory: Path, *, seconds: float, limit: float | None = None
) -> list[Segment]:
    """Cut the clip into segments of about `seconds`; `limit` takes only its first seconds.

    Copies the source's own packets where its key frames allow that; otherwise encodes it once
    more with a key frame at every cut. Raises MediaError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        grid = Fraction(seconds).limit_denominator(1000)
        if not _cuttable(clip, grid):
            recoded = directory / "source.mp4"
            _encode(clip, recoded, seconds=grid, limit=limit)
            clip = probe(recoded)
        segments = list(_write(clip, directory, seconds=grid, limit=limit))
    except av.FFmpegError as error:
        raise MediaError(f"{clip.path}: cannot be cut ({error.strerror})") from None
    if not segments:
        raise MediaError(f"{clip.path}: holds no video frames")
    return segments


def _cuttable(clip: Clip, seconds: Fraction) -> bool:
    """H.264 and AAC, upright, key frames often enough, and no frame that reaches back over one."""
    if clip.video_codec != "h264" or clip.audio_codec not in (None, "aac") or clip.rotation:
        return False
    keys: list[Fraction] = []
    last = clip.start
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        if stream.codec_context.pix_fmt != "yuv420p":
            return False
        for packet in container.demux(stream):
            if packet.pts is None or packet.dts is None:
                if packet.size:
                    return False
                continue
            time = packet.pts * packet.time_base
            if packet.is_keyframe:
                keys.append(time)
            elif not keys or time < keys[-1]:
                return False
            last = max(last, time)
    return all(later - earlier <= LONGEST * seconds for earlier, later in pairwise([*keys, last]))


def _write(
    clip: Clip, directory: Path, *, seconds: Fraction, limit: float | None
) -> Iterator[Segment]:
    """Copy packets into one file per segment. Audio goes where its time of presentation is."""
    with av.open(str(clip.path)) as source:
        video = source.streams.video[0]
        streams: list[Stream] = [video, *source.streams.audio[:1]]
        waiting: list[Packet[Stream]] = []
        output: _Output | None = None
        next_cut = end = Fraction(0)
        seq = 0
        for packet in source.demux(*streams):
            if packet.pts is None or packet.dts is None:
                continue
            time = packet.pts * packet.time_base - clip.start
            if packet.stream is not video:
                waiting.append(packet)
                continue
            if packet.is_keyframe and (output is None or time >= next_cut):
                if output is not None:
                    waiting = output.take(waiting, before=time)
                    yield output.close(end=time)
                    output = None
                if limit is not None and time >= limit:
                    return
                output = _Output(directory / f"{seq}.ts", seq, time, streams, clip.start)
                next_cut = (time // seconds + 1) * seconds
                seq += 1
            if output is None:
                continue
            output.mux(packet)
            waiting = output.take(waiting, before=time)
            end = max(end, time + (packet.duration or 0) * packet.time_base)
        if output is not None:
            output.take(waiting, before=end)
            yield output.close(end=end)


class _Output:
    """One segment while it is written."""

    def __init__(
        self, path: Path, seq: int, begin: Fraction, streams: list[Stream], start: Fraction
    ) -> None:
        self._container: OutputContainer = av.open(str(path), "w", "mpegts", options=TS_OPTIONS)
        self._streams = {
            stream.index: self._container.add_stream_from_template(stream) for stream in streams
        }
        self._path, self._seq, self._begin, self._start = path, seq, begin, start

    def mux(self, packet: Packet[Stream]) -> None:
        shift = int((LEAD_IN - self._start) / packet.time_base)
        packet.pts = (packet.pts or 0) + shift
        packet.dts = (packet.dts or 0) + shift
        packet.stream = self._streams[packet.stream.index]
        self._container.mux_one(packet)

    def take(self, waiting: list[Packet[Stream]], *, before: Fraction) -> list[Packet[Stream]]:
        """Write the packets of earlier presentation; returns the rest."""
        rest = []
        for packet in waiting:
            if (packet.pts or 0) * packet.time_base - self._start < before:
                self.mux(packet)
            else:
                rest.append(packet)
        return rest

    def close(self, *, end: Fraction) -> Segment:
        self._container.close()
        return Segment(self._seq, self._path, float(self._begin), float(end - self._begin))


# -- encoding a source that cannot be cut as it is


def _encode(clip: Clip, target: Path, *, seconds: Fraction, limit: float | None) -> None:
    """H.264 and AAC with a key frame every `seconds`, upright, 8-bit 4:2:0."""
    with av.open(str(clip.path)) as source, av.open(str(target), "w") as output:
        video = source.streams.video[0]
        video.thread_type = "AUTO"
        encoder = output.add_stream("libx264", rate=clip.frame_rate)
        encoder.width, encoder.height, encoder.pix_fmt = clip.width, clip.height, "yuv420p"
        encoder.codec_context.time_base = TS_CLOCK
        encoder.options = X264 | {"crf": "18", "threads": "0"}
        streams: list[Stream] = [video]
        audio = None
        if source.streams.audio:
            streams.append(source.streams.audio[0])
            audio = _Audio(output)
        upright = _Upright(clip)
        next_key = Fraction(0)
        for packet in source.demux(*streams):
            for frame in packet.decode():
                if frame.pts is None or frame.time_base is None:
                    continue
                time = frame.pts * frame.time_base - clip.start
                if time < 0 or (limit is not None and time >= limit):
                    continue
                if isinstance(frame, VideoFrame):
                    picture = upright(frame)
                    picture.pts, picture.time_base = round(time / TS_CLOCK), TS_CLOCK
                    picture.pict_type = PictureType.NONE
                    if time >= next_key:
                        picture.pict_type = PictureType.I
                        next_key = (time // seconds + 1) * seconds
                    output.mux(encoder.encode(picture))
                elif audio is not None and isinstance(frame, AudioFrame):
                    frame.pts = round(time / frame.time_base)
                    audio.encode(frame)
        output.mux(encoder.encode(None))
        if audio is not None:
            audio.encode(None)


class _Audio:
    """Stereo AAC at 48 kHz of whatever the source has."""

    def __init__(self, output: OutputContainer) -> None:
        self._output = output
        self._stream = output.add_stream("aac", rate=AUDIO_RATE)
        self._stream.layout = "stereo"
        self._resampler = AudioResampler(
            format="fltp", layout="stereo", rate=AUDIO_RATE, frame_size=1024
        )

    def encode(self, frame: AudioFrame | None) -> None:
        for piece in self._resampler.resample(frame):
            self._output.mux(self._stream.encode(piece))
        if frame is None:
            self._output.mux(self._stream.encode(None))


class _Upright:
    """Puts frames upright: phones store the rotation as a note only."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._filters = TURNS.get(clip.rotation, ())
        self._graph: Graph | None = None

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        if self._filters:
            self._graph = self._graph or self._build(frame)
            self._graph.push(frame)
            turned = self._graph.pull()
            assert isinstance(turned, VideoFrame)
            frame = turned
        return frame.reformat(self._clip.width, self._clip.height, "yuv420p")

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or TS_CLOCK,
            )
        ]
        for text in self._filters:
            name, _, argument = text.partition("=")
            nodes.append(graph.add(name, argument) if argument else graph.add(name))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes)
        graph.configure()
        return graph
