"""Attacks on payments that have happened or were reported.

Each is carried out twice: on a build without the fix, where it works, and on the build that ships.
"""

from __future__ import annotations

import boa
import pytest
from eth_utils import keccak

from keepers.tickets import is_winning
from tests.support.calls import logs
from tests.support.ticket_broker import (
    RAND,
    ROUND,
    BrokerOnMocks,
    Key,
    Redemption,
    flip_s,
    redemption,
)
from tests.support.variants import Patch, variant_of

TICKETS = "pm/modules/tickets.vy"
RESERVE = "pm/modules/reserve.vy"
SHORT = "sender deposit and reserve insufficient to cover ticket face value"
ALL_OR_NOTHING = """\
        assert (
            claimable >= from_reserve
        ), "sender deposit and reserve insufficient to cover ticket face value"
"""
CREDITED = "        _ticket.recipient, _ticket.faceValue, _creation_round\n"
PAY_WHAT_THERE_IS = (
    Patch(TICKETS, ALL_OR_NOTHING, "        from_reserve = min(claimable, from_reserve)\n"),
    Patch(TICKETS, CREDITED, CREDITED.replace("_ticket.faceValue", "from_deposit + from_reserve")),
)
# the rule of the first repair: the whole reserve has to suffice, not this recipient's share
PAY_IF_THE_WHOLE_RESERVE_SUFFICES = (
    Patch(
        TICKETS,
        ALL_OR_NOTHING,
        ALL_OR_NOTHING.replace("claimable >=", "reserve.funds_of[_ticket.sender] >=")
        + "        from_reserve = min(claimable, from_reserve)\n",
    ),
    PAY_WHAT_THERE_IS[1],
)
SHARE_BY_THE_POOL = (
    Patch(RESERVE, "getActiveSetSize()", "getTranscoderPoolSize()"),
    Patch(RESERVE, "    if claimed >= share:\n        return 0\n", ""),
)
ANYONE_CANCELS = (Patch("pm/modules/funds.vy", "if msg.sender == _addr and ", "if "),)
ANY_LENGTH = (Patch(TICKETS, '    assert len(_sig) == 65, "INVALID_SIGNATURE_LENGTH"\n', ""),)
HIGH_S = (
    Patch(
        "modules/ecdsa.vy",
        "    assert convert(_s, uint256) <= convert(MAX_S, uint256), "
        "\"ECDSA: invalid signature 's' value\"\n",
        "",
    ),
)


def without(patches: tuple[Patch, ...]) -> BrokerOnMocks:
    """A system whose broker lacks a fix, with the same members in its active set."""
    variant = variant_of("TicketBroker", patches)
    return BrokerOnMocks(variant.deploy)


@pytest.fixture
def recipient() -> str:
    """An orchestrator, active in no system yet."""
    return boa.env.generate_address("recipient")


# -- dust deposit (GHSA-cfpp-6gv2-r325): 1 wei for a broke sender burns its winning ticket


def attack_with_dust(system: BrokerOnMocks, key: Key, recipient: str, attacker: str) -> Redemption:
    """The sender's money was just spent; the attacker goes first with 1 wei."""
    system.activate(recipient, of=2)
    ticket = redemption(key, recipient, 1_000)
    system.broker.fundDepositAndReserveFor(key.address, 1, 0, value=1, sender=attacker)
    return ticket


def test_dust_deposit__unfixed_build__ticket_is_burnt_for_one_wei(
    gateway_key: Key, recipient: str, stranger: str
) -> None:
    system = without(PAY_WHAT_THERE_IS)
    ticket = attack_with_dust(system, gateway_key, recipient, stranger)

    system.redeem(ticket)

    assert ("FeesCredited", recipient, 1, ROUND) in logs(system.broker)
    assert system.is_used(ticket)


def test_dust_deposit__shipped_build__ticket_stays_good_and_pays_later(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, recipient: str, stranger: str
) -> None:
    ticket = attack_with_dust(system, gateway_key, recipient, stranger)

    with boa.reverts(SHORT):
        system.redeem(ticket)

    assert not system.is_used(ticket)
    system.fund(gateway, deposit=999)
    system.redeem(ticket)
    assert logs(system.broker)[0][:3] == ("FeesCredited", recipient, 1_000)


