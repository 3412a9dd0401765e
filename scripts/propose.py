"""`ape run propose <verb> <lip>`: read, simulate, stage, vote on and execute a proposal.

Every verb prints what it would send; only --send sends it. Proposals are files in
scripts/proposals/.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scripts._governance.ballots import SUPPORT
from scripts._governance.command import NUMBER, Options, desk, verb
from scripts._governance.desk import Batch
from scripts._governance.loader import lip_status, load, numbers
from scripts._governance.model import ProposalError


@click.group(short_help="Read, simulate, stage, vote on and execute proposals")
def cli() -> None:
    """Proposals as code: one file, either route. Every verb only shows, unless --send is given."""


@cli.command("list", short_help="The proposals there are")
def list_() -> None:
    """Number, status and title of every proposal file."""
    try:
        for number in numbers():
            print(f"{number:>5}  {lip_status(number):<10} {load(number).title}")
    except ProposalError as error:
        raise click.ClickException(str(error)) from None


@verb(cli, "show", "What a proposal would do, in words", NUMBER)
def show(provider: Any, options: Options, lip: int) -> None:
    """Its actions with arguments and units, and what voters and signers compare."""
    with desk(provider, options, lip) as at:
        at.show(options.json)


@verb(
    cli,
    "simulate",
    "Carry it out where nothing counts, and report",
    NUMBER,
    click.option("--html", type=click.Path(path_type=Path), help="Write a report for a browser."),
)
def simulate(provider: Any, options: Options, lip: int, html: Path | None) -> None:
    """Calls, every changed slot by name, balances, events, checks. Fails if a check does."""
    with desk(provider, options, lip) as at:
        at.simulate(json_file=options.json, html_file=html)


@verb(cli, "stage", "Stage it in the Governor, or propose it to the voters", NUMBER)
def stage(provider: Any, options: Options, lip: int) -> None:
    """After a simulation in which every check holds."""
    with desk(provider, options, lip) as at:
        at.submit(at.verbs.stage(), options.json, simulated=True)


@verb(
    cli,
    "vote",
    "Vote on a treasury proposal",
    NUMBER,
    click.option("--support", type=click.Choice(SUPPORT), required=True),
    click.option("--reason", default="", help="Published with the vote."),
)
def vote(provider: Any, options: Options, lip: int, support: str, reason: str) -> None:
    """With the stake of the account at the proposal's snapshot. It cannot be changed."""
    with desk(provider, options, lip) as at:
        at.submit(at.verbs.vote(SUPPORT.index(support), reason, at.sender), options.json)


@verb(
    cli,
    "vote-by-sig",
    "Sign a ballot, or bring signed ballots to the chain",
    NUMBER,
    click.option("--support", type=click.Choice(SUPPORT), help="Sign this choice; costs nothing."),
    click.option("--reason", default="", help="Published with the vote."),
    click.option("--sign", is_flag=True, help="Sign, and write the ballot to --json."),
    click.option(
        "--ballots",
        type=click.Path(path_type=Path, exists=True),
        multiple=True,
        help="Files or folders of signed ballots to bring; with --send.",
    ),
)
def vote_by_sig(
    provider: Any,
    options: Options,
    lip: int,
    support: str | None,
    reason: str,
    sign: bool,
    ballots: tuple[Path, ...],
) -> None:
    """A voter signs offline and for free; whoever brings the ballots pays the gas."""
    if (support is None) == (not ballots):
        raise click.UsageError("give either --support, to sign, or --ballots, to bring")
    if sign and options.json is None:
        raise click.UsageError("--sign needs --json FILE to write the ballot to")
    with desk(provider, options, lip) as at:
        if support is None:
            at.bring(ballots, json_file=options.json)
        else:
            at.sign(SUPPORT.index(support), reason, file=options.json if sign else None)


@verb(cli, "queue", "Queue a treasury proposal that has passed", NUMBER)
def queue(provider: Any, options: Options, lip: int) -> None:
    """Anybody may."""
    with desk(provider, options, lip) as at:
        at.submit(at.verbs.queue(), options.json, simulated=True)


@verb(cli, "execute", "Carry it out", NUMBER)
def execute(provider: Any, options: Options, lip: int) -> None:
    """Anybody may, once its delay or its vote is over. Checks what the chain is like afterwards."""
    with desk(provider, options, lip) as at:
        at.submit(at.verbs.execute(), options.json, simulated=True, checked=True)


@verb(cli, "cancel", "Take it back", NUMBER)
def cancel(provider: Any, options: Options, lip: int) -> None:
    """The Governor's owner, while it is staged; the proposer, before the vote begins."""
    with desk(provider, options, lip) as at:
        at.submit(at.verbs.cancel(), options.json)


@verb(
    cli,
    "safe-batch",
    "The same for the Safe that owns the Governor",
    click.argument("lips", type=int, nargs=-1, required=True),
    click.option("--safe", help="Address of the Safe; the Governor's owner by default."),
    click.option("--safe-nonce", type=int, help="Of the Safe's transaction; its next by default."),
)
def safe_batch(
    provider: Any, options: Options, lips: tuple[int, ...], safe: str | None, safe_nonce: int | None
) -> None:
    """One transaction of the Safe that stages these proposals, and the file for its builder."""
    batch = Batch(safe, safe_nonce, say=click.echo)
    for lip in lips:
        with desk(provider, options, lip) as at:
            batch.add(at)
    batch.show(options.json)


@verb(cli, "status", "Where it stands", NUMBER)
def status(provider: Any, options: Options, lip: int) -> None:
    """On this chain: not staged, staged, pending, active, passed, queued, done."""
    with desk(provider, options, lip) as at:
        at.status(json_file=options.json)


@verb(cli, "tally", "How the vote on it stands", NUMBER)
def tally(provider: Any, options: Options, lip: int) -> None:
    """Votes, quorum and quota of a treasury proposal, and what is missing."""
    with desk(provider, options, lip) as at:
        at.tally(json_file=options.json)
