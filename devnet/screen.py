"""What a run shows while it goes on, and the table at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from devnet.amounts import fixed, lpt, megapixels
from devnet.scenario import ETHER, LPT

if TYPE_CHECKING:
    from devnet.summary import OrchestratorRow, Summary

TABLE_WIDTH = 100
COLUMNS = (
    "stake\nLPT",
    "gwei\n/px",
    "seg-\nments",
    "Mega-\npixels",
    "tick-\nets",
    "won",
    "paid",
    "fees\nmETH",
    "rewards\nLPT",
)


@dataclass
class Phase:
    """A part of the run while it goes on. `say` adds a line that stays."""

    _progress: Progress
    _task: object
    detail: str = ""

    def step(self, text: str = "", *, of: int | None = None) -> None:
        if of is not None:
            self._progress.update(self._task, total=of)  # type: ignore[arg-type]
        self._progress.update(self._task, advance=1, detail=text)  # type: ignore[arg-type]

    def say(self, text: str) -> None:
        self._progress.console.print(f"              {text}", style="dim", highlight=False)


class Screen:
    """Writes to a terminal, or to a file, which is taken to be as wide as the table needs."""

    def __init__(self, console: Console) -> None:
        if not console.is_terminal:
            console.width = max(console.width, TABLE_WIDTH)
        self._console = console

    def title(self, text: str) -> None:
        self._console.print(f"[bold]{text}[/bold]", highlight=False)

    @contextmanager
    def phase(self, name: str, doing: str, *, steps: int | None = None) -> Iterator[Phase]:
        """A bar while it lasts, one line with the time it took after it."""
        begin = time.monotonic()
        columns = (
            SpinnerColumn("line"),
            TextColumn("[bold]{task.description:<12}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        with Progress(
            *columns,
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            phase = Phase(progress, progress.add_task(name, total=steps, detail=doing))
            yield phase
        seconds = time.monotonic() - begin
        self._console.print(
            f"  [bold]{name:<12}[/bold]{phase.detail or doing} [dim]({seconds:.1f} s)[/dim]",
            highlight=False,
            soft_wrap=True,
        )

    def line(self, text: str, *, good: bool = True) -> None:
        self._console.print(
            text, style="bold green" if good else "bold red", highlight=False, soft_wrap=True
        )

    def note(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    def summary(self, summary: Summary) -> None:
        table = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
        table.add_column("", no_wrap=True)
        for name in COLUMNS:
            table.add_column(name, justify="right", no_wrap=True)
        rows = summary.orchestrators
        for row in rows:
            table.add_row(*_cells(row.name, f"{float(row.price) / 1e9:.2f}", [row]))
        table.add_section()
        table.add_row(*_cells("all", "", rows), style="bold")
        self._console.print()
        self._console.print(table)
        self._console.print(
            f"treasury {lpt(summary.treasury)} LPT, rounds {summary.first_round} to "
            f"{summary.last_round}, {len(summary.transactions)} transactions after deployment, "
            f"{summary.seconds:.0f} s",
            highlight=False,
            soft_wrap=True,
        )


def _cells(name: str, price: str, rows: Sequence[OrchestratorRow]) -> list[str]:
    return [
        name,
        fixed(sum(row.stake for row in rows), LPT, 0),
        price,
        str(sum(row.segments for row in rows)),
        megapixels(sum(row.pixels for row in rows)),
        str(sum(row.tickets for row in rows)),
        str(sum(row.won for row in rows)),
        str(sum(row.redeemed for row in rows)),
        fixed(sum(row.fees for row in rows), ETHER // 1000, 2),
        fixed(sum(row.rewards for row in rows), LPT, 0),
    ]
