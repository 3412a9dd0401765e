"""Calls for the Safe that owns the Governor: MultiSend bytes, the hash its owners sign, a file.

Safe 1.3 and later. A batch is one delegatecall of the Safe to a MultiSendCallOnly, which makes each
call as the Safe itself. The file is for the transaction builder of the Safe's own interface.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._governance.model import ProposalError

ZERO = "0x" + "00" * 20
# MultiSendCallOnly 1.3.0, at the same address on every network that has it.
MULTI_SEND_CALL_ONLY = "0x40A2aCCbd92BCA938b02010E17A5b8929b49130D"
MULTI_SEND = bytes.fromhex("8d80ff0a")  # multiSend(bytes)
CALL, DELEGATE_CALL = 0, 1
HEAD = 1 + 20 + 32 + 32  # operation, to, value, length of data: packed
DOMAIN_TYPEHASH = keccak(text="EIP712Domain(uint256 chainId,address verifyingContract)")
SAFE_TX_TYPEHASH = keccak(
    text="SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
    "uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)


@dataclass(frozen=True)
class SafeCall:
    """One call the Safe makes; `value` in wei."""

    to: str
    value: int
    data: bytes


@dataclass(frozen=True)
class SafeTransaction:
    """What the owners of a Safe sign. Its gas is not refunded: those fields stay zero."""

    to: str
    value: int
    data: bytes
    operation: int
    nonce: int

    def hash(self, *, chain_id: int, safe: str) -> bytes:
        """EIP-712 hash, as the Safe's getTransactionHash gives it."""
        domain = keccak(
            encode(["bytes32", "uint256", "address"], [DOMAIN_TYPEHASH, chain_id, safe])
        )
        types = ["bytes32", "address", "uint256", "bytes32", "uint8"]
        types += ["uint256"] * 3 + ["address"] * 2 + ["uint256"]
        fields = [SAFE_TX_TYPEHASH, self.to, self.value, keccak(self.data), self.operation]
        struct = keccak(encode(types, [*fields, 0, 0, 0, ZERO, ZERO, self.nonce]))
        return bytes(keccak(b"\x19\x01" + domain + struct))


def batch(
    calls: Sequence[SafeCall], *, nonce: int, multi_send_address: str = MULTI_SEND_CALL_ONLY
) -> SafeTransaction:
    """All the calls, in one transaction of the Safe: all of them happen, or none."""
    return SafeTransaction(multi_send_address, 0, multi_send(calls), DELEGATE_CALL, nonce)


def multi_send(calls: Sequence[SafeCall]) -> bytes:
    """Calldata of MultiSendCallOnly.multiSend. Raises ProposalError without a call."""
    if not calls:
        raise ProposalError("a Safe batch needs at least one call")
    packed = b"".join(
        bytes([CALL])
        + bytes.fromhex(call.to[2:])
        + call.value.to_bytes(32, "big")
        + len(call.data).to_bytes(32, "big")
        + call.data
        for call in calls
    )
    return MULTI_SEND + encode(["bytes"], [packed])


def decode_multi_send(data: bytes) -> list[SafeCall]:
    """The calls in multiSend calldata. Raises ProposalError for anything else than calls."""
    if data[:4] != MULTI_SEND:
        raise ProposalError(f"not multiSend(bytes): selector 0x{data[:4].hex()}")
    try:
        (packed,) = decode(["bytes"], data[4:])
    except DecodingError:
        raise ProposalError("multiSend: its bytes do not decode") from None
    calls: list[SafeCall] = []
    place = 0
    while place < len(packed):
        number, head = len(calls) + 1, packed[place : place + HEAD]
        end = place + HEAD + int.from_bytes(head[53:], "big")
        if len(head) < HEAD or end > len(packed):
            raise ProposalError(f"multiSend: call {number} is cut short")
        if head[0] != CALL:
            raise ProposalError(f"multiSend: call {number} has operation {head[0]}, not a call")
        to, value = to_checksum_address(head[1:21]), int.from_bytes(head[21:53], "big")
        calls.append(SafeCall(str(to), value, packed[place + HEAD : end]))
        place = end
    return calls


def builder_file(
    calls: Sequence[SafeCall], *, chain_id: int, safe: str, name: str, description: str
) -> dict[str, Any]:
    """Content of the JSON file that the transaction builder imports, checksum included.

    It has no time of day in it: the same calls make the same file.
    """
    content: dict[str, Any] = {
        "version": "1.0",
        "chainId": str(chain_id),
        "createdAt": 0,
        "meta": {
            "name": name,
            "description": description,
            "txBuilderVersion": "1.18.2",
            "createdFromSafeAddress": safe,
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": call.to,
                "value": str(call.value),
                "data": "0x" + call.data.hex(),
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
    content["meta"]["checksum"] = builder_checksum(content)
    return content


def builder_checksum(content: dict[str, Any]) -> str:
    """What the builder compares on import: a hash of everything but name and checksum."""
    meta = {key: value for key, value in content["meta"].items() if key != "checksum"}
    return "0x" + keccak(text=_serial({**content, "meta": {**meta, "name": None}})).hex()


def _serial(value: Any) -> str:
    """Keys of an object first, sorted and as a list, then each value with a comma after it."""
    if isinstance(value, list):
        return f"[{','.join(map(_serial, value))}]"
    if isinstance(value, dict):
        keys = sorted(value)
        items = "".join(f"{_serial(value[key])}," for key in keys)
        return f"{{{json.dumps(keys, separators=(',', ':'))}{items}}}"
    return json.dumps(value, ensure_ascii=False)
