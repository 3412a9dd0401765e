"""What signs transactions, and the check that every signature passes before it is used.

A signer gives a signature only. The transaction is put together here from what was asked for, so
whatever a remote signer or a KMS answers, it is that transaction by that account, or an error.
Sources: EIP-155, EIP-1559, EIP-2; keepers spec (e1), R24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eth_keys.datatypes import Signature as EcdsaSignature
from eth_keys.exceptions import BadSignature
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from keepers.core.model import KeeperError, Signed, Unsigned

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EIP_1559 = b"\x02"
MAX_DATA = 2**17  # bytes; nodes take no larger transaction


class SigningError(KeeperError):
    """Nothing was signed, and why. Never holds a secret."""


class Signer(Protocol):
    """One account that can sign. `address` has its checksum."""

    @property
    def address(self) -> str: ...

    def sign(self, tx: Unsigned) -> Signed:
        """Exactly this transaction. Raises SigningError."""


@dataclass(frozen=True)
class Signature:
    """`parity` is 0 or 1: which of the two points with this `r`."""

    parity: int
    r: int
    s: int

    def low(self) -> Signature:
        """The same with the smaller s, the only one that the chain accepts (EIP-2)."""
        if self.s <= CURVE_ORDER // 2:
            return self
        return Signature(1 - self.parity, self.r, CURVE_ORDER - self.s)

    def signer_of(self, digest: bytes) -> str | None:
        """Address that this is a signature of, None if it is of nobody."""
        try:
            point = EcdsaSignature(vrs=(self.parity, self.r, self.s))
            return str(point.recover_public_key_from_msg_hash(digest).to_checksum_address())
        except (BadSignature, ValidationError):
            return None


class DigestSigner(Protocol):
    """A key that signs any 32 bytes: it must never be within reach of another process."""

    @property
    def address(self) -> str: ...

    def sign_digest(self, digest: bytes) -> Signature:
        """With low s. Raises SigningError."""


def digest_of(tx: Unsigned) -> bytes:
    """What is signed. Raises SigningError for a transaction that no chain would take."""
    _check(tx)
    return bytes(keccak(EIP_1559 + _rlp(_fields(tx))))


def seal(tx: Unsigned, signature: Signature, address: str) -> Signed:
    """`tx` with its signature. Raises SigningError unless that is one of `address`."""
    signer = signature.signer_of(digest_of(tx))
    if signature.low() != signature:
        raise SigningError(f"the signer of {address} answers a signature with high s: it is broken")
    if signer != address:
        raise SigningError(
            f"the signer of {address} answers a signature of {signer or 'nobody'} for this "
            "transaction: it has another key, or has signed something else"
        )
    raw = EIP_1559 + _rlp([*_fields(tx), signature.parity, signature.r, signature.s])
    return Signed("0x" + keccak(raw).hex(), raw)


_Item = int | bytes | Sequence["_Item"]


def _fields(tx: Unsigned) -> list[_Item]:
    to = bytes.fromhex(tx.to[2:])
    # The last one is the access list: always empty.
    return [tx.chain_id, tx.nonce, tx.tip, tx.max_fee, tx.gas, to, tx.value, tx.data, []]


def _check(tx: Unsigned) -> None:
    sizes = {"chain_id": 64, "nonce": 64, "gas": 64, "max_fee": 256, "tip": 256, "value": 256}
    for name, bits in sizes.items():
        number = getattr(tx, name)
        if type(number) is not int or not 0 <= number < 2**bits:
            raise SigningError(f"transaction: {name} must be a whole number of {bits} bits")
    if not isinstance(tx.to, str) or not is_checksum_address(tx.to):
        raise SigningError("transaction: to must be an address with checksum")
    if not isinstance(tx.data, bytes) or len(tx.data) > MAX_DATA:
        raise SigningError(f"transaction: data must be at most {MAX_DATA} bytes")
    if not tx.chain_id:
        raise SigningError("transaction: without a chain id it would be valid on every chain")
    if tx.tip > tx.max_fee:
        raise SigningError(f"transaction: tip {tx.tip} is above max_fee {tx.max_fee}")


def _rlp(item: _Item) -> bytes:
    """Recursive length prefix of bytes, numbers and lists of them."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        is_own_prefix = len(item) == 1 and item[0] < 0x80
        return item if is_own_prefix else _prefix(0x80, len(item)) + item
    content = b"".join(map(_rlp, item))
    return _prefix(0xC0, len(content)) + content


def _prefix(base: int, length: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size
