"""Payments: how many tickets a gateway sends for its work, and which an orchestrator accepts.

Both sides are plain values in, plain values out: what the chain says comes in a `View`. Order of
the checks and their texts are go-livepeer's, so that either side can be replaced by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from eth_typing import ChecksumAddress

from keepers.tickets import (
    ZERO_ADDRESS,
    SignatureError,
    Ticket,
    aux_data,
    expected_value,
    is_winning,
    recipient_rand,
    recipient_rand_hash,
    sign_ticket,
    signer_of,
)

PARAMS_LIFETIME = 40  # L1 blocks in which an orchestrator honours parameters it gave out
MAX_NONCES = 600  # tickets for one set of parameters
FEE_MARGIN = Fraction(102, 100)  # gateways pay a little more than the pixels they expect
PASS_THROUGH_FPS = 60  # what a profile that keeps the frame rate of the source is taken for


class PaymentError(ValueError):
    """Why a ticket earns nothing. Later tickets of the payment are still looked at."""


class FatalPaymentError(PaymentError):
    """Why a whole payment is refused."""


@dataclass(frozen=True)
class TicketParams:
    """What an orchestrator asks the tickets of one sender to be."""

    recipient: ChecksumAddress
    face_value: int
    win_prob: int
    recipient_rand_hash: bytes
    seed: int
    expiration_block: int
    creation_round: int
    creation_round_block_hash: bytes

    @property
    def aux_data(self) -> bytes:
        return aux_data(self.creation_round, self.creation_round_block_hash)

    @property
    def ev(self) -> Fraction:
        """Worth of one ticket in wei."""
        return expected_value(self.face_value, self.win_prob)

    def ticket(self, sender: ChecksumAddress, nonce: int) -> Ticket:
        return Ticket(
            recipient=self.recipient,
            sender=sender,
            face_value=self.face_value,
            win_prob=self.win_prob,
            sender_nonce=nonce,
            recipient_rand_hash=self.recipient_rand_hash,
            aux_data=self.aux_data,
        )


@dataclass(frozen=True)
class Payment:
    """Tickets of one sender: each a nonce and a signature. `price` is wei per pixel."""

    params: TicketParams
    sender: ChecksumAddress
    tickets: tuple[tuple[int, bytes], ...]
    price: Fraction | None


@dataclass(frozen=True)
class View:
    """What the chain says when a payment comes in."""

    last_initialized_round: int
    l1_block: int
    recipient_active: bool  # in the active set of the last initialised round
    withdraw_round: int  # of the sender; 0 while no unlock is in progress


@dataclass(frozen=True)
class Winner:
    """A ticket to redeem, not before `expiration_block`: the number would unmask its siblings."""

    ticket: Ticket
    sig: bytes
    recipient_rand: int
    expiration_block: int


@dataclass(frozen=True)
class Received:
    """`fault` is the first of the payment; tickets before it gave `credit` (wei)."""

    credit: Fraction
    winners: tuple[Winner, ...]
    fault: PaymentError | None


# -- the orchestrator


@dataclass
class Receiver:
    """Gives out ticket parameters and judges the tickets that come back.

    Nothing is stored for parameters given out: the seed in the payment and `secret` lead to the
    same number again. A new secret makes all outstanding parameters unusable.
    """

    recipient: ChecksumAddress
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    lifetime: int = PARAMS_LIFETIME
    _nonces: dict[tuple[int, bytes], set[int]] = field(default_factory=dict, repr=False)

    def offer(
        self,
        sender: str,
        *,
        face_value: int,
        win_prob: int,
        price: Fraction,
        l1_block: int,
        creation_round: int,
        creation_round_block_hash: bytes,
    ) -> TicketParams:
        seed = int.from_bytes(secrets.token_bytes(32), "big")
        expiration = l1_block + self.lifetime
        aux = aux_data(creation_round, creation_round_block_hash)
        rand = recipient_rand(
            self.secret, seed, sender, face_value, win_prob, expiration, price, aux
        )
        return TicketParams(
            recipient=self.recipient,
            face_value=face_value,
            win_prob=win_prob,
            recipient_rand_hash=recipient_rand_hash(rand),
            seed=seed,
            expiration_block=expiration,
            creation_round=creation_round,
            creation_round_block_hash=creation_round_block_hash,
        )

    def receive(self, payment: Payment, view: View) -> Received:
        """Judge a payment. A winner is kept even if it earns no credit, and as often as it comes:
        whoever queues winners has to know them by their signature.
        """
        self._forget_nonces(view.l1_block)
        try:
            rand = self._check_payment(payment, view)
        except FatalPaymentError as error:
            return Received(Fraction(0), (), error)
        credit = Fraction(0)
        winners: list[Winner] = []
        fault: PaymentError | None = None
        for nonce, sig in payment.tickets:
            try:
                self._take(payment, nonce, sig, rand, view.l1_block, winners)
            except PaymentError as error:
                fault = fault or error
            if fault is None:
                credit += payment.params.ev
        return Received(credit, tuple(winners), fault)

    def _check_payment(self, payment: Payment, view: View) -> int:
        """What is the same for all its tickets. Returns this side's number behind them."""
        params, sender = payment.params, payment.sender
        if not view.recipient_active:
            raise FatalPaymentError(
                f"orchestrator {self.recipient} is inactive in round "
                f"{view.last_initialized_round}, cannot process payments"
            )
        if payment.price is None:
            raise FatalPaymentError("invalid expected price sent with payment")
        if is_unlocking(view.withdraw_round, view.last_initialized_round):
            raise FatalPaymentError(
                f"deposit and reserve for sender {sender} is set to unlock soon"
            )
        if params.recipient != self.recipient:
            raise FatalPaymentError("invalid ticket recipient")
        if sender == ZERO_ADDRESS:
            raise FatalPaymentError("invalid ticket sender")
        rand = recipient_rand(
            self.secret,
            params.seed,
            sender,
            params.face_value,
            params.win_prob,
            params.expiration_block,
            payment.price,
            params.aux_data,
        )
        if recipient_rand_hash(rand) != params.recipient_rand_hash:
            raise FatalPaymentError("invalid recipientRand for ticket recipientRandHash")
        return rand

    def _take(
        self,
        payment: Payment,
        nonce: int,
        sig: bytes,
        rand: int,
        l1_block: int,
        winners: list[Winner],
    ) -> None:
        params = payment.params
        ticket = params.ticket(payment.sender, nonce)
        if not is_signed_by_sender(ticket, sig):
            raise PaymentError("invalid ticket signature")
        if is_winning(sig, rand, params.win_prob):
            winners.append(Winner(ticket, sig, rand, params.expiration_block))
        self._check_nonce(params, payment.sender, nonce)
        if params.expiration_block <= l1_block:
            raise PaymentError("TicketParams expired")

    def _check_nonce(self, params: TicketParams, sender: str, nonce: int) -> None:
        seen = self._nonces.setdefault((params.expiration_block, params.recipient_rand_hash), set())
        if nonce in seen:
            raise PaymentError(
                f"invalid ticket senderNonce: already seen sender={sender} nonce={nonce}"
            )
        if len(seen) >= MAX_NONCES:
            raise PaymentError(
                f"invalid ticket senderNonce: too many values sender={sender} nonce={nonce}"
            )
        seen.add(nonce)

    def _forget_nonces(self, l1_block: int) -> None:
        """Expired parameters earn nothing, seen or not."""
        for key in [key for key in self._nonces if key[0] <= l1_block]:
            del self._nonces[key]


