"""Pieces of HTML and SVG for the evidence report. Text is escaped, markup passed through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 400, 180
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 24
# Beyond this many frames a curve has no dots that name their value: the file would be megabytes.
MAX_DOTS = 240


@dataclass(frozen=True)
class Cell:
    """Text of a table cell and its class of the style sheet."""

    text: str
    kind: str = ""


Row = Sequence["str | Cell"]


@dataclass(frozen=True)
class Line:
    """A curve; None where there is no value. `color` is a number of the style sheet's."""

    label: str
    values: Sequence[float | None]
    color: int


@dataclass(frozen=True)
class Limit:
    """A threshold drawn across a chart; `kind` is a class of the style sheet."""

    label: str
    value: float
    kind: str = "flag"


def page(title: str, css: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{css}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def section(title: str, about: str, *markup: str) -> str:
    return (
        f'<section><h2>{escape(title)}</h2><p class="about">{escape(about)}</p>'
        f"{''.join(markup)}</section>"
    )


def folded(title: str, markup: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{markup}</details>"


def table(head: Sequence[str], rows: Sequence[Row]) -> str:
    header = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    return f'<td class="{escape(cell.kind)}">{escape(cell.text)}</td>'


def figure(caption: str, markup: str) -> str:
    return f"<figure>{markup}<figcaption>{escape(caption)}</figcaption></figure>"


def image(uri: str, alt: str) -> str:
    return f'<img src="{escape(uri)}" alt="{escape(alt)}">'


def chart(
    title: str, unit: str, times: Sequence[float], lines: Sequence[Line], limits: Sequence[Limit]
) -> str:
    """Curves over time in seconds with thresholds across; says so when there is nothing to draw."""
    values = [value for line in lines for value in line.values if value is not None]
    if not values:
        return figure(f"{title}: not measured", "")
    top = 1.08 * max([*values, *(limit.value for limit in limits)]) or 1.0
    low = min(0.0, min(values))
    end = max(times[-1], 1e-3)
    parts = [*_axes(end, low, top), *(_limit(limit, low, top) for limit in limits)]
    for line in lines:
        parts.append(_curve(line, times, end, low, top, unit))
    keys = "".join(
        f'<span><i class="c{line.color}"></i>{escape(line.label)}</span>' for line in lines
    )
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(parts)}</svg>'
    head = f"<b>{escape(title)}</b> {escape(unit)}"
    return f'<figure><div class="keys">{head}</div>{svg}<div class="keys">{keys}</div></figure>'


def _axes(end: float, low: float, top: float) -> list[str]:
    parts = []
    for at in range(5):
        x = LEFT + (WIDTH - LEFT - RIGHT) * at / 4
        anchor = "start" if at == 0 else "end" if at == 4 else "middle"
        parts.append(
            f'<text x="{x:.0f}" y="{HEIGHT - 7}" class="axis" text-anchor="{anchor}">'
            f"{end * at / 4:.2f} s</text>"
        )
    for at in range(3):
        value = low + (top - low) * at / 2
        y = _y(value, low, top)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="rail"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="axis" text-anchor="end">'
            f"{value:.3g}</text>"
        )
    return parts


def _limit(limit: Limit, low: float, top: float) -> str:
    y = _y(limit.value, low, top)
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
        f'class="limit {escape(limit.kind)}"/>'
        f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" class="axis" text-anchor="end">'
        f"{escape(limit.label)} {limit.value:g}</text>"
    )


def _curve(
    line: Line, times: Sequence[float], end: float, low: float, top: float, unit: str
) -> str:
    points = [
        (LEFT + (WIDTH - LEFT - RIGHT) * time / end, _y(value, low, top), time, value)
        for time, value in zip(times, line.values, strict=True)
        if value is not None
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)
    if len(points) > MAX_DOTS:
        return f'<polyline points="{path}" class="s{line.color}"/>'
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="dot"><title>{escape(line.label)} at '
        f"{time:.3f} s: {value:.3f} {escape(unit)}</title></circle>"
        for x, y, time, value in points
    )
    return f'<polyline points="{path}" class="s{line.color}"/>{dots}'


def _y(value: float, low: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (top - low)


def heat_map(caption: str, cells: Sequence[Sequence[float]]) -> str:
    """A grid of differences in levels; the same colour means the same difference everywhere."""
    size = 320 / max(1, len(cells))
    parts = [
        f'<rect x="{x * size:.1f}" y="{y * size:.1f}" width="{size - 1:.1f}" '
        f'height="{size - 1:.1f}" fill="{heat(value)}"><title>row {y}, column {x}: '
        f"{value:.1f} levels</title></rect>"
        for y, row in enumerate(cells)
        for x, value in enumerate(row)
    ]
    svg = f'<svg viewBox="0 0 320 320" class="heat" role="img">{"".join(parts)}</svg>'
    return figure(caption, svg)


# Levels and their colours: nothing, the flag, the provable limit, severe, and hopeless.
_SCALE = (
    (0.0, (26, 74, 110)),
    (3.0, (44, 142, 140)),
    (8.0, (240, 196, 60)),
    (40.0, (214, 69, 44)),
    (128.0, (112, 10, 40)),
)


def heat(level: float) -> str:
    """Colour of a difference, its sign left out."""
    level = min(abs(level), _SCALE[-1][0])
    for (low, cold), (high, warm) in zip(_SCALE, _SCALE[1:], strict=False):
        if level <= high:
            share = (level - low) / (high - low)
            red, green, blue = (round(a + (b - a) * share) for a, b in zip(cold, warm, strict=True))
            return f"#{red:02x}{green:02x}{blue:02x}"
    raise AssertionError("the scale ends at its last level")
