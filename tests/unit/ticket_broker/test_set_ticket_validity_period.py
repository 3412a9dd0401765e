"""setTicketValidityPeriod(uint256)"""

import boa
import pytest

from tests.support.calls import logs
from tests.support.ticket_broker import BrokerOnMocks


@pytest.mark.parametrize("period", [1, 7, 2**256 - 1])
def test_set_ticket_validity_period__by_the_owner__changes_it(
    system: BrokerOnMocks, period: int
) -> None:
    system.broker.setTicketValidityPeriod(period, sender=system.owner)

    assert logs(system.broker) == [("ParameterUpdate", "ticketValidityPeriod")]
    assert system.broker.ticketValidityPeriod() == period


def test_set_ticket_validity_period__zero__reverts(system: BrokerOnMocks) -> None:
    with boa.reverts("ticketValidityPeriod must be greater than 0"):
        system.broker.setTicketValidityPeriod(0, sender=system.owner)


def test_set_ticket_validity_period__zero_by_a_stranger__reverts_for_the_caller(
    system: BrokerOnMocks, stranger: str
) -> None:
    with boa.reverts("caller must be Controller owner"):
        system.broker.setTicketValidityPeriod(0, sender=stranger)
