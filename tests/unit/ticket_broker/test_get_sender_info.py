"""getSenderInfo(address)"""

from eth_abi import encode

from tests.support.calls import returned
from tests.support.ticket_broker import ROUND, UNLOCK_PERIOD, BrokerOnMocks, Key, redemption


def test_get_sender_info__unknown_account__is_all_zero(
    system: BrokerOnMocks, stranger: str
) -> None:
    assert system.broker.getSenderInfo(stranger) == ((0, 0), (0, 0))


def test_get_sender_info__every_field_set__returns_four_plain_words(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, orchestrator, 100))
    system.fund(gateway, deposit=7)
    system.broker.unlock(sender=gateway)

    info = system.broker.getSenderInfo(gateway)
    assert info.sender.deposit == 7
    assert info.sender.withdrawRound == ROUND + UNLOCK_PERIOD
    assert info.reserve.fundsRemaining == 900
    assert info.reserve.claimedInCurrentRound == 100

    data = system.broker.getSenderInfo.prepare_calldata(gateway)
    words = encode(["uint256"] * 4, [7, ROUND + UNLOCK_PERIOD, 900, 100])
    assert returned(system.broker.address, data) == words
