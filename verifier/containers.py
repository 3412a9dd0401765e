"""Containers by their bytes, never by a name: which one, and whether it is all there."""

from __future__ import annotations

from verifier.media import MediaCode, MediaFault

TS_PACKET = 188
TS_SYNC = 0x47
EBML = b"\x1a\x45\xdf\xa3"
MP4_FIRST_BOXES = (b"ftyp", b"styp")
ADTS_HEADER = 7
ADTS_CHECKSUM = 2


def container_of(data: bytes) -> str:
    """FFmpeg's name of the container: mp4, mpegts or matroska. Raises MediaFault for others."""
    if data[4:8] in MP4_FIRST_BOXES:
        return "mp4"
    if data[:4] == EBML:
        return "matroska"
    syncs = data[: 5 * TS_PACKET : TS_PACKET]
    if len(data) >= 2 * TS_PACKET and all(byte == TS_SYNC for byte in syncs):
        return "mpegts"
    raise MediaFault(
        MediaCode.CONTAINER, f"not MP4, MPEG-TS or Matroska: it starts with {data[:12]!r}"
    )


def check_whole(data: bytes, container: str) -> None:
    """Raises MediaFault for a file that ends in the middle.

    Demuxers take a file cut between two packets for a shorter one; the sizes it declares do not.
    """
    if container == "mpegts" and len(data) % TS_PACKET:
        raise MediaFault(MediaCode.DAMAGED, "it ends inside a transport packet")
    if container == "mp4" and _end_of_boxes(data) != len(data):
        raise MediaFault(MediaCode.DAMAGED, "it ends inside an MP4 box")
    if container == "matroska" and _end_of_elements(data) != len(data):
        raise MediaFault(MediaCode.DAMAGED, "it ends inside a Matroska element")


def _end_of_boxes(data: bytes) -> int:
    """Where the last top-level box ends by its own account; -1 for a header cut short."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            return -1
        size, header = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:  # to the end of the file
            return len(data)
        if size < header:
            return -1
        at += size
    return at


def _end_of_elements(data: bytes) -> int:
    """Where the last top-level element ends; the end of the data for one of unknown size."""
    at = 0
    while at < len(data):
        id_length = _vint_length(data, at)
        size_length = _vint_length(data, at + id_length)
        if not id_length or not size_length:
            return -1
        start = at + id_length + size_length
        raw = data[at + id_length : start]
        if len(raw) < size_length:
            return -1
        size = int.from_bytes(raw, "big") & ((1 << 7 * size_length) - 1)
        if size == (1 << 7 * size_length) - 1:  # unknown: written live
            return len(data)
        at = start + size
    return at


def _vint_length(data: bytes, at: int) -> int:
    """Bytes of the variable-length number at a place, by its leading zeros; 0 for none."""
    if at >= len(data) or not data[at]:
        return 0
    return 9 - data[at].bit_length()


def without_adts(payload: bytes) -> bytes:
    """An AAC frame without the header that MPEG-TS puts before it and MP4 does not."""
    if len(payload) < ADTS_HEADER or payload[0] != 0xFF or payload[1] & 0xF6 != 0xF0:
        return payload
    declared = (payload[3] & 3) << 11 | payload[4] << 3 | payload[5] >> 5
    if declared != len(payload):
        return payload
    return payload[ADTS_HEADER + (0 if payload[1] & 1 else ADTS_CHECKSUM) :]
