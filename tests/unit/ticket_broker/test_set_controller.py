"""setController(address), controller(), targetContractId()"""

import boa

from tests.support.calls import logs
from tests.support.ticket_broker import BrokerOnMocks


def test_set_controller__by_the_controller__moves_the_broker(
    system: BrokerOnMocks, stranger: str
) -> None:
    assert system.broker.controller() == system.controller.address

    system.broker.setController(stranger, sender=system.controller.address)

    assert logs(system.broker) == [("SetController", stranger)]
    assert system.broker.controller() == stranger


def test_set_controller__by_the_owner__reverts(system: BrokerOnMocks, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        system.broker.setController(stranger, sender=system.owner)


def test_target_contract_id__on_the_implementation__is_zero(system: BrokerOnMocks) -> None:
    assert system.broker.targetContractId() == bytes(32)
