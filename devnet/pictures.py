"""Still pictures of a clip, and its renditions joined to one file, for the report."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from fractions import Fraction

import av
from av.codec import CodecContext
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame

from devnet.cutting import LEAD_IN


def thumbnail(segment: bytes, *, width: int = 320) -> str:
    """The middle frame of a segment as a JPEG data URI."""
    with av.open(io.BytesIO(segment), format="mpegts") as source:
        frames = list(source.decode(source.streams.video[0]))
    return data_uri("image/jpeg", _jpeg(frames[len(frames) // 2], width))


def _jpeg(frame: VideoFrame, width: int) -> bytes:
    height = max(2, round(frame.height * width / frame.width / 2) * 2)
    picture = frame.reformat(width, height, "yuvj420p")
    picture.pict_type = PictureType.NONE
    encoder = CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "3", "qmax": "3"}
    picture.pts, picture.time_base = 0, Fraction(1, 25)
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def data_uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def join(segments: Sequence[bytes]) -> bytes:
    """Consecutive MPEG-TS segments as one MP4, copied packet by packet."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", "mp4") as output:
        streams: dict[str, Stream] = {}
        for segment in segments:
            with av.open(io.BytesIO(segment), format="mpegts") as source:
                chosen = [source.streams.video[0], *source.streams.audio[:1]]
                if not streams:
                    streams = {
                        stream.type: output.add_stream_from_template(stream) for stream in chosen
                    }
                for packet in source.demux(*chosen):
                    if packet.pts is None or packet.dts is None:
                        continue
                    shift = int(LEAD_IN / packet.time_base)
                    packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                    packet.stream = streams[packet.stream.type]
                    output.mux_one(packet)
    return buffer.getvalue()
