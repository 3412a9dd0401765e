"""fundDeposit()"""

import boa

from tests.support.calls import logs
from tests.support.ticket_broker import BrokerOnMocks


def test_fund_deposit__value_sent__adds_to_the_deposit_and_goes_to_the_minter(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.broker.fundDeposit(value=700, sender=gateway)
    assert logs(system.broker) == [
        ("Deposited", system.broker.address, 700),
        ("DepositFunded", gateway, 700),
    ]
    system.broker.fundDeposit(value=300, sender=gateway)

    assert system.broker.getSenderInfo(gateway) == ((1_000, 0), (0, 0))
    assert boa.env.get_balance(system.minter.address) == 1_000
    assert boa.env.get_balance(system.broker.address) == 0


def test_fund_deposit__nothing_sent__logs_an_amount_of_zero(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.broker.fundDeposit(sender=gateway)

    assert logs(system.broker) == [
        ("Deposited", system.broker.address, 0),
        ("DepositFunded", gateway, 0),
    ]


def test_fund_deposit__unlock_in_progress__is_cancelled_first(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    system.broker.fundDeposit(value=5, sender=gateway)

    assert logs(system.broker) == [
        ("UnlockCancelled", gateway),
        ("Deposited", system.broker.address, 5),
        ("DepositFunded", gateway, 5),
    ]
    assert not system.broker.isUnlockInProgress(gateway)


def test_fund_deposit__system_paused__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.fundDeposit(value=1, sender=gateway)
