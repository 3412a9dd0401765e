"""What a gateway checks, against nodes that err or cheat in one way each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from devnet.chain_view import PoolMember, Sender
from devnet.cutting import Segment
from devnet.gateway import Gateway, Sent, StreamError
from devnet.orchestrator import Orchestrator
from devnet.session import Job, Limits, OrchestratorError, Session
from devnet.till import Terms
from devnet.transcoding import transcode
from devnet.wire import PriceInfo
from tests.devnet.network import (
    ETHER,
    GATEWAY,
    GATEWAY_KEY,
    OTHER_KEY,
    PROFILES,
    TERMS,
    TICKET_EV,
    FakeChain,
    NodeThread,
    make_orchestrator,
)

LIMITS = Limits(Fraction(10**10), 10 * TICKET_EV)
StartNode = Callable[..., NodeThread]


@pytest.fixture
def start(tmp_path: Path, chain: FakeChain) -> Iterator[StartNode]:
    """Starts nodes that are in the pool of the chain."""
    running: list[NodeThread] = []

    def start_node(terms: Terms = TERMS, kind: type[Orchestrator] = Orchestrator) -> NodeThread:
        number = len(running)
        made = make_orchestrator(tmp_path / str(number), chain, number=number, terms=terms)
        made.__class__ = kind
        server = NodeThread(made)
        running.append(server)
        chain.members.append(PoolMember(made.address, (number + 1) * 1000, server.url))
        return server

    yield start_node
    for server in running:
        server.stop()


@pytest.fixture
def job(body: bytes) -> Job:
    return Job("stream", 0, body, Fraction(13, 25), Fraction(25), PROFILES)


def _session(chain: FakeChain, limits: Limits = LIMITS) -> Session:
    member = chain.members[0]
    return Session(member.service_uri, member.address, GATEWAY_KEY, chain, limits)


def _gateway(chain: FakeChain, seed: int = 1) -> Gateway:
    return Gateway(GATEWAY_KEY, chain, LIMITS, seed)


# -- an honest node


def test_send__honest_node__delivers_checked_renditions(
    start: StartNode, chain: FakeChain, job: Job
) -> None:
    start()
    delivery = _session(chain).send(job)
    assert set(delivery.renditions) == {"180p", "90p"}
    assert delivery.pixels == 13 * (240 * 180 + 120 * 90)
    assert delivery.renditions["90p"] == transcode(job.data, PROFILES)[1].data


def test_send__several_segments__gateway_and_node_agree_on_the_credit(
    start: StartNode, chain: FakeChain, source: list[Segment]
) -> None:
    node = start(replace(TERMS, price=PriceInfo(900_000_007, 1)))
    session = _session(chain)
    for segment in source:
        data = segment.path.read_bytes()
        session.send(Job("s", segment.seq, data, Fraction(segment.seconds), Fraction(25), PROFILES))
        assert session.info is not None
        token = session.info.auth_token.session_id
        credit = node.orchestrator.till.balance(GATEWAY, token)
        assert credit == session._credit >= 0


def test_send__params_about_to_expire__asks_for_new_ones(
    start: StartNode, chain: FakeChain, job: Job
) -> None:
    start()
    session = _session(chain)
    old = session.refresh()
    chain.block = old.ticket_params.expiration_block - 1
    session.send(job)
    assert session.info is not None
    assert session.info.ticket_params.expiration_block > old.ticket_params.expiration_block


# -- offers that are not taken


def test_refresh__price_above_the_limit__is_not_taken(start: StartNode, chain: FakeChain) -> None:
    start(replace(TERMS, price=PriceInfo(10**10 + 1, 1)))
    with pytest.raises(OrchestratorError, match="price 1e.10 is above the limit"):
        _session(chain).refresh()


def test_refresh__expensive_tickets__are_not_taken(start: StartNode, chain: FakeChain) -> None:
    start(replace(TERMS, ticket_ev=11 * TICKET_EV))
    with pytest.raises(OrchestratorError, match="ticket expected value is above the limit"):
        _session(chain).refresh()


def test_refresh__tickets_that_always_win__are_not_taken(
    start: StartNode, chain: FakeChain
) -> None:
    start()
    chain.claimable = TICKET_EV
    with pytest.raises(OrchestratorError, match="ticket faceValue too low"):
        _session(chain).refresh()


def test_refresh__face_value_above_the_deposit__is_not_taken(
    start: StartNode, chain: FakeChain
) -> None:
    start()
    chain.funds = Sender(TICKET_EV, 0, ETHER)
    with pytest.raises(OrchestratorError, match="ticket faceValue is above the deposit"):
        _session(chain).refresh()


def test_refresh__no_reserve__is_not_taken(start: StartNode, chain: FakeChain) -> None:
    start()
    chain.funds = Sender(ETHER, 0, 0)
    with pytest.raises(OrchestratorError, match="sender has no reserve"):
        _session(chain).refresh()


def test_refresh__node_of_somebody_else__is_not_taken(start: StartNode, chain: FakeChain) -> None:
    first, second = start(), start()
    chain.members[0] = replace(chain.members[0], service_uri=second.url)
    with pytest.raises(OrchestratorError, match="offer is not of the registered orchestrator"):
        _session(chain).refresh()
    assert first.url != second.url


def test_refresh__nobody_there__is_not_taken(start: StartNode, chain: FakeChain) -> None:
    start()
    chain.members[0] = replace(chain.members[0], service_uri="http://127.0.0.1:9")
    with pytest.raises(OrchestratorError, match="does not answer"):
        _session(chain).refresh()


class ForgedOffer(Orchestrator):
    def info(self, request: Any) -> Any:
        return replace(super().info(request), price_info=PriceInfo(1, 1))


def test_refresh__changed_offer__is_not_taken(start: StartNode, chain: FakeChain) -> None:
    start(kind=ForgedOffer)
    with pytest.raises(OrchestratorError, match="offer is not signed by its address"):
        _session(chain).refresh()


# -- results that are not taken


class TooManyPixels(Orchestrator):
    def _deliver(self, *args: Any) -> Any:
        result = super()._deliver(*args)
        first, *rest = result.segments
        return replace(result, segments=(replace(first, pixels=first.pixels + 1), *rest))


class OtherRenditions(Orchestrator):
    def rendition(self, path: str) -> bytes | None:
        return super().rendition(path.replace("/180p/", "/90p/"))


class SmallPicture(Orchestrator):
    def _make(self, source: bytes, profiles: Any) -> Any:
        small = replace(profiles[0], width=120, height=90)
        return super()._make(source, (small, profiles[1]))


class OneRendition(Orchestrator):
    def _deliver(self, *args: Any) -> Any:
        result = super()._deliver(*args)
        return replace(result, segments=result.segments[:1])


class OtherSequence(Orchestrator):
    def _deliver(self, *args: Any) -> Any:
        return replace(super()._deliver(*args), seq=9)


class OtherSigner(Orchestrator):
    def _deliver(self, *args: Any) -> Any:
        self._key = OTHER_KEY
        return super()._deliver(*args)


class NoSignature(Orchestrator):
    def _deliver(self, *args: Any) -> Any:
        return replace(super()._deliver(*args), sig=b"")


class Empty(Orchestrator):
    def rendition(self, path: str) -> bytes | None:  # noqa: ARG002
        return b""


class Gone(Orchestrator):
    def rendition(self, path: str) -> bytes | None:  # noqa: ARG002
        return None


class Elsewhere(Orchestrator):
    def _deliver(self, *args: Any) -> Any:
        result = super()._deliver(*args)
        moved = [replace(one, url="http://127.0.0.1:9/x") for one in result.segments]
        return replace(result, segments=moved)


class Nonsense(Orchestrator):
    def segment(self, *args: Any) -> Any:
        super().segment(*args)
        return {"seq": "nought"}


CHEATS = [
    (TooManyPixels, "180p has 561600 pixels, billed 561601"),
    (OtherRenditions, "renditions are not those that were signed"),
    (SmallPicture, "180p is 120x90"),
    (OneRendition, "MismatchedSegments"),
    (OtherSequence, "MismatchedSegments"),
    (OtherSigner, "renditions are not those that were signed"),
    (NoSignature, "result signature: INVALID_SIGNATURE_LENGTH"),
    (Empty, "ZeroSegments"),
    (Gone, "404 no such rendition"),
    (Elsewhere, "rendition is offered at another place: http://127.0.0.1:9/x"),
    (Nonsense, "result: data is missing"),
]


@pytest.mark.parametrize(("kind", "text"), CHEATS, ids=[kind.__name__ for kind, _ in CHEATS])
def test_send__cheating_node__is_found_out(
    start: StartNode, chain: FakeChain, job: Job, kind: type[Orchestrator], text: str
) -> None:
    start(kind=kind)
    session = _session(chain)
    with pytest.raises(OrchestratorError) as caught:
        session.send(job)
    assert str(caught.value) == f"{session.recipient}: {text}"


def test_send__no_video__says_what_the_node_said(
    start: StartNode, chain: FakeChain, job: Job
) -> None:
    start()
    with pytest.raises(OrchestratorError, match="segment cannot be transcoded"):
        _session(chain).send(replace(job, data=b"no video" * 100))


def test_send__more_tickets_than_a_commitment_takes__is_not_sent(
    start: StartNode, chain: FakeChain, job: Job
) -> None:
    start()
    with pytest.raises(OrchestratorError, match="segment would take .* tickets"):
        _session(chain).send(replace(job, seconds=Fraction(500)))


# -- the gateway


def test_discover__pool__offers_with_stake_and_price(start: StartNode, chain: FakeChain) -> None:
    start()
    start(replace(TERMS, price=PriceInfo(7, 2)))
    start(replace(TERMS, price=PriceInfo(10**10 + 1, 1)))
    chain.members.append(PoolMember(GATEWAY, 5, "http://127.0.0.1:9"))
    found = _gateway(chain).discover()
    assert [(one.address, one.stake, one.price) for one in found] == [
        (chain.members[0].address, 1000, TERMS.price.price),
        (chain.members[1].address, 2000, Fraction(7, 2)),
    ]


def test_discover__again__follows_the_pool(start: StartNode, chain: FakeChain) -> None:
    start()
    start()
    gateway = _gateway(chain)
    assert len(gateway.discover()) == 2
    left = chain.members.pop(0)
    chain.members[0] = replace(chain.members[0], stake=77)
    found = gateway.discover()
    assert [(one.address, one.stake) for one in found] == [(chain.members[0].address, 77)]
    assert left.address not in {one.address for one in found}


def _stream(gateway: Gateway, source: list[Segment], got: list[Sent]) -> list[Sent]:
    return gateway.stream(
        source,
        manifest_id="stream",
        frame_rate=Fraction(25),
        profiles=PROFILES,
        on_sent=got.append,
    )


def test_stream__three_nodes__every_segment_comes_back_in_order(
    start: StartNode, chain: FakeChain, source: list[Segment]
) -> None:
    for _ in range(3):
        start()
    gateway, got = _gateway(chain), []
    gateway.discover()
    sent = _stream(gateway, source, got)
    assert [one.segment.seq for one in sent] == [segment.seq for segment in source]
    assert {one.segment.seq for one in got} == {segment.seq for segment in source}
    assert all(one.delivery.renditions for one in got)
    assert not any(one.failures for one in sent)


def test_stream__same_seed__same_choices(
    start: StartNode, chain: FakeChain, source: list[Segment]
) -> None:
    for _ in range(3):
        start()
    choices = []
    for seed in (5, 5, 6):
        gateway = _gateway(chain, seed)
        gateway.discover()
        sent = _stream(gateway, source, [])
        choices.append([one.delivery.orchestrator for one in sent])
    assert choices[0] == choices[1] != choices[2]


def test_stream__one_cheat__its_segments_go_to_another_and_it_is_left_out(
    start: StartNode, chain: FakeChain, source: list[Segment]
) -> None:
    start(kind=TooManyPixels)
    honest = start()
    gateway, got = _gateway(chain), []
    gateway.workers = 1
    gateway.discover()
    sent = _stream(gateway, source * 3, got)
    assert {str(one.delivery.orchestrator) for one in sent} == {honest.orchestrator.address}
    failures = [failure for one in sent for failure in one.failures]
    assert 1 <= len(failures) < len(sent) / 2
    assert all("billed" in failure for failure in failures)


def test_stream__only_cheats__ends_in_one_line(
    start: StartNode, chain: FakeChain, source: list[Segment]
) -> None:
    start(kind=Empty)
    start(kind=Gone)
    gateway = _gateway(chain)
    gateway.discover()
    with pytest.raises(StreamError) as caught:
        _stream(gateway, source[:1], [])
    text = str(caught.value)
    assert text.startswith("segment 0 could not be transcoded: ")
    assert "ZeroSegments" in text
    assert "404 no such rendition" in text


def test_stream__nobody_discovered__ends_in_one_line(
    chain: FakeChain, source: list[Segment]
) -> None:
    gateway = _gateway(chain)
    assert gateway.discover() == []
    with pytest.raises(StreamError, match="no orchestrator is left"):
        _stream(gateway, source[:1], [])
