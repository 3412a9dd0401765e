"""Tickets on the whole system: redeemed through the proxy, credited by the real BondingManager."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepers.tickets import aux_data
from tests.support.calls import logs
from tests.support.protocol import LPT, Protocol
from tests.support.ticket_broker import Key, Redemption, batch, key_of, redemption

ETH = 10**18
SHORT = "sender deposit and reserve insufficient to cover ticket face value"


class Network:
    """Two active orchestrators, and a gateway that signs tickets of the current round."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.broker = protocol.ticket_broker
        self.gateway: Key = key_of("gateway of the network")
        boa.env.set_balance(self.gateway.address, 1_000 * ETH)
        self.orchestrators = [self.register(f"orchestrator {i}") for i in range(2)]
        protocol.next_round()

    def register(self, role: str) -> str:
        """Joins the pool now, the active set with the next round. Keeps all fees."""
        address = self.protocol.account(role, lpt=100 * LPT)
        self.protocol.bonding_manager.bond(100 * LPT, address, sender=address)
        self.protocol.bonding_manager.transcoder(0, 0, sender=address)
        return str(address)

    def fund(self, *, deposit: int = 0, reserve: int = 0) -> None:
        self.broker.fundDepositAndReserve(
            deposit, reserve, value=deposit + reserve, sender=self.gateway.address
        )

    def ticket(self, recipient: str, face_value: int, nonce: int = 0) -> Redemption:
        number = self.protocol.current_round()
        block_hash = self.protocol.rounds_manager.blockHashForRound(number)
        return redemption(
            self.gateway,
            recipient,
            face_value,
            sender_nonce=nonce,
            aux_data=aux_data(number, block_hash),
        )

    def redeem(self, item: Redemption) -> None:
        self.broker.redeemWinningTicket(*item.args, sender=item.ticket.recipient)

    def fees_of(self, orchestrator: str) -> int:
        number = self.protocol.current_round()
        return int(self.protocol.bonding_manager.pendingFees(orchestrator, number))

    def claimable(self, orchestrator: str) -> int:
        return int(self.broker.claimableReserve(self.gateway.address, orchestrator))

    def held(self) -> int:
        """Deposit and reserve of the gateway."""
        info = self.broker.getSenderInfo(self.gateway.address)
        return int(info.sender.deposit + info.reserve.fundsRemaining)

    def vault(self) -> int:
        return int(boa.env.get_balance(self.protocol.minter.address))


@pytest.fixture
def network(protocol: Protocol) -> Network:
    return Network(protocol)


def names(contract: Any) -> list[str]:
    return [name for name, *_ in logs(contract)]


