"""What an H.264 stream says about itself, read apart from any decoder.

A decoder covers up what is missing, each in its own way and without a word: a lost reference is
replaced by its neighbour, a broken parameter set by the one before it. So these are found in the
bits: parameter sets that change, pictures that are missing or come twice, sizes beyond the limit.
Source: ITU-T H.264, 7.3 and 7.4; verification spec, sections 3 and 8.1 (strict-clean).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verifier.media import MediaCode, MediaFault

SLICE, PARTITIONS, IDR_SLICE, SEQUENCE_SET, PICTURE_SET = 1, (2, 3, 4), 5, 7, 8
# Profiles whose sequence parameter set tells chroma format and bit depths.
HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139)
COLOUR_444 = 3
MACROBLOCK = 16
HEADER_BYTES = 64  # of a slice, far more than its frame number needs


@dataclass(frozen=True)
class SequenceSet:
    """The fields of a sequence parameter set that are needed; sizes are pixels before the crop."""

    id: int
    width: int
    height: int
    frame_num_bits: int
    separate_planes: bool
    gaps_allowed: bool
    progressive: bool


class StreamRules:
    """Follows the packets of one stream in decoding order.

    `progressive` and `starts_with_idr` hold for what was taken so far. MediaFault for a stream
    that decoders may show differently.
    """

    def __init__(self, extradata: bytes, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self.progressive = True
        self.starts_with_idr = False
        self._raw: dict[tuple[int, int], bytes] = {}
        self._sequence: dict[int, SequenceSet] = {}
        self._sequence_of: dict[int, int] = {}
        self._last_reference: int | None = None
        self._last_was_reference = False
        is_avcc = len(extradata) > 6 and extradata[0] == 1
        self._length_size = (extradata[4] & 3) + 1 if is_avcc else 0
        units = _avcc_units(extradata) if is_avcc else _annex_b_units(extradata)
        self._take_parameter_sets(list(units))

    def take(self, payload: bytes) -> None:
        """One packet: one picture, with the parameter sets before it."""
        size = self._length_size
        units = list(_sized_units(payload, size) if size else _annex_b_units(payload))
        self._take_parameter_sets(units)
        kinds = {unit[0] & 31 for unit in units}
        if kinds & set(PARTITIONS):
            raise _damaged("its pictures are in data partitions")
        slices = [unit for unit in units if unit[0] & 31 in (SLICE, IDR_SLICE)]
        if not slices:
            return
        pictures = {(unit[0] & 31, bool(unit[0] & 96), self._frame_num(unit)) for unit in slices}
        if len(pictures) > 1:
            raise _damaged("a packet holds slices of several pictures")
        kind, is_reference, (frame_num, sequence) = pictures.pop()
        self._follow(kind == IDR_SLICE, is_reference, frame_num, sequence)

    def _take_parameter_sets(self, units: list[bytes]) -> None:
        for unit in units:
            kind = unit[0] & 31
            if kind == SEQUENCE_SET:
                found = parse_sequence_set(unit)
                if found.width * found.height > self.max_pixels:
                    raise MediaFault(
                        MediaCode.TOO_LARGE,
                        f"{found.width}x{found.height} is more than {self.max_pixels} pixels",
                    )
                self._keep(kind, found.id, unit)
                self._sequence[found.id] = found
                self.progressive = self.progressive and found.progressive
            elif kind == PICTURE_SET:
                bits = _Bits(unit[1:])
                own = bits.golomb()
                self._keep(kind, own, unit)
                self._sequence_of[own] = bits.golomb()

    def _keep(self, kind: int, own: int, unit: bytes) -> None:
        if self._raw.setdefault((kind, own), unit) != unit:
            name = "sequence" if kind == SEQUENCE_SET else "picture"
            raise MediaFault(MediaCode.CHANGED, f"{name} parameter set {own} changes on the way")

    def _frame_num(self, unit: bytes) -> tuple[int, SequenceSet]:
        bits = _Bits(unit[1 : 1 + HEADER_BYTES])
        bits.golomb()  # first macroblock
        bits.golomb()  # type
        picture_set = bits.golomb()
        sequence = self._sequence.get(self._sequence_of.get(picture_set, -1))
        if sequence is None:
            raise _damaged("a slice names a parameter set that is not there")
        if sequence.separate_planes:
            bits.read(2)
        return bits.read(sequence.frame_num_bits), sequence

    def _follow(
        self, is_idr: bool, is_reference: bool, frame_num: int, sequence: SequenceSet
    ) -> None:
        """Frame numbers count reference pictures: a gap is a picture that is missing."""
        last, first = self._last_reference, self._last_reference is None
        if first:
            self.starts_with_idr = is_idr
        if self.progressive and last is not None and not is_idr and not sequence.gaps_allowed:
            following = (last + 1) % (1 << sequence.frame_num_bits)
            if frame_num not in (last, following):
                raise _damaged("a picture that others are predicted from is missing")
            if is_reference and self._last_was_reference and frame_num == last:
                raise _damaged("a picture comes twice")
        if is_idr and frame_num:
            raise _damaged("a picture that starts anew does not count from zero")
        if is_reference or first:
            self._last_reference = frame_num
        self._last_was_reference = is_reference


def parse_sequence_set(unit: bytes) -> SequenceSet:
    """The fields up to the size, of a NAL unit with its header. MediaFault when it is cut."""
    profile, bits = (unit[1] if len(unit) > 3 else 0), _Bits(unit[4:])
    own = bits.golomb()
    separate = False
    if profile in HIGH_PROFILES:
        chroma = bits.golomb()
        separate = chroma == COLOUR_444 and bool(bits.read(1))
        bits.golomb()  # luma depth
        bits.golomb()  # chroma depth
        bits.read(1)
        if bits.read(1):
            for at in range(12 if chroma == COLOUR_444 else 8):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if at < 6 else 64)
    frame_num_bits = bits.golomb() + 4
    _skip_picture_order(bits)
    bits.golomb()  # reference frames
    gaps = bool(bits.read(1))
    columns, rows = bits.golomb() + 1, bits.golomb() + 1
    progressive = bool(bits.read(1))
    if frame_num_bits > 16:
        raise _damaged("a sequence parameter set is out of range")
    height = rows * MACROBLOCK * (1 if progressive else 2)
    return SequenceSet(
        own, columns * MACROBLOCK, height, frame_num_bits, separate, gaps, progressive
    )


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.read(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 256)):
            bits.golomb()


def _damaged(reason: str) -> MediaFault:
    return MediaFault(MediaCode.DAMAGED, reason)


# -- units


def _sized_units(payload: bytes, size: int) -> Iterator[bytes]:
    """NAL units that each follow their length, as in MP4 and Matroska."""
    at = 0
    while at < len(payload):
        length = int.from_bytes(payload[at : at + size], "big")
        unit = payload[at + size : at + size + length]
        if not length or len(unit) < length:
            raise _damaged("a packet is not made of whole units")
        yield unit
        at += size + length


def _annex_b_units(payload: bytes) -> Iterator[bytes]:
    """NAL units between start codes, as in MPEG-TS."""
    start = payload.find(b"\0\0\1")
    while start >= 0:
        end = payload.find(b"\0\0\1", start + 3)
        unit = payload[start + 3 : end if end >= 0 else len(payload)].rstrip(b"\0")
        if unit:
            yield unit
        start = end


def _avcc_units(extradata: bytes) -> Iterator[bytes]:
    """The parameter sets of an avcC box: sequence sets, then picture sets."""
    at = 5
    for mask in (31, 255):
        count = extradata[at] & mask if at < len(extradata) else 0
        at += 1
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            unit = extradata[at + 2 : at + 2 + length]
            if not length or len(unit) < length:
                raise _damaged("its decoder configuration is cut")
            yield unit
            at += 2 + length


class _Bits:
    """Bits of a NAL unit after its header, without the bytes that keep start codes out."""

    def __init__(self, raw: bytes) -> None:
        clean = raw.replace(b"\0\0\3", b"\0\0")
        self.value, self.left = int.from_bytes(clean, "big"), 8 * len(clean)

    def read(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise _damaged("a header is cut")
        return (self.value >> self.left) & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number (ITU-T H.264, 9.1)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros) if zeros <= 32 else self._absurd()

    def signed(self) -> int:
        number = self.golomb()
        return (number + 1) // 2 if number % 2 else -number // 2

    def _absurd(self) -> int:
        raise _damaged("a header holds an impossible number")
