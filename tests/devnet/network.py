"""An orchestrator, a gateway's key and a chain that answers what the test wants."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet.chain_view import PoolMember, Round, Sender
from devnet.cheating import Cheat, CheatingOrchestrator
from devnet.fields import Fields, hexed, to_header
from devnet.media import Profile
from devnet.node import Handler, Server
from devnet.orchestrator import Orchestrator
from devnet.orders import Accountability
from devnet.receipts import Signing
from devnet.till import Terms
from devnet.wire import OrchestratorInfo, PriceInfo, SegData, write_payment
from keepers.payments import Payment
from keepers.tickets import (
    personal_sign,
    request_digest,
    segment_digest,
    sign_ticket,
)
from verifier.messages import Domain
from verifier.proofs import SignedSegment

GATEWAY_KEY = "0x" + "11" * 32
OTHER_KEY = "0x" + "33" * 32
GATEWAY = to_checksum_address(Account.from_key(GATEWAY_KEY).address)
STRANGER = to_checksum_address(Account.from_key(OTHER_KEY).address)
PROFILES = (Profile("180p", 240, 180, 200_000), Profile("90p", 120, 90, 100_000))
TICKET_EV = 10**14
TERMS = Terms(PriceInfo(3_000_000_001, 2), TICKET_EV, redeem_gas=350_000, gas_price=10**8)
ETHER = 10**18


def orchestrator_key(number: int) -> str:
    return "0x" + f"{0x22 + number:02x}" * 32


def address_of(key: str) -> str:
    return str(to_checksum_address(Account.from_key(key).address))


@dataclass
class FakeChain:
    """A ChainView whose answers are its attributes."""

    block: int = 1000
    current: Round = Round(7, bytes(31) + b"\x07")
    funds: Sender = Sender(10 * ETHER, 0, 10 * ETHER)
    claimable: int = ETHER
    active: bool = True
    used: set[bytes] = field(default_factory=set)
    members: list[PoolMember] = field(default_factory=list)
    jailed: set[str] = field(default_factory=set)
    signers: dict[str, str] = field(default_factory=dict)

    def block_number(self) -> int:
        return self.block

    def round(self) -> Round:
        return self.current

    def is_active(self, orchestrator: str) -> bool:  # noqa: ARG002
        return self.active

    def sender(self, sender: str) -> Sender:  # noqa: ARG002
        return self.funds

    def claimable_reserve(self, sender: str, recipient: str) -> int:  # noqa: ARG002
        return self.claimable

    def ticket_used(self, ticket_hash: bytes) -> bool:
        return ticket_hash in self.used

    def pool(self) -> list[PoolMember]:
        return self.members

    def is_jailed(self, orchestrator: str) -> bool:
        return orchestrator in self.jailed

    def is_accountable_signer(self, orchestrator: str, signer: str) -> bool:
        return self.signers.get(orchestrator) == signer


DOMAIN = Domain(31337, to_checksum_address("0x" + "ab" * 20))


def signing_key(number: int) -> bytes:
    return bytes([0x52 + number]) * 32


def make_orchestrator(
    directory: Path,
    chain: FakeChain,
    *,
    number: int = 0,
    terms: Terms = TERMS,
    signs: bool = False,
    cheat: Cheat | None = None,
) -> Orchestrator:
    """With `signs` its receipt key is registered in `chain`; one that cheats signs in any case."""
    signing = Signing(signing_key(number), DOMAIN) if signs or cheat else None
    common: dict[str, Any] = {
        "key": orchestrator_key(number),
        "url": "http://node",
        "terms": terms,
        "chain": chain,
        "directory": directory,
        "signing": signing,
    }
    made = CheatingOrchestrator(cheat, **common) if cheat else Orchestrator(**common)
    if signing is not None:
        chain.signers[made.address] = address_of("0x" + signing.key.hex())
    return made


@dataclass
class Kept:
    """What a gateway keeps of the segments that were signed for."""

    chain: FakeChain
    segments: list[tuple[SignedSegment, bytes, list[bytes]]] = field(default_factory=list)

    def accountability(self) -> Accountability:
        return Accountability(DOMAIN, self.chain.is_accountable_signer, self.keep)

    def keep(self, signed: SignedSegment, segment: bytes, renditions: Sequence[bytes]) -> None:
        self.segments.append((signed, segment, list(renditions)))


class NodeThread:
    """A node's HTTP server in a thread of the test."""

    def __init__(self, orchestrator: Orchestrator, handler: type[Handler] = Handler) -> None:
        self._server = Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.orchestrator = self._server.orchestrator = orchestrator
        orchestrator.url = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


# -- what a gateway sends


def request(key: str = GATEWAY_KEY, *, address: str | None = None) -> Fields:
    sender = address or address_of(key)
    sig = personal_sign(request_digest(sender), key)
    return Fields.of("request", {"address": sender, "sig": hexed(sig)})


def make_payment(
    info: OrchestratorInfo, nonces: range | list[int], *, key: str = GATEWAY_KEY, **changes: Any
) -> Payment:
    """A payment in order, but for `changes` to its fields; tickets are signed after those."""
    params = changes.pop("params", info.ticket_params)
    sender = to_checksum_address(changes.pop("sender", address_of(key)))
    signed = tuple((nonce, sign_ticket(params.ticket(sender, nonce), key)) for nonce in nonces)
    values = {"tickets": signed, "price": info.price_info.price} | changes
    return Payment(params=params, sender=sender, **values)


def make_seg_data(info: OrchestratorInfo, body: bytes, **changes: Any) -> SegData:
    """Segment data in order, but for `changes`; signed after those unless `sig` is given."""
    values: dict[str, Any] = {
        "manifest_id": "stream",
        "seq": 0,
        "hash": keccak(body),
        "profiles": PROFILES,
        "duration": 500,
        "auth_token": info.auth_token,
    } | changes
    names = [profile.name for profile in values["profiles"]]
    digest = segment_digest(values["manifest_id"], values["seq"], values["hash"], names)
    values.setdefault("sig", personal_sign(digest, GATEWAY_KEY))
    return SegData(**values)


def headers(payment: Payment, segment: SegData) -> tuple[str, str]:
    return to_header(write_payment(payment)), to_header(segment.write())
