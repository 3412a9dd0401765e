"""usedTickets(bytes32)"""

from tests.support.ticket_broker import BrokerOnMocks, Key, redemption


def test_used_tickets__before_and_after_redemption__changes(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=1_000)
    item = redemption(gateway_key, orchestrator, 1_000)
    assert not system.broker.usedTickets(item.ticket.hash())

    system.redeem(item)

    assert system.broker.usedTickets(item.ticket.hash())
