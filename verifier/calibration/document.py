"""Writes the measured part of docs/verification.md, between two markers; the rest is by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from verifier.calibration.contents import CONTENTS
from verifier.calibration.matrix import DISHONEST, FORBIDDEN, HONEST, Record
from verifier.calibration.requirements import Row
from verifier.calibration.summary import caught, extremes, groups, separation, tail
from verifier.thresholds import Thresholds

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COMPARED = ("luma", "chroma", "cell", "ms_ssim_loss", "detail", "high_pass")


class DocumentError(ValueError):
    """The document has no place for the measured part."""


def write(path: Path, measured: str) -> None:
    """Replace what is between the markers. Raises DocumentError when they are not there."""
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise DocumentError(f"{path}: needs the lines {BEGIN} and {END} once, in this order")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{measured}\n{END}{after}")


def measured_part(
    records: Sequence[Record], rows: Sequence[Row], limits: Thresholds, left_out: Sequence[str]
) -> str:
    """Markdown of everything that was measured."""
    parts = [
        _scope(records, left_out),
        "### Requirements",
        requirement_table(rows),
        "### Honest extremes",
        _extremes(records, limits),
        "### What the rules catch",
        _caught(records),
        "### Separation by class",
        _separation(records),
        "### Tails",
        _tails(records, limits),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *rows])


def requirement_table(rows: Sequence[Row]) -> str:
    return table(
        ("requirement", "what", "measured", "95 % bounds of the rate", "limit", "ok"),
        (
            (
                str(row.requirement),
                row.what,
                row.measured,
                f"{row.bounds[0]:.3f} .. {row.bounds[1]:.3f}",
                row.limit,
                "yes" if row.ok else "**NO**",
            )
            for row in rows
        ),
    )


def _scope(records: Sequence[Record], left_out: Sequence[str]) -> str:
    used = {one.content for one in records}
    counts = {kind: sum(one.kind == kind for one in records) for kind in (HONEST, DISHONEST)}
    variants = {kind: len({o.variant for o in records if o.kind == kind}) for kind in counts}
    pairs = len({one.pair for one in records})
    lines = [
        f"{len(records)} renditions: {counts[HONEST]} honest ({variants[HONEST]} variants),"
        f" {counts[DISHONEST]} cheating or broken ({variants[DISHONEST]} variants), over {pairs}"
        f" pairs of content and rung.",
        *(f"Left out: {text}." for text in left_out),
    ]
    contents = table(
        ("content", "used for", "size", "frames a second", "frames", "what it is"),
        (
            (
                one.name,
                one.role,
                f"{one.width}x{one.height}",
                f"{float(one.rate):.4g}",
                str(one.frames),
                one.text,
            )
            for one in CONTENTS
            if one.name in used
        ),
    )
    return " ".join(lines) + "\n\n" + contents


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _extremes(records: Sequence[Record], limits: Thresholds) -> str:
    return table(
        ("measure", "n", "median", "worst, setting", "worst, testing", "worst is", "flag at"),
        (
            (
                one.measure,
                str(one.count),
                _number(one.median),
                _number(one.setting),
                _number(one.testing),
                one.who,
                _number(getattr(limits.flag, one.measure)),
            )
            for one in extremes(records)
        ),
    )


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.0f} %"


def _caught(records: Sequence[Record]) -> str:
    lines = []
    for one in caught(records):
        luma = "-" if one.luma is None else " / ".join(f"{value:.3g}" for value in one.luma)
        lines.append(
            (
                one.variant,
                one.group,
                str(one.total),
                luma,
                _share(one.provable, one.total),
                _share(one.severe, one.total),
                _share(one.flagged, one.total),
                f"{100 * one.bounds[0]:.0f} .. {100 * one.bounds[1]:.0f} %",
            )
        )
    honest = [one for one in records if one.kind == HONEST]
    head = ("variant", "class", "n", "luma min / median / max", "provable", "severe or worse",
            "any finding", "95 % bounds of that")  # fmt: skip
    note = (
        f"Of {len(honest)} honest renditions {sum(o.verdict != 'ok' for o in honest)} have any"
        f" finding. `{FORBIDDEN}` is a scaler that no job may ask for."
    )
    return table(head, lines) + "\n\n" + note


def _separation(records: Sequence[Record]) -> str:
    lines = []
    for group in groups(records):
        cells = []
        for measure in COMPARED:
            found = separation(records, group, measure)
            cells.append("-" if found is None else f"{found[0]:.3f} / {found[1]:.2f}")
        lines.append((group, *cells))
    note = "AUC / share caught beyond every honest value. The curves: verification-roc.svg."
    return f"{note}\n\n" + table(("class", *COMPARED), lines)


def _tails(records: Sequence[Record], limits: Thresholds) -> str:
    asked = (
        ("luma", limits.flag.luma),
        ("luma", limits.provable.luma),
        ("chroma", limits.flag.chroma),
        ("chroma", limits.provable.chroma),
        ("cell", limits.flag.cell),
        ("cell", limits.flag.cell_severe),
    )
    tails = [tail(records, measure, limit) for measure, limit in asked]
    return table(
        ("measure", "above", "fits above the 85 / 90 / 95 % quantile", "bootstrap, 95 % upper"),
        (
            (
                one.measure,
                f"{one.limit:g}",
                " / ".join(f"{fit:.1e}" for fit in one.fits),
                f"{one.bootstrap:.1e}",
            )
            for one in tails
        ),
    )
