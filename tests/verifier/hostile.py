"""Files that are made to hurt whoever opens them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import av
import numpy as np
import pytest

from tests.verifier.clips import BITEXACT, X264, add_sound, encode, moving, remux
from verifier.decode import Decoded, decode
from verifier.media import MediaFault

SECONDS = 10  # requirement 3: nothing hangs for longer
LENGTH = 4  # bytes of a NAL unit's length in MP4


def random_bytes(length: int, head: bytes = b"") -> bytes:
    return head + np.random.default_rng(7).bytes(length)


def transport_noise(packets: int) -> bytes:
    """Packets that begin as MPEG-TS does and go on with noise."""
    rng = np.random.default_rng(8)
    return b"".join(b"\x47" + rng.bytes(187) for _ in range(packets))


def many_frames(frames: int) -> bytes:
    """As many pictures as fit in little space."""
    tiny = np.full((16, 16), 16, np.uint8), *[np.full((8, 8), 128, np.uint8)] * 2
    return encode([tiny] * frames, options={"preset": "ultrafast", "threads": "1"})


def endless_stream(data: bytes, length: int) -> bytes:
    """An MPEG-TS that never comes to anything more: a segment, then stuffing."""
    stuffing = b"\x47\x1f\xff\x10" + b"\xff" * 184
    segment = remux(data, "mpegts")
    return segment + stuffing * ((length - len(segment)) // len(stuffing))


def huge_table(data: bytes, table: bytes, count: int) -> bytes:
    """An MP4 whose first sample table of that name claims so many entries of one size."""
    at = data.index(table) + len(table) + 4
    fields = {
        b"stsz": (1).to_bytes(4, "big") + count.to_bytes(4, "big"),
        b"stts": (1).to_bytes(4, "big") + count.to_bytes(4, "big"),
        b"stco": count.to_bytes(4, "big"),
    }[table]
    return data[:at] + fields + data[at + len(fields) :]


def change_packets(data: bytes, change: Callable[[int, bytes], bytes | None]) -> bytes:
    """A copy in Matroska whose video packets went through `change`; None leaves one out."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as source,
        av.open(out, "w", format="matroska", options=BITEXACT) as target,
    ):
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for at, packet in enumerate(source.demux(stream)):
            changed = change(at, bytes(packet)) if packet.dts is not None else None
            if changed is None:
                continue
            new = av.Packet(changed)
            new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
            new.is_keyframe, new.stream = packet.is_keyframe, copy
            target.mux(new)
    return out.getvalue()


def units(payload: bytes) -> list[bytes]:
    """The NAL units of a packet, each with its length before it."""
    found = []
    while payload:
        end = LENGTH + int.from_bytes(payload[:LENGTH], "big")
        found.append(payload[:end])
        payload = payload[end:]
    return found


def sound_only() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options=BITEXACT) as target:
        add_sound(target, target.add_stream("aac", rate=48_000), 48_000)
    return out.getvalue()


def huge_picture(width: int, height: int) -> bytes:
    """A small H.264 file in which the stream itself suddenly claims a huge picture."""
    data = encode(moving(8, 64, 64), options={**X264, "profile": "baseline"})
    with av.open(io.BytesIO(data)) as source:
        extradata = source.streams.video[0].codec_context.extradata
    picture_set = _picture_parameters(extradata)
    units = (sequence_parameters(width // 16, height // 16), picture_set)
    prefix = b"".join(len(unit).to_bytes(LENGTH, "big") + unit for unit in units)
    return change_packets(data, lambda at, payload: prefix + payload if at == 0 else payload)


def _picture_parameters(extradata: bytes) -> bytes:
    """The first PPS of an avcC box: version to count, one SPS, count, one PPS."""
    sequence_length = int.from_bytes(extradata[6:8], "big")
    at = 8 + sequence_length + 1
    return extradata[at + 2 : at + 2 + int.from_bytes(extradata[at : at + 2], "big")]


def sequence_parameters(columns: int, rows: int) -> bytes:
    """A baseline SPS for so many macroblocks (ITU-T H.264, 7.3.2.1.1)."""

    def golomb(number: int) -> str:
        text = f"{number + 1:b}"
        return "0" * (len(text) - 1) + text

    # id, frame number bits, order type 2, references, no gaps, size, frames only, direct 8x8,
    # no crop, no VUI, stop bit.
    bits = golomb(0) + golomb(0) + golomb(2) + golomb(1) + "0"
    bits += golomb(columns - 1) + golomb(rows - 1) + "1" + "1" + "0" + "0" + "1"
    bits += "0" * (-len(bits) % 8)
    payload = int(bits, 2).to_bytes(len(bits) // 8, "big")
    escaped = payload.replace(b"\0\0\1", b"\0\0\3\1").replace(b"\0\0\2", b"\0\0\3\2")
    return bytes([0x67, 66, 0, 62]) + escaped


def refusal(data: bytes, *, by: Callable[..., Decoded] = decode, **options: object) -> MediaFault:
    """Why bytes are refused; fails when they are not, or when it takes too long."""
    start = time.monotonic()
    with pytest.raises(MediaFault) as caught:
        by(data, **options)
    assert time.monotonic() - start < SECONDS
    assert str(caught.value).startswith(f"{caught.value.code}: ")
    assert "\n" not in str(caught.value)
    return caught.value