@dataclass
class Accounts:
    """Credit in wei of each sender and session. The first payment fixes the price of a session."""

    _balances: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    _prices: dict[tuple[str, str], Fraction] = field(default_factory=dict)

    def balance(self, sender: str, session: str) -> Fraction:
        """Below zero after work that cost more than was paid for it."""
        return self._balances.get((sender, session), Fraction(0))

    def credit(self, sender: str, session: str, amount: Fraction, price: Fraction) -> None:
        self._prices.setdefault((sender, session), price)
        self._balances[sender, session] = self.balance(sender, session) + amount

    def check_balance(self, sender: str, session: str, ev: Fraction) -> None:
        """Work starts on the credit of at least one ticket."""
        if self.balance(sender, session) < ev:
            raise PaymentError("Insufficient balance")

    def debit(self, sender: str, session: str, pixels: int) -> None:
        """Charge for `pixels` of output. Without a payment the session is free."""
        price = self._prices.get((sender, session), Fraction(0))
        self._balances[sender, session] = self.balance(sender, session) - pixels * price


def is_unlocking(withdraw_round: int, last_initialized_round: int) -> bool:
    """Whether a sender could take its money away before its tickets are redeemed."""
    return withdraw_round != 0 and withdraw_round <= last_initialized_round + 1


def is_signed_by_sender(ticket: Ticket, sig: bytes) -> bool:
    try:
        return signer_of(ticket, sig) == ticket.sender
    except SignatureError:
        return False


# -- the gateway


def fee_estimate(
    profiles: Iterable[tuple[int, int, Fraction]], seconds: Fraction, price: Fraction
) -> Fraction:
    """Wei for `seconds` of video in each profile (width, height, fps; fps 0 keeps the source's)."""
    pixels = sum(
        width * height * ceil(fps or PASS_THROUGH_FPS) * ceil(seconds)
        for width, height, fps in profiles
    )
    return pixels * FEE_MARGIN * price


def tickets_needed(fee: Fraction, ev: Fraction, credit: Fraction) -> int:
    """Tickets that bring `credit` up to the fee, and to one ticket at the least: all in wei."""
    if ev <= 0:
        raise ValueError(f"expected value of a ticket must be above 0, got {ev}")
    return max(0, ceil((max(fee, ev) - credit) / ev))


@dataclass
class PayingSession:
    """Signs tickets for one set of parameters. The nonce counts up; the first ticket has 1."""

    params: TicketParams
    sender: ChecksumAddress
    private_key: bytes = field(repr=False)
    price: Fraction
    nonce: int = 0

    @property
    def session_id(self) -> str:
        return self.params.recipient_rand_hash.hex()

    def pay(self, tickets: int, *, l1_block: int) -> Payment:
        """Sign so many tickets. Raises PaymentError when the parameters expire with this block."""
        if self.params.expiration_block - l1_block <= 1:
            raise PaymentError("TicketParams expired")
        return Payment(
            params=self.params,
            sender=self.sender,
            tickets=tuple(self._next() for _ in range(tickets)),
            price=self.price,
        )

    def _next(self) -> tuple[int, bytes]:
        self.nonce += 1
        ticket = self.params.ticket(self.sender, self.nonce)
        return self.nonce, sign_ticket(ticket, self.private_key)
