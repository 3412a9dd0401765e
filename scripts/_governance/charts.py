"""Charts as SVG that stands alone: in a page, or as a file, in light and dark, with words for those
who do not see it. The words are exact; beside the bars, amounts are cut to two decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from scripts._governance.tally import BASE, Tally
from scripts._governance.units import LPT, PPM, Amount

WIDTH = 960
LABEL = 130
RIGHT = 20
BAR = 26
PANEL = 150
CENT = 10**16

# Colours are told apart by everyone (Okabe-Ito), and each is named in the legend or the title too.
STYLE = """
.gov-chart { --ink: #16202b; --soft: #5d6b7a; --line: #c9d2db; --c0: #0b7a55; --c1: #b34700;
  --c2: #5b6675; --c3: #1f5fbf; font: 13px system-ui, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { .gov-chart { --ink: #e7edf3; --soft: #98a6b5;
  --line: #3a4854; --c0: #2fbf8f; --c1: #f08c3c; --c2: #8f9caa; --c3: #6ea4f5; } }
.gov-chart text { fill: var(--ink); font-size: 13px; }
.gov-chart .soft { fill: var(--soft); font-size: 12px; }
.gov-chart .line { stroke: var(--line); stroke-width: 1; }
.gov-chart .mark { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 5 3; }
.gov-chart .step { fill: none; stroke-width: 2; }
.gov-chart .f0 { fill: var(--c0); } .gov-chart .f1 { fill: var(--c1); }
.gov-chart .f2 { fill: var(--c2); } .gov-chart .f3 { fill: var(--c3); }
.gov-chart .s0 { stroke: var(--c0); } .gov-chart .s3 { stroke: var(--c3); }
""".replace("\n", " ")


@dataclass(frozen=True)
class Balance:
    """A balance as (block, wei): before the first block, after each change, after the last."""

    asset: str
    points: Sequence[tuple[int, int]]


def tally_chart(tally: Tally) -> str:
    """Two bars: all votes against the quorum, and for against the quota."""
    parts = [*_quorum_bar(tally, 18), *_quota_bar(tally, 88)]
    legend = (("for", 0, tally.for_votes), ("against", 1, tally.against_votes))
    x = float(LABEL)
    for word, color, votes in (*legend, ("abstain", 2, tally.abstain_votes)):
        text = f"{word} {_short(LPT, votes)}"
        parts.append(f'<rect x="{x:.0f}" y="150" width="12" height="12" rx="2" class="f{color}"/>')
        parts.append(_text(x + 18, 161, text))
        x += 40 + 7.5 * len(text)
    description = "; ".join(f"{what}: {value}" for what, value in tally.rows())
    return _svg(172, f"Votes on proposal {tally.proposal_id}", description, parts)


def _quorum_bar(tally: Tally, y: int) -> list[str]:
    room = WIDTH - LABEL - RIGHT
    scale = room / (max(tally.votes, tally.quorum or 0) * 1.1 or 1)
    votes = (tally.for_votes, tally.against_votes, tally.abstain_votes)
    parts = _stacked(y, [count * scale for count in votes])
    parts.append(_text(LABEL - 10, y + 18, "quorum", anchor="end"))
    if tally.quorum is None:
        note = f"known from round {tally.snapshot + 1} on"
        return [*parts, _text(LABEL, y + BAR + 16, note, soft=True)]
    left = f"{_short(LPT, tally.quorum_left)} missing" if tally.quorum_left else "reached"
    return [*parts, *_mark(y, tally.quorum * scale, f"quorum {_short(LPT, tally.quorum)}: {left}")]


def _quota_bar(tally: Tally, y: int) -> list[str]:
    room = WIDTH - LABEL - RIGHT
    opinions = tally.for_votes + tally.against_votes
    scale = room / (opinions or 1)
    parts = _stacked(y, [tally.for_votes * scale, tally.against_votes * scale])
    parts.append(_text(LABEL - 10, y + 18, "quota", anchor="end"))
    share = _percent(tally.for_votes * BASE // opinions) if opinions else "nothing"
    note = f"quota {_percent(tally.quota)}: {share} of for + against is for"
    return [*parts, *_mark(y, room * min(tally.quota, BASE) / BASE, note)]


def _stacked(y: int, widths: Sequence[float]) -> list[str]:
    x, parts = float(LABEL), []
    for color, width in enumerate(widths):
        if width > 0:
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{max(1.0, width):.1f}" height="{BAR}" '
                f'class="f{color}"/>'
            )
        x += width
    base = f'x1="{LABEL}" x2="{WIDTH - RIGHT}" y1="{y + BAR}" y2="{y + BAR}"'
    return [f'<line {base} class="line"/>', *parts]


def _mark(y: int, at: float, note: str) -> list[str]:
    x = LABEL + at
    anchor = "end" if x > WIDTH * 0.6 else "start"
    return [
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 6}" y2="{y + BAR + 6}" class="mark"/>',
        _text(x + (-8 if anchor == "end" else 8), y + BAR + 16, note, anchor=anchor, soft=True),
    ]


def balance_chart(balances: Sequence[Balance]) -> str:
    """A step line per asset, one panel under the other: their scales have nothing in common."""
    parts: list[str] = []
    stories = []
    for row, balance in enumerate(balances):
        parts += _panel(balance, row * (PANEL + 50) + 24, "s0" if row % 2 == 0 else "s3")
        (first, opening), (last, closing) = balance.points[0], balance.points[-1]
        unit = Amount(balance.asset)
        stories.append(
            f"{balance.asset}: {unit.show(opening)} before block {first}, "
            f"{unit.show(closing)} after block {last}"
        )
    height = len(balances) * (PANEL + 50)
    return _svg(height, "Balance of the treasury", "; ".join(stories), parts)


def _panel(balance: Balance, top: int, color: str) -> list[str]:
    (first, _), (last, _) = balance.points[0], balance.points[-1]
    highest = max(amount for _, amount in balance.points)
    bottom = top + PANEL
    across = (WIDTH - LABEL - RIGHT) / ((last - first) or 1)
    up = PANEL / (highest or 1)

    def place(block: int, amount: int) -> tuple[float, float]:
        return LABEL + (block - first) * across, bottom - amount * up

    x, y = place(*balance.points[0])
    path = [f"M{x:.1f} {y:.1f}"]
    for (_, _), point in pairwise(balance.points):
        x, y = place(*point)
        path.append(f"H{x:.1f}V{y:.1f}")
    unit = Amount(balance.asset)
    return [
        f'<line x1="{LABEL}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}" class="line"/>',
        f'<line x1="{LABEL}" x2="{WIDTH - RIGHT}" y1="{top}" y2="{top}" class="line"/>',
        _text(LABEL - 10, bottom + 4, f"0 {balance.asset}", anchor="end", soft=True),
        _text(LABEL, top - 6, _short(unit, highest), soft=True),
        _text(LABEL - 10, top + PANEL / 2, balance.asset, anchor="end"),
        _text(LABEL, bottom + 17, f"block {first}", soft=True),
        _text(WIDTH - RIGHT, bottom + 17, f"block {last}", anchor="end", soft=True),
        f'<path d="{"".join(path)}" class="step {color}"/>',
    ]


def _short(unit: Amount, wei: int) -> str:
    return unit.show(wei - wei % CENT if wei >= CENT else wei)


def _percent(share: int) -> str:
    return PPM.show(share).split(" (")[0]


def _text(x: float, y: float, text: str, *, anchor: str = "start", soft: bool = False) -> str:
    kind = ' class="soft"' if soft else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(text)}</text>'


def _svg(height: int, title: str, description: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'class="gov-chart" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"<style>{STYLE}</style>{''.join(parts)}</svg>"
    )
