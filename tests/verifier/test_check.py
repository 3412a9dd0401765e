"""A whole check: what each kind of delivery is found to be, and what the result says of itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.verifier.clips import flip_bits
from tests.verifier.hostile import sound_only
from tests.verifier.renditions import (
    PROFILE,
    Yuv,
    black,
    blown_up,
    brighter,
    changed,
    codes,
    deliver,
    examine,
    greyscale,
    logo,
    swapped,
    transcode,
)
from verifier import check as checking
from verifier.check import Code, Severity
from verifier.media import Limits, MediaCode, MediaFault
from verifier.messages import Profile
from verifier.thresholds import load_thresholds

# Made before the first test, as the isolation of chains in the other tests wants it.
pytestmark = pytest.mark.usefixtures("other_clip")

HTML = b"<!doctype html><title>502 Bad Gateway</title>"


# -- honest work


def test_check_segment__honest_work__is_ok_and_fully_measured(
    moving_clip: bytes, honest: bytes
) -> None:
    checked = examine(moving_clip, honest)
    assert (checked.verdict, checked.unverifiable, codes(checked)) == ("ok", "", [])
    (one,) = checked.renditions
    assert (one.index, one.profile, one.note, one.encoder) == (0, PROFILE, "", "libx264")
    assert one.metrics is not None
    assert None not in vars(one.metrics).values()
    assert len(one.metrics.curves.luma) == len(one.decoded.frames) == 48
    assert (checked.encoder, checked.device) == ("libx264", "cpu")
    shipped = load_thresholds()
    assert checked.thresholds_version == shipped.version
    assert checked.thresholds_hash == shipped.hash


def test_check_segment__isolated_or_not__finds_the_same(
    moving_clip: bytes, honest: bytes, other_clip: bytes
) -> None:
    renditions = honest, transcode(other_clip), HTML, b""
    apart, here = (
        examine(moving_clip, *renditions, isolate=True).to_json(),
        examine(moving_clip, *renditions).to_json(),
    )
    assert apart.pop("cpuSeconds") > 0
    assert here.pop("cpuSeconds") > 0
    assert apart == here


# -- what is delivered instead


def halved(pictures: list[Yuv]) -> bytes:
    return deliver(pictures[::2], fps=15)


DELIVERIES: dict[str, tuple[Callable[[list[Yuv]], bytes], str, set[Code], set[Code]]] = {
    # What is made of honest pictures, the verdict, codes that are found and others that may be.
    "black": (
        lambda p: deliver(changed(p, black)),
        "provable",
        {Code.CONTENT_LUMA, Code.CONTENT_CHROMA, Code.CONTENT_GREY, Code.CELL_SEVERE, Code.LUMA},
        {Code.CHROMA, Code.GREY, Code.STILL, Code.MS_SSIM, Code.DETAIL, Code.HIGH_PASS},
    ),
    "greyscale": (
        lambda p: deliver(changed(p, greyscale)),
        "provable",
        {Code.CONTENT_GREY, Code.CONTENT_CHROMA, Code.GREY, Code.CHROMA},
        set(),
    ),
    "U and V swapped": (
        lambda p: deliver(changed(p, swapped)),
        "provable",
        {Code.CONTENT_CHROMA, Code.CHROMA},
        set(),
    ),
    "brighter by 12": (
        lambda p: deliver(changed(p, brighter(12))),
        "provable",
        {Code.CONTENT_LUMA, Code.LUMA},
        {Code.CELL},
    ),
    "brighter by 5": (lambda p: deliver(changed(p, brighter(5))), "flag", {Code.LUMA}, set()),
    "logo": (
        lambda p: deliver(changed(p, logo)),
        "provable",
        {Code.CONTENT_LUMA, Code.LUMA, Code.CELL_SEVERE},
        {Code.MS_SSIM, Code.DETAIL, Code.HIGH_PASS},
    ),
    "blown up": (
        lambda p: deliver(changed(p, blown_up)),
        "flag",
        {Code.DETAIL, Code.HIGH_PASS},
        {Code.MS_SSIM, Code.LUMA, Code.CELL},
    ),
    "frames repeated": (
        lambda p: deliver(p[at - at % 4] for at in range(len(p))),
        "flag",
        {Code.REPEATS},
        {Code.LUMA, Code.CHROMA},
    ),
    "frozen from the middle": (
        lambda p: deliver(p[min(at, 24)] for at in range(len(p))),
        "provable",
        {Code.CONTENT_LUMA, Code.CONTENT_CHROMA, Code.STILL, Code.LUMA, Code.CHROMA},
        {Code.CELL, Code.MS_SSIM, Code.DETAIL, Code.HIGH_PASS},
    ),
    "wrong codec": (
        lambda p: deliver(p, codec="mpeg4", options={"b": "400000"}),
        "objective",
        {Code.WRONG_CODEC},
        set(),
    ),
    "4:4:4": (
        lambda p: deliver([(y, y, y) for y, _, _ in p], pixel_format="yuv444p"),
        "objective",
        {Code.WRONG_FORMAT},
        set(),
    ),
    "half of the frames": (halved, "objective", {Code.FRAME_COUNT}, {Code.REPEATS}),
    "cut after three quarters": (
        lambda p: deliver(p[:36]),
        "objective",
        {Code.FRAME_COUNT, Code.DURATION, Code.AUDIO},
        set(),
    ),
    "no sound": (lambda p: deliver(p, sound=False), "objective", {Code.AUDIO}, set()),
    "damaged": (
        lambda p: flip_bits(deliver(p), seed=1),
        "objective",
        {Code.UNDECODABLE},
        set(),
    ),
    "half of a file": (
        lambda p: deliver(p)[:20_000],
        "objective",
        {Code.UNDECODABLE},
        set(),
    ),
    "sound only": (lambda _: sound_only(), "objective", {Code.NO_VIDEO}, set()),
    "garbage": (lambda _: bytes(range(256)) * 40, "objective", {Code.NOT_MEDIA}, set()),
    "web page": (lambda _: HTML, "objective", {Code.NOT_MEDIA}, set()),
    "nothing": (lambda _: b"", "objective", {Code.EMPTY}, set()),
}
UNMEASURED = {
    "wrong codec",
    "4:4:4",
    "damaged",
    "half of a file",
    "sound only",
    "garbage",
    "web page",
    "nothing",
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_check_segment__something_else_delivered__is_found_for_what_it_is(
    name: str, moving_clip: bytes, pictures: list[Yuv]
) -> None:
    make, verdict, expected, allowed = DELIVERIES[name]
    checked = examine(moving_clip, make(pictures))
    found = set(codes(checked))
    assert expected <= found <= expected | allowed
    assert checked.verdict == checked.renditions[0].verdict == verdict
    assert (checked.renditions[0].metrics is None) == (name in UNMEASURED)
    assert all(one.text and "\n" not in one.text for one in checked.all_findings)


def test_check_segment__other_content__is_provable(moving_clip: bytes, other_clip: bytes) -> None:
    checked = examine(moving_clip, transcode(other_clip))
    assert checked.verdict == "provable"
    (luma,) = [one for one in checked.all_findings if one.code is Code.CONTENT_LUMA]
    assert luma.severity is Severity.PROVABLE
    assert luma.measured > luma.limit == 8


def test_check_segment__wrong_size__is_compared_by_fingerprint_only(moving_clip: bytes) -> None:
    """The whole picture at another size: nothing else is wrong with it."""
    checked = examine(moving_clip, transcode(moving_clip, Profile(192, 108, 200_000)))
    (one,) = checked.renditions
    assert codes(checked) == [Code.WRONG_SIZE]
    assert (one.encoder, one.note) == ("none", "the size is not the one ordered")
    assert one.metrics.ms_ssim_loss is one.metrics.detail is None
    assert one.metrics.luma < 3
    assert checked.encoder == "libx264"


@pytest.mark.parametrize(("width", "height"), [(2, 2), (6, 6), (16, 2), (8, 8)])
def test_check_segment__picture_too_small_for_blocks__is_judged_by_fingerprint(
    moving_clip: bytes, pictures: list[Yuv], width: int, height: int
) -> None:
    tiny = [
        tuple(
            plane[: side[0], : side[1]].copy()
            for plane, side in zip(
                one,
                ((height, width), (height // 2, width // 2), (height // 2, width // 2)),
                strict=True,
            )
        )
        for one in pictures
    ]
    checked = examine(moving_clip, deliver(tiny), profiles=[None])
    (one,) = checked.renditions
    assert one.note == ("" if height == 8 else "a side is under 8 pixels")
    assert (one.metrics.ms_ssim_loss is None) == (height < 8)


@pytest.mark.parametrize(
    ("code", "expected", "severity"),
    [
        (MediaCode.EMPTY, Code.EMPTY, Severity.OBJECTIVE),
        (MediaCode.TOO_LARGE, Code.OVER_LIMITS, Severity.OBJECTIVE),
        (MediaCode.CONTAINER, Code.NOT_MEDIA, Severity.OBJECTIVE),
        (MediaCode.NO_VIDEO, Code.NO_VIDEO, Severity.OBJECTIVE),
        (MediaCode.CODEC, Code.WRONG_CODEC, Severity.OBJECTIVE),
        (MediaCode.DAMAGED, Code.UNDECODABLE, Severity.OBJECTIVE),
        (MediaCode.CHANGED, Code.WRONG_SIZE, Severity.OBJECTIVE),
        (MediaCode.TIME, Code.UNCHECKED, Severity.FLAG),
        (MediaCode.MEMORY, Code.UNCHECKED, Severity.FLAG),
        (MediaCode.CRASHED, Code.UNCHECKED, Severity.FLAG),
    ],
)
def test_check_segment__every_refusal_of_the_decoder__is_a_finding(
    moving_clip: bytes,
    monkeypatch: pytest.MonkeyPatch,
    code: MediaCode,
    expected: Code,
    severity: Severity,
) -> None:
    """What may be the verifier's own fault is a flag only."""
    decode = checking.decode

    def refuse(data: bytes, **options: object) -> object:
        if data == HTML:
            raise MediaFault(code, "as it is")
        return decode(data, **options)

    monkeypatch.setattr(checking, "decode", refuse)
    (found,) = examine(moving_clip, HTML).all_findings
    assert (found.code, found.severity, found.text) == (expected, severity, "as it is")