# -- exhausted share (issue 663): a claim of the same round leaves too little for the next ticket


def use_up_the_share(system: BrokerOnMocks, key: Key, recipient: str) -> Redemption:
    """Reserve 1,000, two members; the recipient drew 450 of its 500 and holds a ticket of 100."""
    system.activate(recipient, of=2)
    system.fund(key.address, reserve=1_000)
    system.redeem(redemption(key, recipient, 450, sender_nonce=1))
    return redemption(key, recipient, 100, sender_nonce=2)


@pytest.mark.parametrize(
    "patches", [PAY_WHAT_THERE_IS, PAY_IF_THE_WHOLE_RESERVE_SUFFICES], ids=["deployed", "2026-07"]
)
def test_exhausted_share__unfixed_build__ticket_is_burnt_for_half_of_its_value(
    gateway_key: Key, recipient: str, patches: tuple[Patch, ...]
) -> None:
    system = without(patches)
    ticket = use_up_the_share(system, gateway_key, recipient)

    system.redeem(ticket)

    assert ("FeesCredited", recipient, 50, ROUND) in logs(system.broker)
    assert system.is_used(ticket)


def test_exhausted_share__shipped_build__ticket_stays_good_and_pays_next_round(
    system: BrokerOnMocks, gateway_key: Key, recipient: str
) -> None:
    ticket = use_up_the_share(system, gateway_key, recipient)

    with boa.reverts(SHORT):
        system.redeem(ticket)

    assert not system.is_used(ticket)
    system.to_round(11)
    system.redeem(ticket)
    assert ("FeesCredited", recipient, 100, ROUND) in logs(system.broker)


# -- growing pool (issue 656): who joins the pool during a round changes the shares of that round


def grow_the_pool(system: BrokerOnMocks, key: Key, recipient: str) -> None:
    """The recipient, one of two, drew its 500 of 1,000; a third joins for the next round."""
    system.activate(recipient, of=2)
    system.bonding_manager.setTranscoderPoolSize(2)
    system.fund(key.address, reserve=1_000)
    system.redeem(redemption(key, recipient, 500))
    system.bonding_manager.setTranscoderPoolSize(3)


def test_growing_pool__unfixed_build__view_reverts_and_blocks_topped_up_tickets(
    gateway_key: Key, recipient: str
) -> None:
    system = without(SHARE_BY_THE_POOL)
    grow_the_pool(system, gateway_key, recipient)

    with boa.reverts(compiler="safesub"):
        system.broker.claimableReserve(gateway_key.address, recipient)
    with boa.reverts(compiler="safesub"):
        system.redeem(redemption(gateway_key, recipient, 1, sender_nonce=1))


def test_growing_pool__unfixed_build__joining_dilutes_who_has_not_claimed_yet(
    gateway_key: Key, recipient: str
) -> None:
    system = without(SHARE_BY_THE_POOL)
    grow_the_pool(system, gateway_key, recipient)
    other = boa.env.generate_address("other orchestrator")
    system.activate(other, of=2)

    assert system.broker.claimableReserve(gateway_key.address, other) == 333


def test_growing_pool__shipped_build__shares_of_the_round_stay(
    system: BrokerOnMocks, gateway_key: Key, recipient: str
) -> None:
    grow_the_pool(system, gateway_key, recipient)
    other = boa.env.generate_address("other orchestrator")
    system.activate(other, of=2)

    assert system.broker.claimableReserve(gateway_key.address, recipient) == 0
    assert system.broker.claimableReserve(gateway_key.address, other) == 500
    system.redeem(redemption(gateway_key, other, 500, sender_nonce=1))
    assert system.broker.getReserveInfo(gateway_key.address) == (0, 1_000)


# -- forced cancellation (August 2023): anyone calls the unlock of a sender off with 0 wei


def cancel_for(system: BrokerOnMocks, key: Key, attacker: str) -> None:
    """The last round before the withdrawal; the attacker calls the sender's unlock off."""
    system.fund(key.address, deposit=1_000)
    system.broker.unlock(sender=key.address)
    system.broker.fundDepositAndReserveFor(key.address, 0, 0, sender=attacker)
    system.to_round(30)


