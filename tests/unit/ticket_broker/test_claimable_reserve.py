"""claimableReserve(address,address)"""

import boa
import pytest

from tests.support.ticket_broker import ROUND, BrokerOnMocks, Key, redemption


@pytest.mark.parametrize(
    ("reserve", "members", "share"),
    [(1_000, 1, 1_000), (1_000, 2, 500), (1_000, 3, 333), (2, 3, 0), (0, 3, 0)],
)
def test_claimable_reserve__nothing_claimed__is_an_equal_share(
    system: BrokerOnMocks, gateway: str, orchestrator: str, reserve: int, members: int, share: int
) -> None:
    system.fund(gateway, reserve=reserve)
    system.bonding_manager.setActiveSetSize(members)

    assert system.broker.claimableReserve(gateway, orchestrator) == share


def test_claimable_reserve__deposit__is_not_part_of_it(
    system: BrokerOnMocks, gateway: str, orchestrator: str
) -> None:
    system.fund(gateway, deposit=1_000)

    assert system.broker.claimableReserve(gateway, orchestrator) == 0


def test_claimable_reserve__claimant_not_active__is_zero(
    system: BrokerOnMocks, gateway: str, orchestrator: str, stranger: str
) -> None:
    system.fund(gateway, reserve=1_000)

    assert system.broker.claimableReserve(gateway, orchestrator) == 500
    assert system.broker.claimableReserve(gateway, stranger) == 0


def test_claimable_reserve__active_set_empty__is_zero(
    system: BrokerOnMocks, gateway: str, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    system.bonding_manager.setActiveSetSize(0)

    assert system.broker.claimableReserve(gateway, orchestrator) == 0


def test_claimable_reserve__others_claimed__share_stays_the_same(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    other = boa.env.generate_address("other orchestrator")
    system.activate(other, of=3)
    system.fund(gateway, reserve=1_000)

    system.redeem(redemption(gateway_key, other, 333))

    assert system.broker.claimableReserve(gateway, orchestrator) == 333
    assert system.broker.claimableReserve(gateway, other) == 0


def test_claimable_reserve__claimed_in_an_earlier_round__starts_again(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, orchestrator, 500))
    assert system.broker.claimableReserve(gateway, orchestrator) == 0

    system.to_round(ROUND + 1)

    assert system.broker.claimableReserve(gateway, orchestrator) == 250


def test_claimable_reserve__reserve_topped_up__shares_grow(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, orchestrator, 500))

    system.fund(gateway, reserve=200)

    assert system.broker.claimableReserve(gateway, orchestrator) == 100


@pytest.mark.parametrize(("claimed", "left"), [(332, 1), (333, 0), (334, 0), (500, 0)])
def test_claimable_reserve__more_members_than_at_the_claim__is_what_is_left_or_zero(
    system: BrokerOnMocks,
    gateway: str,
    gateway_key: Key,
    orchestrator: str,
    claimed: int,
    left: int,
) -> None:
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, orchestrator, claimed))

    system.bonding_manager.setActiveSetSize(3)

    assert system.broker.claimableReserve(gateway, orchestrator) == left


def test_claimable_reserve__emptied_and_refilled_in_one_round__is_capped_by_the_funds_left(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    # withdrawing leaves the claims of the round: the share can then be more than what is there
    other = boa.env.generate_address("other orchestrator")
    system.activate(other, of=2)
    system.broker.setUnlockPeriod(0, sender=system.owner)
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, other, 500))
    system.broker.unlock(sender=gateway)
    system.broker.withdraw(sender=gateway)
    system.fund(gateway, reserve=10)

    assert system.broker.claimableReserve(gateway, orchestrator) == 10


def test_claimable_reserve__system_paused__answers(
    system: BrokerOnMocks, gateway: str, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    system.controller.pause(sender=system.owner)

    assert system.broker.claimableReserve(gateway, orchestrator) == 500