def test_check_segment__limits__hold_for_renditions(moving_clip: bytes) -> None:
    longer = moving_clip + b"\0"
    assert codes(examine(moving_clip, longer, limits=Limits(bytes=len(moving_clip)))) == [
        Code.OVER_LIMITS
    ]


# -- sources that prove nothing


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (lambda _: b"", "the source cannot be decoded: EMPTY: no bytes"),
        (lambda _: HTML, "the source cannot be decoded: CONTAINER: "),
        (lambda p: deliver(p[:7]), "the source has no fingerprint: 7 frames are fewer than 8"),
        (
            lambda p: deliver(p, codec="mpeg4", options={}),
            "the source has no fingerprint: video is mpeg4, not H.264",
        ),
    ],
    ids=["empty", "web page", "short", "other codec"],
)
def test_check_segment__source_of_no_use__is_unverifiable_and_nobody_is_blamed(
    pictures: list[Yuv],
    source: Callable[[list[Yuv]], bytes],
    why: str,
) -> None:
    checked = examine(source(pictures), HTML)
    assert checked.verdict == "unverifiable"
    assert checked.unverifiable.startswith(why)
    assert (checked.renditions, checked.all_findings) == ((), ())
    assert (checked.source is None) == why.startswith("the source cannot be decoded")
    assert checked.to_json()["verdict"] == "unverifiable"
