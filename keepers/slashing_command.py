"""`python -m keepers slashing`: the command around the slashing keeper."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table
from web3 import HTTPProvider, Web3

from keepers.keystore import KeystoreError, address_in, ape_keystore, unlock
from keepers.node_errors import NODE, line_of
from keepers.sending import GWEI, FeePolicy, TransactionSender
from keepers.slashing import Report, SlashingKeeper
from keepers.slashing_evidence import EvidenceSource, SourceError
from keepers.slashing_journal import Journal, JournalError
from keepers.slashing_view import ZERO, ChainError, SlashingView
from keepers.ticker import run_every

TROUBLE = (ChainError, JournalError, KeystoreError, SourceError)
LPT = 10**18
WIDTH = 140  # a transaction hash on one line


@dataclass(frozen=True)
class Options:
    evidence: str
    rpc: str
    controller: str
    keystore: Path | None
    password_file: Path | None
    journal: Path | None
    chain_id: int | None
    max_fee_gwei: float
    live: bool


@click.command(short_help="Turn a verifier's evidence into slashes")
@click.option("--evidence", required=True, help="Folder of evidence, or a verifier's store (URL).")
@click.option("--rpc", required=True, help="URL of an Ethereum node.")
@click.option("--controller", required=True, help="Address of the protocol's Controller.")
@click.option("--keystore", type=click.Path(path_type=Path), help="Encrypted key of the finder.")
@click.option("--account", help="Alias of an Ape account, instead of --keystore.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Its password; chmod 600.")
@click.option("--journal", type=click.Path(path_type=Path), help="Default: beside the keystore.")
@click.option("--chain-id", type=int, help="Refuse to work on any other chain.")
@click.option("--max-fee-gwei", type=float, default=10.0, show_default=True, help="Most per gas.")
@click.option("--interval", type=click.IntRange(1), default=15, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="One look at everything, then stop.")
@click.option("--live", is_flag=True, help="Send transactions. Without it nothing is sent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per look, on stdout.")
def slashing(account: str | None, interval: int, once: bool, as_json: bool, **given: Any) -> None:
    """Prove cheating on chain, follow each case to its end, and collect the finder's share.

    A dry run unless --live is given. Can be stopped at any time and started again.
    """
    try:
        if account:
            if given["keystore"]:
                raise click.UsageError("give --keystore or --account, not both")
            given["keystore"] = ape_keystore(account)
        options = Options(**given)
        keeper, journal = _assemble(options)
    except (*TROUBLE, *NODE) as error:
        _fail(error)
    show = _Screen(as_json).show
    with closing(journal):
        if once:
            try:
                show(keeper.tick())
            except (*TROUBLE, *NODE) as error:
                _fail(error)
            return
        _run(keeper, show, interval)


def _assemble(options: Options) -> tuple[SlashingKeeper, Journal]:
    if options.live and not (options.keystore and options.password_file):
        raise click.UsageError("--live needs --keystore (or --account) and --password-file")
    web3 = Web3(HTTPProvider(options.rpc, request_kwargs={"timeout": 30}))
    finder = address_in(options.keystore) if options.keystore else ZERO
    view = SlashingView(web3, options.controller, finder)
    if options.chain_id not in (None, view.chain_id):
        raise ChainError(f"{options.rpc} is chain {view.chain_id}, not {options.chain_id}")
    source = EvidenceSource(options.evidence, chain_id=view.chain_id, verifier=view.address)
    identity = {
        "chain": f"{view.chain_id} {view.genesis}",
        "verifier": view.address,
        "account": finder,
    }
    if not options.live:
        return _dry(source, view, Journal(":memory:", identity=identity))
    assert options.keystore
    assert options.password_file
    key = unlock(options.keystore, options.password_file)
    if key.address != finder:
        raise KeystoreError(f"{options.keystore}: holds the key of {key.address}, not of {finder}")
    path = options.journal or options.keystore.with_suffix(".slashing.sqlite")
    journal = Journal(path, identity=identity)
    fees = FeePolicy(cap=int(options.max_fee_gwei * GWEI))
    sender = TransactionSender(web3, key, journal, fees=fees)
    return SlashingKeeper(source, view, journal, sender), journal


def _dry(
    source: EvidenceSource, view: SlashingView, journal: Journal
) -> tuple[SlashingKeeper, Journal]:
    return SlashingKeeper(source, view, journal, None), journal


def _run(keeper: SlashingKeeper, show: Callable[[list[Report]], None], interval: int) -> None:
    def tick() -> None:
        try:
            show(keeper.tick())
        except (*TROUBLE, *NODE) as error:
            click.echo(f"{line_of(error)}; trying again in {interval} s", err=True)

    run_every(interval, tick)


@dataclass
class _Screen:
    """Shows a look at all cases: as JSON, else what changed since the look before."""

    as_json: bool

    def __post_init__(self) -> None:
        self._shown: dict[str, Report] | None = None

    def show(self, reports: list[Report]) -> None:
        if self.as_json:
            click.echo(json.dumps([report.to_json() for report in reports]))
            return
        shown = self._shown or {}
        new = [one for one in reports if one.sent or shown.get(one.evidence) != one]
        if new or self._shown is None:
            table = Table("evidence", "accused", "state", "detail", "share")
            for one in new:
                share = f"{one.share / LPT:g} LPT" if one.share else ""
                detail = "\n".join((one.detail, *(f"sent {tx}" for tx in one.sent)))
                table.add_row(one.evidence, one.accused[:10], one.state, detail, share)
            Console(width=WIDTH).print(table if new else "No evidence.")
        self._shown = {one.evidence: replace(one, sent=()) for one in reports}


def _fail(error: Exception) -> NoReturn:
    raise click.ClickException(line_of(error))
