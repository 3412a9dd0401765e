"""A key that never leaves a key management service: it answers ECDSA signatures in DER.

Such a service knows nothing of Ethereum: half of its signatures have a high s, and none says which
of two keys it belongs to. Both are settled here, by trying. Sources: SEC 1 (C.8), EIP-2; keepers
spec (e1), R24.
"""

from __future__ import annotations

from typing import Protocol

from keepers.core.model import Signed, Unsigned
from keepers.core.signing import CURVE_ORDER, Signature, SigningError, digest_of, seal

INTEGER, SEQUENCE = 0x02, 0x30
MAX_NUMBER = 33  # bytes: 32 and a zero that keeps it positive


class Kms(Protocol):
    """A client of one service. It bounds its own time, and may raise anything."""

    def sign(self, key: str, digest: bytes) -> bytes:
        """DER of an ECDSA signature over secp256k1 of these 32 bytes, not hashed again."""


class KmsSigner:
    def __init__(self, kms: Kms, key: str, address: str) -> None:
        self._kms, self._key = kms, key
        self.address = address

    def __repr__(self) -> str:
        return f"KmsSigner({self.address})"

    def sign(self, tx: Unsigned) -> Signed:
        """Raises SigningError."""
        return seal(tx, self.sign_digest(digest_of(tx)), self.address)

    def sign_digest(self, digest: bytes) -> Signature:
        """Raises SigningError."""
        r, s = read_der(self._ask(digest))
        for parity in (0, 1):
            found = Signature(parity, r, s).low()
            if found.signer_of(digest) == self.address:
                return found
        raise SigningError(
            f"the KMS signs with another key than that of {self.address}: compare key and address"
        )

    def _ask(self, digest: bytes) -> bytes:
        try:
            return bytes(self._kms.sign(self._key, digest))
        except Exception as error:  # its text may have credentials in it
            trouble = f"the KMS of {self.address} does not sign: {type(error).__name__}"
        raise SigningError(trouble)


def read_der(found: bytes) -> tuple[int, int]:
    """r and s, both from 1 to below the order of the curve. Raises SigningError."""
    body, rest = _element(SEQUENCE, found)
    r, after = _element(INTEGER, body)
    s, end = _element(INTEGER, after)
    numbers = _number(r), _number(s)
    if rest or end or not all(0 < number < CURVE_ORDER for number in numbers):
        raise SigningError("the KMS answers no DER signature over secp256k1")
    return numbers


def _element(tag: int, data: bytes) -> tuple[bytes, bytes]:
    """Content of the first element, and what comes after it. None here is 128 bytes long."""
    if len(data) < 2 or data[0] != tag or data[1] >= 0x80 or len(data) < 2 + data[1]:
        raise SigningError("the KMS answers no DER signature")
    end = 2 + data[1]
    return data[2:end], data[end:]


def _number(content: bytes) -> int:
    if not 0 < len(content) <= MAX_NUMBER:
        raise SigningError("the KMS answers no DER signature: a number of a wrong length")
    return int.from_bytes(content, "big", signed=True)