def test_redemption__through_the_proxy__credits_fees_and_leaves_the_eth_in_the_minter(
    network: Network,
) -> None:
    orchestrator = network.orchestrators[0]
    network.fund(deposit=ETH, reserve=ETH)

    network.redeem(network.ticket(orchestrator, ETH // 4))

    assert network.fees_of(orchestrator) == ETH // 4
    assert network.held() == 2 * ETH - ETH // 4
    assert network.vault() == 2 * ETH
    assert boa.env.get_balance(network.broker.address) == 0


def test_redemption__fees__can_be_withdrawn(network: Network) -> None:
    orchestrator = network.orchestrators[0]
    network.fund(deposit=ETH)
    network.redeem(network.ticket(orchestrator, ETH))
    network.protocol.next_round()

    manager = network.protocol.bonding_manager
    manager.withdrawFees(orchestrator, ETH, sender=orchestrator)

    assert boa.env.get_balance(orchestrator) == ETH
    assert network.vault() == 0


def test_batch__through_the_proxy__isolates_tickets_and_replays(network: Network) -> None:
    one, two = network.orchestrators
    network.fund(deposit=1_000)
    good, other = network.ticket(one, 300, nonce=1), network.ticket(two, 500, nonce=2)
    forged = network.ticket(two, 500, nonce=3)._replace(sig=good.sig)
    too_dear = network.ticket(one, 900, nonce=4)

    network.broker.batchRedeemWinningTickets(
        *batch([good, forged, good, too_dear, other]), sender=one
    )

    assert names(network.broker).count("WinningTicketRedeemed") == 2
    assert network.fees_of(one) == 300
    assert network.fees_of(two) == 500
    assert network.held() == 200


def test_redemption__recipient_not_registered__reverts(network: Network, stranger: str) -> None:
    network.fund(deposit=ETH)

    with boa.reverts("transcoder must be registered"):
        network.redeem(network.ticket(stranger, 1))


def test_redemption__recipient_joins_next_round__reverts_until_then(network: Network) -> None:
    network.fund(deposit=ETH)
    newcomer = network.register("newcomer")

    with boa.reverts("transcoder must be active"):
        network.redeem(network.ticket(newcomer, 1))

    network.protocol.next_round()
    network.redeem(network.ticket(newcomer, 1))
    assert network.fees_of(newcomer) == 1


def test_redemption__round_after_the_ticket__is_the_last_that_pays(network: Network) -> None:
    one = network.orchestrators[0]
    network.fund(deposit=ETH)
    in_time, late = network.ticket(one, 1, nonce=1), network.ticket(one, 1, nonce=2)

    network.protocol.next_round()
    network.redeem(in_time)
    network.protocol.next_round()
    with boa.reverts("ticket is expired"):
        network.redeem(late)


def test_redemption__round_not_initialized__reverts(network: Network) -> None:
    network.fund(deposit=ETH)
    item = network.ticket(network.orchestrators[0], 1)
    network.protocol.mine_to_next_round()

    with boa.reverts("current round is not initialized"):
        network.redeem(item)


def test_reserve__pool_grows_during_the_round__shares_change_with_the_next(
    network: Network,
) -> None:
    one, two = network.orchestrators
    network.fund(reserve=1_200)
    network.redeem(network.ticket(one, 600))

    newcomer = network.register("newcomer")

    assert network.protocol.bonding_manager.getTranscoderPoolSize() == 3
    assert network.protocol.bonding_manager.getActiveSetSize() == 2
    assert [network.claimable(who) for who in (one, two, newcomer)] == [0, 600, 0]
    network.protocol.next_round()
    assert [network.claimable(who) for who in (one, two, newcomer)] == [200, 200, 200]


def test_reserve__member_resigns_during_the_round__nobody_elses_share_grows(
    network: Network,
) -> None:
    one, two = network.orchestrators
    network.fund(reserve=1_000)

    network.protocol.bonding_manager.unbond(100 * LPT, sender=two)

    assert network.protocol.bonding_manager.getTranscoderPoolSize() == 1
    assert network.claimable(one) == 500
    with boa.reverts(SHORT):
        network.redeem(network.ticket(one, 501))


def test_gateway__unlocks_and_withdraws__gets_back_what_was_not_paid(network: Network) -> None:
    network.fund(deposit=1_000, reserve=1_000)
    network.redeem(network.ticket(network.orchestrators[0], 1_400))
    network.broker.unlock(sender=network.gateway.address)
    network.protocol.next_round(network.protocol.parameters.unlock_period)

    network.broker.withdraw(sender=network.gateway.address)

    assert names(network.broker)[-1] == "Withdrawal"
    assert network.held() == 0
    assert network.vault() == 1_400


actions = st.lists(
    st.one_of(
        st.tuples(st.just("fund"), st.integers(0, 1_000), st.integers(0, 1_000)),
        st.tuples(st.just("redeem"), st.integers(0, 1), st.integers(0, 900)),
        st.tuples(st.just("redeem again"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("next round"), st.just(0), st.just(0)),
    ),
    min_size=5,
    max_size=12,
)


@given(actions=actions)
@settings(max_examples=3)
def test_books__any_order_of_payments__balance_to_the_wei(
    deployed_protocol: Protocol, actions: list[tuple[str, int, int]]
) -> None:
    """A ticket pays at most once and in full, out of what was funded; the Minter holds the rest."""
    deployed_protocol.next_round()
    network = Network(deployed_protocol)
    before = network.vault()
    funded, paid = 0, 0
    items: list[Redemption] = []
    for name, a, b in actions:
        if name == "fund":
            network.fund(deposit=a, reserve=b)
            funded += a + b
        elif name == "next round":
            network.protocol.next_round()
        elif name == "redeem":
            items.append(network.ticket(network.orchestrators[a], b, nonce=len(items)))
            paid += paid_by(network, items[-1])
        elif items:
            paid += paid_by(network, items[a % len(items)])
        assert network.held() == funded - paid
        assert network.vault() - before == funded

    network.protocol.next_round()
    fees = [network.fees_of(orchestrator) for orchestrator in network.orchestrators]
    assert sum(fees) == paid


def paid_by(network: Network, item: Redemption) -> int:
    """Redeem in a batch, which swallows the reason of a refusal; returns what was paid."""
    was_used = network.broker.usedTickets(item.ticket.hash())
    recipient = item.ticket.recipient
    network.broker.batchRedeemWinningTickets(*batch([item]), sender=recipient)
    amounts = [entry[3] for entry in logs(network.broker) if entry[0] == "WinningTicketTransfer"]
    if was_used:
        assert amounts == []
    elif network.broker.usedTickets(item.ticket.hash()):
        assert amounts == ([item.ticket.face_value] if item.ticket.face_value else [])
    return sum(amounts)
