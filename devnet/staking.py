"""What orchestrators and delegators do with their stake."""

from __future__ import annotations

from dataclasses import dataclass

from eth_account import Account

from devnet.network import Actor, Cast, Network
from devnet.scenario import ETHER, DelegatorPlan, OrchestratorPlan, Scenario
from verifier.messages import Domain, SignerRegistration, sign

POCKET_MONEY = 50 * ETHER


@dataclass(frozen=True)
class Exit:
    """An unbonding lock: LPT that can be withdrawn from `withdraw_round` on."""

    actor: Actor
    lock_id: int
    amount: int
    withdraw_round: int


def hand_out(network: Network, cast: Cast, scenario: Scenario) -> None:
    """LPT for everybody who bonds, ETH for gas where anvil gave none."""
    token = network.protocol.livepeer_token
    people = (*cast.orchestrators, *cast.delegators)
    for actor, stake in zip(people, scenario.stakes, strict=True):
        network.send(
            cast.deployer, f"send LPT to {actor.name}", token.transfer, actor.address, stake
        )
    for actor in cast.everybody():
        if network.balance(actor.address) < POCKET_MONEY:
            network.transfer_eth(
                cast.deployer, actor.address, POCKET_MONEY, f"send ETH to {actor.name}"
            )


def join(
    network: Network,
    orchestrator: Actor,
    plan: OrchestratorPlan,
    *,
    service_uri: str,
    reward_caller: Actor,
) -> None:
    """Bond to oneself, set the shares, publish the node's address, leave rewards to a keeper."""
    protocol = network.protocol
    _bond(network, orchestrator, plan.stake, orchestrator)
    network.send(
        orchestrator,
        "register as orchestrator",
        protocol.bonding_manager.transcoder,
        plan.reward_cut,
        plan.fee_share,
    )
    network.send(
        orchestrator, "publish service URI", protocol.service_registry.setServiceURI, service_uri
    )
    network.send(
        orchestrator,
        "name a reward caller",
        protocol.bonding_manager.setRewardCaller,
        reward_caller.address,
    )


def register_signer(network: Network, orchestrator: Actor, key: bytes, domain: Domain) -> None:
    """Let a key sign receipts from the next round on; it agrees to that with a signature."""
    signer = str(Account.from_key(key).address)
    consent = sign(domain, SignerRegistration(orchestrator.address, signer), key)
    network.send(
        orchestrator,
        "register receipt key",
        network.protocol["Verifier"].registerSigner,
        signer,
        consent,
    )


def delegate(network: Network, delegator: Actor, plan: DelegatorPlan, to: Actor) -> None:
    _bond(network, delegator, plan.stake, to)


def _bond(network: Network, actor: Actor, amount: int, to: Actor) -> None:
    protocol = network.protocol
    manager = protocol.bonding_manager
    token = protocol.livepeer_token
    network.send(actor, "approve LPT for bonding", token.approve, manager.address, amount)
    network.send(actor, f"bond to {to.name}", manager.bond, amount, to.address)


def claim(network: Network, actor: Actor) -> None:
    """Settle rewards and fees up to now."""
    number = network.current_round()
    network.send(actor, "claim earnings", network.protocol.bonding_manager.claimEarnings, number)


def withdraw_fees(network: Network, actor: Actor) -> int:
    """Withdraw all fees that are due; returns them in wei."""
    manager = network.protocol.bonding_manager
    fees = int(manager.pendingFees(actor.address, network.current_round()))
    if fees:
        network.send(actor, "withdraw fees", manager.withdrawFees, actor.address, fees)
    return fees


def unbond(network: Network, actor: Actor, per_thousand: int) -> Exit:
    """Start to take back a part of the stake, rewards included."""
    manager = network.protocol.bonding_manager
    stake = int(manager.pendingStake(actor.address, network.current_round()))
    lock_id = int(manager.getDelegator(actor.address).nextUnbondingLockId)
    amount = stake * per_thousand // 1000
    network.send(actor, "unbond", manager.unbond, amount)
    lock = manager.getDelegatorUnbondingLock(actor.address, lock_id)
    return Exit(actor, lock_id, amount, int(lock.withdrawRound))


def withdraw_stake(network: Network, leaving: Exit) -> None:
    manager = network.protocol.bonding_manager
    network.send(leaving.actor, "withdraw stake", manager.withdrawStake, leaving.lock_id)
