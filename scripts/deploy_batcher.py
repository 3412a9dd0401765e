"""`ape run deploy_batcher`: deploy a RewardBatcher for a Controller, ours or the live one.

Only simulates unless --send is given. It is in no record: nobody owns it, and any other is as good.
"""

from __future__ import annotations

from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from eth_utils.address import is_address, to_checksum_address

from scripts._lib.artifacts import ArtifactError, Artifacts
from scripts._lib.chain import ApeChain, ChainError, Creation
from scripts._lib.context import StepError
from scripts._lib.networks import NetworkError, account_of, quiet_ape, target_of
from scripts._lib.protocol import contract_id

NAME = "RewardBatcher"
ERRORS = (ArtifactError, ChainError, NetworkError, StepError)


@click.command(cls=ConnectedProviderCommand, short_help="Deploy a caller of many rewards")
@click.option("--controller", required=True, help="Address of the Controller.")
@click.option("--account", help="Alias of the signing account; a development chain has its own.")
@click.option("--send", is_flag=True, help="Deploy it.")
def cli(provider: Any, controller: str, account: str | None, send: bool) -> None:
    """Deploy a RewardBatcher on --network; without --send only show that it can be."""
    if not is_address(controller):
        raise click.UsageError(f"--controller {controller}: not an address")
    try:
        with quiet_ape():
            target = target_of(provider.network)
            chain = ApeChain(account_of(account, target=target, dry_run=not send))
            _deploy(chain, str(to_checksum_address(controller)), send)
    except ERRORS as error:
        raise click.ClickException(str(error)) from None


def _deploy(chain: ApeChain, controller: str, send: bool) -> None:
    artifacts = Artifacts.load((NAME, "Controller"))
    if not chain.code(controller):
        raise StepError(f"--controller {controller}: no code on chain {chain.chain_id}")
    wanted = contract_id("BondingManager")
    manager = str(chain.read(artifacts["Controller"], controller, "getContract", wanted))
    if not chain.code(manager):
        raise StepError(f"--controller {controller}: it knows no BondingManager")
    creation = Creation(artifacts[NAME], (controller,))
    code = chain.simulate(creation, sender=chain.account)
    if not send:
        print(
            f"Dry run: {NAME} of {len(code)} bytes for BondingManager {manager}. --send sends it."
        )
        return
    mined = chain.prepare(creation).send()
    address = str(mined.created)
    if chain.code(address) != code:
        raise StepError(f"{address}: has other code than the sources; do not use it")
    print(f"{NAME} {address}, transaction {mined.tx}")
    print(f"Set reward_caller.batcher to it; each orchestrator calls setRewardCaller({address}).")
