"""Messages between a gateway and an orchestrator.

Names and meaning of the fields are those of go-livepeer's protobuf messages; the encoding here is
JSON, with bytes as hex and wei as decimal strings. Headers carry base64 of that JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from devnet.fields import Fields, hexed
from devnet.media import Profile
from keepers.payments import Payment, TicketParams
from keepers.tickets import SignatureError, personal_sign, personal_signer

PAYMENT_HEADER = "Livepeer-Payment"
SEGMENT_HEADER = "Livepeer-Segment"


def read_ticket_params(fields: Fields) -> TicketParams:
    expiry = fields.child("expiration_params")
    return TicketParams(
        recipient=fields.address("recipient"),
        face_value=fields.number("face_value"),
        win_prob=fields.number("win_prob"),
        recipient_rand_hash=fields.data("recipient_rand_hash", length=32),
        seed=fields.number("seed"),
        expiration_block=fields.number("expiration_block", bits=63),
        creation_round=expiry.number("creation_round", bits=63),
        creation_round_block_hash=expiry.data("creation_round_block_hash", length=32),
    )


def write_ticket_params(params: TicketParams) -> dict[str, Any]:
    return {
        "recipient": params.recipient,
        "face_value": str(params.face_value),
        "win_prob": str(params.win_prob),
        "recipient_rand_hash": hexed(params.recipient_rand_hash),
        "seed": str(params.seed),
        "expiration_block": params.expiration_block,
        "expiration_params": {
            "creation_round": params.creation_round,
            "creation_round_block_hash": hexed(params.creation_round_block_hash),
        },
    }


@dataclass(frozen=True)
class PriceInfo:
    """Price as a ratio, wei per so many pixels."""

    price_per_unit: int
    pixels_per_unit: int

    @property
    def price(self) -> Fraction:
        """Wei per pixel."""
        return Fraction(self.price_per_unit, self.pixels_per_unit)

    @classmethod
    def read(cls, fields: Fields) -> PriceInfo:
        pixels = fields.number("pixelsPerUnit", bits=63)
        if pixels == 0:
            raise fields.wrong("pixelsPerUnit", "above 0")
        return cls(fields.number("pricePerUnit", bits=63), pixels)

    def write(self) -> dict[str, Any]:
        return {"pricePerUnit": self.price_per_unit, "pixelsPerUnit": self.pixels_per_unit}


@dataclass(frozen=True)
class AuthToken:
    """What lets a gateway send segments of a session; `expiration` in unix seconds."""

    token: bytes
    session_id: str
    expiration: int

    @classmethod
    def read(cls, fields: Fields) -> AuthToken:
        return cls(
            token=fields.data("token", length=32),
            session_id=fields.text("session_id", longest=64),
            expiration=fields.number("expiration", bits=63),
        )

    def write(self) -> dict[str, Any]:
        return {
            "token": hexed(self.token),
            "session_id": self.session_id,
            "expiration": self.expiration,
        }


@dataclass(frozen=True)
class OrchestratorInfo:
    """An orchestrator's offer. `address` signs results; `transcoder` is where segments go."""

    transcoder: str
    address: ChecksumAddress
    ticket_params: TicketParams
    price_info: PriceInfo
    auth_token: AuthToken
    sig: bytes = b""

    @classmethod
    def read(cls, fields: Fields) -> OrchestratorInfo:
        return cls(
            transcoder=fields.text("transcoder"),
            address=fields.address("address"),
            ticket_params=read_ticket_params(fields.child("ticket_params")),
            price_info=PriceInfo.read(fields.child("price_info")),
            auth_token=AuthToken.read(fields.child("auth_token")),
            sig=fields.data("sig", length=65),
        )

    def write(self) -> dict[str, Any]:
        return self._unsigned() | {"sig": hexed(self.sig)}

    def _unsigned(self) -> dict[str, Any]:
        return {
            "transcoder": self.transcoder,
            "address": self.address,
            "ticket_params": write_ticket_params(self.ticket_params),
            "price_info": self.price_info.write(),
            "auth_token": self.auth_token.write(),
        }

    def signed(self, key: str) -> OrchestratorInfo:
        return replace(self, sig=personal_sign(self.digest(), key))

    def is_signed(self) -> bool:
        """Whether `sig` was made by `address`."""
        try:
            return personal_signer(self.digest(), self.sig) == self.address
        except SignatureError:
            return False

    def digest(self) -> bytes:
        """What `sig` signs: keccak256 of the offer's JSON, keys sorted, without `sig`."""
        text = json.dumps(self._unsigned(), sort_keys=True, separators=(",", ":"))
        return keccak(text=text)


