"""`make verifier-calibration`: build the matrix, measure, compare with the shipped limits."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from verifier.calibration import contents, document, plots
from verifier.calibration.matrix import Record, Size, limits_under_test, run_matrix
from verifier.calibration.requirements import Row, rows
from verifier.calibration.shipped import problems, recorded
from verifier.calibration.sizes import SIZES
from verifier.thresholds import DEFAULT

ROOT = Path(__file__).parents[2]
DOCUMENT, PLOT = ROOT / "docs" / "verification.md", ROOT / "docs" / "verification-roc.svg"


@click.command()
@click.option("--size", type=click.Choice(sorted(SIZES)), default="full", show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "build" / "calibration",
    help="Folder for clips, renditions and records.",
)
@click.option("--record", is_flag=True, help="Write the honest extremes into the thresholds file.")
def main(size: str, processes: int, cache: Path, record: bool) -> None:
    """Measure the rules on honest and dishonest renditions; fails when they do not hold."""
    console = Console(stderr=True)
    started = time.monotonic()
    contents.fetch_clips(cache / "clips", say=console.print)
    _found, left_out = contents.available(cache / "clips")
    records = _run(SIZES[size], cache, processes, console)
    table = rows(records)
    _show(table, records)
    bad = [f"requirement {row.requirement}: {row.what}" for row in table if not row.ok]
    if size == "full":
        if record:
            if left_out:
                raise click.ClickException(f"nothing recorded: {left_out[0]}")
            DEFAULT.write_text(json.dumps(recorded(DEFAULT, records), indent=2) + "\n")
        bad += problems(records)
        part = document.measured_part(records, table, limits_under_test(), left_out)
        document.write(DOCUMENT, part)
        PLOT.write_text(plots.draw(records))
        console.print(f"wrote {DOCUMENT.relative_to(ROOT)} and {PLOT.relative_to(ROOT)}")
    for text in left_out:
        console.print(f"left out: {text}")
    console.print(f"{len(records)} renditions in {time.monotonic() - started:.0f} s")
    for text in bad:
        console.print(f"[red]does not hold:[/red] {text}", highlight=False)
    sys.exit(1 if bad else 0)


def _run(size: Size, cache: Path, processes: int, console: Console) -> tuple[Record, ...]:
    columns = (
        TextColumn("matrix"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=None)

        def told(done: int, total: int, what: str) -> None:
            progress.update(bar, completed=done, total=total, description=what)

        return run_matrix(size, cache, processes=processes, told=told)


def _show(table: tuple[Row, ...], records: tuple[Record, ...]) -> None:
    console = Console()
    shown = Table("requirement", "what", "measured", "95 % bounds", "limit", "ok")
    for row in table:
        low, high = row.bounds
        mark = "yes" if row.ok else "[red]NO[/red]"
        bounds = f"{low:.3f} .. {high:.3f}"
        shown.add_row(str(row.requirement), row.what, row.measured, bounds, row.limit, mark)
    console.print(shown)
    for one in records:
        if one.kind == "honest" and one.verdict != "ok":
            console.print(
                f"false alarm: {one.variant} on {one.content} at {one.rung}p:"
                f" {', '.join(one.codes)} {one.measures}",
                highlight=False,
            )


if __name__ == "__main__":
    main()