def test_forced_cancellation__unfixed_build__sender_cannot_withdraw(
    gateway_key: Key, stranger: str
) -> None:
    system = without(ANYONE_CANCELS)
    cancel_for(system, gateway_key, stranger)

    with boa.reverts("no unlock request in progress"):
        system.broker.withdraw(sender=gateway_key.address)


def test_forced_cancellation__shipped_build__sender_withdraws(
    system: BrokerOnMocks, gateway_key: Key, stranger: str
) -> None:
    cancel_for(system, gateway_key, stranger)

    system.broker.withdraw(sender=gateway_key.address)

    assert logs(system.broker)[-1] == ("Withdrawal", gateway_key.address, 1_000, 0)


# -- two chances to win (March 2022): a second form of the signature is a second draw


def lost_ticket(system: BrokerOnMocks, key: Key, recipient: str, form: str) -> Redemption:
    """A ticket that loses with the signature as made, and wins with its other form."""
    system.activate(recipient, of=1)
    system.fund(key.address, deposit=1_000)
    for nonce in range(100):
        lost = redemption(key, recipient, 1_000, win_prob=2**255, sender_nonce=nonce)
        again = lost._replace(sig=other_form(lost.sig, form))
        chance = lost.ticket.win_prob
        if not is_winning(lost.sig, RAND, chance) and is_winning(again.sig, RAND, chance):
            with boa.reverts("ticket did not win"):
                system.redeem(lost)
            return again
    raise AssertionError("no such ticket among 100")


def other_form(sig: bytes, form: str) -> bytes:
    if form == "high s":
        return flip_s(sig)
    if form == "a byte more":
        return sig + b"\0"
    y_parity = (sig[64] - 27) << 255  # EIP-2098: v in the top bit of s
    return sig[:32] + (int.from_bytes(sig[32:64], "big") | y_parity).to_bytes(32, "big")


@pytest.mark.parametrize(("form", "patches"), [("a byte more", ANY_LENGTH), ("high s", HIGH_S)])
def test_two_chances_to_win__unfixed_build__lost_ticket_wins(
    gateway_key: Key, recipient: str, form: str, patches: tuple[Patch, ...]
) -> None:
    system = without(patches)

    system.redeem(lost_ticket(system, gateway_key, recipient, form))

    assert logs(system.broker)[0][:3] == ("FeesCredited", recipient, 1_000)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("a byte more", "INVALID_SIGNATURE_LENGTH"),
        ("64 bytes", "INVALID_SIGNATURE_LENGTH"),
        ("high s", "ECDSA: invalid signature 's' value"),
    ],
)
def test_two_chances_to_win__shipped_build__other_form_is_refused(
    system: BrokerOnMocks, gateway_key: Key, recipient: str, form: str, reason: str
) -> None:
    again = lost_ticket(system, gateway_key, recipient, form)

    with boa.reverts(reason):
        system.redeem(again)

    assert not system.is_used(again)


# -- replay: one ticket twice, in one batch, and with the bytes of the ticket shifted


def test_replay_in_one_batch__shipped_build__is_paid_once(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, recipient: str
) -> None:
    system.activate(recipient, of=1)
    system.fund(gateway, deposit=1_000)
    ticket = redemption(gateway_key, recipient, 100)

    system.redeem_batch([ticket] * 5, sender=recipient)

    assert [entry[0] for entry in logs(system.broker)].count("FeesCredited") == 1
    assert system.deposit_of(gateway) == 900


def test_replay_under_another_round__shipped_build__signature_does_not_fit(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, recipient: str
) -> None:
    system.activate(recipient, of=1)
    system.fund(gateway, deposit=1_000)
    ticket = redemption(gateway_key, recipient, 100)
    system.redeem(ticket)
    later = keccak(text="hash of round 11")
    system.rounds_manager.setBlockHashForRound(11, later)
    system.to_round(11)
    moved = redemption(gateway_key, recipient, 100, aux_data=(11).to_bytes(32, "big") + later)

    with boa.reverts("invalid signature over ticket hash"):
        system.redeem(moved._replace(sig=ticket.sig))
