"""A check of what was signed: lies about a file, files that were not signed, orders of no use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.clips import Yuv
from tests.verifier.renditions import (
    brighter,
    changed,
    codes,
    deliver,
    examine,
    transcode,
)
from tests.verifier.watching import session, sign_media
from verifier import merkle
from verifier.check import Code, SegmentCheck, Severity, check_segment
from verifier.claims import claim_findings, recomputed, source_problem
from verifier.decode import Decoded, decode
from verifier.messages import SegmentOrder, renditions_root
from verifier.proofs import SignedSegment

# Made before the first test, as the isolation of chains in the other tests wants it.
pytestmark = pytest.mark.usefixtures("other_clip")

WHO = session()
FOREIGN = "; not provable against the fingerprint that was signed"


@pytest.fixture(scope="module")
def cheat(other_clip: bytes) -> bytes:
    """Honest work on another source."""
    return transcode(other_clip)


@pytest.fixture(scope="module")
def signed(moving_clip: bytes, honest: bytes) -> SignedSegment:
    """Honest work, honestly signed."""
    return sign_media(WHO, 0, moving_clip, honest)


def ask(
    source: bytes, signed: SignedSegment, *renditions: bytes, metrics: str = "fingerprint"
) -> SegmentCheck:
    """A check of renditions, at most the one that was signed."""
    profiles = signed.profiles[: len(renditions)]
    return examine(source, *renditions, profiles=profiles, signed=signed, metrics=metrics)


def with_receipt(signed: SignedSegment, **changes: Any) -> SignedSegment:
    """Signatures are not what these tests are about."""
    return replace(signed, receipt=replace(signed.receipt, **changes))


# -- renditions


@pytest.mark.parametrize("metrics", ["full", "fingerprint"])
def test_check_segment__honest_and_signed__is_ok(
    moving_clip: bytes, honest: bytes, signed: SignedSegment, metrics: str
) -> None:
    checked = ask(moving_clip, signed, honest, metrics=metrics)
    assert (checked.verdict, checked.unverifiable, codes(checked)) == ("ok", "", [])


def test_check_segment__other_content_honestly_signed__is_provable(
    moving_clip: bytes, cheat: bytes
) -> None:
    checked = ask(moving_clip, sign_media(WHO, 0, moving_clip, cheat), cheat)
    assert checked.verdict == "provable"
    assert Code.CONTENT_LUMA in codes(checked)
    assert Code.FALSE_FINGERPRINT not in codes(checked)


def test_check_segment__other_content_signed_as_honest__is_a_lie_and_severe(
    moving_clip: bytes, honest: bytes, cheat: bytes
) -> None:
    """The contract would compare the signed fingerprint, so nothing is provable by content."""
    false = sign_media(WHO, 0, moving_clip, cheat, claims=honest)
    checked = ask(moving_clip, false, cheat)
    found = {one.code: one for one in checked.all_findings}
    assert checked.verdict == "severe"
    assert found[Code.FALSE_FINGERPRINT].severity is Severity.SEVERE
    assert found[Code.FALSE_FINGERPRINT].text == "signed csf_root is not what the bytes give"
    assert found[Code.CONTENT_LUMA].severity is Severity.SEVERE
    assert found[Code.CONTENT_LUMA].text.endswith(FOREIGN)
    assert not [one for one in checked.all_findings if one.severity is Severity.PROVABLE]


def test_check_segment__another_file_than_signed__is_objective(
    moving_clip: bytes, pictures: list[Yuv], signed: SignedSegment
) -> None:
    other = deliver(pictures, bitrate=290_000)
    checked = ask(moving_clip, signed, other)
    assert (checked.verdict, codes(checked)) == ("objective", [Code.UNSIGNED_BYTES])
    assert checked.all_findings[0].text == (
        "the file is not the one that was signed, so nothing about it can be proven"
    )


def test_check_segment__another_file_with_other_content__is_severe_and_not_provable(
    moving_clip: bytes, pictures: list[Yuv], signed: SignedSegment
) -> None:
    checked = ask(moving_clip, signed, deliver(changed(pictures, brighter(12))))
    assert {Code.UNSIGNED_BYTES, Code.CONTENT_LUMA} <= set(codes(checked))
    assert checked.verdict == "severe"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("length", 1),
        ("csf_root", b"\1" * 32),
        ("frames", 47),
        ("width", 320),
        ("height", 180),
        ("first_pts", 9),
        ("last_pts", 9),
        ("audio_root", b"\2" * 32),
    ],
)
def test_claim_findings__each_number_that_is_signed__is_recomputed(
    honest: bytes, signed: SignedSegment, field: str, value: object
) -> None:
    delivered = decode(honest, pictures=False)
    (leaf,) = signed.leaves
    assert claim_findings(leaf, honest, delivered) == ()
    assert set(recomputed(honest, delivered)) == set(vars(leaf)) - {"profile", "bytes_hash"}
    (found,) = claim_findings(replace(leaf, **{field: value}), honest, delivered)
    assert (found.code, found.severity) == (Code.FALSE_FINGERPRINT, Severity.SEVERE)
    assert (found.measured, found.limit) == (1, 0)
    assert found.text == f"signed {field} is not what the bytes give"


def test_claim_findings__several_lies__are_counted_in_one(
    honest: bytes, signed: SignedSegment
) -> None:
    leaf = replace(signed.leaves[0], frames=1, width=2)
    (found,) = claim_findings(leaf, honest, decode(honest, pictures=False))
    assert found.measured == 2
    assert found.text == "signed frames, width are not what the bytes give"


def test_recomputed__no_fingerprint__is_a_zero_root(pictures: list[Yuv]) -> None:
    short = deliver(pictures[:7])
    assert recomputed(short, decode(short))["csf_root"] == merkle.ZERO


# -- the source and its order


def test_check_segment__another_source_than_ordered__is_unverifiable(
    other_clip: bytes, honest: bytes, signed: SignedSegment
) -> None:
    checked = ask(other_clip, signed, honest)
    assert checked.verdict == "unverifiable"
    assert checked.unverifiable == "the source is not the file that was ordered"
    assert checked.renditions == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda _: {"source_hash": b"\1" * 32}, "the source is not the file that was ordered"),
        (
            lambda order: {"source_length": order.source_length + 1},
            "the source is not the file that was ordered",
        ),
        (
            lambda _: {"csf_version": 2},
            "the order is not provable: too few frames, or an unknown fingerprint version",
        ),
        (
            lambda _: {"source_frames": 7},
            "the order is not provable: too few frames, or an unknown fingerprint version",
        ),
        (
            lambda _: {"source_root": b"\1" * 32},
            "the order's fingerprint is not that of its source",
        ),
        (
            lambda order: {"source_frames": order.source_frames - 1},
            "the order's number of frames is not that of its source",
        ),
    ],
    ids=["hash", "length", "version", "few frames", "root", "frames"],
)
def test_source_problem__order_that_does_not_fit__is_said(
    moving_clip: bytes,
    signed: SignedSegment,
    change: Callable[[SegmentOrder], dict[str, Any]],
    why: str,
) -> None:
    source = decode(moving_clip, pictures=False)
    assert source_problem(signed.order, moving_clip, source) is None
    order = replace(signed.order, **change(signed.order))
    assert source_problem(order, moving_clip, source) == why


def test_source_problem__source_without_fingerprint__says_why(
    moving_clip: bytes, signed: SignedSegment
) -> None:
    bare: Decoded = replace(
        decode(moving_clip, pictures=False), fingerprint=None, unprovable="it is interlaced"
    )
    told = source_problem(signed.order, moving_clip, bare)
    assert told == "the source has no fingerprint: it is interlaced"


# -- receipts that contradict themselves


def test_check_segment__receipt_that_contradicts_itself__is_provable_with_or_without_source(
    moving_clip: bytes, honest: bytes, signed: SignedSegment
) -> None:
    wrong = with_receipt(signed, pixels=signed.receipt.pixels - 1)
    for source in (moving_clip, b""):
        checked = ask(source, wrong, honest)
        assert checked.verdict == "provable"
        (found,) = checked.findings
        assert found.code is Code.CONTRADICTION
        assert found.text == "PIXELS: the signed pixels are not the sum of the renditions"
        assert (checked.unverifiable == "") == (source == moving_clip)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seq": 5}, "ORDER: the receipt names another job, order or source"),
        ({"renditions": 2}, "COUNT: the receipt counts other renditions than were ordered"),
    ],
)
def test_check_segment__each_contradiction_of_the_receipt__is_told(
    moving_clip: bytes, signed: SignedSegment, change: dict[str, Any], told: str
) -> None:
    checked = ask(moving_clip, with_receipt(signed, **change))
    assert [one.text for one in checked.findings] == [told]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"width": 320}, "PROFILE: a rendition is signed with another size than ordered"),
        ({"last_pts": 0}, "TIMES: a rendition is signed with times that cannot be"),
    ],
)
def test_check_segment__each_contradiction_of_a_rendition__is_told(
    moving_clip: bytes, signed: SignedSegment, change: dict[str, Any], told: str
) -> None:
    (leaf,) = (replace(one, **change) for one in signed.leaves)
    pixels = leaf.frames * leaf.width * leaf.height
    receipt = replace(signed.receipt, renditions_root=renditions_root([leaf]), pixels=pixels)
    wrong = replace(signed, receipt=receipt, leaves=(leaf,))
    assert [one.text for one in ask(moving_clip, wrong).findings] == [told]


# -- arguments


def test_check_segment__other_profiles_than_signed__is_an_error(
    moving_clip: bytes, honest: bytes, signed: SignedSegment
) -> None:
    other = replace(signed.profiles[0], bitrate=1)
    with pytest.raises(ValueError, match="^profiles are not those that were signed$"):
        check_segment(moving_clip, [honest], [other], signed=signed)


def test_check_segment__parts_that_were_not_signed_together__is_an_error(
    moving_clip: bytes, honest: bytes, signed: SignedSegment
) -> None:
    foreign = with_receipt(signed, order_hash=b"\3" * 32)
    with pytest.raises(ValueError, match="^receipt is for another order$"):
        ask(moving_clip, foreign, honest)
