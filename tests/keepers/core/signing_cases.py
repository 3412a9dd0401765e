"""Transactions and keys that every kind of signer is tested with.

What is decoded here is decoded by eth_account: it shares no code with keepers.core.signing.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes

from keepers.core.model import Unsigned

KEY = bytes.fromhex("5ec2e7") + b"sentinel key of a test here!!"
OTHER_KEY = bytes(31) + b"\x07"
PASSWORD = "s3ntinel-pa55word"
ADDRESS = str(Account.from_key(KEY).address)
OTHER = str(Account.from_key(OTHER_KEY).address)
TARGET = str(to_checksum_address("0x" + "b2" * 20))
TX = Unsigned(42161, 7, TARGET, bytes.fromhex("228cb733"), 400_000, 10**8, 0)


def write_keystore(folder: Path, key: bytes = KEY, password: str = PASSWORD) -> tuple[Path, Path]:
    """A keystore that opens quickly, and the file with its password."""
    keystore, secret = folder / "caller.json", folder / "caller.password"
    content = Account.encrypt(key, password, kdf="scrypt", iterations=2)
    for path, text in ((keystore, json.dumps(content)), (secret, password + "\n")):
        path.write_text(text)
        path.chmod(0o600)
    return keystore, secret


def fifty() -> list[Unsigned]:
    """The ends of every range, and what lies between."""
    draw = random.Random(24)
    found = [
        Unsigned(1, 0, "0x" + "00" * 20, b"", 0, 0, 0),
        Unsigned(
            2**64 - 1, 2**64 - 1, TARGET, b"\x00", 2**64 - 1, 2**256 - 1, 2**256 - 1, 2**256 - 1
        ),
        *(Unsigned(1, 127 + n, TARGET, bytes(55 + n), 128, 255 + n, 1, n) for n in range(3)),
        *(Unsigned(1, 1, TARGET, bytes([n]), 21_000, 2, 1) for n in (0x7F, 0x80, 0xFF)),
        Unsigned(1, 1, TARGET, draw.randbytes(2**17), 30_000_000, 10**10, 0),
    ]
    while len(found) < 50:
        fee = draw.randrange(1, 10**12)
        found.append(
            Unsigned(
                chain_id=draw.choice([1, 31337, 42161]),
                nonce=draw.randrange(10**4),
                to=str(to_checksum_address(draw.randbytes(20))),
                data=draw.randbytes(draw.choice([4, 36, 100, 1_000])),
                gas=draw.randrange(21_000, 10**7),
                max_fee=fee,
                tip=draw.randrange(fee + 1),
                value=draw.choice([0, 1, 10**18]),
            )
        )
    return found


def decoded(raw: bytes) -> tuple[str, Unsigned]:
    """Sender and content of a raw transaction."""
    sender = Account.recover_transaction(raw)
    found = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    assert found["type"] == 2
    assert found["accessList"] == ()
    return sender, Unsigned(
        chain_id=found["chainId"],
        nonce=found["nonce"],
        to=str(to_checksum_address(found["to"])),
        data=bytes(found["data"]),
        gas=found["gas"],
        max_fee=found["maxFeePerGas"],
        tip=found["maxPriorityFeePerGas"],
        value=found["value"],
    )
