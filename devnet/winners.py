"""The file in which an orchestrator keeps its winning tickets until they are redeemed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from devnet.fields import Fields, hexed
from keepers.tickets import Ticket


@dataclass(frozen=True)
class WinningTicket:
    """A ticket that won and all that TicketBroker asks for.

    `params_expiration_block`: from then on the sender cannot use the same commitment again, so
    that publishing `recipient_rand` no longer tells it which nonces would lose.
    """

    ticket: Ticket
    sig: bytes
    recipient_rand: int
    params_expiration_block: int

    def to_json(self) -> str:
        ticket = self.ticket
        values = {
            "recipient": ticket.recipient,
            "sender": ticket.sender,
            "faceValue": str(ticket.face_value),
            "winProb": str(ticket.win_prob),
            "senderNonce": ticket.sender_nonce,
            "recipientRandHash": hexed(ticket.recipient_rand_hash),
            "auxData": hexed(ticket.aux_data),
            "sig": hexed(self.sig),
            "recipientRand": str(self.recipient_rand),
            "paramsExpirationBlock": self.params_expiration_block,
        }
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> WinningTicket:
        fields = Fields.parse("winning ticket", text)
        return cls(
            ticket=Ticket(
                recipient=fields.address("recipient"),
                sender=fields.address("sender"),
                face_value=fields.number("faceValue"),
                win_prob=fields.number("winProb"),
                sender_nonce=fields.number("senderNonce"),
                recipient_rand_hash=fields.data("recipientRandHash", length=32),
                aux_data=fields.data("auxData"),
            ),
            sig=fields.data("sig", length=65),
            recipient_rand=fields.number("recipientRand"),
            params_expiration_block=fields.number("paramsExpirationBlock"),
        )


class WinnerFile:
    """One JSON object a line, appended and flushed before the ticket is acknowledged."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, winner: WinningTicket) -> None:
        with self._path.open("a") as file:
            file.write(winner.to_json() + "\n")

    def read(self) -> list[WinningTicket]:
        if not self._path.exists():
            return []
        return [WinningTicket.from_json(line) for line in self._path.read_text().splitlines()]
