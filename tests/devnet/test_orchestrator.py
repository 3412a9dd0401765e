"""The order of an orchestrator's checks, and what each refusal is called."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from devnet.fields import Fields, hexed, to_header
from devnet.media import Profile
from devnet.orchestrator import MAX_PROFILES, Orchestrator, RefusedError
from devnet.transcoding import count
from devnet.winners import WinnerFile
from devnet.wire import OrchestratorInfo, TranscodeResult, read_payment, write_payment
from keepers.tickets import personal_signer, recipient_rand_hash, result_digest
from tests.devnet.network import (
    GATEWAY,
    OTHER_KEY,
    PROFILES,
    TERMS,
    FakeChain,
    headers,
    make_payment,
    make_seg_data,
    request,
)


@pytest.fixture
def info(node: Orchestrator) -> OrchestratorInfo:
    return node.info(request())


def _refusal(node: Orchestrator, payment: str, segment: str, body: bytes = b"") -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        node.segment(payment, segment, lambda: body)
    return caught.value


def _unread() -> bytes:
    raise AssertionError("the body was read before it was paid for")


# -- offers


def test_info__signed_request__answers_a_signed_offer(node: Orchestrator) -> None:
    info = node.info(request())
    assert info.is_signed()
    assert info.address == info.ticket_params.recipient == node.address
    assert info.price_info == TERMS.price
    assert OrchestratorInfo.read(Fields.of("info", info.write())) == info
    assert not replace(info, transcoder="http://elsewhere").is_signed()


def test_info__signed_by_another__is_refused(node: Orchestrator) -> None:
    with pytest.raises(RefusedError) as caught:
        node.info(request(OTHER_KEY, address=GATEWAY))
    assert (caught.value.status, str(caught.value)) == (
        403,
        "invalid signature over the gateway's address",
    )


def test_info__no_address__is_refused(node: Orchestrator) -> None:
    with pytest.raises(RefusedError) as caught:
        node.info(Fields.of("request", {}))
    assert (caught.value.status, str(caught.value)) == (400, "request: address is missing")


def test_info__sender_without_reserve__is_refused(node: Orchestrator, chain: FakeChain) -> None:
    chain.claimable = 0
    with pytest.raises(RefusedError, match="insufficient sender reserve") as caught:
        node.info(request())
    assert caught.value.status == 400


# -- segments


def test_segment__in_order__is_transcoded_signed_and_paid(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    answer = node.segment(
        *headers(make_payment(info, range(1, 30)), make_seg_data(info, body, seq=3)),
        lambda: body,
    )
    result = TranscodeResult.read(Fields.of("result", answer))
    assert result.seq == 3
    renditions = []
    for profile, segment in zip(PROFILES, result.segments, strict=True):
        path = f"/stream/{info.auth_token.session_id}/{profile.name}/3.ts"
        assert segment.url == f"http://node{path}"
        data = node.rendition(path)
        assert data is not None
        assert count(data).pixels == segment.pixels
        renditions.append(data)
    digest = result_digest([keccak(data) for data in renditions])
    assert personal_signer(digest, result.sig) == node.address
    pixels = sum(segment.pixels for segment in result.segments)
    assert node.work.pixels == pixels
    credit = node.till.balance(GATEWAY, info.auth_token.session_id)
    ev = TERMS.ticket_ev
    assert 29 * ev - pixels * TERMS.price.price <= credit < 29 * (ev + 1)
    assert result.info.is_signed()
    assert result.info.auth_token == info.auth_token
    assert result.info.ticket_params != info.ticket_params


def test_segment__winners__are_on_disk(
    node: Orchestrator, info: OrchestratorInfo, body: bytes, tmp_path: Path
) -> None:
    payment = make_payment(info, range(1, 60))
    node.segment(*headers(payment, make_seg_data(info, body)), lambda: body)
    kept = WinnerFile(tmp_path / "node" / "winners.jsonl").read()
    assert len(kept) == node.till.won > 0
    signed = dict(payment.tickets)
    for winner in kept:
        assert signed[winner.ticket.sender_nonce] == winner.sig
        assert recipient_rand_hash(winner.recipient_rand) == winner.ticket.recipient_rand_hash


@pytest.mark.parametrize("header", ["", "%%%", "e30=", to_header({"sender": "0x12"})])
def test_segment__bad_payment_header__is_402(
    node: Orchestrator, info: OrchestratorInfo, header: str
) -> None:
    segment = to_header(make_seg_data(info, b"").write())
    assert _refusal(node, header, segment).status == 402


def test_segment__bad_segment_header__is_403(node: Orchestrator, info: OrchestratorInfo) -> None:
    payment = to_header(write_payment(make_payment(info, [1])))
    assert _refusal(node, payment, "").status == 403


def test_segment__signature_of_another__is_refused(
    node: Orchestrator, info: OrchestratorInfo
) -> None:
    segment = replace(make_seg_data(info, b""), seq=5)
    error = _refusal(node, *headers(make_payment(info, [1]), segment))
    assert (error.status, str(error)) == (403, "invalid segment signature")


@pytest.mark.parametrize(
    "profiles",
    [
        (),
        (PROFILES[0], PROFILES[0]),
        tuple(Profile(f"p{n}", 16, 16, 1) for n in range(MAX_PROFILES + 1)),
    ],
)
def test_segment__bad_profiles__are_refused(
    node: Orchestrator, info: OrchestratorInfo, profiles: tuple[Profile, ...]
) -> None:
    segment = make_seg_data(info, b"", profiles=profiles)
    error = _refusal(node, *headers(make_payment(info, [1]), segment))
    assert error.status == 403
    assert "profiles" in str(error)


def test_segment__forged_token__is_refused(node: Orchestrator, info: OrchestratorInfo) -> None:
    later = replace(info.auth_token, expiration=info.auth_token.expiration + 1)
    for token in (later, replace(info.auth_token, session_id="mine")):
        segment = make_seg_data(info, b"", auth_token=token)
        error = _refusal(node, *headers(make_payment(info, [1]), segment))
        assert (error.status, str(error)) == (403, "invalid auth token")


def test_segment__old_token__is_refused(node: Orchestrator, info: OrchestratorInfo) -> None:
    past = int(time.time()) - 1
    token = node._token("session", past)
    segment = make_seg_data(info, b"", auth_token=token)
    error = _refusal(node, *headers(make_payment(info, [1]), segment))
    assert (error.status, str(error)) == (403, "auth token expired")


def test_segment__bad_ticket__is_400_and_the_body_is_not_read(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    payment = make_payment(info, [1], tickets=((1, bytes(65)),))
    with pytest.raises(RefusedError, match="^invalid ticket signature$") as caught:
        node.segment(*headers(payment, make_seg_data(info, body)), _unread)
    assert caught.value.status == 400


def test_segment__replayed_payment__is_400(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    both = headers(make_payment(info, [1]), make_seg_data(info, body))
    node.segment(*both, lambda: body)
    error = _refusal(node, *both, body)
    assert error.status == 400
    assert "already seen" in str(error)


def test_segment__no_credit__is_400_and_the_body_is_not_read(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    with pytest.raises(RefusedError, match="^Insufficient balance$") as caught:
        node.segment(*headers(make_payment(info, []), make_seg_data(info, body)), _unread)
    assert caught.value.status == 400


def test_segment__underpaid_work__the_next_one_waits_for_credit(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    node.till.terms = replace(TERMS, ticket_ev=10**9, redeem_gas=1)
    info = node.info(request())
    first = headers(make_payment(info, [1]), make_seg_data(info, body))
    node.segment(*first, lambda: body)
    assert node.till.balance(GATEWAY, info.auth_token.session_id) < 0
    second = headers(make_payment(info, [2]), make_seg_data(info, body, seq=1))
    assert str(_refusal(node, *second, body)) == "Insufficient balance"


def test_segment__other_body__is_403(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    both = headers(make_payment(info, [1]), make_seg_data(info, body))
    error = _refusal(node, *both, body + b"\x00")
    assert (error.status, str(error)) == (403, "segment hash mismatch")
    assert node.work.segments == 0


def test_segment__no_video__is_an_answer_with_an_error(
    node: Orchestrator, info: OrchestratorInfo
) -> None:
    body = b"not video" * 200
    answer = node.segment(
        *headers(make_payment(info, [1]), make_seg_data(info, body)), lambda: body
    )
    assert answer["seq"] == 0
    assert "segment" in str(answer["error"])
    assert node.till.balance(GATEWAY, info.auth_token.session_id) > 0


def test_segment__all_slots_taken__is_capped(
    node: Orchestrator, info: OrchestratorInfo, body: bytes
) -> None:
    while node._slots.acquire(blocking=False):
        pass
    both = headers(make_payment(info, [1]), make_seg_data(info, body))
    error = _refusal(node, *both, body)
    assert (error.status, str(error)) == (403, "OrchestratorCapped")


def test_rendition__any_other_path__is_none(node: Orchestrator) -> None:
    for path in ("/stream/../winners.jsonl", "/etc/passwd", "/stream//180p/0.ts"):
        assert node.rendition(path) is None


def test_read_payment__price_in_other_terms__is_the_same_price(info: OrchestratorInfo) -> None:
    payment = make_payment(info, [1, 2])
    values = write_payment(payment)
    assert read_payment(Fields.of("payment", values)) == payment
    price = values["expected_price"]
    values["expected_price"] = {key: 2 * number for key, number in price.items()}
    assert read_payment(Fields.of("payment", values)) == payment
    del values["expected_price"]
    assert read_payment(Fields.of("payment", values)) == replace(payment, price=None)


def test_fields__wrong_values__are_named() -> None:
    fields = Fields.of("payment", {"sender": "0xzz", "nonce": -1, "many": [1] * 1001, "ok": True})
    for read, text in (
        (lambda: fields.address("sender"), "payment: sender must be 0x-prefixed hex"),
        (lambda: fields.number("nonce"), "payment: nonce must be a natural number below 2**256"),
        (lambda: fields.number("ok"), "payment: ok must be a natural number below 2**256"),
        (lambda: fields.items("many", str), "payment: many must be a list of at most 1000 items"),
        (lambda: fields.text("gone"), "payment: gone is missing"),
        (lambda: fields.child("sender"), "payment.sender: not an object"),
        (lambda: Fields.parse("payment", "{"), "payment: not JSON"),
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT012
            read()
        assert str(caught.value) == text
    assert Fields.of("x", {"a": hexed(b"\x01")}).data("a", length=1) == b"\x01"
