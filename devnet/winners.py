"""The file in which an orchestrator keeps its winning tickets until they are redeemed."""

from __future__ import annotations

import json
from pathlib import Path

from devnet.fields import Fields, hexed
from keepers.payments import Winner
from keepers.tickets import Ticket


def _to_json(winner: Winner) -> str:
    ticket = winner.ticket
    values = {
        "recipient": ticket.recipient,
        "sender": ticket.sender,
        "faceValue": str(ticket.face_value),
        "winProb": str(ticket.win_prob),
        "senderNonce": ticket.sender_nonce,
        "recipientRandHash": hexed(ticket.recipient_rand_hash),
        "auxData": hexed(ticket.aux_data),
        "sig": hexed(winner.sig),
        "recipientRand": str(winner.recipient_rand),
        "paramsExpirationBlock": winner.expiration_block,
    }
    return json.dumps(values)


def _from_json(text: str) -> Winner:
    fields = Fields.parse("winning ticket", text)
    return Winner(
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
        expiration_block=fields.number("paramsExpirationBlock"),
    )


class WinnerFile:
    """One JSON object a line, appended and flushed before the ticket is acknowledged."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, winner: Winner) -> None:
        with self._path.open("a") as file:
            file.write(_to_json(winner) + "\n")

    def read(self) -> list[Winner]:
        if not self._path.exists():
            return []
        return [_from_json(line) for line in self._path.read_text().splitlines()]
