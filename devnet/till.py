"""An orchestrator's till: ticket parameters it gives out, payments it takes, the credit left.

Which tickets are good is decided by `keepers.payments`; what belongs here is what this node asks
for, what the chain says meanwhile, and that a winning ticket is kept before it is acknowledged.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from eth_typing import ChecksumAddress

from devnet.chain_view import ChainView
from devnet.wire import PriceInfo
from keepers.payments import Accounts, Payment, Receiver, TicketParams, View, Winner
from keepers.tickets import face_value, win_prob

# How long, in blocks, ticket parameters can be used: winners wait so long before they are redeemed.
PARAMS_LIFETIME = 10
# Winning once in so many tickets at the most: a short stream should see some winners.
ODDS = 4
# The sender's deposit counts as ample when it covers pending winners so many times.
AMPLE_DEPOSIT = 3


@dataclass(frozen=True)
class Terms:
    """What an orchestrator asks for. `ticket_ev` and `gas_price` in wei."""

    price: PriceInfo
    ticket_ev: int
    redeem_gas: int
    gas_price: int


class Till:
    def __init__(
        self,
        recipient: ChecksumAddress,
        terms: Terms,
        chain: ChainView,
        on_winner: Callable[[Winner], None],
        *,
        secret: bytes | None = None,
    ) -> None:
        self.terms = terms
        self.received = 0
        self.won = 0
        self._recipient, self._chain, self._on_winner = recipient, chain, on_winner
        self._receiver = Receiver(recipient, secret or secrets.token_bytes(32), PARAMS_LIFETIME)
        self._accounts = Accounts()
        self._winners: set[bytes] = set()
        self._pending: list[Winner] = []

    # -- offering

    def ticket_params(self, sender: str) -> TicketParams:
        """Fresh parameters for `sender`. Raises ValueError when its funds are too small."""
        terms = self.terms
        value = face_value(
            terms.ticket_ev,
            redeem_gas=terms.redeem_gas,
            gas_price=terms.gas_price,
            max_float=self._max_float(sender),
            max_face_value=ODDS * terms.ticket_ev,
        )
        round_ = self._chain.round()
        return self._receiver.offer(
            sender,
            face_value=value,
            win_prob=win_prob(terms.ticket_ev, value),
            price=terms.price.price,
            l1_block=self._chain.block_number(),
            creation_round=round_.number,
            creation_round_block_hash=round_.block_hash,
        )

    def _max_float(self, sender: str) -> int:
        """What the sender can surely pay this recipient, other recipients' claims aside."""
        share = self._chain.claimable_reserve(sender, self._recipient)
        deposit = self._chain.sender(sender).deposit
        if deposit < AMPLE_DEPOSIT * self._owed(sender):
            self._pending = [
                winner
                for winner in self._pending
                if not self._chain.ticket_used(winner.ticket.hash())
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

    def take(self, payment: Payment, session: str) -> None:
        """Credit the session with the good tickets. Raises PaymentError with the first fault."""
        received = self._receiver.receive(
            payment,
            View(
                last_initialized_round=self._chain.round().number,
                l1_block=self._chain.block_number(),
                recipient_active=self._chain.is_active(self._recipient),
                withdraw_round=self._chain.sender(payment.sender).withdraw_round,
            ),
        )
        self.received += len(payment.tickets)
        for winner in received.winners:
            self._keep(winner)
        if received.credit:
            price = self.terms.price.price
            self._accounts.credit(payment.sender, session, received.credit, price)
        if received.fault is not None:
            raise received.fault

    def _keep(self, winner: Winner) -> None:
        if winner.sig in self._winners:
            return
        self._winners.add(winner.sig)
        self._pending.append(winner)
        self.won += 1
        self._on_winner(winner)

    # -- spending

    def balance(self, sender: str, session: str) -> Fraction:
        """Credit in wei; below zero after work that cost more than was paid in advance."""
        return self._accounts.balance(sender, session)

    def check_balance(self, sender: str, session: str) -> None:
        """Work starts on credit of one ticket by this node's own terms. Raises PaymentError."""
        if self.terms.price.price:
            self._accounts.check_balance(sender, session, Fraction(self.terms.ticket_ev))

    def debit(self, sender: str, session: str, pixels: int) -> None:
        self._accounts.debit(sender, session, pixels)
