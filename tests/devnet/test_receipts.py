"""Signed orders and receipts between a gateway and nodes that sign, refuse, or lie."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from devnet.chain_view import PoolMember
from devnet.cutting import Segment, cut
from devnet.gateway import Gateway, Sent, StreamError
from devnet.media import Profile, probe
from devnet.orchestrator import Orchestrator
from devnet.orders import Job as SignedJob
from devnet.orders import SignedOrder, fingerprinted, leaf_of, signed_profiles
from devnet.receipts import Desk, Signing
from devnet.session import Job, Limits, OrchestratorError, Session, UnaccountableError
from devnet.transcoding import transcode
from tests.devnet.clips import make_clip
from tests.devnet.network import (
    DOMAIN,
    GATEWAY,
    GATEWAY_KEY,
    OTHER_KEY,
    PROFILES,
    STRANGER,
    TICKET_EV,
    FakeChain,
    Kept,
    NodeThread,
    address_of,
    make_orchestrator,
    signing_key,
)
from verifier.guard import EquivocationRefused, RefusedOrder
from verifier.messages import sign, signer_of

LIMITS = Limits(Fraction(10**10), 10 * TICKET_EV)
ORCHESTRATOR = STRANGER
SIGNING = Signing(signing_key(0), DOMAIN)
StartNode = Callable[..., NodeThread]


@pytest.fixture
def kept(chain: FakeChain) -> Kept:
    return Kept(chain)


@pytest.fixture
def start(tmp_path: Path, chain: FakeChain) -> Iterator[StartNode]:
    """Starts nodes that sign receipts and are in the pool of the chain."""
    running: list[NodeThread] = []

    def start_node(desk: type[Desk] | None = Desk) -> NodeThread:
        number = len(running)
        folder = tmp_path / str(number)
        made = make_orchestrator(folder, chain, number=number, signs=desk is not None)
        if desk not in (None, Desk):
            made._desk = desk(Signing(signing_key(number), DOMAIN), made.address, folder)
        server = NodeThread(made)
        running.append(server)
        chain.members.append(PoolMember(made.address, (number + 1) * 1000, server.url))
        return server

    yield start_node
    for server in running:
        server.stop()


def _job(segment: Segment) -> Job:
    data = segment.path.read_bytes()
    length = Fraction(segment.seconds)
    return Job("s", segment.seq, data, length, Fraction(25), PROFILES, fingerprinted(data))


def _session(chain: FakeChain, kept: Kept) -> Session:
    member = chain.members[0]
    uri, address = member.service_uri, member.address
    return Session(uri, address, GATEWAY_KEY, chain, LIMITS, kept.accountability())


# -- an honest node


def test_send__honest_node__order_and_receipts_make_a_chain(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    node = start().orchestrator
    session = _session(chain, kept)
    for segment in source:
        session.send(_job(segment))
    signed = [one for one, _, _ in kept.segments]
    assert [one.order.seq for one in signed] == [0, 1, 2, 3]
    assert len({one.order.job_id for one in signed}) == 1
    hashes = [one.receipt.struct_hash() for one in signed]
    assert [one.receipt.prev_receipt for one in signed] == [bytes(32), *hashes[:-1]]
    for one, segment, (one_signed, sent, renditions) in zip(
        signed, source, kept.segments, strict=True
    ):
        assert one_signed is one
        assert sent == segment.path.read_bytes()
        assert signer_of(DOMAIN, one.order, one.order_sig) == GATEWAY == one.order.gateway
        signer = signer_of(DOMAIN, one.receipt, one.receipt_sig)
        assert signer == address_of("0x" + signing_key(0).hex())
        assert signer != node.address == one.receipt.orchestrator
        assert [leaf.bytes_hash for leaf in one.leaves] == [keccak(data) for data in renditions]


def test_send__offer_expires__session_goes_on_in_the_same_job(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    start()
    session = _session(chain, kept)
    session.send(_job(source[0]))
    assert session.info is not None
    chain.block = session.info.ticket_params.expiration_block
    session.send(_job(source[1]))
    assert [one.order.seq for one, _, _ in kept.segments] == [0, 1]


def test_send__node_without_a_key__gets_no_more_work(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    start(desk=None)
    with pytest.raises(UnaccountableError, match="no receipt for the work"):
        _session(chain, kept).send(_job(source[0]))
    assert kept.segments == []


def test_send__too_short_to_judge__needs_no_receipt(
    start: StartNode, chain: FakeChain, kept: Kept, tmp_path: Path
) -> None:
    start()
    clip = make_clip(tmp_path / "a.mp4", seconds=0.28)
    (segment,) = cut(probe(clip), tmp_path / "cut", seconds=1)
    job = _job(segment)
    assert job.source is None
    assert _session(chain, kept).send(job).signed is None
    assert kept.segments == []


# -- receipts that are not taken


class OtherKey(Desk):
    def __init__(self, signing: Signing, *others: Any) -> None:
        super().__init__(replace(signing, key=bytes.fromhex(OTHER_KEY[2:])), *others)


class _Lying(Desk):
    """Signs what `_lie` makes of an honest receipt."""

    def _sign(self, *args: Any) -> Any:
        signed = super()._sign(*args)
        receipt = self._lie(signed.receipt)
        return replace(
            signed, receipt=receipt, receipt_sig=sign(DOMAIN, receipt, self._signing.key)
        )


class OutOfChain(_Lying):
    def _lie(self, receipt: Any) -> Any:
        return replace(receipt, prev_receipt=b"\x01" * 32)


class Late(_Lying):
    def _lie(self, receipt: Any) -> Any:
        return replace(receipt, signed_at=receipt.signed_at + 100_000)


class TooManyPixels(_Lying):
    def _lie(self, receipt: Any) -> Any:
        return replace(receipt, pixels=receipt.pixels + 1)


class OtherRenditions(_Lying):
    def _lie(self, receipt: Any) -> Any:
        return replace(receipt, renditions_root=b"\x01" * 32)


class OtherBytes(Desk):
    def sign(self, ordered: Any, segment: Any, source: Any, profiles: Any, renditions: Any) -> Any:
        return super().sign(ordered, segment, source, profiles, renditions[::-1])

    def _sign(self, ordered: Any, segment: Any, source: Any, profiles: Any, leaves: Any) -> Any:
        order = [replace(leaf, profile=at) for at, leaf in enumerate(leaves[::-1])]
        signed = super()._sign(ordered, segment, source, profiles, order)
        return replace(signed, leaves=tuple(leaves))


class TwoFaces(Desk):
    """Shows another receipt than it gave, as a node that was started again without its memory."""

    def _show(self, signed: Any) -> None:
        other = replace(signed.receipt, signed_at=signed.receipt.signed_at + 1)
        super()._show(
            replace(signed, receipt=other, receipt_sig=sign(DOMAIN, other, self._signing.key))
        )


LIES: list[tuple[type[Desk], str, int]] = [
    (OtherKey, "who does not sign for them", 0),
    (OtherBytes, "receipt is for other bytes than were delivered", 0),
    (OtherRenditions, "receipt: ", 0),
    (OutOfChain, "receipt does not follow the one before it", 1),
    (Late, "receipt is not of the time of its order", 1),
    (TooManyPixels, "receipt contradicts its order: PIXELS", 1),
    (TwoFaces, "two different receipts are signed for one order", 2),
]


@pytest.mark.parametrize(("desk", "text", "signed"), LIES, ids=[one.__name__ for one, *_ in LIES])
def test_send__false_receipt__is_not_taken_and_kept_if_it_is_evidence(
    start: StartNode,
    chain: FakeChain,
    kept: Kept,
    source: list[Segment],
    desk: type[Desk],
    text: str,
    signed: int,
) -> None:
    start(desk=desk)
    with pytest.raises(UnaccountableError) as caught:
        _session(chain, kept).send(_job(source[0]))
    assert text in str(caught.value)
    assert len(kept.segments) == signed


def test_send__after_a_failure__begins_another_job(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    node = start()
    session = _session(chain, kept)
    session.send(_job(source[0]))
    node.orchestrator.__class__ = type(
        "Broken", (Orchestrator,), {"rendition": lambda _, path: path.encode()[:0]}
    )
    with pytest.raises(OrchestratorError, match="ZeroSegments"):
        session.send(_job(source[1]))
    node.orchestrator.__class__ = Orchestrator
    session.send(_job(source[2]))
    first, second = (one.order for one, _, _ in kept.segments)
    assert (first.seq, second.seq) == (0, 0)
    assert first.job_id != second.job_id


# -- orders that are refused


@pytest.fixture
def ordered(body: bytes) -> SignedOrder:
    job = SignedJob(GATEWAY_KEY, ORCHESTRATOR, Kept(FakeChain()).accountability())
    source = fingerprinted(body)
    assert source is not None
    return job.order(body, source, signed_profiles(PROFILES))


def _signed_again(ordered: SignedOrder, key: str = GATEWAY_KEY, **changes: Any) -> SignedOrder:
    order = replace(ordered.order, **changes)
    return SignedOrder(order, sign(DOMAIN, order, bytes.fromhex(key[2:])))


def _serve(desk: Desk, ordered: SignedOrder, body: bytes, profiles: Any = PROFILES) -> Any:
    source = desk.check(ordered, GATEWAY, body)
    made = [rendition.data for rendition in transcode(body, profiles)]
    return desk.sign(ordered, body, source, profiles, made)


FALSE_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"source_root": b"\x01" * 32}, "fingerprint is not that of its source"),
    ({"source_frames": 12}, "number of frames is not that of its source"),
    ({"source_hash": b"\x01" * 32}, "not the file that was ordered"),
    ({"gateway": STRANGER}, f"it is of {STRANGER}, paid for by {GATEWAY}"),
    ({"orchestrator": GATEWAY}, f"order is for orchestrator {GATEWAY}"),
    ({"profiles_hash": b"\x01" * 32}, "profiles are not those of the order"),
    ({"expiry": 1}, "order expired"),
    ({"key": OTHER_KEY}, f"but {STRANGER} signed it"),
]


@pytest.mark.parametrize(
    ("changes", "text"), FALSE_ORDERS, ids=[next(iter(c)) for c, _ in FALSE_ORDERS]
)
def test_desk__false_order__is_refused(
    tmp_path: Path, body: bytes, ordered: SignedOrder, changes: dict[str, Any], text: str
) -> None:
    desk = Desk(SIGNING, ORCHESTRATOR, tmp_path)
    with pytest.raises(RefusedOrder) as caught:
        _serve(desk, _signed_again(ordered, **changes), body)
    assert text in str(caught.value)
    assert desk.shown(ordered.order.job_id.hex(), "0") is None


def test_desk__false_fingerprint__is_refused_before_the_work(
    chain: FakeChain, start: StartNode, source: list[Segment], kept: Kept
) -> None:
    node = start().orchestrator
    job = _job(source[0])
    other = fingerprinted(source[1].path.read_bytes())
    with pytest.raises(OrchestratorError, match="403 order is refused: the order's fingerprint"):
        _session(chain, kept).send(replace(job, source=other))
    assert node.work.pixels == 0
    assert kept.segments == []


def test_desk__started_again__signs_the_same_and_nothing_else(
    tmp_path: Path, body: bytes, ordered: SignedOrder
) -> None:
    first = _serve(Desk(SIGNING, ORCHESTRATOR, tmp_path), ordered, body)
    again = Desk(SIGNING, ORCHESTRATOR, tmp_path)
    assert _serve(again, ordered, body) == first
    source = again.check(ordered, GATEWAY, body)
    worse = [replace(one, bitrate=one.bitrate // 4) for one in PROFILES]
    made = [rendition.data for rendition in transcode(body, worse)]
    with pytest.raises(EquivocationRefused, match="another receipt is signed"):
        again.sign(ordered, body, source, PROFILES, made)
    assert again.shown(ordered.order.job_id.hex(), "0") is not None


@pytest.mark.parametrize("place", [("../../x", "0"), ("0" * 64, "../0"), ("0" * 63, "0")])
def test_desk__place_that_is_no_receipt__shows_nothing(
    tmp_path: Path, place: tuple[str, str]
) -> None:
    assert Desk(SIGNING, ORCHESTRATOR, tmp_path).shown(*place) is None


# -- whom a gateway sends work to


def _gateway(chain: FakeChain, kept: Kept, **changes: Any) -> Gateway:
    made = Gateway(GATEWAY_KEY, chain, LIMITS, 1, accountability=kept.accountability(), **changes)
    made.discover()
    return made


def _stream(gateway: Gateway, source: list[Segment]) -> list[Sent]:
    return gateway.stream(source, manifest_id="s", frame_rate=Fraction(25), profiles=PROFILES)


def test_stream__one_signs_nothing__is_dropped_for_good(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    start(desk=None)
    honest = start().orchestrator
    gateway = _gateway(chain, kept, workers=1)
    sent = _stream(gateway, source * 3)
    assert {one.delivery.orchestrator for one in sent} == {honest.address}
    failures = [failure for one in sent for failure in one.failures]
    assert len(failures) == 1
    assert [one.address for one in gateway.discover()] == [honest.address]


def test_discover__accused_on_chain__is_left_out(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    jailed, honest = start().orchestrator, start().orchestrator
    gateway = _gateway(chain, kept)
    assert len(gateway.discover()) == 2
    chain.jailed.add(jailed.address)
    assert [one.address for one in gateway.discover()] == [honest.address]
    assert {one.delivery.orchestrator for one in _stream(gateway, source)} == {honest.address}


def test_stream__suspended_by_the_verifier__gets_no_work(
    start: StartNode, chain: FakeChain, kept: Kept, source: list[Segment]
) -> None:
    suspended, honest = start().orchestrator, start().orchestrator
    standings = {suspended.address: 0}
    gateway = _gateway(chain, kept, standings=lambda: standings)
    assert {one.delivery.orchestrator for one in _stream(gateway, source)} == {honest.address}
    standings[honest.address] = 0
    with pytest.raises(StreamError, match="no orchestrator is left"):
        _stream(gateway, source)


# -- what is signed about media


def test_leaf_of__rendition__is_what_its_bytes_give(body: bytes) -> None:
    (rendition,) = transcode(body, [Profile("90p", 120, 90, 100_000)])
    leaf = leaf_of(3, rendition.data)
    assert (leaf.profile, leaf.width, leaf.height, leaf.frames) == (3, 120, 90, rendition.frames)
    assert (leaf.bytes_hash, leaf.length) == (keccak(rendition.data), len(rendition.data))


def test_order__as_a_header__is_read_back(ordered: SignedOrder) -> None:
    from devnet.fields import WireError, from_header, to_header

    assert SignedOrder.read(from_header("order", to_header(ordered.write()))) == ordered
    broken = ordered.write()
    del broken["order"]["expiry"]
    with pytest.raises(WireError, match="order: SegmentOrder: field expiry is missing"):
        SignedOrder.read(from_header("order", to_header(broken)))
    assert ordered.order.issued_at <= time.time() < ordered.order.expiry
