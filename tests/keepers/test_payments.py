"""Both sides of a payment: the order of the checks, their texts, what earns credit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from keepers.payments import (
    MAX_NONCES,
    PARAMS_LIFETIME,
    Accounts,
    FatalPaymentError,
    PayingSession,
    Payment,
    PaymentError,
    Receiver,
    TicketParams,
    View,
    fee_estimate,
    is_unlocking,
    tickets_needed,
)
from keepers.tickets import MAX_WIN_PROB, ZERO_ADDRESS

GATEWAY_KEY = b"\x01" * 32
GATEWAY = Account.from_key(GATEWAY_KEY).address
ORCHESTRATOR = Account.from_key(b"\x02" * 32).address
PRICE = Fraction(1_200)
BLOCK = 1_000
EV = Fraction(1_000)
VIEW = View(last_initialized_round=10, l1_block=BLOCK, recipient_active=True, withdraw_round=0)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver(ORCHESTRATOR)


def offer(receiver: Receiver, **changes: int) -> TicketParams:
    """Tickets that always win, worth 1,000 wei each."""
    values = {"face_value": 1_000, "win_prob": MAX_WIN_PROB, "l1_block": BLOCK} | changes
    return receiver.offer(
        GATEWAY, price=PRICE, creation_round=10, creation_round_block_hash=b"\x0a" * 32, **values
    )


def session(receiver: Receiver) -> PayingSession:
    return PayingSession(offer(receiver), GATEWAY, GATEWAY_KEY, PRICE)


def pay(receiver: Receiver, tickets: int) -> Payment:
    return session(receiver).pay(tickets, l1_block=BLOCK)


def spoil(payment: Payment, index: int) -> Payment:
    """The same payment with a bad signature."""
    tickets = list(payment.tickets)
    tickets[index] = (tickets[index][0], bytes(65))
    return replace(payment, tickets=tuple(tickets))


# -- what an orchestrator offers


def test_offer__parameters__hold_for_40_blocks(receiver: Receiver) -> None:
    params = offer(receiver)

    assert params.expiration_block == BLOCK + PARAMS_LIFETIME == BLOCK + 40
    assert params.recipient == ORCHESTRATOR
    assert params.ev == 1_000
    assert len(params.aux_data) == 64


def test_offer__twice__gives_two_commitments(receiver: Receiver) -> None:
    assert offer(receiver).recipient_rand_hash != offer(receiver).recipient_rand_hash


# -- what it takes


def test_receive__good_tickets__earn_their_expected_value(receiver: Receiver) -> None:
    received = receiver.receive(pay(receiver, 3), VIEW)

    assert received.credit == 3 * EV
    assert received.fault is None
    assert [winner.ticket.sender_nonce for winner in received.winners] == [1, 2, 3]
    assert received.winners[0].expiration_block == BLOCK + PARAMS_LIFETIME


def test_receive__losing_tickets__earn_as_much(receiver: Receiver) -> None:
    params = offer(receiver, win_prob=1)
    payment = PayingSession(params, GATEWAY, GATEWAY_KEY, PRICE).pay(2, l1_block=BLOCK)

    received = receiver.receive(payment, VIEW)

    assert received.credit == 2 * params.ev > 0
    assert received.winners == ()


def test_receive__no_ticket__earns_nothing(receiver: Receiver) -> None:
    received = receiver.receive(pay(receiver, 0), VIEW)

    assert (received.credit, received.winners, received.fault) == (0, (), None)


FATAL = {
    "inactive": (f"orchestrator {ORCHESTRATOR} is inactive in round 10, cannot process payments"),
    "no price": "invalid expected price sent with payment",
    "unlocking": f"deposit and reserve for sender {GATEWAY} is set to unlock soon",
    "other recipient": "invalid ticket recipient",
    "no sender": "invalid ticket sender",
    "other commitment": "invalid recipientRand for ticket recipientRandHash",
}


def spoilt(payment: Payment, faults: list[str]) -> tuple[Payment, View]:
    params, view = payment.params, VIEW
    if "other commitment" in faults:
        params = replace(params, face_value=params.face_value + 1)
    if "other recipient" in faults:
        params = replace(params, recipient=GATEWAY)
    payment = replace(payment, params=params)
    if "no sender" in faults:
        payment = replace(payment, sender=ZERO_ADDRESS)
    if "no price" in faults:
        payment = replace(payment, price=None)
    if "unlocking" in faults:
        view = replace(view, withdraw_round=11)
    if "inactive" in faults:
        view = replace(view, recipient_active=False)
    return payment, view


@pytest.mark.parametrize("fault", FATAL)
def test_receive__fatal_fault__refuses_the_whole_payment(receiver: Receiver, fault: str) -> None:
    received = receiver.receive(*spoilt(pay(receiver, 2), [fault]))

    assert isinstance(received.fault, FatalPaymentError)
    assert str(received.fault) == FATAL[fault]
    assert (received.credit, received.winners) == (0, ())


@pytest.mark.parametrize("fault", FATAL)
def test_receive__all_later_faults_too__reports_the_first(receiver: Receiver, fault: str) -> None:
    faults = list(FATAL)
    payment, view = spoilt(spoil(pay(receiver, 1), 0), faults[faults.index(fault) :])

    expected = FATAL[fault]
    if fault == "unlocking":
        expected = expected.replace(GATEWAY, ZERO_ADDRESS)
    assert str(receiver.receive(payment, view).fault) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"face_value": 2_000},
        {"win_prob": MAX_WIN_PROB - 1},
        {"seed": 1},
        {"expiration_block": BLOCK + 1_000},
        {"creation_round": 11},
        {"creation_round_block_hash": b"\x0b" * 32},
        {"recipient_rand_hash": b"\x0c" * 32},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_receive__parameters_changed_by_the_sender__are_refused(
    receiver: Receiver, changes: dict[str, object]
) -> None:
    params = replace(offer(receiver), **changes)  # type: ignore[arg-type]
    payment = PayingSession(params, GATEWAY, GATEWAY_KEY, PRICE).pay(1, l1_block=BLOCK)

    assert str(receiver.receive(payment, VIEW).fault) == FATAL["other commitment"]


def test_receive__other_price__is_refused(receiver: Receiver) -> None:
    payment = replace(pay(receiver, 1), price=PRICE - 1)

    assert str(receiver.receive(payment, VIEW).fault) == FATAL["other commitment"]


def test_receive__parameters_of_an_earlier_secret__are_refused(receiver: Receiver) -> None:
    payment = pay(receiver, 1)

    assert str(Receiver(ORCHESTRATOR).receive(payment, VIEW).fault) == FATAL["other commitment"]


def test_receive__bad_signature__ends_the_credit_but_not_the_draws(receiver: Receiver) -> None:
    received = receiver.receive(spoil(pay(receiver, 4), 1), VIEW)

    assert str(received.fault) == "invalid ticket signature"
    assert not isinstance(received.fault, FatalPaymentError)
    assert received.credit == EV
    assert [winner.ticket.sender_nonce for winner in received.winners] == [1, 3, 4]


def test_receive__signed_by_somebody_else__is_refused(receiver: Receiver) -> None:
    payment = PayingSession(offer(receiver), GATEWAY, b"\x03" * 32, PRICE).pay(1, l1_block=BLOCK)

    received = receiver.receive(payment, VIEW)

    assert str(received.fault) == "invalid ticket signature"
    assert received.winners == ()


def test_receive__nonce_seen_before__earns_nothing_but_a_winner_is_kept(
    receiver: Receiver,
) -> None:
    payment = pay(receiver, 1)
    receiver.receive(payment, VIEW)

    received = receiver.receive(payment, VIEW)

    assert str(received.fault) == (
        f"invalid ticket senderNonce: already seen sender={GATEWAY} nonce=1"
    )
    assert received.credit == 0
    assert len(received.winners) == 1


def test_receive__same_nonce_for_other_parameters__is_good(receiver: Receiver) -> None:
    receiver.receive(pay(receiver, 1), VIEW)

    assert receiver.receive(pay(receiver, 1), VIEW).fault is None


def test_receive__too_many_nonces__earn_nothing(receiver: Receiver) -> None:
    paying = session(receiver)
    params = paying.params
    receiver._nonces[params.expiration_block, params.recipient_rand_hash] = set(
        range(1_000, 1_000 + MAX_NONCES - 1)
    )

    received = receiver.receive(paying.pay(2, l1_block=BLOCK), VIEW)

    assert str(received.fault) == (
        f"invalid ticket senderNonce: too many values sender={GATEWAY} nonce=2"
    )
    assert received.credit == EV


@pytest.mark.parametrize(("age", "fault"), [(39, None), (40, "TicketParams expired")])
def test_receive__parameters_of_some_age__expire_after_40_blocks(
    receiver: Receiver, age: int, fault: str | None
) -> None:
    received = receiver.receive(pay(receiver, 1), replace(VIEW, l1_block=BLOCK + age))

    assert (None if received.fault is None else str(received.fault)) == fault
    assert received.credit == (0 if fault else EV)
    assert len(received.winners) == 1


def test_receive__nonces_of_expired_parameters__are_forgotten(receiver: Receiver) -> None:
    receiver.receive(pay(receiver, 1), VIEW)
    assert len(receiver._nonces) == 1

    receiver.receive(pay(receiver, 0), replace(VIEW, l1_block=BLOCK + PARAMS_LIFETIME))

    assert receiver._nonces == {}


@pytest.mark.parametrize(("round_", "answer"), [(0, False), (10, True), (11, True), (12, False)])
def test_is_unlocking__withdraw_round__is_soon_when_at_most_one_round_away(
    round_: int, answer: bool
) -> None:
    assert is_unlocking(round_, 10) == answer


# -- credit


def test_accounts__credit_and_debit__keep_an_exact_balance() -> None:
    accounts = Accounts()
    accounts.credit(GATEWAY, "one", Fraction(10, 3), Fraction(1, 3))

    accounts.debit(GATEWAY, "one", 7)

    assert accounts.balance(GATEWAY, "one") == 1
    assert accounts.balance(GATEWAY, "two") == 0


def test_accounts__later_payment_at_another_price__keeps_the_first_price() -> None:
    accounts = Accounts()
    accounts.credit(GATEWAY, "one", Fraction(100), Fraction(1))
    accounts.credit(GATEWAY, "one", Fraction(100), Fraction(9))

    accounts.debit(GATEWAY, "one", 10)

    assert accounts.balance(GATEWAY, "one") == 190


def test_accounts__balance_below_one_ticket__is_refused() -> None:
    accounts = Accounts()
    accounts.credit(GATEWAY, "one", Fraction(999), PRICE)

    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        accounts.check_balance(GATEWAY, "one", EV)
    accounts.credit(GATEWAY, "one", Fraction(1), PRICE)
    accounts.check_balance(GATEWAY, "one", EV)


def test_accounts__session_without_payment__is_free() -> None:
    accounts = Accounts()

    accounts.debit(GATEWAY, "one", 1_000)

    assert accounts.balance(GATEWAY, "one") == 0


# -- the gateway


@pytest.mark.parametrize(
    ("fee", "credit", "tickets"),
    [
        (0, 0, 1),  # one ticket at the least
        (1_000, 0, 1),
        (1_001, 0, 2),
        (5_000, 4_500, 1),
        (5_000, 5_000, 0),
        (0, 1_000, 0),
        (0, 999, 1),
        (1_000, -500, 2),
    ],
)
def test_tickets_needed__fee_and_credit__covers_the_rest(
    fee: int, credit: int, tickets: int
) -> None:
    assert tickets_needed(Fraction(fee), EV, Fraction(credit)) == tickets


@given(fee=st.fractions(0, 10**6), ev=st.fractions(1, 10**6), credit=st.fractions(-(10**6), 10**6))
def test_tickets_needed__any_amounts__is_the_smallest_that_suffices(
    fee: Fraction, ev: Fraction, credit: Fraction
) -> None:
    tickets = tickets_needed(fee, ev, credit)

    assert credit + tickets * ev >= max(fee, ev)
    assert tickets == 0 or credit + (tickets - 1) * ev < max(fee, ev)


def test_tickets_needed__worthless_tickets__are_refused() -> None:
    with pytest.raises(ValueError, match="must be above 0, got 0"):
        tickets_needed(Fraction(1), Fraction(0), Fraction(0))


def test_fee_estimate__profiles__rounds_frames_and_seconds_up() -> None:
    profiles = [(426, 240, Fraction(30_000, 1_001)), (640, 360, Fraction(0))]

    fee = fee_estimate(profiles, Fraction(3, 2), Fraction(5))

    pixels = 426 * 240 * 30 * 2 + 640 * 360 * 60 * 2
    assert fee == pixels * Fraction(102, 100) * 5


def test_pay__several_payments__count_the_nonce_on(receiver: Receiver) -> None:
    paying = session(receiver)

    nonces = [nonce for _ in range(2) for nonce, _ in paying.pay(2, l1_block=BLOCK).tickets]

    assert nonces == [1, 2, 3, 4]
    assert paying.session_id == paying.params.recipient_rand_hash.hex()


def test_pay__last_block_of_the_parameters__is_refused(receiver: Receiver) -> None:
    paying = session(receiver)
    last = paying.params.expiration_block - 1

    assert len(paying.pay(1, l1_block=last - 1).tickets) == 1
    with pytest.raises(PaymentError, match="^TicketParams expired$"):
        paying.pay(1, l1_block=last)
