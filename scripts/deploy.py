"""`ape run deploy`: deploy the protocol, resume a killed deployment, or apply changed parameters.

A live network is only simulated (--dry-run) unless --send is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand

from scripts._lib.artifacts import ArtifactError, Artifacts
from scripts._lib.chain import ApeChain, ChainError
from scripts._lib.context import Context, StepError
from scripts._lib.deployment import Outcome, StepReport, run_steps
from scripts._lib.networks import NetworkError, account_of, parameters_of, quiet_ape, target_of
from scripts._lib.params import ParameterError
from scripts._lib.plan import build_plan, source_names
from scripts._lib.records import RecordError, Records
from scripts._lib.source import Source, read_source

ERRORS = (ArtifactError, ChainError, NetworkError, ParameterError, RecordError, StepError)


@click.command(cls=ConnectedProviderCommand, short_help="Deploy the protocol, or resume")
@click.option("--account", help="Alias of the signing account; a development chain has its own.")
@click.option("--params", type=click.Path(path_type=Path), help="Another parameter file (TOML).")
@click.option("--records", type=click.Path(path_type=Path), help="Another record file (JSON).")
@click.option("--dry-run/--send", default=None, help="Only show; the default on live networks.")
def cli(
    provider: Any,
    account: str | None,
    params: Path | None,
    records: Path | None,
    dry_run: bool | None,
) -> None:
    """Deploy the protocol to --network, step by step, sending only what is not there yet."""
    try:
        with quiet_ape():
            _deploy(provider, account, params, records, dry_run)
    except ERRORS as error:
        raise click.ClickException(str(error)) from None


def _deploy(
    provider: Any, account: str | None, params: Path | None, file: Path | None, dry: bool | None
) -> None:
    target = target_of(provider.network)
    dry_run = target.live if dry is None else dry
    parameters = parameters_of(target, params, chain_id=provider.chain_id)
    source = read_source()
    if target.live and not dry_run:
        _require_committed(source)
    steps = build_plan(parameters)
    artifacts = Artifacts.load(
        source_names(steps), on_compile=lambda count: print(f"Compiling {count} contracts")
    )
    chain = ApeChain(account_of(account, target=target, dry_run=dry_run))
    records = Records.open(
        file or target.records,
        chain_id=chain.chain_id,
        genesis=chain.genesis,
        live=target.live,
        keep_file=dry_run,
    )
    context = Context(chain=chain, records=records, artifacts=artifacts, source=source)
    reports = run_steps(context, steps, on_step=_print_step, dry_run=dry_run)
    _print_summary(reports, context)
    if getattr(provider, "process", None) is not None:
        print("This chain ends with this command; start anvil first to deploy to one that stays.")


def _require_committed(source: Source) -> None:
    if source.dirty:
        raise StepError(
            f"uncommitted changes: commit them first, the Controller records commit {source.commit}"
        )


def _print_step(report: StepReport) -> None:
    if report.outcome is not Outcome.UNCHANGED:
        place = f"{report.index:>3}/{report.total}"
        print(f"{place} {report.outcome:<8} {report.name}: {report.detail}")


def _print_summary(reports: list[StepReport], context: Context) -> None:
    def count(outcome: Outcome) -> int:
        return sum(report.outcome is outcome for report in reports)

    sent, planned, waiting = (
        count(Outcome.SENT),
        count(Outcome.PLANNED),
        count(Outcome.WAITING),
    )
    if planned:
        print(f"Dry run: transactions planned: {planned}, sent: 0. --send sends them.")
    elif sent or waiting:
        print(f"Transactions sent: {sent}, steps unchanged: {count(Outcome.UNCHANGED)}")
    else:
        print(f"Nothing to do: {len(reports)} steps, 0 transactions.")
    if waiting:
        print(f"Steps waiting, see above: {waiting}")
    print(f"Controller {context.address('Controller')}, record {context.records.path}")
