"""Decoded pictures as JPEG data URIs, and which ones are worth showing."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from av.codec import CodecContext
from av.video.frame import PictureType, VideoFrame

from verifier.csf import Picture, Plane

WIDTH = 320
PICTURES = 4


def jpeg_uri(picture: Picture, *, full_range: bool = False, width: int = WIDTH) -> str:
    """A 4:2:0 picture, `width` pixels wide, without metadata."""
    frame = _frame(picture, "yuvj420p" if full_range else "yuv420p")
    height = max(2, round(frame.height * width / frame.width / 2) * 2)
    small = frame.reformat(width, height, "yuvj420p")
    small.pict_type = PictureType.NONE
    small.pts, small.time_base = 0, Fraction(1, 25)
    encoder = CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "3", "qmax": "3"}
    packets = [*encoder.encode(small), *encoder.encode(None)]
    data = b"".join(bytes(packet) for packet in packets)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def _frame(picture: Picture, pixel_format: str) -> VideoFrame:
    height, width = picture[1].shape
    frame = VideoFrame(width, height, pixel_format)
    for plane, values in zip(frame.planes, picture[1:], strict=True):
        plane.update(_rows(values, plane.height, plane.line_size))
    return frame


def _rows(values: Plane, height: int, line: int) -> bytes:
    rows = np.zeros((height, line), dtype=np.uint8)
    rows[: values.shape[0], : values.shape[1]] = values
    return rows.tobytes()


def worth_showing(differences: Sequence[float | None], count: int = PICTURES) -> list[int]:
    """Indexes of frames: the one that differs most, and others spread over the segment."""
    if not differences:
        return []
    worst = max(range(len(differences)), key=lambda at: differences[at] or 0.0)
    total = len(differences)
    spread = [min(total - 1, (2 * at + 1) * total // (2 * count)) for at in range(count)]
    nearest = min(spread, key=lambda at: abs(at - worst))
    return sorted({worst if at == nearest else at for at in spread})
