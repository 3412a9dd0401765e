"""Figures that a requirement limits, collected by tests and printed at the end of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    number: int
    what: str
    measured: str
    limit: str


rows: list[Row] = []


def record(number: int, what: str, measured: object, limit: str) -> None:
    """Note a figure of requirement `number` of the verification spec; the test asserts it."""
    rows.append(Row(number, what, str(measured), limit))


def give() -> list[tuple[Any, ...]]:
    """For `tests.support.workers`."""
    return [astuple(row) for row in rows]


def take(given: Iterable[tuple[Any, ...]]) -> None:
    rows.extend(Row(*values) for values in given)


def table() -> list[str]:
    """Lines of the table in order of the requirements; none if nothing was recorded."""
    ordered = sorted(set(rows), key=lambda row: (row.number, row.what))
    if not ordered:
        return []
    head = Row(0, "verification requirement", "measured", "limit")
    everything = [head, *ordered]
    wide = [max(len(getattr(row, name)) for row in everything) for name in ("what", "measured")]
    lines = []
    for row in everything:
        number = str(row.number or "#")
        lines.append(f"{number:>2}  {row.what:<{wide[0]}}  {row.measured:>{wide[1]}}  {row.limit}")
    return lines
