"""What all verbs of `ape run propose` share: options, errors, and the way to a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand

from scripts._governance.desk import Desk, account_for, description_of
from scripts._governance.lifecycle import draft
from scripts._governance.loader import load
from scripts._governance.model import ProposalError
from scripts._governance.node import NodeError
from scripts._governance.observe import ObservationError
from scripts._governance.routes import GOVERNOR, TREASURY
from scripts._governance.sandbox import SandboxError
from scripts._governance.session import candidates_of, open_session
from scripts._governance.tally import TallyError
from scripts._lib.artifacts import ArtifactError
from scripts._lib.chain import ChainError
from scripts._lib.context import StepError
from scripts._lib.networks import NetworkError, account_of, quiet_ape, target_of
from scripts._lib.params import ParameterError
from scripts._lib.records import RecordError

ERRORS = (
    ArtifactError,
    ChainError,
    LookupError,
    NetworkError,
    NodeError,
    ObservationError,
    ParameterError,
    ProposalError,
    RecordError,
    SandboxError,
    StepError,
    TallyError,
)
ANVIL = "arbitrum:local:foundry"
LIVE_DELAY, LOCAL_DELAY = 51_840, 5  # blocks; LIP-25: about a week for what is no emergency


@dataclass(frozen=True)
class Options:
    """What all verbs take."""

    account: str | None
    route: str | None
    nonce: int
    delay: int | None
    description: Path | None
    proposer: str | None
    controller: str | None
    records: Path | None
    candidate: tuple[str, ...]
    send: bool
    json: Path | None


SHARED = tuple(field.name for field in fields(Options))
NUMBER = click.argument("lip", type=int)
OPTIONS = (
    click.option("--account", help="Alias of the account; a development chain has its own."),
    click.option(
        "--route",
        type=click.Choice([GOVERNOR, TREASURY]),
        help="Default: the treasury's if the Treasury alone can do all of it.",
    ),
    click.option("--nonce", default=0, show_default=True, help="Of the Governor's update."),
    click.option("--delay", type=int, help="Blocks; 51,840 on a live network and its forks."),
    click.option(
        "--description",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Text of a treasury proposal; its title by default. The same for every verb.",
    ),
    click.option("--proposer", help="Address that alone may propose this description."),
    click.option("--controller", help="Address of a system that is in no record."),
    click.option("--records", type=click.Path(path_type=Path), help="Another record file (JSON)."),
    click.option(
        "--candidate", multiple=True, help="NAME=ADDRESS:COMMIT of what would replace it."
    ),
    click.option("--send", is_flag=True, help="Send it; without, only show."),
    click.option("--json", type=click.Path(path_type=Path), help="Write the result as JSON."),
)


def verb(
    group: click.Group, name: str, short: str, *parameters: Callable[[Any], Any]
) -> Callable[[Callable[..., None]], click.Command]:
    """A command with its own parameters, those of all verbs as `options`, and the provider."""

    def decorate(function: Callable[..., None]) -> click.Command:
        def run(provider: Any, **values: Any) -> None:
            shared = Options(**{name: values.pop(name) for name in SHARED})
            try:
                with quiet_ape():
                    function(provider, shared, **values)
            except ERRORS as error:
                raise click.ClickException(str(error)) from None

        run.__doc__ = function.__doc__
        for parameter in reversed((*parameters, *OPTIONS)):
            run = parameter(run)
        return group.command(name, cls=ConnectedProviderCommand, short_help=short)(run)

    return decorate


@contextmanager
def desk(provider: Any, options: Options, lip: int) -> Iterator[Desk]:
    """Everything about one proposal on the connected network."""
    with _useful(provider) as chain:
        yield from _desk(chain, options, lip)


@contextmanager
def _useful(provider: Any) -> Iterator[Any]:
    """Ape's default chain lives in this process, empty each time, and cannot put its state back: an
    anvil instead.
    """
    if provider.name != "test":
        yield provider
        return
    from ape import networks

    with networks.parse_network_choice(ANVIL) as anvil:
        yield anvil


def _desk(provider: Any, options: Options, lip: int) -> Iterator[Desk]:
    target = target_of(provider.network)
    account = account_for(options.account, target=target, provider=provider, send=options.send)
    proposal = load(lip)
    with open_session(
        provider,
        target,
        lip,
        account=account_of(None, target=target, dry_run=True),  # a development chain's own
        controller=options.controller,
        records=options.records,
        candidates=candidates_of(options.candidate),
        fresh_allowed=not options.send,
        say=click.echo,
    ) as session:
        delay = LOCAL_DELAY if target.name == "local" else LIVE_DELAY
        plan = draft(
            proposal,
            session.system,
            session.interfaces,
            route=options.route,
            nonce=options.nonce,
            delay=delay if options.delay is None else options.delay,
            description=description_of(proposal, options.description, options.proposer),
        )
        yield Desk(session, plan, account, provider, send=options.send, say=click.echo)
