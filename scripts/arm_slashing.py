"""`ape run arm_slashing`: stage the calls that arm the SlashingVerifier (LIP-9001), or disarm it.

Prints what a proposal must contain, after checking that everything it relies on is in place. Sends
only with --send, and only as the Controller's owner.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts._lib.arming import Check, after, before, stage, steps
from scripts._lib.artifacts import ArtifactError, Artifacts
from scripts._lib.chain import ApeChain, ChainError
from scripts._lib.context import Context, StepError
from scripts._lib.deployment import run_steps
from scripts._lib.networks import NetworkError, account_of, parameters_of, quiet_ape, target_of
from scripts._lib.params import ParameterError
from scripts._lib.plan import build_plan, source_names
from scripts._lib.records import RecordError, Records
from scripts._lib.rules import Bits
from scripts._lib.source import read_source

ERRORS = (ArtifactError, ChainError, NetworkError, ParameterError, RecordError, StepError)
FAULTS = Bits(0b1110, "2 equivocation + 4 contradiction + 8 content; 0 disarms")
WIDTH = 140


@click.command(cls=ConnectedProviderCommand, short_help="Stage the proposal that arms slashing")
@click.option("--faults", type=int, default=14, show_default=True, help=FAULTS.meaning)
@click.option("--account", help="Alias of the owner's account; a development chain has its own.")
@click.option("--params", type=click.Path(path_type=Path), help="Another parameter file (TOML).")
@click.option("--records", type=click.Path(path_type=Path), help="Another record file (JSON).")
@click.option("--send", is_flag=True, help="Make the calls, as the Controller's owner.")
def cli(
    provider: Any,
    faults: int,
    account: str | None,
    params: Path | None,
    records: Path | None,
    send: bool,
) -> None:
    """Arm the SlashingVerifier on --network; without --send only show what that takes."""
    try:
        FAULTS.parse(faults)
    except ValueError as error:
        raise click.UsageError(f"--faults {faults}: {error}") from None
    try:
        with quiet_ape():
            _arm(provider, faults, account, params, records, send)
    except ERRORS as error:
        raise click.ClickException(str(error)) from None


def _arm(
    provider: Any,
    faults: int,
    account: str | None,
    params: Path | None,
    file: Path | None,
    send: bool,
) -> None:
    target = target_of(provider.network)
    parameters = parameters_of(target, params, chain_id=provider.chain_id)
    chain = ApeChain(account_of(account, target=target, dry_run=not send))
    path = file or target.records
    Records.read(path)  # a missing record is an error here
    context = Context(
        chain=chain,
        records=Records.open(
            path,
            chain_id=chain.chain_id,
            genesis=chain.genesis,
            live=target.live,
            keep_file=not send,
        ),
        artifacts=Artifacts.load(source_names(build_plan(parameters))),
        source=read_source(),
    )
    _require(before(context, parameters, faults), "Before")
    calls = stage(context, parameters, faults)
    for number, one in enumerate(calls, start=1):
        print(f"{number}. {one.name}: {one.change}")
        print(f"   to   {one.call.address} (Verifier)\n   call {one.shown}\n   data {one.data}")
    if not calls:
        print("Nothing to do: the chain has these terms and these armed faults.")
    elif not send:
        print(f"Dry run: calls staged: {len(calls)}, sent: 0. --send sends them, as the owner.")
    else:
        if refused := context.only_owner():
            raise StepError(f"{refused.detail}: put the calls above into a proposal")
        run_steps(context, steps(parameters, faults))
        print(f"Calls sent: {len(calls)}")
        _require(after(context, parameters, faults), "After")


def _require(checks: list[Check], when: str) -> None:
    table = Table()
    for title in ("", when, "found"):
        table.add_column(title, overflow="fold")
    for check in checks:
        word = "ok" if check.holds else "MISSING"
        table.add_row(word, escape(check.name), escape(check.found))
    Console(width=WIDTH).print(table)
    missing = [check.name for check in checks if not check.holds]
    if missing:
        raise StepError(f"not ready: {'; '.join(missing)}")
