"""What a keeper and its remote signer say to each other over a unix socket.

One question and one answer for each connection. A message is its length in 4 bytes, then JSON:

    question   {"account": "0x...", "tx": {"chain_id": 1, "nonce": 0, "to": "0x...", ...}}
    answer     {"signature": "0x" + parity, r, s}    or    {"refused": "one line"}

With null for `tx` the question is whether there is such a key, and the answer {"signature": null}.
The whole transaction is asked for, never a hash of it: the other side must see what it signs.
"""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import asdict, fields
from typing import Any

from keepers.core.model import Unsigned
from keepers.core.signing import MAX_DATA, Signature

MAX_QUESTION = 2 * MAX_DATA + 2_048  # bytes; data is written in hex
MAX_ANSWER = 1_024
MAX_LINE = 300
MAX_NESTING = 100
HEAD = 4
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
_FIELDS = tuple(one.name for one in fields(Unsigned))


class WireError(Exception):
    """The other side is silent, gone, or says nothing that was agreed upon."""


def question(account: str, tx: Unsigned | None) -> dict[str, Any]:
    fields = tx and {**asdict(tx), "data": "0x" + tx.data.hex()}
    return {"account": account, "tx": fields}


def read_question(found: Any) -> tuple[str, Unsigned | None]:
    """Account and transaction; their ranges are checked where it is signed. Raises WireError."""
    if not isinstance(found, dict) or found.keys() != {"account", "tx"}:
        raise WireError("a question has account and tx")
    account, tx = found["account"], found["tx"]
    if not isinstance(account, str):
        raise WireError("account must be a text")
    if tx is None:
        return account, None
    if not isinstance(tx, dict) or tx.keys() != set(_FIELDS):
        raise WireError(f"a tx has {', '.join(_FIELDS)}")
    for name, value in tx.items():
        wanted = str if name in ("to", "data") else int
        if type(value) is not wanted:
            raise WireError(f"{name} must be {'a text' if wanted is str else 'a whole number'}")
    values: dict[str, Any] = {**tx, "data": _octets(tx["data"])}
    return account, Unsigned(**values)


def answer(signature: Signature | None) -> dict[str, Any]:
    if signature is None:
        return {"signature": None}
    packed = bytes([signature.parity]) + b"".join(
        number.to_bytes(32, "big") for number in (signature.r, signature.s)
    )
    return {"signature": "0x" + packed.hex()}


def refused(why: str) -> dict[str, Any]:
    return {"refused": plain(why)}


def read_answer(found: Any) -> Signature | str | None:
    """A signature, not checked, or why it is refused. Raises WireError."""
    if isinstance(found, dict) and found.keys() == {"refused"}:
        return plain(str(found["refused"]))
    if found == {"signature": None}:
        return None
    if isinstance(found, dict) and found.keys() == {"signature"}:
        packed = _octets(found["signature"])
        if len(packed) == 65:
            r, s = (int.from_bytes(packed[at : at + 32], "big") for at in (1, 33))
            return Signature(packed[0], r, s)
    raise WireError("the answer is neither a signature nor a refusal")


def plain(text: str) -> str:
    """One printable line, however odd the other side is."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 3] + "..."


def send(link: socket.socket, message: dict[str, Any], deadline: float) -> None:
    """`deadline` is of the monotonic clock. Raises WireError."""
    body = json.dumps(message).encode()
    link.settimeout(_left(deadline))
    try:
        link.sendall(len(body).to_bytes(HEAD, "big") + body)
    except TimeoutError:
        raise WireError("takes no message in time") from None
    except OSError as error:
        raise WireError(f"closed the connection: {error.strerror}") from None


def receive(link: socket.socket, most: int, deadline: float) -> Any:
    """Raises WireError."""
    size = int.from_bytes(_read(link, HEAD, deadline), "big")
    if size > most:
        raise WireError(f"a message of {size} bytes is too long, {most} are allowed")
    body = _read(link, size, deadline)
    if body.count(b"[") + body.count(b"{") > MAX_NESTING:  # a parser that recurses can crash
        raise WireError("a message is nested too deeply")
    try:
        return json.loads(body)
    except ValueError:
        raise WireError("a message is not JSON") from None


def _read(link: socket.socket, size: int, deadline: float) -> bytes:
    found = bytearray()
    while len(found) < size:
        try:
            link.settimeout(_left(deadline))
            piece = link.recv(size - len(found))
        except TimeoutError:
            raise WireError("says nothing in time") from None
        except OSError as error:
            raise WireError(f"closed the connection: {error.strerror}") from None
        if not piece:
            raise WireError("closed the connection")
        found += piece
    return bytes(found)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireError("says nothing in time")
    return left


def _octets(text: Any) -> bytes:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise WireError("bytes must be 0x and pairs of small hex digits")
    return bytes.fromhex(text[2:])
