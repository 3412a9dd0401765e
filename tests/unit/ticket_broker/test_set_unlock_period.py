"""setUnlockPeriod(uint256)"""

import boa
import pytest

from tests.support.calls import logs
from tests.support.ticket_broker import BrokerOnMocks


@pytest.mark.parametrize("period", [0, 7, 2**256 - 1])
def test_set_unlock_period__by_the_owner__changes_it(system: BrokerOnMocks, period: int) -> None:
    system.broker.setUnlockPeriod(period, sender=system.owner)

    assert logs(system.broker) == [("ParameterUpdate", "unlockPeriod")]
    assert system.broker.unlockPeriod() == period


def test_set_unlock_period__system_paused__works(system: BrokerOnMocks) -> None:
    system.controller.pause(sender=system.owner)

    system.broker.setUnlockPeriod(3, sender=system.owner)

    assert system.broker.unlockPeriod() == 3


def test_set_unlock_period__by_a_stranger__reverts(system: BrokerOnMocks, stranger: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        system.broker.setUnlockPeriod(1, sender=stranger)
