"""isUnlockInProgress(address)"""

from tests.support.ticket_broker import ROUND, UNLOCK_PERIOD, BrokerOnMocks


def test_is_unlock_in_progress__through_an_unlock__stays_true_after_the_withdrawal(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    assert not system.broker.isUnlockInProgress(gateway)

    system.broker.unlock(sender=gateway)
    assert system.broker.isUnlockInProgress(gateway)

    system.to_round(ROUND + UNLOCK_PERIOD)
    system.broker.withdraw(sender=gateway)
    assert system.broker.isUnlockInProgress(gateway)

    system.broker.fundDeposit(sender=gateway)
    assert not system.broker.isUnlockInProgress(gateway)
