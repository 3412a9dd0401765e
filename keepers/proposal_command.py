"""`python -m keepers proposals`: the command around the proposal keeper."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from web3 import HTTPProvider, Web3

from keepers.keystore import KeystoreError, address_in, ape_keystore, unlock
from keepers.node_errors import NODE, line_of
from keepers.proposal_keeper import ProposalKeeper, Report
from keepers.proposal_view import ProposalView
from keepers.sending import GWEI, FeePolicy, TransactionSender
from keepers.slashing_journal import Journal, JournalError
from keepers.slashing_view import ZERO
from keepers.ticker import run_every
from scripts._governance.model import ProposalError

TROUBLE = (JournalError, KeystoreError, ProposalError)
WIDTH = 140  # a transaction hash on one line


@dataclass(frozen=True)
class Options:
    rpc: str
    controller: str
    keystore: Path | None
    password_file: Path | None
    journal: Path | None
    chain_id: int | None
    from_block: int
    remind_rounds: int
    max_fee_gwei: float
    live: bool


@click.command(short_help="Queue and execute proposals that have passed")
@click.option("--rpc", required=True, help="URL of an Ethereum node.")
@click.option("--controller", required=True, help="Address of the protocol's Controller.")
@click.option("--keystore", type=click.Path(path_type=Path), help="Encrypted key that pays gas.")
@click.option("--account", help="Alias of an Ape account, instead of --keystore.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Its password; chmod 600.")
@click.option("--journal", type=click.Path(path_type=Path), help="Default: beside the keystore.")
@click.option("--chain-id", type=int, help="Refuse to work on any other chain.")
@click.option(
    "--from-block", type=click.IntRange(0), default=0, help="Look for proposals from here."
)
@click.option(
    "--remind-rounds",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Remind of votes that end in so many rounds.",
)
@click.option("--max-fee-gwei", type=float, default=10.0, show_default=True, help="Most per gas.")
@click.option("--interval", type=click.IntRange(1), default=30, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="One look at everything, then stop.")
@click.option("--live", is_flag=True, help="Send transactions. Without it nothing is sent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per look, on stdout.")
def proposals(account: str | None, interval: int, once: bool, as_json: bool, **given: Any) -> None:
    """Queue treasury proposals that have passed, execute them and staged updates, once each.

    Every execution is simulated right before, and refused if a check of the proposal's file would
    not hold. A dry run unless --live is given. Can be stopped at any time and started again.
    """
    show = _Screen(as_json).show
    try:
        if account:
            if given["keystore"]:
                raise click.UsageError("give --keystore or --account, not both")
            given["keystore"] = ape_keystore(account)
        keeper, journal = _assemble(Options(**given))
    except (*TROUBLE, *NODE) as error:
        _fail(error)
    with closing(journal):
        if once:
            try:
                show(keeper.tick())
            except (*TROUBLE, *NODE) as error:
                _fail(error)
            return

        def tick() -> None:
            try:
                show(keeper.tick())
            except (*TROUBLE, *NODE) as error:
                click.echo(f"{line_of(error)}; trying again in {interval} s", err=True)

        run_every(interval, tick)


def _assemble(options: Options) -> tuple[ProposalKeeper, Journal]:
    if options.live and not (options.keystore and options.password_file):
        raise click.UsageError("--live needs --keystore (or --account) and --password-file")
    web3 = Web3(HTTPProvider(options.rpc, request_kwargs={"timeout": 30}))
    chain_id = web3.eth.chain_id
    if options.chain_id not in (None, chain_id):
        raise ProposalError(f"{options.rpc} is chain {chain_id}, not {options.chain_id}")
    payer = address_in(options.keystore) if options.keystore else ZERO
    view = ProposalView(web3, options.controller, payer, first_block=options.from_block)
    identity = {"chain": str(chain_id), "controller": view.system.controller, "account": payer}
    if not options.live:
        journal = Journal(":memory:", identity=identity)
        return ProposalKeeper(view, None, remind_rounds=options.remind_rounds), journal
    assert options.keystore
    assert options.password_file
    key = unlock(options.keystore, options.password_file)
    if key.address != payer:
        raise KeystoreError(f"{options.keystore}: holds the key of {key.address}, not of {payer}")
    path = options.journal or options.keystore.with_suffix(".proposals.sqlite")
    journal = Journal(path, identity=identity)
    fees = FeePolicy(cap=int(options.max_fee_gwei * GWEI))
    sender = TransactionSender(web3, key, journal, fees=fees)
    return ProposalKeeper(view, sender, remind_rounds=options.remind_rounds), journal


@dataclass
class _Screen:
    """Shows a look at all proposals: as JSON, else what changed since the look before."""

    as_json: bool

    def __post_init__(self) -> None:
        self._shown: dict[str, Report] | None = None

    def show(self, reports: list[Report]) -> None:
        if self.as_json:
            click.echo(json.dumps([report.to_json() for report in reports]))
            return
        shown = self._shown or {}
        new = [one for one in reports if one.sent or shown.get(one.id) != one]
        if new or self._shown is None:
            table = Table("route", "proposal", "state", "detail")
            for one in new:
                detail = "\n".join((one.detail, *(f"sent {tx}" for tx in one.sent)))
                name = f"{one.id[:10]} {one.title}".strip()
                table.add_row(one.route, escape(name), one.state, escape(detail))
            Console(width=WIDTH).print(table if new else "No proposals.")
        self._shown = {one.id: replace(one, sent=()) for one in reports}


def _fail(error: Exception) -> NoReturn:
    raise click.ClickException(line_of(error))
