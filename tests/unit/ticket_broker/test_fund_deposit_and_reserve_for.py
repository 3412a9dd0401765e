"""fundDepositAndReserveFor(address,uint256,uint256)"""

import boa
import pytest

from tests.support.calls import OVERFLOW, error_data, logs, reverted
from tests.support.ticket_broker import BrokerOnMocks

WRONG_SUM = "msg.value does not equal sum of deposit amount and reserve amount"


def test_fund_deposit_and_reserve_for__exact_value__adds_to_both_of_the_named_account(
    system: BrokerOnMocks, gateway: str, stranger: str
) -> None:
    system.broker.fundDepositAndReserveFor(gateway, 700, 300, value=1_000, sender=stranger)

    assert logs(system.broker) == [
        ("ReserveFunded", gateway, 300),
        ("Deposited", system.broker.address, 1_000),
        ("DepositFunded", gateway, 700),
    ]
    assert system.broker.getSenderInfo(gateway) == ((700, 0), (300, 0))
    assert system.broker.getSenderInfo(stranger) == ((0, 0), (0, 0))
    assert boa.env.get_balance(system.minter.address) == 1_000


@pytest.mark.parametrize("value", [0, 7])
def test_fund_deposit_and_reserve_for__stranger_pays_while_unlocking__unlock_goes_on(
    system: BrokerOnMocks, gateway: str, stranger: str, value: int
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    system.broker.fundDepositAndReserveFor(gateway, value, 0, value=value, sender=stranger)

    assert system.broker.isUnlockInProgress(gateway)
    assert "UnlockCancelled" not in [name for name, *_ in logs(system.broker)]


def test_fund_deposit_and_reserve_for__own_account_while_unlocking__unlock_is_cancelled(
    system: BrokerOnMocks, gateway: str
) -> None:
    system.fund(gateway, deposit=1)
    system.broker.unlock(sender=gateway)

    system.broker.fundDepositAndReserveFor(gateway, 0, 0, sender=gateway)

    assert logs(system.broker)[0] == ("UnlockCancelled", gateway)
    assert not system.broker.isUnlockInProgress(gateway)


@pytest.mark.parametrize("value", [0, 999, 1_001])
def test_fund_deposit_and_reserve_for__other_value__reverts(
    system: BrokerOnMocks, gateway: str, stranger: str, value: int
) -> None:
    with boa.reverts(WRONG_SUM):
        system.broker.fundDepositAndReserveFor(gateway, 700, 300, value=value, sender=stranger)


@pytest.mark.parametrize(("deposit", "reserve"), [(2**256 - 1, 1), (1, 2**256 - 1)])
def test_fund_deposit_and_reserve_for__sum_overflows__reverts_with_panic_0x11(
    system: BrokerOnMocks, gateway: str, stranger: str, deposit: int, reserve: int
) -> None:
    data = system.broker.fundDepositAndReserveFor.prepare_calldata(gateway, deposit, reserve)

    assert reverted(system.broker.address, data, sender=stranger) == error_data(
        "Panic(uint256)", OVERFLOW
    )


def test_fund_deposit_and_reserve_for__largest_sum__is_no_overflow(
    system: BrokerOnMocks, gateway: str, stranger: str
) -> None:
    with boa.reverts(WRONG_SUM):
        system.broker.fundDepositAndReserveFor(gateway, 2**256 - 2, 1, sender=stranger)


def test_fund_deposit_and_reserve_for__system_paused__reverts_before_the_overflow(
    system: BrokerOnMocks, gateway: str, stranger: str
) -> None:
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.fundDepositAndReserveFor(gateway, 2**256 - 1, 1, sender=stranger)
