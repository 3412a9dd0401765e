"""Charts as inline SVG, coloured by the style sheet of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 1000
ROW = 26


@dataclass(frozen=True)
class Bar:
    """A labelled bar; `color` is the number of a colour of the style sheet, `note` its text."""

    label: str
    value: float
    note: str
    color: int = 0


@dataclass(frozen=True)
class Block:
    """A stretch of a timeline."""

    row: int
    start: float
    length: float
    title: str


def bars(items: Sequence[Bar], *, label_width: int = 250) -> str:
    """Horizontal bars, one under the other, each with its note."""
    longest = max((item.value for item in items), default=0) or 1
    room = WIDTH - label_width - 190
    parts = []
    for at, item in enumerate(items):
        y = at * ROW
        width = max(2.0, room * item.value / longest)
        parts.append(
            f'<text x="{label_width - 10}" y="{y + 17}" class="name">{escape(item.label)}</text>'
            f'<rect x="{label_width}" y="{y + 4}" width="{width:.1f}" height="18" rx="3" '
            f'class="c{item.color}"/>'
            f'<text x="{label_width + width + 8:.1f}" y="{y + 17}" class="note">'
            f"{escape(item.note)}</text>"
        )
    return _svg(len(items) * ROW + 4, parts, "bars")


def shares(names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Stacked bars of parts of a whole: how each row divides among `names`."""
    label = 190
    parts = []
    for at, (title, values) in enumerate(rows):
        y, x, total = at * (ROW + 10), float(label), sum(values) or 1
        parts.append(f'<text x="{label - 10}" y="{y + 21}" class="name">{escape(title)}</text>')
        for color, (name, value) in enumerate(zip(names, values, strict=True)):
            width = (WIDTH - label) * value / total
            percent = f"{100 * value / total:.0f} %"
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 4}" width="{max(0.0, width - 1.5):.1f}" height="26" '
                f'rx="3" class="c{color}"><title>{escape(name)}: {percent}</title></rect>'
            )
            if width > 44:
                parts.append(
                    f'<text x="{x + width / 2:.1f}" y="{y + 21}" class="inside">{percent}</text>'
                )
            x += width
    return _svg(len(rows) * (ROW + 10) + 4, parts, "shares")


def timeline(names: Sequence[str], blocks: Sequence[Block]) -> str:
    """One row per name, blocks along time in seconds, and an axis."""
    label = 190
    end = max((block.start + block.length for block in blocks), default=1) or 1
    scale = (WIDTH - label) / end
    parts = [
        f'<text x="{label - 10}" y="{row * ROW + 17}" class="name">{escape(name)}</text>'
        f'<line x1="{label}" x2="{WIDTH}" y1="{row * ROW + 13}" y2="{row * ROW + 13}" '
        f'class="rail"/>'
        for row, name in enumerate(names)
    ]
    parts += [
        f'<rect x="{label + block.start * scale:.1f}" y="{block.row * ROW + 3}" '
        f'width="{max(2.0, block.length * scale - 2):.1f}" height="20" rx="3" '
        f'class="c{block.row}"><title>{escape(block.title)}</title></rect>'
        for block in blocks
    ]
    bottom = len(names) * ROW + 6
    for part in range(6):
        x = label + (WIDTH - label) * part / 5
        anchor = "end" if part == 5 else "middle" if part else "start"
        parts.append(
            f'<text x="{x:.0f}" y="{bottom + 14}" class="axis" text-anchor="{anchor}">'
            f"{end * part / 5:.1f} s</text>"
        )
    return _svg(bottom + 22, parts, "timeline")


def _svg(height: int, parts: Sequence[str], kind: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" class="{kind}" role="img">{"".join(parts)}</svg>'
