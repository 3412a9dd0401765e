"""What gateway, orchestrator and verifier sign: EIP-712 messages of verification spec 8.2.

`contracts/verification/modules/typed_data.vy` computes the same digests. Lengths are bytes, times
of messages unix seconds, times of pictures ticks of 90 kHz.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey, Signature
from eth_keys.exceptions import BadSignature
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from verifier import merkle

DOMAIN_NAME, DOMAIN_VERSION = "LivepeerVerification", "1"
CSF_VERSION = 1
RENDITION_TAG = 2
MAX_RENDITIONS = 8
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
# Half of the order of secp256k1: of the two forms of a signature only the lower is valid.
_MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

M = TypeVar("M", bound="Message")


class MessageError(ValueError):
    """A message or signature that is not well-formed; one line."""


@dataclass(frozen=True)
class Domain:
    """Where signatures count: one chain, one SlashingVerifier (the address of its proxy)."""

    chain_id: int
    verifying_contract: str

    def separator(self) -> bytes:
        return keccak(
            encode(
                ["bytes32", "bytes32", "bytes32", "uint256", "address"],
                [
                    keccak(text=_DOMAIN_TYPE),
                    keccak(text=DOMAIN_NAME),
                    keccak(text=DOMAIN_VERSION),
                    self.chain_id,
                    self.verifying_contract,
                ],
            )
        )


class Message:
    """Fields in the order of the EIP-712 type; `TYPES` has their Solidity types."""

    NAME: ClassVar[str]
    TYPES: ClassVar[tuple[tuple[str, str], ...]]

    def values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, one.name) for one in fields(self))

    def struct_hash(self) -> bytes:
        kinds = [kind for _, kind in self.TYPES]
        return keccak(encode(["bytes32", *kinds], [type_hash(type(self)), *self.values()]))

    def to_json(self) -> dict[str, Any]:
        return {
            name: f"0x{value.hex()}" if isinstance(value, bytes) else value
            for (name, _), value in zip(self.TYPES, self.values(), strict=True)
        }

    @classmethod
    def from_json(cls: type[M], data: Mapping[str, Any]) -> M:
        """Raises MessageError naming the field that is missing, unknown or out of range."""
        return cls(*_read(cls.NAME, cls.TYPES, data))


def _read(name: str, types: Sequence[tuple[str, str]], data: Mapping[str, Any]) -> list[Any]:
    if not isinstance(data, Mapping):
        raise MessageError(f"{name}: must be an object")
    unknown = set(data) - {key for key, _ in types}
    if unknown:
        raise MessageError(f"{name}: unknown field {sorted(unknown)[0][:60]!r}")
    values = []
    for key, kind in types:
        if key not in data:
            raise MessageError(f"{name}: field {key} is missing")
        try:
            values.append(_parse(kind, data[key]))
        except (TypeError, ValueError, AttributeError):
            raise MessageError(f"{name}: {key} is not a {kind}: {data[key]!r}") from None
    return values


def _parse(kind: str, value: Any) -> Any:
    if kind == "bytes32":
        raw = bytes.fromhex(value.removeprefix("0x"))
        if len(raw) != 32:
            raise ValueError
        return raw
    if kind == "address":
        return to_checksum_address(value)
    bits = int(kind.removeprefix("uint"))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise ValueError
    return value


def type_hash(message: type[Message]) -> bytes:
    members = ",".join(f"{kind} {name}" for name, kind in message.TYPES)
    return keccak(text=f"{message.NAME}({members})")


@dataclass(frozen=True)
class SegmentOrder(Message):
    """A gateway's order. `job_id` is one session with one orchestrator, `seq` counts its orders."""

    job_id: bytes
    seq: int
    gateway: str
    orchestrator: str
    source_hash: bytes
    source_length: int
    source_root: bytes
    source_frames: int
    profiles_hash: bytes
    csf_version: int
    issued_at: int
    expiry: int

    NAME: ClassVar[str] = "SegmentOrder"
    TYPES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("jobId", "bytes32"),
        ("seq", "uint64"),
        ("gateway", "address"),
        ("orchestrator", "address"),
        ("sourceHash", "bytes32"),
        ("sourceLength", "uint32"),
        ("sourceRoot", "bytes32"),
        ("sourceFrames", "uint32"),
        ("profilesHash", "bytes32"),
        ("csfVersion", "uint16"),
        ("issuedAt", "uint64"),
        ("expiry", "uint64"),
    )


@dataclass(frozen=True)
class SegmentReceipt(Message):
    """An orchestrator's receipt. `pixels` is the sum of frames x width x height of the renditions.

    `prev_receipt` is the struct hash of the session's receipt before this one, zero for the first.
    """

    order_hash: bytes
    job_id: bytes
    seq: int
    orchestrator: str
    source_root: bytes
    renditions_root: bytes
    renditions: int
    pixels: int
    prev_receipt: bytes
    signed_at: int

    NAME: ClassVar[str] = "SegmentReceipt"
    TYPES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("orderHash", "bytes32"),
        ("jobId", "bytes32"),
        ("seq", "uint64"),
        ("orchestrator", "address"),
        ("sourceRoot", "bytes32"),
        ("renditionsRoot", "bytes32"),
        ("renditions", "uint16"),
        ("pixels", "uint64"),
        ("prevReceipt", "bytes32"),
        ("signedAt", "uint64"),
    )


