"""TicketBroker alone, on mocks of the contracts around it, and the tickets to redeem there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import boa
from eth_account import Account
from eth_utils import keccak

from keepers.tickets import (
    MAX_WIN_PROB,
    Ticket,
    aux_data,
    recipient_rand_hash,
    sign_ticket,
)
from tests.support.contracts import GIT_COMMIT, contract_id, deploy

ROUND = 10
UNLOCK_PERIOD = 20
VALIDITY_PERIOD = 2
ROUND_HASH = keccak(text="foo")
RAND = 5
USED_TICKETS_SLOT = 7
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1


class Redemption(NamedTuple):
    """Arguments of `redeemWinningTicket`."""

    ticket: Ticket
    sig: bytes
    recipient_rand: int

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.ticket.as_tuple(), self.sig, self.recipient_rand)


class Key(NamedTuple):
    """An account that can sign."""

    private: bytes
    address: str


def key_of(role: str) -> Key:
    private = keccak(text=f"key of {role}")
    return Key(private, Account.from_key(private).address)


def redemption(key: Key, recipient: str, face_value: int = 1_000, **changes: Any) -> Redemption:
    """A signed ticket that always wins, made in `ROUND`; `changes` are fields of the ticket."""
    ticket = Ticket(
        recipient=recipient,
        sender=key.address,
        face_value=face_value,
        win_prob=MAX_WIN_PROB,
        sender_nonce=0,
        recipient_rand_hash=recipient_rand_hash(RAND),
        aux_data=aux_data(ROUND, ROUND_HASH),
    )
    ticket = replace(ticket, **changes)
    return Redemption(ticket, sign_ticket(ticket, key.private), RAND)


def flip_s(sig: bytes) -> bytes:
    """The other signature of the same key over the same digest."""
    s = ORDER - int.from_bytes(sig[32:64], "big")
    return sig[:32] + s.to_bytes(32, "big") + bytes([55 - sig[64]])


def batch(redemptions: list[Redemption]) -> tuple[list[Any], list[bytes], list[int]]:
    """Arguments of `batchRedeemWinningTickets`."""
    tickets = [item.ticket.as_tuple() for item in redemptions]
    return (
        tickets,
        [item.sig for item in redemptions],
        [item.recipient_rand for item in redemptions],
    )


@dataclass
class BrokerOnMocks:
    """`broker` is not behind a proxy. `owner` owns the Controller."""

    deploy_broker: Callable[[str], Any] = partial(deploy, "TicketBroker")

    def __post_init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.controller = deploy("Controller", sender=self.owner)
        self.minter = deploy("MinterMock")
        self.bonding_manager = deploy("BondingManagerMock")
        self.rounds_manager = deploy("RoundsManagerMock")
        self.broker = self.deploy_broker(self.controller.address)
        with boa.env.prank(self.owner):
            for name, peer in (
                ("Minter", self.minter),
                ("BondingManager", self.bonding_manager),
                ("RoundsManager", self.rounds_manager),
            ):
                self.controller.setContractInfo(contract_id(name), peer.address, GIT_COMMIT)
            self.broker.setUnlockPeriod(UNLOCK_PERIOD)
            self.broker.setTicketValidityPeriod(VALIDITY_PERIOD)
            self.controller.unpause()
        self.rounds_manager.setRound(ROUND, True)
        self.rounds_manager.setBlockHashForRound(ROUND, ROUND_HASH)

    def activate(self, *orchestrators: str, of: int | None = None) -> None:
        """Make these the active set; `of` if it has more members than the test names."""
        for orchestrator in orchestrators:
            self.bonding_manager.setActive(orchestrator, True)
        self.bonding_manager.setActiveSetSize(of or len(orchestrators))

    def fund(self, sender: str, *, deposit: int = 0, reserve: int = 0) -> None:
        boa.env.set_balance(sender, boa.env.get_balance(sender) + deposit + reserve)
        self.broker.fundDepositAndReserve(deposit, reserve, value=deposit + reserve, sender=sender)

    def to_round(self, number: int) -> None:
        self.rounds_manager.setRound(number, True)

    def redeem(self, item: Redemption, *, sender: str | None = None) -> None:
        self.broker.redeemWinningTicket(*item.args, sender=sender or item.ticket.recipient)

    def redeem_batch(self, items: list[Redemption], *, sender: str) -> None:
        self.broker.batchRedeemWinningTickets(*batch(items), sender=sender)

    def is_used(self, item: Redemption) -> bool:
        return bool(self.broker.usedTickets(item.ticket.hash()))

    def deposit_of(self, sender: str) -> int:
        return int(self.broker.getSenderInfo(sender).sender.deposit)
