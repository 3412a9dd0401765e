"""Pieces of HTML. Everything passed in is text and is escaped, except where it says markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Cell:
    """Text of a table cell, its class, and the number of a colour for a dot before it."""

    text: str
    kind: str = ""
    dot: int | None = None


Row = Sequence["str | Cell"]


def table(head: Sequence[str], rows: Sequence[Row], *, total: Row | None = None) -> str:
    """A table whose first column is text and whose others are numbers, unless a cell says so."""
    text_columns = {
        at
        for row in rows
        for at, cell in enumerate(row)
        if isinstance(cell, Cell) and "text" in cell.kind
    }
    header = "".join(
        f'<th class="{"text" if at in text_columns else ""}">{escape(name)}</th>'
        for at, name in enumerate(head)
    )
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if total is not None:
        body += f'<tr class="sum">{"".join(map(_cell, total))}</tr>'
    return (
        f'<div class="scroll"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    dot = "" if cell.dot is None else f'<span class="dot c{cell.dot}"></span>'
    return f'<td class="{escape(cell.kind)}">{dot}{escape(cell.text)}</td>'


def section(title: str, about: str, *markup: str) -> str:
    return (
        f'<section><h2>{escape(title)}</h2><p class="about">{escape(about)}</p>'
        f"{''.join(markup)}</section>"
    )


def folded(title: str, markup: str) -> str:
    return f"<section><details><summary>{escape(title)}</summary>{markup}</details></section>"


def numbers(items: Sequence[tuple[str, str]]) -> str:
    """Big numbers, each over what it counts."""
    cells = "".join(
        f"<div><b>{escape(big)}</b><span>{escape(of)}</span></div>" for big, of in items
    )
    return f'<div class="numbers">{cells}</div>'


def page(title: str, css: str, markup: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{css}</style></head>"
        f"<body><main>{markup}</main></body></html>\n"
    )
