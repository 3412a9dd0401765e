"""claimedReserve(address,address)"""

from tests.support.ticket_broker import ROUND, BrokerOnMocks, Key, redemption


def test_claimed_reserve__claims_in_two_rounds__counts_the_current_one(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str, stranger: str
) -> None:
    system.fund(gateway, reserve=1_000)
    assert system.broker.claimedReserve(gateway, orchestrator) == 0

    system.redeem(redemption(gateway_key, orchestrator, 100, sender_nonce=1))
    system.redeem(redemption(gateway_key, orchestrator, 30, sender_nonce=2))

    assert system.broker.claimedReserve(gateway, orchestrator) == 130
    assert system.broker.claimedReserve(gateway, stranger) == 0
    system.to_round(ROUND + 1)
    assert system.broker.claimedReserve(gateway, orchestrator) == 0
