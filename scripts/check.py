"""`ape run check`: read a deployed system back from the chain and name every mismatch.

Compares code, registry, parameters, roles, owner and pause with the record, the parameter file and
the sources. Exit code 1 on any mismatch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts._lib.artifacts import ArtifactError, Artifacts
from scripts._lib.chain import ZERO, ApeChain, ChainError
from scripts._lib.checks import check_steps
from scripts._lib.context import Context, Finding, StepError
from scripts._lib.networks import NetworkError, Watcher, parameters_of, quiet_ape, target_of
from scripts._lib.params import ParameterError
from scripts._lib.plan import build_plan, source_names
from scripts._lib.records import RecordError, Records
from scripts._lib.source import read_source

ERRORS = (ArtifactError, ChainError, NetworkError, ParameterError, RecordError, StepError)
WIDTH = 180  # two hashes side by side, also when the output is not a terminal


@click.command(cls=ConnectedProviderCommand, short_help="Compare the chain with the record")
@click.option("--params", type=click.Path(path_type=Path), help="Another parameter file (TOML).")
@click.option("--records", type=click.Path(path_type=Path), help="Another record file (JSON).")
@click.option("--all", "show_all", is_flag=True, help="Show every comparison, not only mismatches.")
def cli(provider: Any, params: Path | None, records: Path | None, show_all: bool) -> None:
    """Check the system deployed on --network."""
    try:
        with quiet_ape():
            findings = _check(provider, params, records)
    except ERRORS as error:
        raise click.ClickException(str(error)) from None
    wrong = [finding for finding in findings if not finding.matches]
    if shown := findings if show_all else wrong:
        Console(width=WIDTH).print(_table(shown))
    print(f"Comparisons: {len(findings)}, mismatches: {len(wrong)}")
    if wrong:
        raise click.exceptions.Exit(1)


def _check(provider: Any, params: Path | None, file: Path | None) -> list[Finding]:
    target = target_of(provider.network)
    parameters = parameters_of(target, params, chain_id=provider.chain_id)
    chain = ApeChain(Watcher(ZERO))
    path = file or target.records
    Records.read(path)  # a missing record is an error here
    records = Records.open(
        path, chain_id=chain.chain_id, genesis=chain.genesis, live=True, keep_file=True
    )
    steps = build_plan(parameters)
    context = Context(
        chain=chain,
        records=records,
        artifacts=Artifacts.load(source_names(steps)),
        source=read_source(),
    )
    return check_steps(context, steps)


def _table(findings: list[Finding]) -> Table:
    table = Table()
    for title in ("", "what", "expected", "on chain"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        table.add_row(
            "ok" if finding.matches else "MISMATCH",
            escape(finding.subject),
            escape(finding.expected),
            escape(finding.found),
        )
    return table
