"""Payment, ticket by ticket: order of the checks, their texts, the credit they give."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from devnet.chain_view import ZERO_ADDRESS, Round, Sender
from devnet.receiver import MAX_NONCES, PARAMS_LIFETIME, PaymentError, Receiver
from devnet.winners import WinningTicket
from devnet.wire import AuthToken, OrchestratorInfo, PriceInfo
from keepers.tickets import MAX_WIN_PROB, expected_value, is_winning
from tests.devnet.network import (
    ETHER,
    GATEWAY,
    OTHER_KEY,
    STRANGER,
    TERMS,
    TICKET_EV,
    FakeChain,
    make_payment,
)

RECIPIENT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SESSION = "session"


@pytest.fixture
def winners() -> list[WinningTicket]:
    return []


@pytest.fixture
def receiver(chain: FakeChain, winners: list[WinningTicket]) -> Receiver:
    return Receiver(RECIPIENT, TERMS, chain, winners.append, secret=bytes(range(32)))  # type: ignore[arg-type]


@pytest.fixture
def info(receiver: Receiver) -> OrchestratorInfo:
    token = AuthToken(bytes(32), SESSION, 2**40)
    params = receiver.ticket_params(GATEWAY)
    return OrchestratorInfo("http://node", receiver.recipient, params, TERMS.price, token)


def _ev(info: OrchestratorInfo) -> Fraction:
    return expected_value(info.ticket_params.face_value, info.ticket_params.win_prob)


# -- offers


def test_ticket_params__ample_reserve__are_worth_the_expected_value(
    receiver: Receiver, chain: FakeChain
) -> None:
    params = receiver.ticket_params(GATEWAY)
    assert params.face_value == 4 * TICKET_EV
    assert TICKET_EV <= expected_value(params.face_value, params.win_prob) < TICKET_EV + 1
    assert params.expiration_block == chain.block + PARAMS_LIFETIME
    assert params.aux_data == (7).to_bytes(32, "big") + chain.current.block_hash


def test_ticket_params__twice__are_not_the_same(receiver: Receiver) -> None:
    first, second = receiver.ticket_params(GATEWAY), receiver.ticket_params(GATEWAY)
    assert first.recipient_rand_hash != second.recipient_rand_hash


def test_ticket_params__small_reserve__lower_the_face_value(
    receiver: Receiver, chain: FakeChain
) -> None:
    chain.claimable = 2 * TICKET_EV
    params = receiver.ticket_params(GATEWAY)
    assert params.face_value == 2 * TICKET_EV
    assert expected_value(params.face_value, params.win_prob) >= TICKET_EV


def test_ticket_params__no_reserve__are_refused(receiver: Receiver, chain: FakeChain) -> None:
    chain.claimable = TICKET_EV - 1
    with pytest.raises(ValueError, match="insufficient sender reserve"):
        receiver.ticket_params(GATEWAY)


def test_ticket_params__winners_pending__keep_part_of_the_reserve(
    receiver: Receiver, chain: FakeChain, info: OrchestratorInfo, winners: list[WinningTicket]
) -> None:
    receiver.process(make_payment(info, range(1, 40)), SESSION)
    owed = sum(winner.ticket.face_value for winner in winners)
    assert owed > 0
    chain.funds = Sender(owed, 0, 10 * ETHER)
    chain.claimable = owed + 2 * TICKET_EV
    assert receiver.ticket_params(GATEWAY).face_value == 2 * TICKET_EV
    chain.used = {winner.ticket.hash() for winner in winners}
    assert receiver.ticket_params(GATEWAY).face_value == 4 * TICKET_EV


# -- tickets


def test_process__good_tickets__give_their_expected_value(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    receiver.process(make_payment(info, range(1, 6)), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == 5 * _ev(info)
    assert receiver.balance(GATEWAY, "another") == 0
    assert receiver.received == 5


def test_process__winning_tickets__are_kept_with_all_that_redeems_them(
    receiver: Receiver, info: OrchestratorInfo, winners: list[WinningTicket]
) -> None:
    payment = make_payment(info, range(1, 60))
    receiver.process(payment, SESSION)
    rand = winners[0].recipient_rand
    expected = [
        sig
        for _, sig in payment.ticket_sender_params
        if is_winning(sig, rand, info.ticket_params.win_prob)
    ]
    assert [winner.sig for winner in winners] == expected
    assert receiver.won == len(expected)
    assert winners[0].params_expiration_block == info.ticket_params.expiration_block


def test_process__inactive__is_refused(
    receiver: Receiver, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.active = False
    with pytest.raises(PaymentError) as caught:
        receiver.process(make_payment(info, [1]), SESSION)
    assert str(caught.value) == (
        f"orchestrator {RECIPIENT} is inactive in round 7, cannot process payments"
    )


@pytest.mark.parametrize("withdraw_round", [1, 7, 8])
def test_process__sender_unlocks_soon__is_refused(
    receiver: Receiver, info: OrchestratorInfo, chain: FakeChain, withdraw_round: int
) -> None:
    chain.funds = Sender(ETHER, withdraw_round, ETHER)
    with pytest.raises(PaymentError) as caught:
        receiver.process(make_payment(info, [1]), SESSION)
    assert str(caught.value) == f"deposit and reserve for sender {GATEWAY} is set to unlock soon"


def test_process__sender_unlocks_later__is_taken(
    receiver: Receiver, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.funds = Sender(ETHER, 9, ETHER)
    receiver.process(make_payment(info, [1]), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == _ev(info)


def test_process__other_recipient__is_fatal(receiver: Receiver, info: OrchestratorInfo) -> None:
    params = replace(info.ticket_params, recipient=STRANGER)
    with pytest.raises(PaymentError, match="^invalid ticket recipient$"):
        receiver.process(make_payment(info, [1], ticket_params=params), SESSION)


def test_process__no_sender__is_fatal(receiver: Receiver, info: OrchestratorInfo) -> None:
    with pytest.raises(PaymentError, match="^invalid ticket sender$"):
        receiver.process(make_payment(info, [1], sender=ZERO_ADDRESS), SESSION)


@pytest.mark.parametrize(
    "changes",
    [
        {"face_value": 5 * TICKET_EV},
        {"win_prob": MAX_WIN_PROB},
        {"seed": 1},
        {"expiration_block": 2000},
        {"creation_round": 8},
        {"creation_round_block_hash": bytes(32)},
        {"recipient_rand_hash": bytes(32)},
    ],
)
def test_process__changed_params__do_not_fit_the_commitment(
    receiver: Receiver, info: OrchestratorInfo, changes: dict[str, object]
) -> None:
    params = replace(info.ticket_params, **changes)
    with pytest.raises(PaymentError, match="^invalid recipientRand for ticket recipientRandHash$"):
        receiver.process(make_payment(info, [1], ticket_params=params), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == 0


def test_process__other_price__does_not_fit_the_commitment(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    payment = make_payment(info, [1], expected_price=PriceInfo(1, 1))
    with pytest.raises(PaymentError, match="invalid recipientRand"):
        receiver.process(payment, SESSION)


def test_process__same_price_in_other_terms__is_taken(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    doubled = PriceInfo(2 * TERMS.price.price_per_unit, 2 * TERMS.price.pixels_per_unit)
    receiver.process(make_payment(info, [1], expected_price=doubled), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == _ev(info)


@pytest.mark.parametrize("sig", [b"", bytes(64), bytes(65), b"\x01" * 64 + b"\x1b"])
def test_process__bad_signature__is_refused(
    receiver: Receiver, info: OrchestratorInfo, sig: bytes
) -> None:
    payment = make_payment(info, [1], ticket_sender_params=((1, sig),))
    with pytest.raises(PaymentError, match="^invalid ticket signature$"):
        receiver.process(payment, SESSION)
    assert receiver.received == 0


def test_process__signed_by_another__is_refused(receiver: Receiver, info: OrchestratorInfo) -> None:
    payment = make_payment(info, [1], key=OTHER_KEY, sender=GATEWAY)
    with pytest.raises(PaymentError, match="^invalid ticket signature$"):
        receiver.process(payment, SESSION)


def test_process__replayed_nonce__gives_no_second_credit(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    receiver.process(make_payment(info, [1]), SESSION)
    with pytest.raises(PaymentError) as caught:
        receiver.process(make_payment(info, [1]), SESSION)
    assert str(caught.value) == (
        f"invalid ticket senderNonce: already seen sender={GATEWAY} nonce=1"
    )
    assert receiver.balance(GATEWAY, SESSION) == _ev(info)


def test_process__replayed_winner__is_kept_once(
    receiver: Receiver, info: OrchestratorInfo, winners: list[WinningTicket]
) -> None:
    payment = make_payment(info, range(1, 40))
    receiver.process(payment, SESSION)
    count = len(winners)
    with pytest.raises(PaymentError, match="already seen"):
        receiver.process(payment, SESSION)
    assert len(winners) == count


def test_process__too_many_nonces__are_refused(receiver: Receiver, info: OrchestratorInfo) -> None:
    receiver._nonces[
        info.ticket_params.expiration_block, info.ticket_params.recipient_rand_hash
    ] = set(range(1, MAX_NONCES + 1))
    with pytest.raises(PaymentError) as caught:
        receiver.process(make_payment(info, [MAX_NONCES + 1]), SESSION)
    assert str(caught.value) == f"invalid ticket senderNonce: too many values sender={GATEWAY}"


def test_process__expired_params__give_no_credit_but_winners_are_kept(
    receiver: Receiver, info: OrchestratorInfo, chain: FakeChain, winners: list[WinningTicket]
) -> None:
    chain.block = info.ticket_params.expiration_block
    with pytest.raises(PaymentError, match="^TicketParams expired$"):
        receiver.process(make_payment(info, range(1, 40)), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == 0
    assert winners


def test_process__last_block_of_params__is_taken(
    receiver: Receiver, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.block = info.ticket_params.expiration_block - 1
    receiver.process(make_payment(info, [1]), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == _ev(info)


def test_process__fault_in_the_middle__only_earlier_tickets_give_credit(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    good = make_payment(info, range(1, 6)).ticket_sender_params
    signed = (*good[:2], (3, bytes(65)), *good[3:])
    with pytest.raises(PaymentError, match="^invalid ticket signature$"):
        receiver.process(make_payment(info, [], ticket_sender_params=signed), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == 2 * _ev(info)
    assert receiver.received == 4


# -- balance


def test_check_balance__less_than_one_ticket__is_refused(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        receiver.check_balance(GATEWAY, SESSION)
    receiver.process(make_payment(info, [1]), SESSION)
    receiver.check_balance(GATEWAY, SESSION)
    receiver.debit(GATEWAY, SESSION, 1)
    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        receiver.check_balance(GATEWAY, SESSION)


def test_check_balance__worthless_params_without_tickets__are_refused(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    params = replace(info.ticket_params, face_value=0, win_prob=0)
    free = make_payment(info, [], ticket_params=params, expected_price=PriceInfo(0, 1))
    receiver.process(free, SESSION)
    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        receiver.check_balance(GATEWAY, SESSION)


def test_debit__pixels__cost_exactly_their_price(
    receiver: Receiver, info: OrchestratorInfo
) -> None:
    receiver.process(make_payment(info, [1]), SESSION)
    receiver.debit(GATEWAY, SESSION, 3)
    assert receiver.balance(GATEWAY, SESSION) == _ev(info) - Fraction(9_000_000_003, 2)


def test_process__next_round__params_of_the_round_before_still_count(
    receiver: Receiver, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.current = Round(8, b"\x08" * 32)
    receiver.process(make_payment(info, [1]), SESSION)
    assert receiver.balance(GATEWAY, SESSION) == _ev(info)
