"""The evidence report: one file, complete, safe, and about what was measured."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import av
import pytest

from tests.support.receipts import Signing
from tests.verifier.clips import encode, moving
from tests.verifier.watching import DOMAIN, session, sign_media, verdict_check
from verifier.check import SegmentCheck, check_segment
from verifier.findings import Code
from verifier.markup import Line, chart, heat, heat_map
from verifier.outlook import abi_bytes, cost_of, outlook
from verifier.proofs import ContentEvidence, Equivocation, proof_calls
from verifier.report import Subject, render
from verifier.stills import worth_showing
from verifier.thresholds import load_thresholds

LIMITS = load_thresholds()


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def source() -> bytes:
    return encode(moving(24, 320, 180), sound=True)


@pytest.fixture(scope="module")
def check(source: bytes) -> SegmentCheck:
    """An honest rendition, one of other content, and a file that is none."""
    honest = encode(moving(24, 320, 180), sound=True, options={"preset": "fast", "crf": "24"})
    other = encode(moving(24, 320, 180, seed=5), sound=True)
    files = [honest, other, b"<html>not video</html>"]
    return check_segment(source, files, [None] * 3, thresholds=LIMITS, isolate=False)


def subject(check: SegmentCheck, **changes: object) -> Subject:
    names = ("honest.mp4", "other.mp4", "garbage.mp4")
    return replace(Subject(check, LIMITS, outlook(check), "source.mp4", names), **changes)


def test_render__real_check__is_one_whole_file_without_requests(check: SegmentCheck) -> None:
    html = render(subject(check))
    page = Page(html)
    assert page.open == []
    for _, attributes in page.tags:
        for name in ("src", "href", "data", "action", "xlink:href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert {tag for tag, _ in page.tags} & {"script", "iframe", "link", "object", "embed"} == set()
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]*", "", html)


def test_render__pictures__are_source_and_delivered_side_by_side(check: SegmentCheck) -> None:
    images = [at for tag, at in Page(render(subject(check))).tags if tag == "img"]
    assert [image["alt"].split(",")[0] for image in images if image["alt"]] == (
        ["source"] * 4 + ["delivered"] * 4
    ) * 2
    for image in images:
        assert image["src"] is not None
        data = base64.b64decode(image["src"].removeprefix("data:image/jpeg;base64,"))
        with av.open(io.BytesIO(data)) as picture:
            frame = next(picture.decode(video=0))
        assert (frame.width, frame.height) == (320, 180)


def test_render__findings__are_all_in_it_with_limits(check: SegmentCheck) -> None:
    text = Page(render(subject(check))).text
    assert check.all_findings
    for found in check.all_findings:
        assert found.code.value in text
        assert found.text in text
    for label in ("honest.mp4: ok", "other.mp4: provable", "garbage.mp4: objective"):
        assert label in text
    assert f"provable {LIMITS.provable.luma:g}" in text
    assert f"flag {LIMITS.flag.high_pass:g}" in text


def test_render__maps__show_16_by_16_cells_and_the_measured_difference(
    check: SegmentCheck,
) -> None:
    page = Page(render(subject(check)))
    rectangles = [at for tag, at in page.tags if tag == "rect"]
    assert len(rectangles) == 2 * (256 + 256 + 64)  # of two renditions that decode
    assert "row 15, column 15" in page.text


def test_render__names_from_outside__are_escaped(check: SegmentCheck) -> None:
    evil = '"><script>alert(1)</script>.mp4'
    html = render(subject(check, source_name=evil, rendition_names=(evil, evil, evil)))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("codes", "unverifiable", "expected"),
    [
        ((), "", "OK:"),
        ((Code.DETAIL,), "", "FLAG: 1 quality"),
        ((Code.WRONG_SIZE,), "", "OBJECTIVE FAULT"),
        ((Code.CELL_SEVERE,), "", "SEVERE"),
        ((Code.CONTENT_GREY,), "", "PROVABLE FAULT"),
        ((), "the source is garbage", "UNVERIFIABLE: the source is garbage"),
    ],
)
def test_render__every_verdict__has_its_line(
    codes: tuple[Code, ...], unverifiable: str, expected: str
) -> None:
    check = verdict_check(*codes, unverifiable=unverifiable)
    if unverifiable:
        check = replace(check, renditions=())
    assert expected in Page(render(subject(check))).text


def test_render__signed_segment__shows_what_was_signed(check: SegmentCheck, source: bytes) -> None:
    signed = sign_media(session(), 4, source, source)
    text = Page(render(subject(check, signed=signed))).text
    assert signed.receipt.struct_hash().hex() in text
    assert signed.order.to_json()["sourceRoot"] in text


# -- outlook


@pytest.fixture
def evidence() -> ContentEvidence:
    who: Signing = session()
    return ContentEvidence(*(who.content(seq, lambda _, cells: 255 - cells) for seq in (3, 5)))


def test_outlook__unsigned_files__says_that_only_signed_ones_can_be_proven(
    check: SegmentCheck,
) -> None:
    found = outlook(check)
    assert "Only signed segments can be proven" in found.text
    assert "CONTENT_LUMA" in found.text
    assert {one.gas for one in found.proofs} == {67_000, 3_240_000}


def test_outlook__complete_evidence__costs_what_its_calldata_says(
    check: SegmentCheck, evidence: ContentEvidence
) -> None:
    found = outlook(check, evidence.first.signed, [evidence])
    assert "Evidence is complete" in found.text
    (cost,) = found.proofs
    frames = [call.arguments[4] for call in proof_calls(evidence)]
    shown = sum(len(part) for runs in frames for run in runs for part in run if type(part) is bytes)
    assert shown < cost.calldata < shown + 10_000
    assert 400_000 < cost.gas < 4_000_000


def test_outlook__one_provable_segment__needs_a_second(evidence: ContentEvidence) -> None:
    found = outlook(verdict_check(Code.CONTENT_LUMA), evidence.first.signed)
    assert "the first of two" in found.text


def test_outlook__false_fingerprint__needs_a_panel(evidence: ContentEvidence) -> None:
    found = outlook(verdict_check(Code.FALSE_FINGERPRINT), evidence.first.signed)
    assert "a panel that recomputes" in found.text


def test_cost_of__equivocation__is_near_the_measured_figure() -> None:
    first, second = (session().receipt(4, signed_at=at) for at in (1, 2))
    cost = cost_of(Equivocation(first, second))
    assert 55_000 < cost.gas < 80_000
    assert 900 < cost.calldata < 1_500


def test_abi_bytes__nested_arguments__are_as_long_as_their_encoding() -> None:
    from eth_abi.abi import encode

    values = (7, bytes(32), b"x" * 65, [bytes(32), bytes(32)], [(1, b"y" * 40, [bytes(32)])],
              (DOMAIN.verifying_contract, 3))  # fmt: skip
    kinds = ["uint256", "bytes32", "bytes", "bytes32[]", "(uint256,bytes,bytes32[])[]",
             "(address,uint64)"]  # fmt: skip
    encoded = encode(kinds, values)
    assert len(b"".join(map(abi_bytes, values))) == len(encoded)


# -- pieces


def test_heat__levels__have_fixed_and_different_colours() -> None:
    colours = [heat(level) for level in (0, 3, 8, 40, 128)]
    assert len(set(colours)) == 5
    assert heat(-8) == heat(8)
    assert heat(1_000) == heat(128)
    assert heat_map("caption", [[0.0, 8.0]]).count("<rect") == 2


def test_chart__nothing_measured__says_so() -> None:
    assert "not measured" in chart("Detail", "share", [0.0], [Line("own", [None], 0)], ())


def test_chart__long_segment__stays_small() -> None:
    times = [at / 30 for at in range(4_000)]
    svg = chart("Luma", "levels", times, [Line("own", [1.0] * 4_000, 0)], ())
    assert len(svg) < 60_000


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 60])
def test_worth_showing__worst_frame__is_among_them(count: int) -> None:
    for worst in range(count):
        shown = worth_showing([9.0 if at == worst else 1.0 for at in range(count)])
        assert worst in shown
        assert len(shown) <= 4
        assert shown == sorted(set(shown))


def test_worth_showing__no_frames__is_empty() -> None:
    assert worth_showing([]) == []
