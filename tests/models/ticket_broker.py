"""TicketBroker in Python. Core spec, section 11, with rows 1 and 2 of docs/differences.md.

Accounts are lower-case addresses. Every method checks first and changes afterwards, so a raised
`Reverted` leaves the books as they were. Methods return the events of the call, in order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from keepers.tickets import (
    ZERO_ADDRESS,
    SignatureError,
    Ticket,
    aux_data,
    is_winning,
    recipient_rand_hash,
    signer_of,
)
from tests.models.arithmetic import Reverted, require
from tests.models.records import Event

BROKER, MINTER, BONDING = "TicketBroker", "MinterMock", "BondingManagerMock"
Redemption = tuple[Ticket, bytes, int]  # ticket, signature, recipient's number


def round_hash(number: int) -> bytes:
    """What the clock of this model keeps for a round."""
    return keccak(text=f"hash of round {number}")


@dataclass
class World:
    """What the broker asks its peers."""

    round: int
    members: set[str] = field(default_factory=set)  # active transcoders that tests name
    members_in_all: int = 0
    initialized: bool = True
    paused: bool = False


@dataclass
class TicketBrokerModel:
    """Amounts in wei. `address` is the broker's own."""

    address: str
    world: World
    unlock_period: int
    validity_period: int
    deposits: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    withdraw_rounds: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    reserves: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    claims: defaultdict[tuple[str, int, str], int] = field(
        default_factory=lambda: defaultdict(int)
    )  # holder, round, claimant
    used: set[bytes] = field(default_factory=set)

    # -- senders

    def fund_deposit(self, sender: str, value: int) -> list[Event]:
        self._check_running()
        self.deposits[sender] += value
        return [
            *self._cancel_own_unlock(sender, sender),
            self._stored(value),
            Event(BROKER, "DepositFunded", (sender, value)),
        ]

    def fund_reserve(self, sender: str, value: int) -> list[Event]:
        self._check_running()
        self.reserves[sender] += value
        return [
            Event(BROKER, "ReserveFunded", (sender, value)),
            *self._cancel_own_unlock(sender, sender),
            self._stored(value),
        ]

    def fund_for(
        self, caller: str, sender: str, deposit: int, reserve: int, value: int
    ) -> list[Event]:
        self._check_running()
        require(
            value == deposit + reserve,
            "msg.value does not equal sum of deposit amount and reserve amount",
        )
        self.deposits[sender] += deposit
        self.reserves[sender] += reserve
        return [
            *self._cancel_own_unlock(caller, sender),
            Event(BROKER, "ReserveFunded", (sender, reserve)),
            self._stored(value),
            Event(BROKER, "DepositFunded", (sender, deposit)),
        ]

    def unlock(self, sender: str) -> list[Event]:
        self._check_running()
        self._check_funds(sender)
        require(self.withdraw_rounds[sender] == 0, "unlock already initiated")
        start = self.world.round
        end = start + self.unlock_period
        self.withdraw_rounds[sender] = end
        return [Event(BROKER, "Unlock", (sender, start, end))]

    def cancel_unlock(self, sender: str) -> list[Event]:
        self._check_running()
        self._check_unlocking(sender)
        return self._cancel_own_unlock(sender, sender)

    def withdraw(self, sender: str) -> list[Event]:
        self._check_running()
        self._check_funds(sender)
        self._check_unlocking(sender)
        require(not self.is_locked(sender), "account is locked")
        deposit, reserve = self.deposits[sender], self.reserves[sender]
        self.deposits[sender] = self.reserves[sender] = 0
        return [
            Event(MINTER, "Withdrawn", (sender, deposit + reserve)),
            Event(BROKER, "Withdrawal", (sender, deposit, reserve)),
        ]

    # -- redemption

    def redeem(self, redemption: Redemption) -> list[Event]:
        self._check_running()
        require(self.world.initialized, "current round is not initialized")
        ticket, sig, rand = redemption
        self._check_ticket(ticket, sig, rand)
        return self._settle(ticket, rand)

    def redeem_batch(self, redemptions: list[Redemption]) -> list[Event]:
        self._check_running()
        require(self.world.initialized, "current round is not initialized")
        events = []
        for redemption in redemptions:
            try:
                events += self.redeem(redemption)
            except Reverted:
                continue
        return events

    def _check_ticket(self, ticket: Ticket, sig: bytes, rand: int) -> None:
        require(ticket.recipient != ZERO_ADDRESS, "ticket recipient is null address")
        require(ticket.sender != ZERO_ADDRESS, "ticket sender is null address")
        length = len(ticket.aux_data)
        require(length == 64, "invalid length for ticket auxData: must be 64 bytes")
        created = int.from_bytes(ticket.aux_data[:32], "big")
        has_hash = created <= self.world.round
        require(has_hash, "ticket creationRound does not have a block hash")
        require(
            ticket.aux_data == aux_data(created, round_hash(created)),
            "ticket creationRoundBlockHash invalid for creationRound",
        )
        require(created + self.validity_period > self.world.round, "ticket is expired")
        require(
            recipient_rand_hash(rand) == ticket.recipient_rand_hash,
            "recipientRand does not match recipientRandHash",
        )
        require(ticket.hash() not in self.used, "ticket is used")
        try:
            signer = signer_of(ticket, sig)
        except SignatureError as error:
            raise Reverted(str(error)) from error
        require(signer == ticket.sender, "invalid signature over ticket hash")
        require(is_winning(sig, rand, ticket.win_prob), "ticket did not win")

    def _settle(self, ticket: Ticket, rand: int) -> list[Event]:
        sender, recipient = ticket.sender.lower(), ticket.recipient.lower()
        require(self.is_locked(sender), "sender is unlocked")
        self._check_funds(sender)
        from_deposit = min(ticket.face_value, self.deposits[sender])
        from_reserve = ticket.face_value - from_deposit
        require(
            from_reserve <= self.claimable(sender, recipient),
            "sender deposit and reserve insufficient to cover ticket face value",
        )
        self.used.add(ticket.hash())
        self.deposits[sender] -= from_deposit
        self.reserves[sender] -= from_reserve
        self.claims[sender, self.world.round, recipient] += from_reserve
        return [
            *self._payment_events(ticket, sender, recipient, from_reserve),
            Event(
                BROKER,
                "WinningTicketRedeemed",
                (
                    sender,
                    recipient,
                    ticket.face_value,
                    ticket.win_prob,
                    ticket.sender_nonce,
                    rand,
                    ticket.aux_data,
                ),
            ),
        ]

    def _payment_events(
        self, ticket: Ticket, sender: str, recipient: str, from_reserve: int
    ) -> list[Event]:
        if ticket.face_value == 0:
            return []
        created = int.from_bytes(ticket.aux_data[:32], "big")
        events = []
        if from_reserve:
            events.append(Event(BROKER, "ReserveClaimed", (sender, recipient, from_reserve)))
        return [
            *events,
            Event(BONDING, "FeesCredited", (recipient, ticket.face_value, created)),
            Event(BROKER, "WinningTicketTransfer", (sender, recipient, ticket.face_value)),
        ]

    # -- views

    def is_locked(self, sender: str) -> bool:
        withdraw_round = self.withdraw_rounds[sender]
        return withdraw_round == 0 or self.world.round < withdraw_round

    def claimed(self, holder: str) -> int:
        """From this reserve, by all, in the current round."""
        return sum(
            amount
            for (owner, number, _), amount in self.claims.items()
            if (owner, number) == (holder, self.world.round)
        )

    def claimable(self, holder: str, claimant: str) -> int:
        if claimant not in self.world.members:
            return 0
        share = (self.reserves[holder] + self.claimed(holder)) // self.world.members_in_all
        left = share - self.claims[holder, self.world.round, claimant]
        return min(max(left, 0), self.reserves[holder])

    # -- shared pieces

    def _check_running(self) -> None:
        require(not self.world.paused, "system is paused")

    def _check_funds(self, sender: str) -> None:
        has_funds = self.deposits[sender] > 0 or self.reserves[sender] > 0
        require(has_funds, "sender deposit and reserve are zero")

    def _check_unlocking(self, sender: str) -> None:
        require(self.withdraw_rounds[sender] > 0, "no unlock request in progress")

    def _cancel_own_unlock(self, caller: str, sender: str) -> list[Event]:
        if caller != sender or self.withdraw_rounds[sender] == 0:
            return []
        self.withdraw_rounds[sender] = 0
        return [Event(BROKER, "UnlockCancelled", (sender,))]

    def _stored(self, value: int) -> Event:
        return Event(MINTER, "Deposited", (self.address, value))
