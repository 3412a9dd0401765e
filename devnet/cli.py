"""The command: `make devnet`, `ape run devnet`, `python -m devnet`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from devnet.chain_view import ChainError as ReadError
from devnet.cheating import CHEATS, CheatError, cheat_named
from devnet.economy import EconomyError
from devnet.gateway import StreamError
from devnet.media import MediaError
from devnet.network import NetworkError
from devnet.options import OUTPUT, SAMPLE, Options
from devnet.processes import ProcessError
from devnet.report import write_report
from devnet.run import Running, running_network
from devnet.screen import Screen
from devnet.source import OutputError
from devnet.trial import TrialError
from scripts._lib.artifacts import ArtifactError
from scripts._lib.chain import ChainError
from scripts._lib.context import StepError
from scripts._lib.params import ParameterError
from scripts._lib.records import RecordError

EXPECTED = (
    ArtifactError,
    ChainError,
    EconomyError,
    MediaError,
    NetworkError,
    OutputError,
    ParameterError,
    ProcessError,
    ReadError,
    RecordError,
    StepError,
    StreamError,
    TrialError,
)


@click.command()
@click.option(
    "--clip",
    type=click.Path(path_type=Path),
    envvar="CLIP",
    default=SAMPLE,
    help="Video to stream; a cut of Big Buck Bunny if none is given.",
)
@click.option("--keep", is_flag=True, envvar="KEEP", help="Leave chain and nodes up until Ctrl-C.")
@click.option("--seed", type=int, envvar="SEED", default=3, help="Seed of the gateway's choices.")
@click.option("--seconds", type=click.FloatRange(min=0.5), help="Only so much of the clip.")
@click.option(
    "--cheat",
    envvar="CHEAT",
    default="",
    help=f"Let one orchestrator cheat: {', '.join(CHEATS)}.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=OUTPUT,
    help="Folder for report, video and records; emptied first.",
)
def cli(clip: Path, keep: bool, seed: int, seconds: float | None, cheat: str, output: Path) -> None:
    """A whole network on this machine, run on real video."""
    try:
        chosen = cheat_named(cheat)
    except CheatError as error:
        click.echo(f"devnet: {error}")
        sys.exit(1)
    options = Options(clip=clip, output=output, seed=seed, seconds=seconds, keep=keep, cheat=chosen)
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(options, Console()))


def run(options: Options, console: Console) -> int:
    """Exit code: 0 if the books balance and cheating cost what it should, 1 if not or if something
    failed, 130 after Ctrl-C."""
    screen = Screen(console)
    try:
        with running_network(options, screen) as running:
            report = write_report(running.summary, options.output / "report.html")
            screen.summary(running.summary)
            books = running.summary.books
            screen.line(running.summary.verdict.line(), good=running.summary.verdict.good)
            screen.line(books.line(), good=books.balance)
            screen.note(f"video:  {running.summary.master}\nreport: {report}")
            if options.keep:
                _keep(screen, running)
            return 0 if books.balance and running.summary.verdict.good else 1
    except EXPECTED as error:
        screen.line(f"devnet: {error}", good=False)
        return 1
    except KeyboardInterrupt:
        screen.note("devnet: stopped; chain and nodes have ended")
        return 130


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


def _keep(screen: Screen, running: Running) -> None:
    """Say how to attach, and wait for Ctrl-C."""
    network = running.network
    rpc = network.provider.uri
    lines = [
        "",
        f"chain and nodes stay up until Ctrl-C (process {os.getpid()})",
        f"  chain       {rpc} (id {network.provider.chain_id}), Controller "
        f"{network.protocol.controller.address}",
        f"  console     APE_FOUNDRY_HOST={rpc} ape console --network arbitrum:local:foundry",
        "  accounts    anvil's own: accounts.test_accounts[0] is the deployer, [1] the gateway",
    ]
    lines += [
        f"  {actor.name} {node.url}/status  {actor.address}"
        for actor, node in zip(running.cast.orchestrators, running.nodes.processes, strict=True)
    ]
    screen.note("\n".join(lines))
    with suppress(KeyboardInterrupt):
        while True:
            signal.pause()
