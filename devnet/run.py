"""The whole network, from an empty chain to closed books.

Phases: cut the clip, start the chain, deploy, start the verifier, hand out money, start the nodes
and the keepers, bond, stream in two rounds, redeem the winning tickets of each in the next, vote on
a proposal of the treasury and carry it out, settle, unbond, withdraw, close the books. With a cheat
the clip goes round until the verifier has found it out; then the case is opened, work goes
elsewhere, the delay passes and the stake is cut.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from devnet.chain_view import JsonRpcChain
from devnet.keeping import Keepers
from devnet.network import Cast, Network, NetworkError, gather, local_chain
from devnet.options import Options
from devnet.processes import Nodes
from devnet.scenario import CHEATER, DEFAULT, Scenario
from devnet.screen import Screen
from devnet.source import prepare
from devnet.story import Story
from devnet.summary import Summary
from devnet.trial import Accused, Trial
from scripts._lib.deployment import StepReport, deploy_protocol
from scripts._lib.params import Parameters, load_parameters

REDEEM_GAS = 350_000


@dataclass(frozen=True)
class Running:
    """A network that is up, after its story: for the report, and to be left running."""

    summary: Summary
    network: Network
    cast: Cast
    nodes: Nodes


@contextmanager
def running_network(
    options: Options, screen: Screen, scenario: Scenario = DEFAULT
) -> Iterator[Running]:
    """Run the story; chain and nodes live until the context is left, however that happens."""
    begin = time.monotonic()
    if options.cheat is not None:
        scenario = scenario.undercut()
    source = prepare(options, screen, scenario)
    with (
        local_chain(gas_price=scenario.gas_price) as provider,
        Nodes() as nodes,
        ExitStack() as stack,
    ):
        cast = gather(len(scenario.orchestrators), len(scenario.delegators))
        network = _deploy(options, screen, scenario, provider, cast)
        trial = _trial(options, network, cast, stack)
        keepers = stack.enter_context(Keepers(network, cast))
        story = Story(options, screen, scenario, source, network, cast, nodes, trial, keepers)
        story.hand_out()
        story.start_nodes()
        story.bond()
        story.stream()
        story.decide()
        story.settle()
        yield Running(story.summary(begin), network, cast, nodes)


def _trial(options: Options, network: Network, cast: Cast, stack: ExitStack) -> Trial:
    """The verifier, watching a folder that the gateway fills."""
    domain = JsonRpcChain(
        str(network.provider.uri), str(network.protocol.controller.address)
    ).signing_domain()
    if domain is None:
        raise NetworkError("no Verifier is registered: nobody could be held to account")
    accused = None
    if options.cheat is not None:
        cheater = cast.orchestrators[CHEATER]
        accused = Accused(cheater.name, cheater.address, options.cheat)
    spool, home = options.output / "receipts", options.output / "verifier"
    trial = Trial(network, cast, domain, spool, home, accused, rate=options.rate)
    stack.enter_context(trial)
    return trial


def _deploy(
    options: Options, screen: Screen, scenario: Scenario, provider: Any, cast: Cast
) -> Network:
    with screen.phase("deploy", "compiling the contracts") as phase:
        sent = 0

        def on_step(report: StepReport) -> None:
            nonlocal sent
            sent += report.tx is not None
            phase.step(report.name, of=report.total)

        protocol = deploy_protocol(
            cast.deployer.account,
            _parameters(scenario),
            records=options.output / "deployment.json",
            on_step=on_step,
        )
        phase.detail = (
            f"{sent} transactions on chain {provider.chain_id}, "
            f"Controller {protocol.controller.address}"
        )
    return Network(provider, protocol)


def _parameters(scenario: Scenario) -> Parameters:
    """The local network's, with rounds and votes short enough to turn a few of them.

    The faucet starts empty: filling it is what the treasury is asked for.
    """
    base = load_parameters("local")
    assert base.genesis is not None
    supply = base.genesis.to_faucet + base.genesis.to_deployer
    return replace(
        base,
        rounds=replace(base.rounds, round_length=scenario.round_length),
        bonding=replace(base.bonding, unbonding_period=scenario.unbonding_period),
        broker=replace(base.broker, unlock_period=scenario.unlock_period),
        genesis=replace(base.genesis, to_faucet=0, to_deployer=supply),
        livepeer_governor=replace(base.livepeer_governor, voting_period=scenario.voting_period),
    )
