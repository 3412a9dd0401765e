"""An orchestrator without its HTTP server: offers, segments in, renditions out."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet.chain_view import ChainView
from devnet.fields import Fields, WireError, from_header
from devnet.media import MediaError, Profile
from devnet.orders import SignedOrder, write_receipt
from devnet.receipts import Desk, Signing
from devnet.till import Terms, Till
from devnet.transcoding import Rendition, transcode
from devnet.winners import WinnerFile
from devnet.wire import (
    AuthToken,
    OrchestratorInfo,
    SegData,
    TranscodedSegment,
    TranscodeResult,
    read_payment,
)
from keepers.payments import Payment, PaymentError
from keepers.tickets import (
    SignatureError,
    be,
    personal_sign,
    personal_signer,
    request_digest,
    result_digest,
    segment_digest,
)
from verifier.decode import MediaFault
from verifier.guard import RefusedOrder

TOKEN_SECONDS = 30 * 60
MAX_PROFILES = 8
MAX_SEGMENTS_AT_ONCE = 4


class RefusedError(Exception):
    """A request that is turned down, with the HTTP status it gets."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Work:
    """What an orchestrator has done so far."""

    segments: int = 0
    pixels: int = 0
    refused: int = 0
    seconds: float = 0.0


class Orchestrator:
    """Checks in the order of go-livepeer: payment, credentials, tickets, balance, body, work."""

    def __init__(
        self,
        *,
        key: str,
        url: str,
        terms: Terms,
        chain: ChainView,
        directory: Path,
        signing: Signing | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.address: ChecksumAddress = to_checksum_address(Account.from_key(key).address)
        self.url = url
        self.work = Work()
        self.till = Till(self.address, terms, chain, WinnerFile(directory / "winners.jsonl").append)
        self._key, self._directory = key, directory
        self._desk = None if signing is None else Desk(signing, self.address, directory)
        self._secret = secrets.token_bytes(32)
        self._renditions: dict[str, Path] = {}
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(MAX_SEGMENTS_AT_ONCE)

    # -- offers

    def info(self, request: Fields) -> OrchestratorInfo:
        """Answer a gateway that proves its address. Raises RefusedError."""
        try:
            sender = request.address("address")
            sig = request.data("sig")
        except WireError as error:
            raise RefusedError(400, str(error)) from None
        if not _signed(request_digest(sender), sig, sender):
            raise RefusedError(403, "invalid signature over the gateway's address")
        return self._offer(sender, self._token(secrets.token_hex(8)))

    def _offer(self, sender: ChecksumAddress, token: AuthToken) -> OrchestratorInfo:
        try:
            with self._lock:
                params = self.till.ticket_params(sender)
        except ValueError as error:
            raise RefusedError(400, f"no ticket parameters for {sender}: {error}") from None
        info = OrchestratorInfo(
            transcoder=self.url,
            address=self.address,
            ticket_params=params,
            price_info=self.till.terms.price,
            auth_token=token,
        )
        return info.signed(self._key)

    def _token(self, session: str, expiration: int | None = None) -> AuthToken:
        expiration = expiration or int(time.time()) + TOKEN_SECONDS
        token = hmac.digest(self._secret, session.encode() + be(expiration), "sha256")
        return AuthToken(token, session, expiration)

    # -- segments

    def segment(
        self,
        payment_header: str,
        segment_header: str,
        body: Callable[[], bytes],
        order_header: str = "",
    ) -> dict[str, Any]:
        """Take one segment; `body` is read only after it is paid for. Raises RefusedError.

        A signed order gets a signed receipt, if this node signs any. An error after the payment is
        an answer of its own: the gateway's credit is spent on nothing.
        """
        try:
            payment = read_payment(from_header("payment", payment_header))
        except ValueError as error:
            raise RefusedError(402, str(error)) from None
        try:
            segment = SegData.read(from_header("segment", segment_header))
        except ValueError as error:
            raise RefusedError(403, str(error)) from None
        ordered = self._order(order_header)
        self._check_credentials(payment, segment)
        if not self._slots.acquire(blocking=False):
            raise RefusedError(403, "OrchestratorCapped")
        try:
            offer = self._offer(payment.sender, segment.auth_token)
            session = segment.auth_token.session_id
            try:
                with self._lock:
                    self.till.take(payment, session)
                    self.till.check_balance(payment.sender, session)
            except PaymentError as error:
                raise RefusedError(400, str(error)) from None
            source = body()
            if keccak(source) != segment.hash:
                raise RefusedError(403, "segment hash mismatch")
            try:
                return self._work(payment.sender, segment, source, offer, ordered)
            except (MediaError, MediaFault) as error:
                return {"seq": segment.seq, "error": str(error)}
            except RefusedOrder as error:
                raise RefusedError(403, f"order is refused: {error}") from None
        finally:
            self._slots.release()

    def _order(self, header: str) -> SignedOrder | None:
        """The order, if there is one and this node signs receipts."""
        if not header or self._desk is None:
            return None
        try:
            return SignedOrder.read(from_header("order", header))
        except ValueError as error:
            raise RefusedError(403, str(error)) from None

    def _check_credentials(self, payment: Payment, segment: SegData) -> None:
        names = [profile.name for profile in segment.profiles]
        digest = segment_digest(segment.manifest_id, segment.seq, segment.hash, names)
        if not _signed(digest, segment.sig, payment.sender):
            raise RefusedError(403, "invalid segment signature")
        if not 1 <= len(names) <= MAX_PROFILES or len(set(names)) != len(names):
            raise RefusedError(403, f"segment asks for {len(names)} profiles, 1 to {MAX_PROFILES}")
        token = segment.auth_token
        expected = self._token(token.session_id, token.expiration)
        if not hmac.compare_digest(token.token, expected.token):
            raise RefusedError(403, "invalid auth token")
        if token.expiration <= time.time():
            raise RefusedError(403, "auth token expired")

    def _work(
        self,
        sender: str,
        segment: SegData,
        source: bytes,
        offer: OrchestratorInfo,
        ordered: SignedOrder | None,
    ) -> dict[str, Any]:
        begin = time.monotonic()
        decoded = None
        if ordered is not None and self._desk is not None:
            decoded = self._desk.check(ordered, sender, source)
        renditions = self._make(source, segment.profiles)
        receipt = {}
        if ordered is not None and self._desk is not None and decoded is not None:
            made = [rendition.data for rendition in renditions]
            signed = self._desk.sign(ordered, source, decoded, segment.profiles, made)
            receipt = {"receipt": write_receipt(signed)}
        answer = self._deliver(sender, segment, renditions, offer).write()
        with self._lock:
            self.work.segments += 1
            self.work.pixels += sum(rendition.pixels for rendition in renditions)
            self.work.seconds += time.monotonic() - begin
        return answer | receipt

    def _make(self, source: bytes, profiles: Sequence[Profile]) -> list[Rendition]:
        return transcode(source, profiles)

    def _deliver(
        self, sender: str, segment: SegData, renditions: list[Rendition], offer: OrchestratorInfo
    ) -> TranscodeResult:
        """Put the renditions where they can be had, debit and sign them."""
        session = segment.auth_token.session_id
        stored = []
        for rendition in renditions:
            name = f"{session}/{rendition.profile.name}/{segment.seq}.ts"
            path = self._directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(rendition.data)
            stored.append(TranscodedSegment(f"{self.url}/stream/{name}", rendition.pixels))
            self._renditions[f"/stream/{name}"] = path
        with self._lock:
            self.till.debit(sender, session, sum(rendition.pixels for rendition in renditions))
        sig = personal_sign(result_digest([keccak(one.data) for one in renditions]), self._key)
        return TranscodeResult(segment.seq, stored, sig, offer)

    def rendition(self, path: str) -> bytes | None:
        """A rendition made here, by the path of its URL."""
        file = self._renditions.get(path)
        return None if file is None else file.read_bytes()

    def receipt(self, job: str, seq: str) -> bytes | None:
        """What this node shows as its receipt for an order, as JSON."""
        return None if self._desk is None else self._desk.shown(job, seq)

    def status(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "segments": self.work.segments,
            "pixels": self.work.pixels,
            "refused": self.work.refused,
            "seconds": round(self.work.seconds, 3),
            "tickets_received": self.till.received,
            "tickets_won": self.till.won,
        }


def _signed(digest: bytes, sig: bytes, signer: str) -> bool:
    try:
        return personal_signer(digest, sig) == signer
    except SignatureError:
        return False
