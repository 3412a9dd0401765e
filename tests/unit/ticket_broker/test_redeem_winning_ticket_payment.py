"""redeemWinningTicket(ticket, bytes, uint256): what a good ticket pays, and from where."""

import boa
import pytest

from keepers.tickets import MAX_WIN_PROB
from tests.support.calls import logs
from tests.support.ticket_broker import RAND, ROUND, BrokerOnMocks, Key, Redemption, redemption

NO_FUNDS = "sender deposit and reserve are zero"
SHORT = "sender deposit and reserve insufficient to cover ticket face value"


def redeemed(item: Redemption) -> tuple[object, ...]:
    """The event that ends every redemption."""
    ticket = item.ticket
    return (
        "WinningTicketRedeemed",
        ticket.sender,
        ticket.recipient,
        ticket.face_value,
        MAX_WIN_PROB,
        ticket.sender_nonce,
        RAND,
        ticket.aux_data,
    )


@pytest.mark.parametrize("deposit", [1_000, 1_500])
def test_redeem_winning_ticket__deposit_suffices__reserve_is_not_touched(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str, deposit: int
) -> None:
    system.fund(gateway, deposit=deposit, reserve=1_000)
    item = redemption(gateway_key, orchestrator, 1_000, sender_nonce=3)

    system.redeem(item)

    assert logs(system.broker) == [
        ("FeesCredited", orchestrator, 1_000, ROUND),
        ("WinningTicketTransfer", gateway, orchestrator, 1_000),
        redeemed(item),
    ]
    assert system.broker.getSenderInfo(gateway) == ((deposit - 1_000, 0), (1_000, 0))
    assert system.is_used(item)


def test_redeem_winning_ticket__deposit_runs_out__reserve_pays_the_rest(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=600, reserve=1_000)
    item = redemption(gateway_key, orchestrator, 1_000)

    system.redeem(item)

    assert logs(system.broker) == [
        ("ReserveClaimed", gateway, orchestrator, 400),
        ("FeesCredited", orchestrator, 1_000, ROUND),
        ("WinningTicketTransfer", gateway, orchestrator, 1_000),
        redeemed(item),
    ]
    assert system.broker.getSenderInfo(gateway) == ((0, 0), (600, 400))
    assert system.broker.claimedReserve(gateway, orchestrator) == 400


def test_redeem_winning_ticket__no_deposit__reserve_pays_up_to_the_share(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)

    system.redeem(redemption(gateway_key, orchestrator, 200, sender_nonce=1))
    system.redeem(redemption(gateway_key, orchestrator, 300, sender_nonce=2))

    assert system.broker.getReserveInfo(gateway) == (500, 500)
    assert system.broker.claimableReserve(gateway, orchestrator) == 0


def test_redeem_winning_ticket__every_member_takes_its_share__the_order_does_not_matter(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    other = boa.env.generate_address("other orchestrator")
    system.activate(other, of=2)
    system.fund(gateway, reserve=1_000)
    for orders in ((orchestrator, other), (other, orchestrator)):
        with boa.env.anchor():
            for claimant in orders:
                system.redeem(redemption(gateway_key, claimant, 500))
            assert system.broker.getReserveInfo(gateway) == (0, 1_000)


def test_redeem_winning_ticket__redeemed_in_a_later_round__fees_go_to_the_creation_round(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=1_000)
    system.to_round(ROUND + 1)

    system.redeem(redemption(gateway_key, orchestrator, 10))

    assert logs(system.broker)[0] == ("FeesCredited", orchestrator, 10, ROUND)


def test_redeem_winning_ticket__claim_in_a_later_round__counts_for_that_round(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, reserve=1_000)
    system.redeem(redemption(gateway_key, orchestrator, 500))
    system.to_round(ROUND + 1)

    system.redeem(redemption(gateway_key, orchestrator, 250, sender_nonce=1))

    assert system.broker.getReserveInfo(gateway) == (250, 250)


def test_redeem_winning_ticket__submitted_by_a_stranger__pays_the_recipient(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str, stranger: str
) -> None:
    system.fund(gateway, deposit=1_000)
    item = redemption(gateway_key, orchestrator, 1_000)

    system.redeem(item, sender=stranger)

    assert logs(system.broker)[1] == ("WinningTicketTransfer", gateway, orchestrator, 1_000)


def test_redeem_winning_ticket__face_value_zero__is_consumed_and_pays_nothing(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=1)
    system.bonding_manager.setRefusal("must not be called")
    item = redemption(gateway_key, orchestrator, 0)

    system.redeem(item)

    assert logs(system.broker) == [redeemed(item)]
    assert system.is_used(item)


def test_redeem_winning_ticket__face_value_zero_and_no_funds__reverts(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    assert system.broker.getSenderInfo(gateway) == ((0, 0), (0, 0))

    with boa.reverts(NO_FUNDS):
        system.redeem(redemption(gateway_key, orchestrator, 0))


@pytest.mark.parametrize(
    ("deposit", "reserve"),
    [(999, 0), (0, 1_999), (999, 1), (500, 999)],
    ids=["deposit short", "share short", "1 wei share of nothing", "both short"],
)
def test_redeem_winning_ticket__not_payable_in_full__reverts_and_can_be_redeemed_later(
    system: BrokerOnMocks,
    gateway: str,
    gateway_key: Key,
    orchestrator: str,
    deposit: int,
    reserve: int,
) -> None:
    system.fund(gateway, deposit=deposit, reserve=reserve)
    item = redemption(gateway_key, orchestrator, 1_000)

    with boa.reverts(SHORT):
        system.redeem(item)

    assert not system.is_used(item)
    assert system.broker.getSenderInfo(gateway) == ((deposit, 0), (reserve, 0))
    system.fund(gateway, deposit=1_000 - deposit)
    system.redeem(item)
    assert logs(system.broker)[-2] == ("WinningTicketTransfer", gateway, orchestrator, 1_000)


def test_redeem_winning_ticket__recipient_not_active__cannot_draw_on_the_reserve(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=999, reserve=1_000_000)
    system.bonding_manager.setActive(orchestrator, False)

    with boa.reverts(SHORT):
        system.redeem(redemption(gateway_key, orchestrator, 1_000))


def test_redeem_winning_ticket__bonding_manager_refuses__reason_bubbles_and_nothing_changes(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=600, reserve=1_000)
    system.bonding_manager.setRefusal("transcoder must be registered")
    item = redemption(gateway_key, orchestrator, 1_000)

    with boa.reverts("transcoder must be registered"):
        system.redeem(item)

    assert not system.is_used(item)
    assert system.broker.getSenderInfo(gateway) == ((600, 0), (1_000, 0))
