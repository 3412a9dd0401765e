"""unlock()"""

import boa
import pytest

from tests.support.calls import logs
from tests.support.ticket_broker import ROUND, UNLOCK_PERIOD, BrokerOnMocks


@pytest.mark.parametrize("funds", [{"deposit": 1}, {"reserve": 1}])
def test_unlock__some_funds__starts_the_unlock_period(
    system: BrokerOnMocks, gateway: str, funds: dict[str, int]
) -> None:
    system.fund(gateway, **funds)

    system.broker.unlock(sender=gateway)

    assert logs(system.broker) == [("Unlock", gateway, ROUND, ROUND + UNLOCK_PERIOD)]
    assert system.broker.getSenderInfo(gateway).sender.withdrawRound == ROUND + UNLOCK_PERIOD


def test_unlock__round_not_initialized__works(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)
    system.rounds_manager.setRound(ROUND + 3, False)

    system.broker.unlock(sender=gateway)

    assert logs(system.broker) == [("Unlock", gateway, ROUND + 3, ROUND + 3 + UNLOCK_PERIOD)]


def test_unlock__no_funds__reverts(system: BrokerOnMocks, gateway: str) -> None:
    with boa.reverts("sender deposit and reserve are zero"):
        system.broker.unlock(sender=gateway)


def test_unlock__unlock_in_progress__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    with boa.reverts("unlock already initiated"):
        system.broker.unlock(sender=gateway)


def test_unlock__withdrawn_with_the_old_unlock_left__reverts_for_lack_of_funds(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD)
    system.broker.withdraw(sender=gateway)

    with boa.reverts("sender deposit and reserve are zero"):
        system.broker.unlock(sender=gateway)


def test_unlock__system_paused__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.unlock(sender=gateway)
