"""fundReserve()"""

import boa

from tests.support.calls import logs
from tests.support.ticket_broker import BrokerOnMocks


def test_fund_reserve__value_sent__adds_to_the_reserve_and_goes_to_the_minter(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.broker.fundReserve(value=700, sender=gateway)
    assert logs(system.broker) == [
        ("ReserveFunded", gateway, 700),
        ("Deposited", system.broker.address, 700),
    ]
    system.broker.fundReserve(value=300, sender=gateway)

    assert system.broker.getSenderInfo(gateway) == ((0, 0), (1_000, 0))
    assert boa.env.get_balance(system.minter.address) == 1_000
    assert boa.env.get_balance(system.broker.address) == 0


def test_fund_reserve__nothing_sent__logs_an_amount_of_zero(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.broker.fundReserve(sender=gateway)

    assert logs(system.broker)[0] == ("ReserveFunded", gateway, 0)


def test_fund_reserve__unlock_in_progress__is_cancelled_after_the_funding_event(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    system.broker.fundReserve(value=5, sender=gateway)

    assert logs(system.broker) == [
        ("ReserveFunded", gateway, 5),
        ("UnlockCancelled", gateway),
        ("Deposited", system.broker.address, 5),
    ]
    assert not system.broker.isUnlockInProgress(gateway)


def test_fund_reserve__system_paused__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.fundReserve(value=1, sender=gateway)
