"""fundDepositAndReserve(uint256,uint256)"""

import boa
import pytest

from tests.support.calls import logs
from tests.support.ticket_broker import BrokerOnMocks

WRONG_SUM = "msg.value does not equal sum of deposit amount and reserve amount"


def test_fund_deposit_and_reserve__exact_value__adds_to_both(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.broker.fundDepositAndReserve(700, 300, value=1_000, sender=gateway)

    assert logs(system.broker) == [
        ("ReserveFunded", gateway, 300),
        ("Deposited", system.broker.address, 1_000),
        ("DepositFunded", gateway, 700),
    ]
    assert system.broker.getSenderInfo(gateway) == ((700, 0), (300, 0))
    assert boa.env.get_balance(system.minter.address) == 1_000


def test_fund_deposit_and_reserve__unlock_in_progress__is_cancelled_once_and_first(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    system.broker.fundDepositAndReserve(0, 0, sender=gateway)

    assert logs(system.broker) == [
        ("UnlockCancelled", gateway),
        ("ReserveFunded", gateway, 0),
        ("Deposited", system.broker.address, 0),
        ("DepositFunded", gateway, 0),
    ]


@pytest.mark.parametrize("value", [0, 999, 1_001])
def test_fund_deposit_and_reserve__other_value__reverts(
    system: BrokerOnMocks, gateway: str, value: int
) -> None:
    with boa.reverts(WRONG_SUM):
        system.broker.fundDepositAndReserve(700, 300, value=value, sender=gateway)


def test_fund_deposit_and_reserve__system_paused__reverts_before_looking_at_the_value(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.fundDepositAndReserve(700, 300, sender=gateway)
