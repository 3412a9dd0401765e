"""getReserveInfo(address)"""

from tests.support.ticket_broker import ROUND, BrokerOnMocks, Key, redemption


def test_get_reserve_info__claims_in_two_rounds__counts_the_current_one(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    assert system.broker.getReserveInfo(gateway) == (1_000, 0)

    system.redeem(redemption(gateway_key, orchestrator, 100))

    assert system.broker.getReserveInfo(gateway) == (900, 100)
    system.to_round(ROUND + 1)
    assert system.broker.getReserveInfo(gateway) == (900, 0)
