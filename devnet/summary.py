"""What came of a run, as the table on screen and the report show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from devnet.books import Books
from devnet.chain import Redemption
from devnet.cutting import Segment
from devnet.gateway import Sent
from devnet.media import Clip, Profile
from devnet.network import Cast, Network, Transaction
from devnet.referendum import Decision
from devnet.scenario import Scenario
from devnet.trial import Verdict


@dataclass(frozen=True)
class OrchestratorRow:
    """`stake` and `rewards` in LPT wei, `fees` in ETH wei, `price` in wei per pixel.

    `won` counts tickets as the node saw them, `redeemed` those the chain paid.
    """

    name: str
    address: str
    price: Fraction
    reward_cut: int
    fee_share: int
    stake: int
    segments: int
    pixels: int
    tickets: int
    won: int
    redeemed: int
    fees: int
    rewards: int


@dataclass(frozen=True)
class DelegatorRow:
    """`stake` at the end and `bonded` at the start in LPT wei, `fees` withdrawn in ETH wei."""

    name: str
    orchestrator: str
    bonded: int
    stake: int
    unbonded: int
    fees: int


@dataclass(frozen=True)
class Summary:
    clip: Clip
    profiles: tuple[Profile, ...]
    segments: tuple[Segment, ...]
    sent: tuple[Sent, ...]
    orchestrators: tuple[OrchestratorRow, ...]
    delegators: tuple[DelegatorRow, ...]
    redemptions: tuple[Redemption, ...]
    transactions: tuple[Transaction, ...]
    treasury: int
    first_round: int
    last_round: int
    books: Books
    decision: Decision | None
    verdict: Verdict
    master: Path
    seconds: float


def orchestrator_rows(
    network: Network,
    cast: Cast,
    scenario: Scenario,
    *,
    sent: Sequence[Sent],
    tickets: Mapping[str, tuple[int, int]],
    redemptions: Sequence[Redemption],
) -> tuple[OrchestratorRow, ...]:
    """`tickets` is (received, won) by address, as the nodes count them."""
    manager, broker = network.protocol.bonding_manager, network.protocol.ticket_broker
    segments = Counter(str(one.delivery.orchestrator) for one in sent)
    pixels: Counter[str] = Counter()
    for one in sent:
        pixels[str(one.delivery.orchestrator)] += one.delivery.pixels
    redeemed = Counter(str(one.winner.ticket.recipient) for one in redemptions)
    fees = _totals(network.logs(broker, "WinningTicketTransfer"), "recipient")
    rewards = _totals(network.logs(manager, "Reward"), "transcoder")
    return tuple(
        OrchestratorRow(
            name=actor.name,
            address=actor.address,
            price=plan.price.price,
            reward_cut=plan.reward_cut,
            fee_share=plan.fee_share,
            stake=int(manager.transcoderTotalStake(actor.address)),
            segments=segments[actor.address],
            pixels=pixels[actor.address],
            tickets=tickets[actor.address][0],
            won=tickets[actor.address][1],
            redeemed=redeemed[actor.address],
            fees=fees[actor.address],
            rewards=rewards[actor.address],
        )
        for actor, plan in zip(cast.orchestrators, scenario.orchestrators, strict=True)
    )


def delegator_rows(network: Network, cast: Cast, scenario: Scenario) -> tuple[DelegatorRow, ...]:
    manager = network.protocol.bonding_manager
    number = network.current_round()
    fees = _totals(network.logs(manager, "WithdrawFees"), "delegator")
    unbonded = _totals(network.logs(manager, "Unbond"), "delegator")
    return tuple(
        DelegatorRow(
            name=actor.name,
            orchestrator=cast.orchestrators[plan.orchestrator].name,
            bonded=plan.stake,
            stake=int(manager.pendingStake(actor.address, number)),
            unbonded=unbonded[actor.address],
            fees=fees[actor.address],
        )
        for actor, plan in zip(cast.delegators, scenario.delegators, strict=True)
    )


def _totals(logs: Sequence[Mapping[str, object]], by: str) -> Counter[str]:
    totals: Counter[str] = Counter()
    for log in logs:
        totals[str(log[by])] += int(str(log["amount"]))
    return totals
