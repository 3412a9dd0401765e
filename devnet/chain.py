"""What is done on chain in line: fund a gateway, redeem tickets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from devnet.keeping import Keepers
from devnet.network import Actor, Network, NetworkError
from keepers.payments import Winner

# A redemption takes about 300,000 gas; a batch must fit in a block.
BATCH = 20


@dataclass(frozen=True)
class Redemption:
    """A ticket that was paid, and the transaction that did it."""

    winner: Winner
    tx: str
    batch: bool


def fund_gateway(network: Network, gateway: Actor, *, deposit: int, reserve: int) -> None:
    network.send(
        gateway,
        "fund deposit and reserve",
        network.protocol.ticket_broker.fundDepositAndReserve,
        deposit,
        reserve,
        value=deposit + reserve,
    )


def redeem(
    network: Network,
    orchestrator: Actor,
    winners: Sequence[Winner],
    *,
    keepers: Keepers,
    on_redeemed: Callable[[Redemption], None] = lambda _: None,
) -> list[Redemption]:
    """Redeem the first ticket alone and the others in batches; raises if one is not paid.

    Waits for the tickets' parameters to expire: whoever knows a commitment's number can choose
    nonces that lose.
    """
    if not winners:
        return []
    expiry = max(winner.expiration_block for winner in winners)
    network.mine(expiry - network.block_number())
    keepers.initialized()
    broker = network.protocol.ticket_broker
    first, rest = winners[0], iter(winners[1:])
    receipt = network.send(
        orchestrator,
        "redeem a winning ticket",
        broker.redeemWinningTicket,
        first.ticket.as_tuple(),
        first.sig,
        first.recipient_rand,
    )
    done = [Redemption(first, str(receipt.txn_hash), batch=False)]
    while batch := list(islice(rest, BATCH)):
        keepers.initialized()
        receipt = network.send(
            orchestrator,
            f"redeem {len(batch)} winning tickets in a batch",
            broker.batchRedeemWinningTickets,
            [winner.ticket.as_tuple() for winner in batch],
            [winner.sig for winner in batch],
            [winner.recipient_rand for winner in batch],
        )
        done += [Redemption(winner, str(receipt.txn_hash), batch=True) for winner in batch]
    for redemption in done:
        # A batch swallows the revert of a single ticket, so each one is looked up.
        if not broker.usedTickets(redemption.winner.ticket.hash()):
            raise NetworkError(f"{orchestrator.name}: a winning ticket was not redeemed")
        on_redeemed(redemption)
    return done
