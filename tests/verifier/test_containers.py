"""Containers by their bytes: segments cut at every place, and the header of an AAC frame."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.clips import encode, moving, remux
from verifier.containers import check_whole, container_of, without_adts
from verifier.decode import decode
from verifier.media import MediaCode, MediaFault

CONTAINERS = ("mp4", "fragmented", "mpegts", "matroska")
NAME = {"fragmented": "mp4"}
WHERE = {"mp4": "an MP4 box", "mpegts": "a transport packet", "matroska": "a Matroska element"}


@pytest.fixture(scope="module")
def small() -> dict[str, bytes]:
    """The same 10 frames with sound in each container."""
    plain = encode(moving(10, 64, 48), sound=True)
    clips = {"mp4": plain, "fragmented": fragmented(plain)}
    return clips | {name: remux(plain, name) for name in ("mpegts", "matroska")}


def fragmented(data: bytes) -> bytes:
    """As written live: a head, then pairs of moof and mdat."""
    return remux(data, "mp4", movflags="frag_every_frame+empty_moov+default_base_moof")


def is_whole(data: bytes, container: str) -> bool:
    fault: MediaFault | None = None
    try:
        check_whole(data, container)
    except MediaFault as caught:
        fault = caught
    if fault is None:
        return True
    assert fault.code is MediaCode.DAMAGED
    assert fault.reason == f"it ends inside {WHERE[container]}"
    return False


# -- where parts begin, read in another way than the code does


def boxes(data: bytes) -> Iterator[int]:
    stream = io.BytesIO(data)
    while head := stream.read(8):
        stream.seek(int.from_bytes(head[:4], "big") - 8, io.SEEK_CUR)
        yield stream.tell()


def elements(data: bytes) -> Iterator[int]:
    """Both top-level elements of Matroska have identifiers of four bytes."""
    stream = io.BytesIO(data)
    while stream.read(4):
        first = stream.read(1)
        more = f"{first[0]:08b}".index("1")
        size = bytes([first[0] & (127 >> more)]) + stream.read(more)
        stream.seek(int.from_bytes(size, "big"), io.SEEK_CUR)
        yield stream.tell()


def parts(data: bytes, container: str) -> set[int]:
    if container == "mpegts":
        return set(range(188, len(data) + 1, 188))
    return set(elements(data) if container == "matroska" else boxes(data))


@pytest.mark.parametrize("container", CONTAINERS)
def test_check_whole__cut_at_every_byte__passes_only_between_parts(
    small: dict[str, bytes], container: str
) -> None:
    data, name = small[container], NAME.get(container, container)
    ends = parts(data, container)
    assert max(ends) == len(data)
    assert {end for end in range(1, len(data) + 1) if is_whole(data[:end], name)} == ends


@pytest.mark.parametrize("container", CONTAINERS)
def test_check_whole__more_at_the_end__is_not_whole(
    small: dict[str, bytes], container: str
) -> None:
    data, name = small[container], NAME.get(container, container)
    for more in (b"\0", b"\x47", b"garbage", b"\0\0\0\x09free", b"\xec\x85\0\0"):
        assert not is_whole(data + more, name)


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_decode__cut_between_parts__is_refused_by_the_demuxer(
    small: dict[str, bytes], container: str
) -> None:
    """What the sizes cannot show: the table of contents or the content is not there at all."""
    data = small[container]
    cuts = parts(data, container) - {len(data)}
    assert cuts
    for end in cuts:
        with pytest.raises(MediaFault):
            decode(data[:end])


def test_decode__fragments_cut_at_every_part__show_no_picture_of_their_own(
    small: dict[str, bytes],
) -> None:
    data = small["fragmented"]
    whole = decode(data)
    pictures = {pts: planes for pts, *planes in whole.frames}
    counts = set()
    for end in parts(data, "fragmented"):
        try:
            shorter = decode(data[:end])
        except MediaFault:
            continue
        counts.add(len(shorter.times))
        for pts, *planes in shorter.frames:
            assert all((a == b).all() for a, b in zip(planes, pictures[pts], strict=True))
    assert len(whole.times) in counts
    assert len(counts) > 1


# -- sizes by hand


def box(kind: bytes, payload: bytes, size: int | None = None) -> bytes:
    return (8 + len(payload) if size is None else size).to_bytes(4, "big") + kind + payload


FTYP = box(b"ftyp", b"isom\0\0\0\0")


def test_check_whole__64_bit_box__is_read_by_its_long_size() -> None:
    long = box(b"mdat", (16 + 5).to_bytes(8, "big") + b"12345", size=1)
    assert is_whole(FTYP + long, "mp4")
    assert is_whole(FTYP + long + FTYP, "mp4")
    for cut in range(1, len(long)):
        assert not is_whole(FTYP + long[:cut], "mp4")


@pytest.mark.parametrize("size", [0, 1, 8, 15])
def test_check_whole__64_bit_size_below_its_header__is_not_whole(size: int) -> None:
    assert not is_whole(FTYP + box(b"mdat", size.to_bytes(8, "big"), size=1), "mp4")


@pytest.mark.parametrize("size", range(2, 8))
def test_check_whole__box_smaller_than_its_header__is_not_whole(size: int) -> None:
    assert not is_whole(FTYP + box(b"mdat", b"1234", size=size), "mp4")


def test_check_whole__last_box_without_a_size__goes_to_the_end() -> None:
    assert is_whole(FTYP + box(b"mdat", b"any number of bytes", size=0), "mp4")
    assert not is_whole(FTYP + box(b"mdat", b"", size=0)[:7], "mp4")


def vint(value: int, length: int) -> bytes:
    return (value | 1 << 7 * length).to_bytes(length, "big")


SEGMENT = b"\x18\x53\x80\x67"
HEAD = b"\x1a\x45\xdf\xa3" + vint(4, 1) + b"1234"


@pytest.mark.parametrize("length", range(1, 9))
def test_check_whole__size_of_any_length__is_read(length: int) -> None:
    known = HEAD + SEGMENT + vint(9, length) + b"123456789"
    assert is_whole(known, "matroska")
    assert not is_whole(known[:-1], "matroska")
    assert not is_whole(known + b"1", "matroska")
    live = HEAD + SEGMENT + vint((1 << 7 * length) - 1, length)
    assert is_whole(live + b"any number of bytes", "matroska")
    for cut in range(1, 4 + length):
        assert not is_whole(live[: len(HEAD) + cut], "matroska")


def test_check_whole__element_that_starts_with_zero__is_not_whole() -> None:
    assert not is_whole(HEAD + b"\0" + SEGMENT, "matroska")
    assert not is_whole(HEAD + SEGMENT + b"\0" + b"1234", "matroska")


@given(st.sampled_from(sorted(WHERE)), st.binary(max_size=60))
@settings(max_examples=100)
def test_check_whole__any_bytes__ends_with_yes_or_no(container: str, data: bytes) -> None:
    assert is_whole(data, container) in (True, False)


# -- which container


@pytest.mark.parametrize("container", CONTAINERS)
def test_container_of__each__is_told_by_its_bytes(small: dict[str, bytes], container: str) -> None:
    assert container_of(small[container]) == NAME.get(container, container)


def test_container_of__segment_of_a_stream__is_mp4() -> None:
    assert container_of(box(b"styp", b"msdh")) == "mp4"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ftyp",
        b"\0\0\0\x08fty",
        b"<!DOCTYPE html>",
        b"#EXTM3U\n",
        b"RIFF\0\0\0\0AVI ",
        b"\x47" * 375,  # not two packets
        b"\x1a\x45\xdf",
    ],
)
def test_container_of__anything_else__is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(MediaFault, match="^CONTAINER: not MP4, MPEG-TS or Matroska") as caught:
        container_of(data)
    assert caught.value.code is MediaCode.CONTAINER
    assert "\n" not in str(caught.value)


def test_container_of__transport_stream__has_a_sync_byte_in_each_of_five_packets() -> None:
    packet = b"\x47" + bytes(187)
    assert container_of(2 * packet) == container_of(9 * packet) == "mpegts"
    for broken in range(9):
        data = bytearray(9 * packet)
        data[188 * broken] = 0x48
        if broken < 5:
            with pytest.raises(MediaFault):
                container_of(bytes(data))
        else:
            assert container_of(bytes(data)) == "mpegts"


# -- sound


def adts(payload: bytes, *, checksum: bool = False, mpeg2: bool = False) -> bytes:
    """ISO/IEC 13818-7, 6.2: sync, version, layer 0, AAC-LC at 48 kHz, mono, length, one block."""
    size = 7 + 2 * checksum + len(payload)
    bits = f"{0xFFF:012b}{mpeg2:b}00{not checksum:b}"
    bits += f"{1:02b}{3:04b}0{1:03b}0000{size:013b}{0x7FF:011b}00"
    return int(bits, 2).to_bytes(7, "big") + (b"\xab\xcd" if checksum else b"") + payload


@given(st.binary(max_size=400), st.booleans(), st.booleans())
def test_without_adts__any_frame__is_what_was_inside(
    payload: bytes, checksum: bool, mpeg2: bool
) -> None:
    assert without_adts(adts(payload, checksum=checksum, mpeg2=mpeg2)) == payload


def test_without_adts__longest_frame__has_all_bits_of_its_length() -> None:
    for size in (8_191, 4_096, 2_048, 2_047, 263):
        payload = bytes(size - 7)
        assert without_adts(adts(payload)) == payload


def test_without_adts__no_header__is_left_alone() -> None:
    frame = adts(b"a frame of sound")
    others = [
        b"",
        frame[:2],
        frame[:6],
        frame[:-1],  # shorter than it says
        frame + b"\0",
        b"\xfe" + frame[1:],
        bytes([frame[0], frame[1] & 0x0F]) + frame[2:],
        bytes([frame[0], frame[1] | 2]) + frame[2:],  # layer 3: MP3
        b"\x21\x10\x05" + bytes(20),  # as in MP4
    ]
    for payload in others:
        assert without_adts(payload) == payload


def test_without_adts__packets_of_a_transport_stream__are_those_of_the_mp4(
    small: dict[str, bytes],
) -> None:
    def sound(data: bytes) -> list[bytes]:
        with av.open(io.BytesIO(data)) as source:
            return [bytes(packet) for packet in source.demux(audio=0) if packet.size]

    bare, headed = sound(small["mp4"]), sound(small["mpegts"])
    assert [len(one) - len(other) for one, other in zip(headed, bare, strict=True)] == (
        [7] * len(bare)
    )
    assert [without_adts(one) for one in headed] == bare
    assert [without_adts(one) for one in bare] == bare
