"""An orchestrator's side of payment: which tickets it takes, what credit they give.

Order of the checks, their texts, and which of them end a batch follow go-livepeer.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from eth_typing import ChecksumAddress

from devnet.chain_view import ZERO_ADDRESS, ChainView
from devnet.winners import WinningTicket
from devnet.wire import Payment, PriceInfo, TicketParams
from keepers.tickets import (
    SignatureError,
    Ticket,
    aux_data,
    expected_value,
    face_value,
    is_winning,
    recipient_rand,
    recipient_rand_hash,
    signer_of,
    win_prob,
)

# How long, in blocks, ticket parameters can be used; a sender refuses them in their last block.
PARAMS_LIFETIME = 10
MAX_NONCES = 600
# Winning once in so many tickets at the most: a short stream should see some winners.
ODDS = 4
# The sender's deposit counts as ample when it covers pending winners so many times.
AMPLE_DEPOSIT = 3


class PaymentError(ValueError):
    """Why a payment was refused."""


class FatalTicketError(PaymentError):
    """A ticket so wrong that the rest of its batch is not looked at."""


@dataclass(frozen=True)
class Terms:
    """What an orchestrator asks for. `ticket_ev` and `gas_price` in wei."""

    price: PriceInfo
    ticket_ev: int
    redeem_gas: int
    gas_price: int


@dataclass
class Receiver:
    """Makes ticket parameters, checks tickets made with them, keeps the credit of each session."""

    recipient: ChecksumAddress
    terms: Terms
    chain: ChainView
    on_winner: Callable[[WinningTicket], None]
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    received: int = 0
    won: int = 0
    _balances: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    _nonces: dict[tuple[int, bytes], set[int]] = field(default_factory=dict)
    _winners: set[bytes] = field(default_factory=set)
    _pending: list[WinningTicket] = field(default_factory=list)

    # -- offering

    def ticket_params(self, sender: str) -> TicketParams:
        """Fresh parameters for `sender`; nothing is stored, the commitment can be derived again."""
        terms = self.terms
        value = face_value(
            terms.ticket_ev,
            redeem_gas=terms.redeem_gas,
            gas_price=terms.gas_price,
            max_float=self._max_float(sender),
            max_face_value=ODDS * terms.ticket_ev,
        )
        chance = win_prob(terms.ticket_ev, value)
        round_ = self.chain.round()
        seed = secrets.randbits(256)
        expiration = self.chain.block_number() + PARAMS_LIFETIME
        rand = recipient_rand(
            self.secret,
            seed,
            sender,
            value,
            chance,
            expiration,
            terms.price.price,
            aux_data(round_.number, round_.block_hash),
        )
        return TicketParams(
            recipient=self.recipient,
            face_value=value,
            win_prob=chance,
            recipient_rand_hash=recipient_rand_hash(rand),
            seed=seed,
            expiration_block=expiration,
            creation_round=round_.number,
            creation_round_block_hash=round_.block_hash,
        )

    def _max_float(self, sender: str) -> int:
        """What the sender can surely pay this recipient, other recipients' claims aside."""
        share = self.chain.claimable_reserve(sender, self.recipient)
        deposit = self.chain.sender(sender).deposit
        if deposit < AMPLE_DEPOSIT * self._owed(sender):
            self._pending = [
                winner
                for winner in self._pending
                if not self.chain.ticket_used(winner.ticket.hash())
            ]
        owed = self._owed(sender)
        if owed and deposit >= AMPLE_DEPOSIT * owed:
            return share
        return max(0, share - owed)

    def _owed(self, sender: str) -> int:
        """Wei of the sender's winning tickets that are not known to be redeemed."""
        return sum(
            winner.ticket.face_value for winner in self._pending if winner.ticket.sender == sender
        )

    # -- taking

    def process(self, payment: Payment, session: str) -> None:
        """Check every ticket and credit the session. Raises PaymentError with the first fault."""
        round_number = self.chain.round().number
        if not self.chain.is_active(self.recipient):
            raise PaymentError(
                f"orchestrator {self.recipient} is inactive in round {round_number}, "
                "cannot process payments"
            )
        key = (payment.sender, session)
        fault: PaymentError | None = None
        for nonce, sig in payment.ticket_sender_params:
            try:
                self._take(payment, nonce, sig, round_number)
            except FatalTicketError as error:
                raise fault or error from None
            except PaymentError as error:
                fault = fault or error
            if fault is None:
                params = payment.ticket_params
                credit = expected_value(params.face_value, params.win_prob)
                self._balances[key] = self._balances.get(key, Fraction(0)) + credit
        if fault is not None:
            raise fault

    def _take(self, payment: Payment, nonce: int, sig: bytes, round_number: int) -> None:
        params, sender = payment.ticket_params, payment.sender
        funds = self.chain.sender(sender)
        if funds.withdraw_round and funds.withdraw_round <= round_number + 1:
            raise FatalTicketError(f"deposit and reserve for sender {sender} is set to unlock soon")
        if params.recipient != self.recipient:
            raise FatalTicketError("invalid ticket recipient")
        if sender == ZERO_ADDRESS:
            raise FatalTicketError("invalid ticket sender")
        rand = recipient_rand(
            self.secret,
            params.seed,
            sender,
            params.face_value,
            params.win_prob,
            params.expiration_block,
            payment.expected_price.price,
            params.aux_data,
        )
        if recipient_rand_hash(rand) != params.recipient_rand_hash:
            raise FatalTicketError("invalid recipientRand for ticket recipientRandHash")
        ticket = Ticket(
            recipient=params.recipient,
            sender=sender,
            face_value=params.face_value,
            win_prob=params.win_prob,
            sender_nonce=nonce,
            recipient_rand_hash=params.recipient_rand_hash,
            aux_data=params.aux_data,
        )
        if not _signed_by_sender(ticket, sig):
            raise PaymentError("invalid ticket signature")
        self.received += 1
        if is_winning(sig, rand, params.win_prob) and sig not in self._winners:
            # A winner is worth keeping even if a later check takes its credit away.
            winner = WinningTicket(ticket, sig, rand, params.expiration_block)
            self._winners.add(sig)
            self._pending.append(winner)
            self.won += 1
            self.on_winner(winner)
        block = self.chain.block_number()
        self._forget_nonces(before=block)
        self._check_nonce(params, nonce, sender)
        if params.expiration_block <= block:
            raise PaymentError("TicketParams expired")

    def _forget_nonces(self, *, before: int) -> None:
        """Tickets of expired parameters give no credit, seen or not."""
        for key in [key for key in self._nonces if key[0] <= before]:
            del self._nonces[key]

    def _check_nonce(self, params: TicketParams, nonce: int, sender: str) -> None:
        seen = self._nonces.setdefault((params.expiration_block, params.recipient_rand_hash), set())
        if nonce in seen:
            raise PaymentError(
                f"invalid ticket senderNonce: already seen sender={sender} nonce={nonce}"
            )
        if len(seen) >= MAX_NONCES:
            raise PaymentError(f"invalid ticket senderNonce: too many values sender={sender}")
        seen.add(nonce)

    # -- spending

    def balance(self, sender: str, session: str) -> Fraction:
        """Credit in wei; below zero after work that cost more than was paid in advance."""
        return self._balances.get((sender, session), Fraction(0))

    def check_balance(self, sender: str, session: str) -> None:
        """The work starts only on credit of at least one ticket."""
        if self.terms.price.price and self.balance(sender, session) < self.terms.ticket_ev:
            raise PaymentError("Insufficient balance")

    def debit(self, sender: str, session: str, pixels: int) -> None:
        spent = pixels * self.terms.price.price
        self._balances[sender, session] = self.balance(sender, session) - spent


def _signed_by_sender(ticket: Ticket, sig: bytes) -> bool:
    try:
        return signer_of(ticket, sig) == ticket.sender
    except SignatureError:
        return False
