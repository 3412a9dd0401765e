"""ROC curves as one SVG: how well each measure tells a class of cheats from honest work."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from verifier.calibration.matrix import DISHONEST, Record
from verifier.calibration.statistics import auc, roc
from verifier.calibration.summary import honest_of, scores

# Title, class of cheats, the measures that are drawn.
PANELS = (
    ("Other content", "other content", ("luma", "chroma", "cell", "ms_ssim_loss")),
    ("No content", "no content", ("luma", "chroma", "cell", "ms_ssim_loss")),
    ("Geometry", "geometry", ("luma", "chroma", "cell", "high_pass")),
    ("Light", "light", ("luma", "cell", "ms_ssim_loss", "high_pass")),
    ("Colour", "colour", ("luma", "chroma", "grey", "ms_ssim_loss")),
    ("Logo", "logo", ("luma", "cell", "ms_ssim_loss", "high_pass")),
    ("Time", "time", ("luma", "still", "ms_ssim_loss", "high_pass")),
    ("Upscaled", "upscaled", ("luma", "detail", "ms_ssim_loss", "high_pass")),
    ("Starved of bits", "starved", ("luma", "detail", "ms_ssim_loss", "high_pass")),
)
COLOURS = ("#1f6f8b", "#c8553d", "#588157", "#7b5ea7")
DASHES = ("", "6 3", "2 2", "8 2 2 2")
SIDE, GAP, LEFT, TOP, COLUMNS = 200, 62, 50, 62, 3


def draw(records: Sequence[Record]) -> str:
    """The SVG as text; a class or measure that was not run has no curve."""
    honest = honest_of(records)
    rows = -(-len(PANELS) // COLUMNS)
    width = LEFT + COLUMNS * (SIDE + GAP)
    height = TOP + rows * (SIDE + GAP + 14)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="Helvetica, Arial, sans-serif" font-size="11" fill="#222">',
        "<title>ROC curves of the verifier's measures, by class of cheat</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="14">Cheats found (up) against honest renditions'
        " wrongly found (right), any threshold</text>",
    ]
    for at, (title, group, measures) in enumerate(PANELS):
        cheats = [one for one in records if one.kind == DISHONEST and one.group == group]
        x = LEFT + at % COLUMNS * (SIDE + GAP)
        y = TOP + at // COLUMNS * (SIDE + GAP + 14)
        parts += _panel(x, y, title, measures, honest, cheats)
    return "\n".join([*parts, "</svg>", ""])


def _panel(
    x: int, y: int, title: str, measures: Sequence[str], honest: list[Record], cheats: list[Record]
) -> list[str]:
    parts = [
        f'<g transform="translate({x} {y})">',
        f'<text y="-8" font-size="12" font-weight="bold">{escape(title)}</text>',
        f'<rect width="{SIDE}" height="{SIDE}" fill="#f6f6f4" stroke="#999"/>',
        f'<line x2="{SIDE}" y1="{SIDE}" y2="0" stroke="#bbb"/>',
        f'<text y="{SIDE + 14}">0</text>',
        f'<text x="{SIDE}" y="{SIDE + 14}" text-anchor="end">1</text>',
        '<text x="-6" y="10" text-anchor="end">1</text>',
    ]
    for at, measure in enumerate(measures):
        good, bad = scores(honest, measure), scores(cheats, measure)
        if not good or not bad:
            continue
        false, true = roc(good, bad)
        points = " ".join(
            f"{SIDE * f:.1f},{SIDE * (1 - t):.1f}"
            for f, t in zip(false.tolist(), true.tolist(), strict=True)
        )
        style = f'stroke="{COLOURS[at]}" stroke-width="1.8" stroke-dasharray="{DASHES[at]}"'
        base = SIDE - 58 + 14 * at
        parts += [
            f'<polyline points="{points}" fill="none" {style}/>',
            f'<line x1="72" x2="96" y1="{base - 4}" y2="{base - 4}" {style}/>',
            f'<text x="102" y="{base}">{escape(measure)} {auc(good, bad):.3f}</text>',
        ]
    return [*parts, "</g>"]