@dataclass(frozen=True)
class VerificationReport(Message):
    """A verifier's finding about one rendition of a receipt; `verdict` as in `verifier.check`."""

    receipt_hash: bytes
    profile: int
    verdict: int
    metrics_hash: bytes
    thresholds_hash: bytes
    evidence_hash: bytes
    signed_at: int

    NAME: ClassVar[str] = "VerificationReport"
    TYPES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("receiptHash", "bytes32"),
        ("profile", "uint16"),
        ("verdict", "uint8"),
        ("metricsHash", "bytes32"),
        ("thresholdsHash", "bytes32"),
        ("evidenceHash", "bytes32"),
        ("signedAt", "uint64"),
    )


@dataclass(frozen=True)
class SignerRegistration(Message):
    """A signing key's consent to sign for an orchestrator: nobody can claim another's key."""

    orchestrator: str
    signer: str

    NAME: ClassVar[str] = "SignerRegistration"
    TYPES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("orchestrator", "address"),
        ("signer", "address"),
    )


# -- what the messages commit to


@dataclass(frozen=True)
class Profile:
    """An ordered rendition: size in pixels, bits per second. The frame rate is the source's."""

    width: int
    height: int
    bitrate: int

    TYPES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("width", "uint16"),
        ("height", "uint16"),
        ("bitrate", "uint32"),
    )

    def to_json(self) -> dict[str, int]:
        return {"width": self.width, "height": self.height, "bitrate": self.bitrate}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Profile:
        return cls(*_read("Profile", cls.TYPES, data))


def profiles_hash(profiles: Sequence[Profile]) -> bytes:
    """keccak256(abi.encode(Profile[]))."""
    if not 1 <= len(profiles) <= MAX_RENDITIONS:
        raise MessageError(f"{len(profiles)} profiles, expected 1 to {MAX_RENDITIONS}")
    words = [(p.width, p.height, p.bitrate) for p in profiles]
    return keccak(encode(["(uint16,uint16,uint32)[]"], [words]))


@dataclass(frozen=True)
class RenditionLeaf:
    """One delivered file; `profile` is its place in the order. Leaf `profile` of renditionsRoot."""

    profile: int
    bytes_hash: bytes
    length: int
    csf_root: bytes
    frames: int
    width: int
    height: int
    first_pts: int
    last_pts: int
    audio_root: bytes

    TYPES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("profile", "uint16"),
        ("bytesHash", "bytes32"),
        ("length", "uint32"),
        ("csfRoot", "bytes32"),
        ("frames", "uint32"),
        ("width", "uint16"),
        ("height", "uint16"),
        ("firstPts", "uint64"),
        ("lastPts", "uint64"),
        ("audioRoot", "bytes32"),
    )

    def values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, one.name) for one in fields(self))

    def leaf(self) -> bytes:
        kinds = [kind for _, kind in self.TYPES]
        return keccak(encode(["uint8", *kinds], [RENDITION_TAG, *self.values()]))

    def to_json(self) -> dict[str, Any]:
        return {
            name: f"0x{value.hex()}" if isinstance(value, bytes) else value
            for (name, _), value in zip(self.TYPES, self.values(), strict=True)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RenditionLeaf:
        return cls(*_read("RenditionLeaf", cls.TYPES, data))


def renditions_root(leaves: Sequence[RenditionLeaf]) -> bytes:
    """Merkle root over the leaves in their order; the receipt signs their number too."""
    return merkle.root([leaf.leaf() for leaf in leaves])


# -- signatures


def digest(domain: Domain, message: Message) -> bytes:
    """What is signed: keccak256(0x1901 || domain separator || struct hash)."""
    return keccak(b"\x19\x01" + domain.separator() + message.struct_hash())


def sign(domain: Domain, message: Message, key: bytes) -> bytes:
    """65 bytes r || s || v with v 27 or 28."""
    signature = PrivateKey(key).sign_msg_hash(digest(domain, message))
    return signature.to_bytes()[:64] + bytes([27 + signature.v])


def signer_of(domain: Domain, message: Message, sig: bytes) -> ChecksumAddress:
    """Address that signed. Raises MessageError for any form the contract would not take."""
    if len(sig) != 65:
        raise MessageError(f"signature has {len(sig)} bytes, expected 65")
    if sig[64] not in (27, 28):
        raise MessageError("signature ends in neither 27 nor 28")
    if int.from_bytes(sig[32:64], "big") > _MAX_S:
        raise MessageError("signature is in the higher of its two forms")
    try:
        signature = Signature(sig[:64] + bytes([sig[64] - 27]))
        public = signature.recover_public_key_from_msg_hash(digest(domain, message))
    except (BadSignature, ValueError):
        raise MessageError("signature belongs to no key") from None
    return public.to_checksum_address()
