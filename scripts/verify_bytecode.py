"""`ape run verify_bytecode`: prove that the code on chain is what the sources build to.

Each recorded contract is built again from its source archive, in an empty folder, and compared with
its record, with the transaction that created it and with the code on chain, immutables included.
Exit code 1 on any mismatch. Sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts._lib.bytecode import constructor_arguments
from scripts._lib.chain import ZERO, ApeChain, ChainError
from scripts._lib.context import Finding
from scripts._lib.networks import NetworkError, Watcher, quiet_ape, target_of
from scripts._lib.records import Contract, RecordError, Records
from scripts._lib.registry import (
    archives_of,
    digest_of,
    key_of,
    read_digests,
    verify,
)
from scripts._lib.reproduce import (
    ReproduceError,
    rebuild_archives,
    rebuild_standard_json,
    standard_json,
)

ERRORS = (ChainError, NetworkError, RecordError, ReproduceError)
WIDTH = 180  # two hashes side by side, also when the output is not a terminal


@click.command(cls=ConnectedProviderCommand, short_help="Rebuild what is deployed, and compare")
@click.argument("names", nargs=-1)
@click.option("--records", type=click.Path(path_type=Path), help="Another record file (JSON).")
@click.option(
    "--archives", type=click.Path(path_type=Path), help="Folder of <Name>.vyz to build from."
)
@click.option(
    "--artefacts",
    type=click.Path(path_type=Path),
    help="Write archive, standard JSON and constructor arguments of each contract there.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every comparison, not only mismatches.")
def cli(
    provider: Any,
    names: tuple[str, ...],
    records: Path | None,
    archives: Path | None,
    artefacts: Path | None,
    show_all: bool,
) -> None:
    """Rebuild the contracts recorded for --network, or those of NAMES, and compare."""
    try:
        with quiet_ape():
            findings = _verify(provider, names, records, archives, artefacts)
    except ERRORS as error:
        raise click.ClickException(str(error)) from None
    wrong = [finding for finding in findings if not finding.matches]
    if shown := findings if show_all else wrong:
        Console(width=WIDTH).print(_table(shown))
    print(f"Comparisons: {len(findings)}, mismatches: {len(wrong)}")
    if wrong:
        raise click.exceptions.Exit(1)


def _verify(
    provider: Any,
    names: tuple[str, ...],
    file: Path | None,
    folder: Path | None,
    artefacts: Path | None,
) -> list[Finding]:
    records = Records.read(file or target_of(provider.network).records)
    chain = ApeChain(Watcher(ZERO))
    if (records.chain_id, records.genesis) != (chain.chain_id, chain.genesis):
        raise RecordError(f"{records.path}: recorded on another chain; check --network")
    if unknown := sorted(set(names) - set(records.contracts)):
        raise RecordError(f"{records.path}: no contract {', '.join(unknown)} recorded")
    chosen = {
        name: contract for name, contract in records.contracts.items() if not names or name in names
    }
    archives = archives_of(chosen, folder=folder)
    if artefacts is not None:
        _write_artefacts(artefacts, chosen, archives)
    return verify(
        chosen,
        archives,
        chain,
        controller=records.address("Controller"),
        digests=read_digests(),
    )


def _write_artefacts(
    folder: Path, contracts: Mapping[str, Contract], archives: Mapping[str, bytes]
) -> None:
    """What a block explorer asks for, each checked by building it. Raises ReproduceError."""
    folder.mkdir(parents=True, exist_ok=True)
    builds = rebuild_archives(archives)
    for name, contract in contracts.items():
        archive, build = archives[key_of(contract)], builds[key_of(contract)]
        document = standard_json(archive, build)
        if rebuild_standard_json(document) != build:
            raise ReproduceError(f"{name}: standard JSON and archive build differently")
        (folder / f"{name}.vyz").write_bytes(archive)
        (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
        arguments = constructor_arguments(build, contract.args).hex()
        described = {
            "address": contract.address,
            "constructor_arguments": arguments,
            "contract": f"{contract.source}:{build.artifact.name}",
            "digests": asdict(digest_of(archive, build)),
        }
        (folder / f"{name}.verification.json").write_text(json.dumps(described, indent=1) + "\n")
    print(f"{folder}: artefacts of {len(contracts)} contracts")


def _table(findings: list[Finding]) -> Table:
    table = Table()
    for title in ("", "what", "rebuilt", "found"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        table.add_row(
            "ok" if finding.matches else "MISMATCH",
            escape(finding.subject),
            escape(finding.expected),
            escape(finding.found),
        )
    return table
