"""A gateway's dealings with one orchestrator: its offer, the credit there, segments sent to it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from http.client import HTTPConnection, HTTPException
from threading import Lock
from urllib.parse import urlsplit

from eth_account import Account
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet.chain_view import ChainView
from devnet.fields import Fields, hexed, to_header
from devnet.media import Profile
from devnet.orders import (
    ORDER_HEADER,
    Accountability,
    ReceiptError,
    SignedOrder,
    read_receipt,
    signed_profiles,
)
from devnet.orders import Job as SignedJob
from devnet.transcoding import count
from devnet.wire import (
    PAYMENT_HEADER,
    SEGMENT_HEADER,
    OrchestratorInfo,
    SegData,
    TranscodeResult,
    write_payment,
)
from keepers.payments import (
    MAX_NONCES,
    PayingSession,
    Payment,
    fee_estimate,
    tickets_needed,
)
from keepers.tickets import (
    SignatureError,
    personal_sign,
    personal_signer,
    request_digest,
    result_digest,
    segment_digest,
)
from verifier.decode import Decoded
from verifier.messages import MessageError
from verifier.proofs import SignedSegment

# A rendition shorter than this cannot be video.
SHORTEST = 25
HTTP_SECONDS = 120
# A token lives 30 minutes; it is replaced in its last tenth.
TOKEN_MARGIN = 180


class OrchestratorError(RuntimeError):
    """This orchestrator did not do the work; another one may."""


class UnaccountableError(OrchestratorError):
    """It did not sign for its work, or signed what is not true: it gets no more work."""


@dataclass(frozen=True)
class Limits:
    """What a gateway agrees to: wei per pixel, and expected value of one ticket in wei."""

    max_price: Fraction
    max_ticket_ev: int


@dataclass(frozen=True)
class Job:
    """A segment to send, with what is to be made of it; `source` has its fingerprint, if any."""

    manifest_id: str
    seq: int
    data: bytes
    seconds: Fraction
    frame_rate: Fraction
    profiles: tuple[Profile, ...]
    source: Decoded | None = None


@dataclass(frozen=True)
class Delivery:
    """Renditions by profile name, checked, and what they cost. `signed` if it was ordered so."""

    orchestrator: ChecksumAddress
    renditions: Mapping[str, bytes]
    pixels: int
    tickets: int
    signed: SignedSegment | None = None


@dataclass
class Session:
    """Not for two threads at once: hold `lock`."""

    uri: str
    recipient: ChecksumAddress
    key: str = field(repr=False)
    chain: ChainView = field(repr=False)
    limits: Limits
    accountability: Accountability | None = field(default=None, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)
    info: OrchestratorInfo | None = None
    _stale: bool = False
    _credit: Fraction = Fraction(0)
    _paying: PayingSession | None = field(default=None, repr=False)
    _job: SignedJob | None = field(default=None, repr=False)

    @property
    def sender(self) -> ChecksumAddress:
        return to_checksum_address(Account.from_key(self.key).address)

    def refresh(self) -> OrchestratorInfo:
        """Ask for a new offer; credit belongs to the session it was given in."""
        sig = personal_sign(request_digest(self.sender), self.key)
        body = json.dumps({"address": self.sender, "sig": hexed(sig)}).encode()
        answer = self._post("/info", body, {"Content-Type": "application/json"})
        self.info = self._checked(lambda: OrchestratorInfo.read(Fields.parse("info", answer)))
        self._credit, self._stale = Fraction(0), False
        return self.info

    def send(self, job: Job) -> Delivery:
        """Pay for a segment, have it transcoded, download and check. Raises OrchestratorError."""
        info = self.info
        if info is None or self._stale or self._expires(info):
            info = self.refresh()
        payment = self._payment(info, job)
        headers = {
            PAYMENT_HEADER: to_header(write_payment(payment)),
            SEGMENT_HEADER: to_header(self._seg_data(info, job).write()),
            "Content-Type": "video/mp2t",
        }
        ordered = self._order(job)
        if ordered is not None:
            headers[ORDER_HEADER] = to_header(ordered.write())
        try:
            answer = Fields.parse("result", self._post("/segment", job.data, headers))
            if answer.has("error"):
                raise OrchestratorError(answer.text("error", longest=1000))
            result = TranscodeResult.read(answer)
            renditions = self._download_all(info, job, result)
            signed = None
            if ordered is not None:
                signed = self._receipt(job, ordered, answer, renditions)
            self._check_pictures(job, result, renditions, signed)
        except (OrchestratorError, ValueError) as error:
            # Whatever was signed in this session, the next one starts anew.
            self._stale, self._job = True, None
            kind = UnaccountableError if isinstance(error, ReceiptError) else OrchestratorError
            raise kind(f"{self.recipient}: {error}") from None
        pixels = sum(segment.pixels for segment in result.segments)
        self._credit -= pixels * info.price_info.price
        try:
            self.info = self._checked(lambda: result.info)
        except OrchestratorError:
            self._stale = True  # the work is done; the next segment asks for another offer
        named = {p.name: data for p, data in zip(job.profiles, renditions, strict=True)}
        return Delivery(self.recipient, named, pixels, len(payment.tickets), signed)

    # -- orders and receipts

    def _order(self, job: Job) -> SignedOrder | None:
        if self.accountability is None or job.source is None:
            return None
        if self._job is None:
            self._job = SignedJob(self.key, self.recipient, self.accountability)
        return self._job.order(job.data, job.source, signed_profiles(job.profiles))

    def _receipt(
        self, job: Job, ordered: SignedOrder, answer: Fields, renditions: list[bytes]
    ) -> SignedSegment:
        """The receipt in the answer, accepted. Raises ReceiptError."""
        assert self._job is not None
        if not answer.has("receipt"):
            raise ReceiptError("no receipt for the work")
        profiles = signed_profiles(job.profiles)
        signed = read_receipt(answer.child("receipt"), ordered, profiles)
        self._job.accept(signed, job.data, renditions)
        shown = self._shown(ordered)
        if shown is not None:
            self._job.compare(shown, signed, job.data, renditions)
        return signed

    def _shown(self, ordered: SignedOrder) -> SignedSegment | None:
        """The receipt for this order that the node shows to everybody, if it shows one."""
        place = f"/receipts/{ordered.order.job_id.hex()}/{ordered.order.seq}"
        try:
            shown = SignedSegment.from_json(json.loads(self._request("GET", place, None, {})))
        except (OrchestratorError, MessageError, ValueError):
            return None
        return shown if shown.order == ordered.order else None

    # -- offers

    def _expires(self, info: OrchestratorInfo) -> bool:
        """Tickets are refused in the last block of their parameters, segments with an old token."""
        blocks_left = info.ticket_params.expiration_block - self.chain.block_number()
        seconds_left = info.auth_token.expiration - time.time()
        return blocks_left <= 1 or seconds_left < TOKEN_MARGIN

    def _checked(self, offer: Callable[[], OrchestratorInfo]) -> OrchestratorInfo:
        """An offer a gateway can live with, else OrchestratorError."""
        try:
            info = offer()
        except ValueError as error:
            raise OrchestratorError(f"{self.recipient}: {error}") from None
        params, price = info.ticket_params, info.price_info.price
        ev = params.ev
        funds = self.chain.sender(self.sender)
        faults = {
            "offer is not signed by its address": not info.is_signed(),
            "offer is not of the registered orchestrator": info.address != self.recipient,
            "tickets are for somebody else": params.recipient != self.recipient,
            f"price {float(price):g} is above the limit": price > self.limits.max_price,
            "ticket expected value is above the limit": ev > self.limits.max_ticket_ev,
            "ticket faceValue too low": ev >= params.face_value,
            "ticket faceValue is above the deposit": params.face_value > funds.deposit,
            "sender has no reserve": funds.reserve == 0,
        }
        for text, wrong in faults.items():
            if wrong:
                raise OrchestratorError(f"{self.recipient}: {text}")
        return info

    # -- paying

    def _payment(self, info: OrchestratorInfo, job: Job) -> Payment:
        params, price = info.ticket_params, info.price_info.price
        fee = fee_estimate(
            [(profile.width, profile.height, job.frame_rate) for profile in job.profiles],
            job.seconds,
            price,
        )
        size = tickets_needed(fee, params.ev, self._credit)
        if size > MAX_NONCES:
            raise OrchestratorError(f"{self.recipient}: segment would take {size} tickets")
        if self._paying is None or self._paying.params != params:
            self._paying = PayingSession(params, self.sender, bytes.fromhex(self.key[2:]), price)
        payment = self._paying.pay(size, l1_block=self.chain.block_number())
        self._credit += size * params.ev
        return payment

    def _seg_data(self, info: OrchestratorInfo, job: Job) -> SegData:
        source_hash = keccak(job.data)
        names = [profile.name for profile in job.profiles]
        digest = segment_digest(job.manifest_id, job.seq, source_hash, names)
        return SegData(
            manifest_id=job.manifest_id,
            seq=job.seq,
            hash=source_hash,
            profiles=job.profiles,
            duration=math.ceil(job.seconds * 1000),
            auth_token=info.auth_token,
            sig=personal_sign(digest, self.key),
        )

    # -- checking

    def _download_all(
        self, info: OrchestratorInfo, job: Job, result: TranscodeResult
    ) -> list[bytes]:
        """The renditions, as many as were asked for and those that were signed."""
        if result.seq != job.seq or len(result.segments) != len(job.profiles):
            raise OrchestratorError("MismatchedSegments")
        renditions = [self._download(segment.url) for segment in result.segments]
        if any(len(data) < SHORTEST for data in renditions):
            raise OrchestratorError("ZeroSegments")
        digest = result_digest([keccak(data) for data in renditions])
        try:
            signer = personal_signer(digest, result.sig)
        except SignatureError as error:
            raise OrchestratorError(f"result signature: {error}") from None
        if signer != info.address:
            raise OrchestratorError("renditions are not those that were signed")
        return renditions

    def _check_pictures(
        self,
        job: Job,
        result: TranscodeResult,
        renditions: list[bytes],
        signed: SignedSegment | None,
    ) -> None:
        """Size of the picture and pixels must fit what was asked for, billed and signed."""
        leaves = signed.leaves if signed is not None else [None] * len(renditions)
        for profile, data, claimed, leaf in zip(
            job.profiles, renditions, result.segments, leaves, strict=True
        ):
            found = count(data)
            if (found.width, found.height) != (profile.width, profile.height):
                raise OrchestratorError(f"{profile.name} is {found.width}x{found.height}")
            if found.pixels != claimed.pixels:
                raise OrchestratorError(
                    f"{profile.name} has {found.pixels} pixels, billed {claimed.pixels}"
                )
            if leaf is not None and leaf.frames != found.frames:
                raise ReceiptError(
                    f"{profile.name} has {found.frames} frames, signed {leaf.frames}"
                )

    def _download(self, url: str) -> bytes:
        if not url.startswith(self.uri + "/"):
            raise OrchestratorError(f"rendition is offered at another place: {url}")
        return self._request("GET", url[len(self.uri) :], None, {})

    # -- HTTP

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        return self._request("POST", path, body, headers)

    def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> bytes:
        place = urlsplit(self.uri)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=HTTP_SECONDS)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            data = response.read()
        except (OSError, HTTPException) as error:
            raise OrchestratorError(f"{self.uri} does not answer: {error}") from None
        finally:
            connection.close()
        if response.status != 200:
            raise OrchestratorError(f"{response.status} {_error_text(data)}")
        return data


def _error_text(data: bytes) -> str:
    try:
        return Fields.parse("answer", data).text("error", longest=1000)
    except ValueError:
        return data[:200].decode(errors="replace")
