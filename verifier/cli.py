"""`python -m verifier check`: judge renditions of a source, and the group of all commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from verifier.check import SegmentCheck, check_segment
from verifier.cli_records import audit, standing
from verifier.cli_watch import watch
from verifier.devices import DeviceError
from verifier.findings import Finding
from verifier.markup import Cell
from verifier.media import Limits
from verifier.messages import Profile
from verifier.options import PROFILE, device_options, load_limits, stop
from verifier.outlook import outlook
from verifier.report import Subject, kind, number, render, shape, verdict_line
from verifier.store import write_durably

EXIT_CODES = {"ok": 0, "flag": 1, "unverifiable": 2, "objective": 3, "severe": 4, "provable": 5}
STYLES = {"good": "bold green", "warn": "bold yellow", "bad": "bold red"}


@click.group()
def cli() -> None:
    """Judge transcoded video: what is wrong with it, and what of that a contract can recompute."""


@cli.command(
    epilog="Exit codes: 0 ok, 1 quality flag, 2 usage, unreadable file or a source that cannot be "
    "judged against, 3 objective fault, 4 severe, 5 provable fault."
)
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("renditions", type=click.Path(path_type=Path, dir_okay=False), nargs=-1,
                required=True, metavar="RENDITION...")  # fmt: skip
@click.option("--profile", "profiles", type=PROFILE, multiple=True, metavar="WxH@BITRATE",
              help="What was ordered, one for each rendition in their order, as 640x360@1200k. "
              "Without it size and bitrate are taken from the rendition.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the whole check as JSON.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False),
              help="Write the evidence report, one HTML file.")  # fmt: skip
@click.option("--fingerprint-only", is_flag=True,
              help="Compare fingerprints only: no own encode, no quality.")  # fmt: skip
@device_options
def check(
    source: Path,
    renditions: tuple[Path, ...],
    profiles: tuple[Profile, ...],
    as_json: bool,
    report: Path | None,
    fingerprint_only: bool,
    device: str,
    allow_cpu: bool,
    encoder: str,
    thresholds: Path | None,
) -> None:
    """Check RENDITIONs against their SOURCE: the same content, whole, in the ordered quality.

    The source is decoded and encoded again here, every file in a process of its own with limits on
    time and memory.
    """
    if profiles and len(profiles) != len(renditions):
        stop(f"{len(profiles)} profiles for {len(renditions)} renditions: give one for each")
    limits = load_limits(thresholds)
    files = [_read(path) for path in (source, *renditions)]
    wanted: Sequence[Profile | None] = profiles or (None,) * len(renditions)
    try:
        with Console(stderr=True).status("decoding, encoding, comparing"):
            result = check_segment(
                files[0],
                files[1:],
                wanted,
                device=device,
                allow_cpu=allow_cpu,
                encoder=encoder,
                thresholds=limits,
                metrics="fingerprint" if fingerprint_only else "full",
            )
    except DeviceError as error:
        stop(str(error))
    names = [path.name for path in renditions]
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=1))
    else:
        show(result, source.name, names, Console())
    if report is not None:
        subject = Subject(result, limits, outlook(result), source.name, names)
        _write(report, render(subject))
    sys.exit(EXIT_CODES[result.verdict])


cli.add_command(watch)
cli.add_command(audit)
cli.add_command(standing)


def _read(path: Path) -> bytes:
    """A file of a size that a check takes. Ends the program with one line otherwise."""
    limit = Limits().bytes
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        stop(f"{path}: {error.strerror}")
    if len(data) > limit:
        stop(f"{path}: longer than {limit:,} bytes; a segment is a few seconds, cut it first")
    return data


def _write(path: Path, text: str) -> None:
    try:
        write_durably(path, text.encode())
    except OSError as error:
        stop(f"{path}: {error.strerror}")
    click.echo(f"report: {path}", err=True)


# -- for people


def show(result: SegmentCheck, source: str, names: Sequence[str], console: Console) -> None:
    """The verdict, a line per rendition, and every finding."""
    if result.source is not None:
        console.print(Text(f"source   {source}: {shape(result.source)}"))
    if result.renditions:
        console.print(_renditions(result, names))
    for found in result.findings:
        console.print(_line("receipt", found), soft_wrap=True)
    for one in result.renditions:
        for found in one.findings:
            console.print(_line(names[one.index], found), soft_wrap=True)
        if one.note:
            note = f"{names[one.index]}: quality was not judged: {one.note}"
            console.print(Text(note), soft_wrap=True)
    console.print(Text(verdict_line(result), STYLES[kind(result.verdict)]), soft_wrap=True)
    console.print(
        Text(
            f"own encode {result.encoder}, device {result.device}, thresholds version "
            f"{result.thresholds_version}, {result.seconds:.1f} s of processor time",
            "dim",
        ),
        soft_wrap=True,
    )


def _renditions(result: SegmentCheck, names: Sequence[str]) -> Table:
    """One line each; lines are cut to the terminal, names last."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("rendition", "verdict"):
        table.add_column(title, no_wrap=True)
    for title in ("size", "luma", "chroma", "colour", "cell", "detail", "true", "loss"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in result.renditions:
        m = one.metrics
        values = (
            (None,) * 7
            if m is None
            else (m.luma, m.chroma, m.grey, m.cell, m.detail, m.high_pass, m.ms_ssim_loss)
        )
        table.add_row(
            Text(names[one.index]),
            Text(one.verdict, STYLES[kind(one.verdict)]),
            "" if one.decoded is None else f"{one.decoded.width}x{one.decoded.height}",
            *("-" if value is None else f"{value:.3f}"[:5] for value in values),
        )
    return table


def _line(about: str, found: Finding) -> Text:
    limit = "" if found.limit is None else f" (limit {number(found.limit)})"
    cell = Cell(found.severity.value, kind(found.severity.value))
    return Text.assemble(
        f"{about}: ", (found.code.value, STYLES[cell.kind]), f" {found.text}{limit}"
    )
