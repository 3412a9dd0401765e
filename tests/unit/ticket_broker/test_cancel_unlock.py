"""cancelUnlock()"""

import boa

from tests.support.calls import logs
from tests.support.ticket_broker import ROUND, UNLOCK_PERIOD, BrokerOnMocks


def test_cancel_unlock__unlock_in_progress__ends_it(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    system.broker.cancelUnlock(sender=gateway)

    assert logs(system.broker) == [("UnlockCancelled", gateway)]
    assert system.broker.getSenderInfo(gateway) == ((1, 0), (0, 0))


def test_cancel_unlock__unlock_period_over__still_works(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD + 1)

    system.broker.cancelUnlock(sender=gateway)

    assert not system.broker.isUnlockInProgress(gateway)


def test_cancel_unlock__no_unlock__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)

    with boa.reverts("no unlock request in progress"):
        system.broker.cancelUnlock(sender=gateway)


def test_cancel_unlock__unlock_of_somebody_else__reverts(
    system: BrokerOnMocks, gateway: str, stranger: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    with boa.reverts("no unlock request in progress"):
        system.broker.cancelUnlock(sender=stranger)


def test_cancel_unlock__system_paused__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.cancelUnlock(sender=gateway)
