"""withdraw()"""

import boa
import pytest

from tests.support.calls import logs
from tests.support.ticket_broker import ROUND, UNLOCK_PERIOD, BrokerOnMocks, Key, redemption


def test_withdraw__unlocked__pays_deposit_and_reserve_once(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=700, reserve=300)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD)
    before = boa.env.get_balance(gateway)

    system.broker.withdraw(sender=gateway)

    assert logs(system.broker) == [
        ("Withdrawn", gateway, 1_000),
        ("Withdrawal", gateway, 700, 300),
    ]
    assert boa.env.get_balance(gateway) == before + 1_000
    # withdrawRound is left: the account stays unlocked
    assert system.broker.getSenderInfo(gateway) == ((0, ROUND + UNLOCK_PERIOD), (0, 0))
    with boa.reverts("sender deposit and reserve are zero"):
        system.broker.withdraw(sender=gateway)


@pytest.mark.parametrize("funds", [{"deposit": 5}, {"reserve": 5}])
def test_withdraw__only_one_of_the_two__pays_it(
    system: BrokerOnMocks, gateway: str, funds: dict[str, int]
) -> None:
    system.fund(gateway, **funds)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD)

    system.broker.withdraw(sender=gateway)

    expected = ("Withdrawal", gateway, funds.get("deposit", 0), funds.get("reserve", 0))
    assert logs(system.broker)[-1] == expected


def test_withdraw__gift_after_a_withdrawal__can_be_withdrawn_at_once(
    system: BrokerOnMocks, gateway: str, stranger: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD)
    system.broker.withdraw(sender=gateway)
    system.broker.fundDepositAndReserveFor(gateway, 3, 4, value=7, sender=stranger)

    system.broker.withdraw(sender=gateway)

    assert logs(system.broker)[-1] == ("Withdrawal", gateway, 3, 4)


def test_withdraw__claims_of_the_round__are_not_cleared(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.broker.setUnlockPeriod(0, sender=system.owner)
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, orchestrator, 100))
    system.broker.unlock(sender=gateway)

    system.broker.withdraw(sender=gateway)

    assert system.broker.getReserveInfo(gateway) == (0, 100)
    assert system.broker.claimedReserve(gateway, orchestrator) == 100


def test_withdraw__nothing_left__reverts_before_looking_at_the_unlock(
    system: BrokerOnMocks, gateway: str
) -> None:
    with boa.reverts("sender deposit and reserve are zero"):
        system.broker.withdraw(sender=gateway)


def test_withdraw__no_unlock__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)

    with boa.reverts("no unlock request in progress"):
        system.broker.withdraw(sender=gateway)


def test_withdraw__unlock_cancelled__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD)
    system.broker.cancelUnlock(sender=gateway)

    with boa.reverts("no unlock request in progress"):
        system.broker.withdraw(sender=gateway)


def test_withdraw__one_round_too_early__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)
    system.to_round(ROUND + UNLOCK_PERIOD - 1)

    with boa.reverts("account is locked"):
        system.broker.withdraw(sender=gateway)


def test_withdraw__system_paused__reverts(system: BrokerOnMocks, gateway: str) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.withdraw(sender=gateway)
