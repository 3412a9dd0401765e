"""A fresh development chain made ready for a proposal: the system as it was before it, and stake.

Deploys through Ape, on the connected chain; a caller who wants it gone takes a snapshot first.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts._governance.model import Candidate
from scripts._governance.sandbox import Sandbox
from scripts._governance.worlds import World, world
from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.chain import ApeChain, ChainError, Creation
from scripts._lib.deployment import OnStep, deploy_protocol
from scripts._lib.params import load_parameters
from scripts._lib.protocol import Protocol
from scripts._lib.rules import GOVERNOR
from scripts._lib.source import read_source

LPT = 10**18
STAKE = 100_000 * LPT  # of the one orchestrator: all the stake there is
TREASURY = 1_000 * LPT  # stands for what the cut of many rounds has brought
# Simulations on a fresh chain begin here, whenever they run: what they show has times in it.
BEGINNING = 2_000_000_000


@dataclass(frozen=True)
class Fresh:
    """A deployed system whose Controller is the Governor's. `accounts` are those with a name."""

    controller: str
    candidates: dict[str, Candidate]
    accounts: dict[str, str]


def build(
    number: int,
    account: Any,
    sandbox: Sandbox,
    *,
    on_compile: Callable[[int], None] | None = None,
    on_step: OnStep | None = None,
) -> Fresh:
    """The world before LIP `number`, deployed by `account` (of Ape).

    Raises what deploying raises, one line each.
    """
    before = world(number)
    parameters = before.apply(load_parameters("local"))
    parameters = replace(parameters, access=replace(parameters.access, owner=GOVERNOR))
    artifacts = before.artifacts(Artifacts.load(sources(), on_compile=on_compile))
    source = read_source()
    sandbox.rpc("evm_setNextBlockTimestamp", BEGINNING)
    with tempfile.TemporaryDirectory() as folder:
        protocol = deploy_protocol(
            account,
            parameters,
            records=Path(folder) / "local.json",
            artifacts=artifacts,
            source=source,
            on_step=on_step,
        )
    candidates = _candidates(before, protocol, account, bytes.fromhex(source.commit))
    bond(protocol, account, sandbox)
    return Fresh(str(protocol.controller.address), candidates, {"deployer": str(account.address)})


def _candidates(
    before: World, protocol: Protocol, account: Any, commit: bytes
) -> dict[str, Candidate]:
    chain = ApeChain(account)
    found = {}
    for name, replacement in before.candidates.items():
        args = (str(protocol.controller.address), *replacement.arguments)
        created = chain.prepare(Creation(replacement.artifact(), args)).send().created
        if created is None:
            raise ChainError(f"{name}: the candidate was not deployed")
        found[name] = Candidate(created, commit)
    return found


def bond(protocol: Protocol, account: Any, sandbox: Sandbox) -> None:
    """One orchestrator with stake that counts in the present round, and a treasury with LPT."""
    token, manager = protocol.livepeer_token, protocol.bonding_manager
    next_round(protocol, account, sandbox)
    token.approve(manager.address, STAKE, sender=account)
    manager.bond(STAKE, account.address, sender=account)
    manager.transcoder(100_000, 500_000, sender=account)  # 10 % of rewards, half of the fees
    token.transfer(protocol.treasury_address, TREASURY, sender=account)
    for _ in range(2):  # active from the next round on; votes count those of the round before
        next_round(protocol, account, sandbox)


def next_round(protocol: Protocol, account: Any, sandbox: Sandbox) -> None:
    rounds = protocol.rounds_manager
    start = int(rounds.currentRoundStartBlock()) + int(rounds.roundLength())
    sandbox.advance(start - int(rounds.blockNum()))
    rounds.initializeRound(sender=account)
