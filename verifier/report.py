"""The evidence report: one HTML file that shows a check, without anything loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from verifier.check import RenditionCheck, SegmentCheck
from verifier.csf import FrameFingerprint
from verifier.decode import Decoded
from verifier.faults import Ints
from verifier.findings import OK, UNVERIFIABLE, Finding
from verifier.markup import (
    Cell,
    Limit,
    Line,
    Row,
    chart,
    figure,
    folded,
    heat_map,
    image,
    page,
    section,
    table,
)
from verifier.measures import Metrics
from verifier.outlook import Outlook
from verifier.stills import jpeg_uri, worth_showing
from verifier.thresholds import Flag, Thresholds

if TYPE_CHECKING:
    from verifier.proofs import SignedSegment

CSS = Path(__file__).with_name("report.css")
KINDS = {OK: "good", "flag": "warn", UNVERIFIABLE: "warn"}


@dataclass(frozen=True)
class Subject:
    """What a report is about: a check, the limits it used, and what is known around it."""

    check: SegmentCheck
    thresholds: Thresholds
    outlook: Outlook
    source_name: str = "source"
    rendition_names: Sequence[str] = field(default_factory=tuple)
    signed: SignedSegment | None = None

    def name(self, at: int) -> str:
        return self.rendition_names[at] if at < len(self.rendition_names) else f"rendition {at}"


def render(subject: Subject) -> str:
    """The report as HTML."""
    check = subject.check
    parts = [
        "<h1>Verification report</h1>",
        f'<p class="lead">{escape(_lead(subject))}</p>',
        f'<div class="verdict {kind(check.verdict)}">{escape(verdict_line(check))}</div>',
        _findings(subject),
        *(_rendition(subject, one) for one in check.renditions),
        _outlook(subject.outlook),
        _signed(subject.signed),
        f"<footer>{escape(_footer(check))}</footer>",
    ]
    return page(f"Verification: {check.verdict}", CSS.read_text(), "".join(parts))


def kind(verdict: str) -> str:
    """Class of the style sheet for a verdict or severity."""
    return KINDS.get(verdict, "bad")


def verdict_line(check: SegmentCheck) -> str:
    """The verdict in one line for people."""
    count = len(check.all_findings)
    texts = {
        OK: "OK: the renditions show the source, in the quality ordered.",
        UNVERIFIABLE: f"UNVERIFIABLE: {check.unverifiable}. Nothing is held against anybody.",
        "flag": f"FLAG: {count} quality findings. They cost selection, never stake.",
        "objective": "OBJECTIVE FAULT: a rendition is not what was ordered.",
        "severe": "SEVERE: a rendition does not show the source.",
        "provable": "PROVABLE FAULT: of a kind that a contract recomputes from signed numbers.",
    }
    return texts[check.verdict]


def _lead(subject: Subject) -> str:
    source, check = subject.check.source, subject.check
    what = "" if source is None else f" ({shape(source)})"
    count = len(check.renditions)
    renditions = "1 rendition" if count == 1 else f"{count} renditions"
    return f"{subject.source_name}{what} and {renditions} of it."


def shape(media: Decoded) -> str:
    """Size, codec, length and rate of a decoded file in words."""
    rate = "" if media.fps is None else f", {float(media.fps):.4g} frames a second"
    return f"{media.width} x {media.height}, {media.codec}, {len(media.times)} frames{rate}"


def _footer(check: SegmentCheck) -> str:
    return (
        f"Own encode: {check.encoder}. Device: {check.device}. Thresholds: version "
        f"{check.thresholds_version}, {check.thresholds_hash.hex()[:16]}. "
        f"{check.seconds:.1f} s of processor time."
    )


# -- findings


def _findings(subject: Subject) -> str:
    check = subject.check
    rows = [_finding_row("receipt", found) for found in check.findings]
    for one in check.renditions:
        rows += [_finding_row(subject.name(one.index), found) for found in one.findings]
    if not rows:
        return section("Findings", "Nothing was found.")
    head = ("about", "code", "severity", "measured", "limit", "what it means")
    return section("Findings", "Heaviest severity decides the verdict.", table(head, rows))


def _finding_row(about: str, found: Finding) -> Row:
    return (
        about,
        Cell(found.code.value, "mono"),
        Cell(found.severity.value, kind(found.severity.value)),
        number(found.measured),
        number(found.limit),
        found.text,
    )


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


# -- one rendition


def _rendition(subject: Subject, one: RenditionCheck) -> str:
    name = subject.name(one.index)
    ordered = "" if one.profile is None else (
        f"Ordered: {one.profile.width} x {one.profile.height} at "
        f"{one.profile.bitrate // 1000} kb/s. "
    )  # fmt: skip
    if one.decoded is None:
        why = "; ".join(found.text for found in one.findings)
        return section(f"{name}: {one.verdict}", f"{ordered}Not decoded: {why}.")
    parts = [_frames(subject.check.source, one)]
    if one.metrics is not None:
        parts += [
            "<h3>Where it differs</h3>",
            _maps(subject.check.source, one, one.metrics),
            "<h3>Over time</h3>",
            _charts(one.metrics, subject.thresholds),
        ]
    about = f"{ordered}Delivered: {shape(one.decoded)}."
    if one.note:
        about += f" Quality was not judged: {one.note}."
    return section(f"{name}: {one.verdict}", about, *parts)


def _frames(source: Decoded | None, one: RenditionCheck) -> str:
    delivered = one.decoded
    if source is None or delivered is None or not delivered.frames or not source.frames:
        return ""
    curves = one.metrics and one.metrics.curves
    shown = worth_showing(curves.luma if curves else [0.0] * len(delivered.frames))
    pairs = [
        (curves.source_index[at] if curves else min(at, len(source.frames) - 1), at) for at in shown
    ]
    cells = ["<b>source</b>"]
    cells += [_still(source, at, "source") for at, _ in pairs]
    cells += ["<b>delivered</b>"]
    cells += [_still(delivered, at, "delivered") for _, at in pairs]
    cells += ["<span>frame</span>"]
    start = delivered.times[0]
    for of, at in pairs:
        seconds = (delivered.times[at] - start) / 90_000
        cells.append(f"<span>{at} at {seconds:.2f} s, source {of}</span>")
    columns = f"grid-template-columns: 80px repeat({len(pairs)}, 1fr)"
    return f'<div class="strip" style="{columns}">{"".join(cells)}</div>'


def _still(media: Decoded, at: int, what: str) -> str:
    uri = jpeg_uri(media.frames[at], full_range="yuvj" in media.pix_fmt)
    return image(uri, f"{what}, frame {at}")


def _maps(source: Decoded | None, one: RenditionCheck, metrics: Metrics) -> str:
    own = one.decoded and one.decoded.fingerprint
    of = source and source.fingerprint
    if not own or not of:
        return figure("No fingerprint to compare.", "")
    pairs = [
        (of.frames[nearest], frame)
        for nearest, frame in zip(metrics.curves.source_index, own.frames, strict=True)
    ]
    luma = metrics.curves.luma
    worst = max(range(len(pairs)), key=lambda at: luma[at] or 0.0)
    lasting = np.median([_difference(s, d, "y") for s, d in pairs], axis=0)
    chroma = np.maximum(*(np.abs(_difference(*pairs[worst], plane)) for plane in "uv"))
    maps = [
        heat_map(
            f"Luma of frame {worst}, the one that differs most: mean "
            f"{luma[worst] or 0.0:.2f} levels",
            np.abs(_difference(*pairs[worst], "y")).tolist(),
        ),
        heat_map(
            f"Luma, median over time: what stays, at most {metrics.cell:.1f} levels",
            np.abs(lasting).tolist(),
        ),
        heat_map(f"Chroma of frame {worst}, the larger of U and V", chroma.tolist()),
    ]
    return f'<div class="maps">{"".join(maps)}</div>'


def _difference(source: FrameFingerprint, delivered: FrameFingerprint, plane: str) -> Ints:
    cells = [
        np.frombuffer(getattr(frame, plane), np.uint8).astype(np.int64)
        for frame in (source, delivered)
    ]
    side = int(len(cells[0]) ** 0.5)
    return (cells[1] - cells[0]).reshape(side, side)


def _charts(metrics: Metrics, thresholds: Thresholds) -> str:
    curves, flag, provable = metrics.curves, thresholds.flag, thresholds.provable
    times = curves.time

    def both(low: float, high: float) -> tuple[Limit, Limit]:
        return Limit("flag", low), Limit("provable", high, "provable")

    drawn = [
        chart("Luma difference", "levels", times,
              [Line("to the nearest source frame", curves.luma, 1)],
              both(flag.luma, provable.luma)),
        chart("Chroma difference", "levels", times,
              [Line("to the nearest source frame", curves.chroma, 2)],
              both(flag.chroma, provable.chroma)),
        chart("Colour left", "share of the source's", times, [Line("delivered", curves.grey, 0)],
              both(flag.grey, provable.grey)),
        chart("Motion", "levels from frame to frame", times,
              [Line("source", curves.motion_source, 0),
               Line("delivered", curves.motion_delivered, 2)], ()),
        *_quality_charts(metrics, flag),
    ]  # fmt: skip
    return f'<div class="charts">{"".join(drawn)}</div>'


def _quality_charts(metrics: Metrics, flag: Flag) -> list[str]:
    curves, times = metrics.curves, metrics.curves.time
    loss = number(metrics.ms_ssim_loss) or "not measured"
    return [
        chart("MS-SSIM", f"to the source; loss {loss}, flag above {flag.ms_ssim_loss:g}", times,
              [Line("own encode", curves.ms_ssim_reference, 0),
               Line("delivered", curves.ms_ssim, 2)], ()),
        chart("Fine detail", "share of the own encode's", times,
              [Line("delivered", curves.detail, 1)], (Limit("flag", flag.detail),)),
        chart("True detail", "high-pass correlation, share of the own encode's", times,
              [Line("delivered", curves.high_pass, 1)], (Limit("flag", flag.high_pass),)),
    ]  # fmt: skip


# -- what follows


def _outlook(outlook: Outlook) -> str:
    rows = [
        (one.what, one.needs, f"{one.gas:,}" if one.gas else "", f"{one.calldata:,}" if one.calldata
         else "", one.note)
        for one in outlook.proofs
    ]  # fmt: skip
    head = ("proof", "needs", "gas", "calldata bytes", "source of the numbers")
    return section("What can be proven on chain", outlook.text, table(head, rows) if rows else "")


def _signed(signed: SignedSegment | None) -> str:
    if signed is None:
        return ""
    order = [(key, Cell(str(value), "mono")) for key, value in signed.order.to_json().items()]
    receipt = [(key, Cell(str(value), "mono")) for key, value in signed.receipt.to_json().items()]
    leaves = [
        (key, Cell(str(value), "mono"))
        for leaf in signed.leaves
        for key, value in leaf.to_json().items()
    ]
    hashes = [
        ("order", Cell(f"0x{signed.order.struct_hash().hex()}", "mono")),
        ("receipt", Cell(f"0x{signed.receipt.struct_hash().hex()}", "mono")),
    ]
    return section(
        "What was signed",
        "Both sides signed these numbers before anybody knew that the segment would be checked.",
        table(("struct hash", ""), hashes),
        folded("Order of the gateway", table(("field", "value"), order)),
        folded("Receipt of the orchestrator", table(("field", "value"), receipt)),
        folded("Renditions", table(("field", "value"), leaves)),
    )
