"""Tickets: what a gateway signs, what an orchestrator checks, what TicketBroker redeems.

Amounts are wei, probabilities numerators over 2**256 - 1. Expected values are exact fractions: no
float takes part in anything that is paid. Byte layouts follow go-livepeer and TicketBroker, so
that tickets made here are valid there and the reverse.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.exceptions import BadSignature
from eth_typing import ChecksumAddress
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

MAX_UINT256 = 2**256 - 1
MAX_WIN_PROB = MAX_UINT256  # a ticket with this probability always wins
ZERO_ADDRESS = to_checksum_address("0x" + "00" * 20)
ZERO_HASH = bytes(32)
SIGNATURE_LENGTH = 65
# Half of the order of secp256k1: a signature with a larger s has a lower twin and is refused.
MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

FACE_VALUE_MULTIPLIER = 100  # a winning ticket is worth this many times its redemption
FALLBACK_GAS_PRICE = 3 * 10**9  # wei; a face value that would pay at this price is still accepted

TicketTuple = tuple[ChecksumAddress, ChecksumAddress, int, int, int, bytes, bytes]


class SignatureError(ValueError):
    """A signature that no key can have made, or that has a second form."""


# -- bytes


def u256(number: int) -> bytes:
    """`number` as 32 bytes, big endian."""
    if not 0 <= number <= MAX_UINT256:
        raise ValueError(f"{number} does not fit in uint256")
    return number.to_bytes(32, "big")


def be(number: int) -> bytes:
    """`number` in the fewest bytes, big endian; zero is empty."""
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _bytes32(data: bytes, name: str) -> bytes:
    if len(data) != 32:
        raise ValueError(f"{name} must be 32 bytes, got {len(data)}")
    return bytes(data)


# -- signatures


def personal_sign(digest: bytes, private_key: bytes | str) -> bytes:
    """EIP-191 signature (r, s, v with v 27 or 28) over a 32-byte digest."""
    message = encode_defunct(primitive=_bytes32(digest, "digest"))
    return bytes(Account.sign_message(message, private_key).signature)


def personal_signer(digest: bytes, sig: bytes) -> ChecksumAddress:
    """Address that made `sig` over `digest`. Raises SignatureError by the rules of TicketBroker."""
    if len(sig) != SIGNATURE_LENGTH:
        raise SignatureError("INVALID_SIGNATURE_LENGTH")
    if int.from_bytes(sig[32:64], "big") > MAX_S:
        raise SignatureError("ECDSA: invalid signature 's' value")
    if sig[64] not in (27, 28):
        raise SignatureError("ECDSA: invalid signature")
    message = encode_defunct(primitive=_bytes32(digest, "digest"))
    try:
        return to_checksum_address(Account.recover_message(message, signature=sig))
    except (BadSignature, ValidationError) as error:
        raise SignatureError("ECDSA: invalid signature") from error


# -- the ticket


def aux_data(creation_round: int, block_hash: bytes) -> bytes:
    """What binds a ticket to the round it was made in; empty when both are zero."""
    if creation_round == 0 and not any(block_hash):
        return b""
    return u256(creation_round) + _bytes32(block_hash or ZERO_HASH, "block hash")


@dataclass(frozen=True)
class Ticket:
    """A promise of `face_value` wei to `recipient`, worth something with probability `win_prob`."""

    recipient: ChecksumAddress
    sender: ChecksumAddress
    face_value: int
    win_prob: int
    sender_nonce: int
    recipient_rand_hash: bytes
    aux_data: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "recipient", to_checksum_address(self.recipient))
        object.__setattr__(self, "sender", to_checksum_address(self.sender))
        _bytes32(self.recipient_rand_hash, "recipient_rand_hash")

    def hash(self) -> bytes:
        """What the sender signs; equal to `TicketBroker.getTicketHash`."""
        return keccak(
            to_canonical_address(self.recipient)
            + to_canonical_address(self.sender)
            + u256(self.face_value)
            + u256(self.win_prob)
            + u256(self.sender_nonce)
            + self.recipient_rand_hash
            + self.aux_data
        )

    def as_tuple(self) -> TicketTuple:
        """The ticket as TicketBroker takes it."""
        return (
            self.recipient,
            self.sender,
            self.face_value,
            self.win_prob,
            self.sender_nonce,
            self.recipient_rand_hash,
            self.aux_data,
        )


def sign_ticket(ticket: Ticket, private_key: bytes | str) -> bytes:
    return personal_sign(ticket.hash(), private_key)


def signer_of(ticket: Ticket, sig: bytes) -> ChecksumAddress:
    return personal_signer(ticket.hash(), sig)


def winning_number(sig: bytes, recipient_rand: int) -> int:
    """The draw: neither the sender nor the recipient knows it before both have committed."""
    return int.from_bytes(keccak(sig + u256(recipient_rand)), "big")


def is_winning(sig: bytes, recipient_rand: int, win_prob: int) -> bool:
    return winning_number(sig, recipient_rand) < win_prob


# -- the recipient's commitment


def recipient_rand(
    secret: bytes,
    seed: int,
    sender: str,
    face_value: int,
    win_prob: int,
    expiration_block: int,
    price: Fraction,
    aux_data: bytes,
) -> int:
    """The recipient's half of the draw, derived again from `secret` when a ticket comes back.

    Every parameter that the sender must not change takes part: another price (wei per pixel, in
    lowest terms), face value or round gives another number, so the commitment no longer fits.
    """
    data = (
        be(seed)
        + to_canonical_address(sender)
        + be(face_value)
        + be(win_prob)
        + be(expiration_block)
        + be(price.numerator)
        + be(price.denominator)
        + aux_data
    )
    return int.from_bytes(hmac.digest(secret, data, "sha256"), "big")


def recipient_rand_hash(rand: int) -> bytes:
    return keccak(u256(rand))


# -- what a ticket is worth


def expected_value(face_value: int, win_prob: int) -> Fraction:
    """Mean payout in wei."""
    return Fraction(face_value * win_prob, MAX_WIN_PROB)


def face_value(
    ev: int, *, redeem_gas: int, gas_price: int, max_float: int, max_face_value: int | None = None
) -> int:
    """Face value in wei a recipient asks for: enough that redeeming it is worth the gas.

    `max_float` is what the sender's deposit and reserve can surely pay this recipient. Raises
    ValueError when that is less than one expected value, or less than the redemption costs.
    """
    cost = redeem_gas * gas_price
    value = cost * FACE_VALUE_MULTIPLIER
    if value < ev:
        value = ev * FACE_VALUE_MULTIPLIER
    value = min(value, max_float)
    if max_face_value is not None:
        value = min(value, max_face_value)
    if value < ev or value < min(cost, redeem_gas * FALLBACK_GAS_PRICE):
        raise ValueError("insufficient sender reserve")
    return value


def win_prob(ev: int, face_value: int) -> int:
    """Probability that makes a ticket of `face_value` worth at least `ev` (never less: rounds up).

    Differs from go-livepeer, which rounds down when the low 64 bits of the remainder are zero.
    """
    if face_value == 0:
        return 0
    if ev > face_value:
        raise ValueError(f"expected value {ev} is above the face value {face_value}")
    if ev == face_value:
        return MAX_WIN_PROB
    return ev * -(-MAX_WIN_PROB // face_value)


# -- other digests that are signed with `personal_sign`


def request_digest(address: str) -> bytes:
    """Signed by a gateway that asks an orchestrator for its price and ticket parameters."""
    return keccak(text=to_checksum_address(address))


def segment_digest(
    manifest_id: str, seq: int, source_hash: bytes, profile_names: Sequence[str]
) -> bytes:
    """Signed by a gateway with each segment; `source_hash` is keccak256 of the segment."""
    profiles = "".join(keccak(text=name)[:4].hex() for name in profile_names)
    source = _bytes32(source_hash, "source_hash")
    return keccak(manifest_id.encode() + u256(seq) + source + profiles.encode())


def result_digest(rendition_hashes: Sequence[bytes]) -> bytes:
    """Signed by an orchestrator: keccak256 of each rendition, in the order of the profiles."""
    return keccak(b"".join(_bytes32(item, "rendition hash") for item in rendition_hashes))