def read_payment(fields: Fields) -> Payment:
    price = None
    if fields.has("expected_price"):
        price = PriceInfo.read(fields.child("expected_price")).price
    return Payment(
        params=read_ticket_params(fields.child("ticket_params")),
        sender=fields.address("sender"),
        tickets=fields.items(
            "ticket_sender_params",
            lambda item: (item.number("sender_nonce", bits=32), item.data("sig")),
        ),
        price=price,
    )


def write_payment(payment: Payment) -> dict[str, Any]:
    values: dict[str, Any] = {
        "sender": payment.sender,
        "ticket_params": write_ticket_params(payment.params),
        "ticket_sender_params": [
            {"sender_nonce": nonce, "sig": hexed(sig)} for nonce, sig in payment.tickets
        ],
    }
    if payment.price is not None:
        price = PriceInfo(payment.price.numerator, payment.price.denominator)
        values["expected_price"] = price.write()
    return values


@dataclass(frozen=True)
class SegData:
    """What a segment is. `hash` is keccak256 of its bytes; `duration` in milliseconds."""

    manifest_id: str
    seq: int
    hash: bytes
    profiles: tuple[Profile, ...]
    duration: int
    auth_token: AuthToken
    sig: bytes

    @classmethod
    def read(cls, fields: Fields) -> SegData:
        return cls(
            manifest_id=fields.text("manifestId", longest=64),
            seq=fields.number("seq", bits=63),
            hash=fields.data("hash", length=32),
            profiles=fields.items("fullProfiles", _read_profile),
            duration=fields.number("duration", bits=31),
            auth_token=AuthToken.read(fields.child("auth_token")),
            sig=fields.data("sig"),
        )

    def write(self) -> dict[str, Any]:
        return {
            "manifestId": self.manifest_id,
            "seq": self.seq,
            "hash": hexed(self.hash),
            "fullProfiles": [_write_profile(profile) for profile in self.profiles],
            "duration": self.duration,
            "auth_token": self.auth_token.write(),
            "sig": hexed(self.sig),
        }


def _read_profile(fields: Fields) -> Profile:
    return Profile(
        name=fields.text("name", longest=32),
        width=fields.number("width", bits=31),
        height=fields.number("height", bits=31),
        bitrate=fields.number("bitrate", bits=31),
    )


def _write_profile(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "width": profile.width,
        "height": profile.height,
        "bitrate": profile.bitrate,
    }


@dataclass(frozen=True)
class TranscodedSegment:
    """Where a rendition can be had, and its pixels over all frames."""

    url: str
    pixels: int


@dataclass(frozen=True)
class TranscodeResult:
    """Renditions in the order of the profiles, their signature, and the next offer."""

    seq: int
    segments: Sequence[TranscodedSegment]
    sig: bytes
    info: OrchestratorInfo

    @classmethod
    def read(cls, fields: Fields) -> TranscodeResult:
        data = fields.child("data")
        return cls(
            seq=fields.number("seq", bits=63),
            segments=data.items(
                "segments",
                lambda item: TranscodedSegment(item.text("url"), item.number("pixels", bits=63)),
            ),
            sig=data.data("sig"),
            info=OrchestratorInfo.read(fields.child("info")),
        )

    def write(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "data": {
                "segments": [{"url": item.url, "pixels": item.pixels} for item in self.segments],
                "sig": hexed(self.sig),
            },
            "info": self.info.write(),
        }
