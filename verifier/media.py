"""What comes out of decoding a segment, and the limits and refusals on the way."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from verifier.csf import Fingerprint, Picture

MIB = 1 << 20


class MediaCode(StrEnum):
    """Why bytes are not a usable segment."""

    EMPTY = "EMPTY"  # no bytes at all
    TOO_LARGE = "TOO_LARGE"  # more bytes, pixels, frames or picture memory than the limits allow
    CONTAINER = "CONTAINER"  # not MP4, MPEG-TS or Matroska, whatever its name says
    NO_VIDEO = "NO_VIDEO"
    CODEC = "CODEC"  # a codec or pixel format the verifier does not decode
    DAMAGED = "DAMAGED"  # not clean: decoders may show different pictures
    CHANGED = "CHANGED"  # size or pixel format changes on the way
    TIME = "TIME"  # not done within the time limit
    MEMORY = "MEMORY"  # not done within the memory limit
    CRASHED = "CRASHED"  # the decoder did not survive it


class MediaFault(ValueError):
    """Bytes that are refused: a code for programs and one line for people."""

    def __init__(self, code: MediaCode, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Limits:
    """How much one segment may take. Everything beyond is refused, never cut short silently."""

    bytes: int = 64 * MIB
    pixels: int = 4096 * 2304  # of one frame
    frames: int = 4096
    picture_bytes: int = 1024 * MIB  # of all decoded frames, when they are kept
    seconds: float = 10.0  # wall clock, and CPU of the separate process
    memory: int = 1536 * MIB  # address space of the separate process


@dataclass(frozen=True, eq=False)
class Decoded:
    """A segment that decoded cleanly.

    `frames` are (time, luma, U, V) in the order of presentation, empty when pictures were not
    asked for; `times` has the same times for every frame. Times are absolute ticks of 90 kHz.
    `audio_packets` are SHA-256 of the packets of the first audio stream, AAC without ADTS headers,
    so that the same sound in another container has the same hashes.
    `fingerprint` is None for a segment that cannot be proven anything about; `unprovable` says why.
    """

    frames: tuple[Picture, ...]
    times: tuple[int, ...]
    width: int
    height: int
    container: str
    codec: str
    pix_fmt: str
    fps: Fraction | None
    audio_codec: str | None
    audio_packets: tuple[bytes, ...]
    fingerprint: Fingerprint | None
    unprovable: str | None


def check_bytes(length: int, limits: Limits) -> None:
    """Raises MediaFault for no bytes or too many."""
    if not length:
        raise MediaFault(MediaCode.EMPTY, "no bytes")
    if length > limits.bytes:
        raise MediaFault(
            MediaCode.TOO_LARGE, f"more than the {limits.bytes} bytes a segment may have"
        )


def read_media(path: Path, *, limits: Limits | None = None) -> bytes:
    """Bytes of a file, at most as many as allowed, however long the file grows meanwhile.

    Raises MediaFault for an empty or too large file and for anything that is not a plain file (a
    pipe may never end), and OSError when it cannot be read.
    """
    limits = limits or Limits()
    if not stat.S_ISREG(path.stat().st_mode):
        raise MediaFault(MediaCode.CONTAINER, f"{path} is not a file")
    with path.open("rb") as file:
        data = file.read(limits.bytes + 1)
    check_bytes(len(data), limits)
    return data
