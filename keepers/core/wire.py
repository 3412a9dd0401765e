"""What nodes answer, in our types. Strict: an answer of another shape is no answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from keepers.core.model import Call, Head, Log, Receipt

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_BYTES = re.compile(r"0x([0-9a-fA-F]{2})*")

Topic = bytes | Sequence[bytes] | None


class Malformed(ValueError):
    """A node answered, but not what was asked."""


@dataclass(frozen=True)
class Seen:
    """The newest block of an endpoint, with the hash of the one before it."""

    head: Head
    parent: str


def quantity(found: Any, what: str = "a number") -> int:
    if not isinstance(found, str) or not _QUANTITY.fullmatch(found):
        raise Malformed(f"{what} is {_short(found)}")
    return int(found, 16)


def octets(found: Any, what: str = "data") -> bytes:
    if not isinstance(found, str) or not _BYTES.fullmatch(found):
        raise Malformed(f"{what} is {_short(found)}")
    return bytes.fromhex(found[2:])


def hash_of(found: Any, what: str = "a hash") -> str:
    if len(octets(found, what)) != 32:
        raise Malformed(f"{what} is {_short(found)}")
    return str(found).lower()


def block_hash(found: Any) -> str | None:
    """Hash of a block; None if the node does not have it."""
    return None if found is None else hash_of(_fields(found, "a block").get("hash"), "a hash")


def seen(found: Any) -> Seen:
    block = _fields(found, "a block")
    head = Head(
        number=quantity(block.get("number"), "a block number"),
        hash=hash_of(block.get("hash"), "a block hash"),
        timestamp=quantity(block.get("timestamp"), "a timestamp"),
        base_fee=quantity(block.get("baseFeePerGas", "0x0"), "a base fee"),
    )
    return Seen(head, hash_of(block.get("parentHash"), "a parent hash"))


def receipt(found: Any) -> Receipt | None:
    """None if the transaction is in no block. `paid` has the data fee of OP chains in it; that of
    Arbitrum is part of the gas used.
    """
    if found is None or _fields(found, "a receipt").get("blockHash") is None:
        return None
    used = quantity(found.get("gasUsed"), "gas used")
    price = quantity(found.get("effectiveGasPrice"), "a gas price")
    data_fee = quantity(found.get("l1Fee") or "0x0", "an L1 fee")
    return Receipt(
        hash=hash_of(found.get("transactionHash"), "a transaction hash"),
        block_number=quantity(found.get("blockNumber"), "a block number"),
        block_hash=hash_of(found.get("blockHash"), "a block hash"),
        ok=quantity(found.get("status"), "a status") == 1,
        gas_used=used,
        paid=used * price + data_fee,
    )


def log(found: Any) -> Log:
    fields = _fields(found, "a log")
    topics = fields.get("topics")
    if not isinstance(topics, list):
        raise Malformed(f"topics of a log are {_short(topics)}")
    return Log(
        address=_address(fields.get("address")),
        topics=tuple(octets(topic, "a topic") for topic in topics),
        data=octets(fields.get("data"), "data of a log"),
        block_number=quantity(fields.get("blockNumber"), "a block number"),
        block_hash=hash_of(fields.get("blockHash"), "a block hash"),
        tx=hash_of(fields.get("transactionHash"), "a transaction hash"),
        index=quantity(fields.get("logIndex"), "a log index"),
    )


def logs(found: Any, first: int, last: int) -> list[Log]:
    """In the order of the chain, without those that a reorganisation removed."""
    if not isinstance(found, list):
        raise Malformed(f"logs are {_short(found)}")
    kept = [log(one) for one in found if not _fields(one, "a log").get("removed")]
    if any(not first <= one.block_number <= last for one in kept):
        raise Malformed(f"logs from outside of blocks {first} to {last}")
    return sorted(kept, key=lambda one: (one.block_number, one.index))


def simulated(found: Any) -> list[int | None]:
    """Gas used by the calls of one simulated block; None for those that failed."""
    if not isinstance(found, list) or len(found) != 1:
        raise Malformed(f"a simulation is {_short(found)}")
    calls = _fields(found[0], "a simulated block").get("calls")
    if not isinstance(calls, list):
        raise Malformed(f"simulated calls are {_short(calls)}")
    used = []
    for one in calls:
        fields = _fields(one, "a simulated call")
        ok = quantity(fields.get("status"), "a status") == 1
        used.append(quantity(fields.get("gasUsed"), "gas used") if ok else None)
    return used


# -- questions


def tag(block: int | str) -> str:
    return hex(block) if isinstance(block, int) else block


def call(one: Call) -> dict[str, str]:
    fields = {"to": one.to, "data": "0x" + one.data.hex()}
    if one.sender is not None:
        fields["from"] = one.sender
    if one.value:
        fields["value"] = hex(one.value)
    return fields


def topics(wanted: Sequence[Topic]) -> list[Any]:
    def plain(topic: Topic) -> Any:
        if topic is None or isinstance(topic, bytes):
            return topic and "0x" + topic.hex()
        return ["0x" + one.hex() for one in topic]

    return [plain(topic) for topic in wanted]


def _address(found: Any) -> str:
    if len(octets(found, "an address")) != 20:
        raise Malformed(f"an address is {_short(found)}")
    return str(to_checksum_address(found))


def _fields(found: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise Malformed(f"{what} is {_short(found)}")
    return found


def _short(found: Any) -> str:
    text = " ".join(repr(found).split())
    return text if len(text) <= 60 else text[:57] + "..."
