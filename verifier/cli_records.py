"""`python -m verifier audit` and `standing`: read what a watching verifier left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from eth_utils.address import is_address, to_checksum_address
from rich.console import Console
from rich.table import Table
from rich.text import Text

from verifier.dossier import EPOCH
from verifier.options import stop
from verifier.sampling import WHOLE, Draw, RatePolicy, SamplingError
from verifier.sampling import audit as audit_epoch
from verifier.standing import Standing
from verifier.state import State, StateError
from verifier.store import EvidenceStore, StoreError

HOME = Path("build/verifier")
# Of an epoch that is not as promised so many problems are named; their number says the rest.
PROBLEMS = 3


@click.command()
@click.argument("store_url", metavar="STORE")
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.01,
    show_default=True,
    help="The rate that was promised.",
)
@click.option(
    "--raised-rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="The one promised for new and flagged orchestrators.",
)
def audit(store_url: str, rate: float, raised_rate: float) -> None:
    """Recompute every draw of the revealed epochs in STORE. Exit code 1 if one is not as promised.

    Needs nothing but what the verifier published.
    """
    policy = RatePolicy(round(rate * WHOLE), round(raised_rate * WHOLE))
    wrong = revealed = 0
    try:
        store = EvidenceStore(store_url)
        for case in store.cases(EPOCH):
            epoch = json.loads(store.get(case.files["epoch.json"]))
            if "draws.json" not in case.files:
                click.echo(f"epoch {epoch['epoch']}: not revealed yet")
                continue
            lines = json.loads(store.get(case.files["draws.json"]))
            found = audit_epoch(epoch, [Draw.from_json(line) for line in lines], policy)
            revealed += 1
            wrong += len(found.problems)
            text = f"{len(found.problems)} problems" if found.problems else "all as promised"
            click.echo(
                f"epoch {epoch['epoch']}: {found.draws} draws, {found.sampled} checked, {text}"
            )
            for problem in found.problems[:PROBLEMS]:
                click.echo(f"  {problem}")
    except (SamplingError, StoreError, KeyError, ValueError) as error:
        stop(f"{store_url}: {error}")
    if not revealed:
        stop(f"{store_url}: no revealed epoch here")
    sys.exit(1 if wrong else 0)


@click.command()
@click.option(
    "--state",
    "state_folder",
    default=HOME / "state",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the verifier; it must not be running.",
)
@click.option("--pardon", metavar="ADDRESS", help="Let an orchestrator start anew.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def standing(state_folder: Path, pardon: str | None, as_json: bool) -> None:
    """Show how orchestrators stand with this verifier."""
    try:
        state = State(state_folder / "state.sqlite")
    except StateError as error:
        stop(str(error))
    if pardon is not None:
        if not is_address(pardon):
            stop(f"{pardon!r} is not an address")
        state.pardon(to_checksum_address(pardon))
    standings = state.standings()
    state.close()
    if as_json:
        click.echo(json.dumps({who: one.to_json() for who, one in standings.items()}, indent=1))
    else:
        Console().print(standings_table(standings))


def standings_table(standings: dict[str, Standing]) -> Table:
    """One line per orchestrator."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("orchestrator", "standing", "weight", "flags", "samples", "reason"):
        table.add_column(
            title,
            justify="right" if title in ("weight", "flags", "samples") else "left",
            # An address that is cut cannot be copied.
            min_width=42 if title == "orchestrator" else None,
        )
    for who, one in standings.items():
        table.add_row(
            who, one.state.value, f"{100 * one.weight / WHOLE:.0f} %", str(one.flags),
            str(one.samples), Text(one.reason),
        )  # fmt: skip
    return table
