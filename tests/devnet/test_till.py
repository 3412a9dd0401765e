"""What a node asks for, which payments it takes, what is left after its work."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from devnet.chain_view import ZERO_ADDRESS, Round, Sender
from devnet.till import PARAMS_LIFETIME, Till
from devnet.wire import AuthToken, OrchestratorInfo
from keepers.payments import PaymentError, Winner
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
def winners() -> list[Winner]:
    return []


@pytest.fixture
def till(chain: FakeChain, winners: list[Winner]) -> Till:
    return Till(RECIPIENT, TERMS, chain, winners.append, secret=bytes(range(32)))  # type: ignore[arg-type]


@pytest.fixture
def info(till: Till) -> OrchestratorInfo:
    token = AuthToken(bytes(32), SESSION, 2**40)
    params = till.ticket_params(GATEWAY)
    return OrchestratorInfo("http://node", RECIPIENT, params, TERMS.price, token)


def _ev(info: OrchestratorInfo) -> Fraction:
    return expected_value(info.ticket_params.face_value, info.ticket_params.win_prob)


# -- offers


def test_ticket_params__ample_reserve__are_worth_the_expected_value(
    till: Till, chain: FakeChain
) -> None:
    params = till.ticket_params(GATEWAY)
    assert params.face_value == 4 * TICKET_EV
    assert TICKET_EV <= expected_value(params.face_value, params.win_prob) < TICKET_EV + 1
    assert params.expiration_block == chain.block + PARAMS_LIFETIME
    assert params.aux_data == (7).to_bytes(32, "big") + chain.current.block_hash


def test_ticket_params__twice__are_not_the_same(till: Till) -> None:
    first, second = till.ticket_params(GATEWAY), till.ticket_params(GATEWAY)
    assert first.recipient_rand_hash != second.recipient_rand_hash


def test_ticket_params__small_reserve__lower_the_face_value(till: Till, chain: FakeChain) -> None:
    chain.claimable = 2 * TICKET_EV
    params = till.ticket_params(GATEWAY)
    assert params.face_value == 2 * TICKET_EV
    assert expected_value(params.face_value, params.win_prob) >= TICKET_EV


def test_ticket_params__no_reserve__are_refused(till: Till, chain: FakeChain) -> None:
    chain.claimable = TICKET_EV - 1
    with pytest.raises(ValueError, match="insufficient sender reserve"):
        till.ticket_params(GATEWAY)


def test_ticket_params__winners_pending__keep_part_of_the_reserve(
    till: Till, chain: FakeChain, info: OrchestratorInfo, winners: list[Winner]
) -> None:
    till.take(make_payment(info, range(1, 40)), SESSION)
    owed = sum(winner.ticket.face_value for winner in winners)
    assert owed > 0
    chain.funds = Sender(owed, 0, 10 * ETHER)
    chain.claimable = owed + 2 * TICKET_EV
    assert till.ticket_params(GATEWAY).face_value == 2 * TICKET_EV
    chain.used = {winner.ticket.hash() for winner in winners}
    assert till.ticket_params(GATEWAY).face_value == 4 * TICKET_EV


# -- tickets


def test_take__good_tickets__give_their_expected_value(till: Till, info: OrchestratorInfo) -> None:
    till.take(make_payment(info, range(1, 6)), SESSION)
    assert till.balance(GATEWAY, SESSION) == 5 * _ev(info)
    assert till.balance(GATEWAY, "another") == 0
    assert till.received == 5


def test_take__winning_tickets__are_kept_with_all_that_redeems_them(
    till: Till, info: OrchestratorInfo, winners: list[Winner]
) -> None:
    payment = make_payment(info, range(1, 60))
    till.take(payment, SESSION)
    rand = winners[0].recipient_rand
    expected = [
        sig for _, sig in payment.tickets if is_winning(sig, rand, info.ticket_params.win_prob)
    ]
    assert [winner.sig for winner in winners] == expected
    assert till.won == len(expected)
    assert winners[0].expiration_block == info.ticket_params.expiration_block


def test_take__inactive__is_refused(till: Till, info: OrchestratorInfo, chain: FakeChain) -> None:
    chain.active = False
    with pytest.raises(PaymentError) as caught:
        till.take(make_payment(info, [1]), SESSION)
    assert str(caught.value) == (
        f"orchestrator {RECIPIENT} is inactive in round 7, cannot process payments"
    )


@pytest.mark.parametrize("withdraw_round", [1, 7, 8])
def test_take__sender_unlocks_soon__is_refused(
    till: Till, info: OrchestratorInfo, chain: FakeChain, withdraw_round: int
) -> None:
    chain.funds = Sender(ETHER, withdraw_round, ETHER)
    with pytest.raises(PaymentError) as caught:
        till.take(make_payment(info, [1]), SESSION)
    assert str(caught.value) == f"deposit and reserve for sender {GATEWAY} is set to unlock soon"


def test_take__sender_unlocks_later__is_taken(
    till: Till, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.funds = Sender(ETHER, 9, ETHER)
    till.take(make_payment(info, [1]), SESSION)
    assert till.balance(GATEWAY, SESSION) == _ev(info)


def test_take__other_recipient__is_fatal(till: Till, info: OrchestratorInfo) -> None:
    params = replace(info.ticket_params, recipient=STRANGER)
    with pytest.raises(PaymentError, match="^invalid ticket recipient$"):
        till.take(make_payment(info, [1], params=params), SESSION)


def test_take__no_sender__is_fatal(till: Till, info: OrchestratorInfo) -> None:
    with pytest.raises(PaymentError, match="^invalid ticket sender$"):
        till.take(make_payment(info, [1], sender=ZERO_ADDRESS), SESSION)


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
def test_take__changed_params__do_not_fit_the_commitment(
    till: Till, info: OrchestratorInfo, changes: dict[str, object]
) -> None:
    params = replace(info.ticket_params, **changes)
    with pytest.raises(PaymentError, match="^invalid recipientRand for ticket recipientRandHash$"):
        till.take(make_payment(info, [1], params=params), SESSION)
    assert till.balance(GATEWAY, SESSION) == 0


def test_take__other_price__does_not_fit_the_commitment(till: Till, info: OrchestratorInfo) -> None:
    payment = make_payment(info, [1], price=Fraction(1))
    with pytest.raises(PaymentError, match="invalid recipientRand"):
        till.take(payment, SESSION)


@pytest.mark.parametrize("sig", [b"", bytes(64), bytes(65), b"\x01" * 64 + b"\x1b"])
def test_take__bad_signature__is_refused(till: Till, info: OrchestratorInfo, sig: bytes) -> None:
    payment = make_payment(info, [1], tickets=((1, sig),))
    with pytest.raises(PaymentError, match="^invalid ticket signature$"):
        till.take(payment, SESSION)


def test_take__signed_by_another__is_refused(till: Till, info: OrchestratorInfo) -> None:
    payment = make_payment(info, [1], key=OTHER_KEY, sender=GATEWAY)
    with pytest.raises(PaymentError, match="^invalid ticket signature$"):
        till.take(payment, SESSION)


def test_take__replayed_nonce__gives_no_second_credit(till: Till, info: OrchestratorInfo) -> None:
    till.take(make_payment(info, [1]), SESSION)
    with pytest.raises(PaymentError) as caught:
        till.take(make_payment(info, [1]), SESSION)
    assert str(caught.value) == (
        f"invalid ticket senderNonce: already seen sender={GATEWAY} nonce=1"
    )
    assert till.balance(GATEWAY, SESSION) == _ev(info)


def test_take__replayed_winner__is_kept_once(
    till: Till, info: OrchestratorInfo, winners: list[Winner]
) -> None:
    payment = make_payment(info, range(1, 40))
    till.take(payment, SESSION)
    count = len(winners)
    with pytest.raises(PaymentError, match="already seen"):
        till.take(payment, SESSION)
    assert len(winners) == count


def test_take__expired_params__give_no_credit_but_winners_are_kept(
    till: Till, info: OrchestratorInfo, chain: FakeChain, winners: list[Winner]
) -> None:
    chain.block = info.ticket_params.expiration_block
    with pytest.raises(PaymentError, match="^TicketParams expired$"):
        till.take(make_payment(info, range(1, 40)), SESSION)
    assert till.balance(GATEWAY, SESSION) == 0
    assert winners


def test_take__last_block_of_params__is_taken(
    till: Till, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.block = info.ticket_params.expiration_block - 1
    till.take(make_payment(info, [1]), SESSION)
    assert till.balance(GATEWAY, SESSION) == _ev(info)


def test_take__fault_in_the_middle__only_earlier_tickets_give_credit(
    till: Till, info: OrchestratorInfo
) -> None:
    good = make_payment(info, range(1, 6)).tickets
    signed = (*good[:2], (3, bytes(65)), *good[3:])
    with pytest.raises(PaymentError, match="^invalid ticket signature$"):
        till.take(make_payment(info, [], tickets=signed), SESSION)
    assert till.balance(GATEWAY, SESSION) == 2 * _ev(info)


# -- balance


def test_check_balance__less_than_one_ticket__is_refused(
    till: Till, info: OrchestratorInfo
) -> None:
    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        till.check_balance(GATEWAY, SESSION)
    till.take(make_payment(info, [1]), SESSION)
    till.check_balance(GATEWAY, SESSION)
    till.debit(GATEWAY, SESSION, 1)
    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        till.check_balance(GATEWAY, SESSION)


def test_take__no_tickets__gives_no_work_for_free(till: Till, info: OrchestratorInfo) -> None:
    worthless = replace(info.ticket_params, face_value=0, win_prob=0)
    with pytest.raises(PaymentError, match="invalid recipientRand"):
        till.take(make_payment(info, [], params=worthless), SESSION)
    till.take(make_payment(info, []), SESSION)
    with pytest.raises(PaymentError, match="^Insufficient balance$"):
        till.check_balance(GATEWAY, SESSION)


def test_debit__pixels__cost_exactly_their_price(till: Till, info: OrchestratorInfo) -> None:
    till.take(make_payment(info, [1]), SESSION)
    till.debit(GATEWAY, SESSION, 3)
    assert till.balance(GATEWAY, SESSION) == _ev(info) - Fraction(9_000_000_003, 2)


def test_take__next_round__params_of_the_round_before_still_count(
    till: Till, info: OrchestratorInfo, chain: FakeChain
) -> None:
    chain.current = Round(8, b"\x08" * 32)
    till.take(make_payment(info, [1]), SESSION)
    assert till.balance(GATEWAY, SESSION) == _ev(info)
