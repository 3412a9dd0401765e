"""Charts of the tally and the treasury: well-formed, to scale, and readable without eyes."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from scripts._governance.charts import LABEL, RIGHT, WIDTH, Balance, balance_chart, tally_chart
from scripts._governance.tally import State, Tally

SVG = "{http://www.w3.org/2000/svg}"
ROOM = WIDTH - LABEL - RIGHT
TALLY = Tally(
    proposal_id=7,
    state=State.ACTIVE,
    proposer="0x" + "61" * 20,
    against_votes=25,
    for_votes=75,
    abstain_votes=10,
    quorum=100,
    quota=500_000,
    threshold=10,
    snapshot=11,
    deadline=21,
    clock=12,
    eta=None,
)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(root: ElementTree.Element) -> str:
    return " | ".join(text.text or "" for text in root.iter(f"{SVG}text"))


def marks(root: ElementTree.Element) -> list[float]:
    return [float(x.attrib["x1"]) for x in root.iter(f"{SVG}line") if x.get("class") == "mark"]


def bars(root: ElementTree.Element) -> list[tuple[str, float]]:
    rects = [rect.attrib for rect in root.iter(f"{SVG}rect") if rect.get("height") == "26"]
    return [(rect["class"], float(rect["width"])) for rect in rects]


def test_tally_chart__votes__are_to_scale_with_quorum_and_quota_marked() -> None:
    root = parsed(tally_chart(TALLY))
    scale = ROOM / (110 * 1.1)
    expected = [("f0", 75 * scale), ("f1", 25 * scale), ("f2", 10 * scale)]
    expected += [("f0", ROOM * 0.75), ("f1", ROOM * 0.25)]
    assert bars(root) == [(color, pytest.approx(width, abs=0.1)) for color, width in expected]
    assert marks(root) == pytest.approx([LABEL + 100 * scale, LABEL + ROOM / 2], abs=0.1)
    assert "reached" in texts(root)
    assert "quota 50 %: 75 % of for + against is for" in texts(root)


def test_tally_chart__no_votes_and_no_quorum_yet__says_so() -> None:
    empty = replace(TALLY, against_votes=0, for_votes=0, abstain_votes=0, quorum=None)
    root = parsed(tally_chart(empty))
    assert bars(root) == []
    assert "known from round 12 on" in texts(root)


def test_tally_chart__description__says_what_the_picture_shows() -> None:
    root = parsed(tally_chart(TALLY))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "Votes on proposal 7"
    assert "state: active" in (root.findtext(f"{SVG}desc") or "")
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")


def test_tally_chart__long_amounts__are_cut_beside_the_bars_and_exact_in_words() -> None:
    root = parsed(tally_chart(replace(TALLY, for_votes=12_345_678 * 10**18 + 10**17 + 1)))
    assert "for 12,345,678.1 LPT" in texts(root)
    assert "for: 12,345,678.100000000000000001 LPT" in (root.findtext(f"{SVG}desc") or "")


def test_balance_chart__two_assets__is_a_step_line_each() -> None:
    lpt = Balance("LPT", [(10, 0), (15, 4 * 10**18), (20, 2 * 10**18)])
    root = parsed(balance_chart([lpt, Balance("ETH", [(10, 0), (20, 0)])]))
    first, second = (path.attrib["d"] for path in root.iter(f"{SVG}path"))
    middle, end = LABEL + ROOM / 2, WIDTH - RIGHT
    assert first == f"M{LABEL}.0 174.0H{middle:.1f}V24.0H{end:.1f}V99.0"
    assert second == f"M{LABEL}.0 374.0H{end:.1f}V374.0"
    assert "4 LPT" in texts(root)
    description = root.findtext(f"{SVG}desc") or ""
    assert "LPT: 0 LPT before block 10, 2 LPT after block 20" in description


def test_balance_chart__name_with_markup__is_escaped() -> None:
    assert "<b>" not in balance_chart([Balance("<b>", [(1, 1), (1, 1)])])
