"""`ape run treasury report`: the treasury's books between two blocks, explained to the wei.

Exit code 1 if a transfer is unexplained or a balance does not add up.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from eth_utils.address import is_address, to_checksum_address
from rich.console import Console

from scripts._governance.accounts_report import Report, ReportError
from scripts._governance.accounts_report_output import show, to_csv, to_html, to_json
from scripts._governance.accounts_report_reading import read_report
from scripts._governance.node import LOG_BLOCKS, Node, NodeError
from scripts._lib.networks import quiet_ape, target_of
from scripts._lib.records import RecordError, Records

ERRORS = (NodeError, RecordError, ReportError)
WIDTH = 160


@click.group(short_help="The treasury's books")
def cli() -> None:
    """What the treasury holds, and where it came from."""


@cli.command(cls=ConnectedProviderCommand, short_help="Explain every wei between two blocks")
@click.option("--from", "first", type=click.IntRange(0), required=True, help="First block.")
@click.option("--to", "last", type=click.IntRange(0), help="Last block; the newest by default.")
@click.option("--controller", help="Address of the Controller; by default from the record.")
@click.option("--records", type=click.Path(path_type=Path), help="Another record file (JSON).")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write it as CSV.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write all of it (JSON)."
)
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write a page.")
def report(
    provider: Any,
    first: int,
    last: int | None,
    controller: str | None,
    records: Path | None,
    csv_file: Path | None,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Opening + inflows - outflows = closing, for the LPT and the ETH of the treasury.

    Blocks are the node's, both ends included; it must know their states (an archive node).
    """
    try:
        with quiet_ape():
            address = _controller(provider, controller, records)
            node = Node.of(provider.web3, on_progress=_progress)
            found = read_report(node, address, first, last)
    except ERRORS as error:
        raise click.ClickException(str(error)) from None
    show(found, Console(width=WIDTH))
    _write(found, [(csv_file, to_csv), (json_file, to_json), (html_file, to_html)])
    if not found.explained:
        raise click.exceptions.Exit(1)


def _controller(provider: Any, given: str | None, records: Path | None) -> str:
    if given is not None:
        if not is_address(given):
            raise ReportError(f"--controller {given}: not an address")
        return str(to_checksum_address(given))
    path = records or target_of(provider.network).records
    contracts = Records.read(path).contracts
    if "Controller" not in contracts:
        raise ReportError(f"{path}: no Controller in this record; give --controller ADDRESS")
    return contracts["Controller"].address


def _write(found: Report, files: list[tuple[Path | None, Callable[[Report], str]]]) -> None:
    for path, render in files:
        if path is None:
            continue
        try:
            path.write_text(render(found), newline="")
        except OSError as error:
            raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None
        click.echo(f"Wrote {path}")


def _progress(what: str, done: int, total: int) -> None:
    """Only where it takes a while."""
    if total > LOG_BLOCKS:
        click.echo(f"{what}: {done:,} of {total:,} blocks", err=True)
