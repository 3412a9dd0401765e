"""Proposals to a Safe: what its owners are asked to sign, once."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from keepers.core.kms import KmsSigner
from keepers.core.model import KeeperError
from keepers.core.safe import SafeError, SafeService
from keepers.core.signing import DigestSigner, Signature, SigningError
from scripts._governance.safe import SafeCall
from tests.keepers.core.fake_safe import SAFE, TOKEN, FakeSafe, served
from tests.keepers.core.signer_world import FakeKms, PlainKey
from tests.keepers.core.signing_cases import ADDRESS, OTHER, OTHER_KEY, TARGET, fifty

CALL = SafeCall(TARGET, 0, bytes.fromhex("228cb733"))
WAITING = {
    "to": TARGET,
    "value": "0",
    "data": "0x228cb733",
    "operation": 0,
    "nonce": 9,
    "safeTxHash": "0x00",
}


@pytest.fixture
def safe() -> Iterator[FakeSafe]:
    with served(FakeSafe([ADDRESS])) as found:
        yield found


def service(safe: FakeSafe, key: DigestSigner | None = None) -> SafeService:
    return SafeService(safe.url, chain_id=42161, safe=SAFE, key=key or PlainKey())


def trouble_of(act: Callable[[], object]) -> KeeperError:
    with pytest.raises(KeeperError) as caught:
        act()
    told = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in told
    assert str(caught.value).isprintable()
    return caught.value


@pytest.mark.parametrize("key", [PlainKey(), KmsSigner(FakeKms(), "alias/keeper", ADDRESS)])
def test_propose__fifty_calls__each_is_taken_at_its_nonce(
    safe: FakeSafe, key: DigestSigner
) -> None:
    proposer = service(safe, key)
    for number, tx in enumerate(fifty()):
        found = proposer.propose(SafeCall(tx.to, tx.value, tx.data))
        row = safe.waiting[-1]
        assert found.is_new
        assert (row["to"], int(row["value"]), row["nonce"]) == (tx.to, tx.value, 5 + number)
        assert row["data"] == ("0x" + tx.data.hex() if tx.data else None)
        assert found.hash == row["safeTxHash"]
    assert len(safe.waiting) == 50


def test_propose__again__finds_the_one_that_waits(safe: FakeSafe) -> None:
    first, other = service(safe).propose(CALL), service(safe).propose(SafeCall(OTHER, 1, b""))
    again = service(safe).propose(CALL)
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.hash, again.transaction) == (first.hash, first.transaction)
    assert (first.transaction.nonce, other.transaction.nonce) == (5, 6)
    assert len(safe.waiting) == 2


def test_propose__answer_is_lost__is_there_once_all_the_same(safe: FakeSafe) -> None:
    safe.lose_answer = 1
    assert "does not answer" in str(trouble_of(lambda: service(safe).propose(CALL)))
    assert not service(safe).propose(CALL).is_new
    assert len(safe.waiting) == 1


@pytest.mark.parametrize("change", [{}, {"operation": 1}, {"value": "1"}, {"data": None}])
def test_propose__something_else_waits__goes_behind_it(
    safe: FakeSafe, change: dict[str, Any]
) -> None:
    safe.waiting = [{**WAITING, **change}]
    found = service(safe).propose(CALL)
    assert found.is_new
    assert found.transaction.nonce == 10


def test_propose__key_of_no_owner__says_what_the_service_says(safe: FakeSafe) -> None:
    error = trouble_of(lambda: service(safe, PlainKey(OTHER_KEY)).propose(CALL))
    assert f"HTTP 422 for {SAFE}" in str(error)
    assert f"Sender={OTHER} is not an owner or delegate" in str(error)
    assert safe.waiting == []


def test_propose__signature_of_another_key__is_not_sent(safe: FakeSafe) -> None:
    class Liar(PlainKey):
        def sign_digest(self, digest: bytes) -> Signature:
            return PlainKey(OTHER_KEY).sign_digest(digest)

    with pytest.raises(SigningError, match="answers no signature of its own"):
        service(safe, Liar()).propose(CALL)
    assert safe.waiting == []


@pytest.mark.parametrize("version", ["1.2.0", "0.1.0", "", "x", None])
def test_propose__safe_that_is_too_old__is_refused(safe: FakeSafe, version: Any) -> None:
    safe.version = version
    error = trouble_of(lambda: service(safe).propose(CALL))
    assert str(error) == f"{SAFE}: is no Safe of version 1.3 or later"


@pytest.mark.parametrize(
    ("method", "answer", "text"),
    [
        ("GET", (404, b"no such Safe"), "HTTP 404 for " + SAFE + ": no such Safe"),
        ("GET", (200, b"<html>"), "HTTP 200"),
        ("GET", (200, [1]), "HTTP 200"),
        ("GET", (302, b""), "HTTP 302"),
        ("GET", (200, {"version": "1.4.1", "nonce": -1}), "a number that is none"),
        ("GET", (200, {"version": "1.4.1", "nonce": 1.5}), "a number that is none"),
        ("GET", (200, {"version": "1.4.1", "nonce": 1}), "answers no list of transactions"),
        ("POST", (500, f"broken /{TOKEN}/\n\x1b[2J".encode()), "HTTP 500"),
    ],
)
def test_propose__odd_answer__is_one_line(
    safe: FakeSafe, method: str, answer: tuple[int, Any], text: str
) -> None:
    safe.answers[method] = answer
    assert text in str(trouble_of(lambda: service(safe).propose(CALL)))
    assert safe.waiting == []


def test_propose__queue_too_long_to_see_all__is_refused(safe: FakeSafe) -> None:
    page = {"version": "1.3.0", "nonce": 5, "results": [], "next": "http://x"}
    safe.answers["GET"] = (200, page)
    assert "more than 100 transactions wait" in str(trouble_of(lambda: service(safe).propose(CALL)))


@pytest.mark.parametrize(
    "change", [{"to": None}, {"to": "0x1"}, {"data": "0xzz"}, {"data": 5}, {"nonce": None}]
)
def test_propose__waiting_transaction_is_none__is_refused(
    safe: FakeSafe, change: dict[str, Any]
) -> None:
    safe.waiting = [{**WAITING, **change, "nonce": 9}]
    if "nonce" in change:
        page = {"version": "1.3.0", "nonce": 5, "results": [{**WAITING, **change}], "next": None}
        safe.answers["GET"] = (200, page)
    assert isinstance(trouble_of(lambda: service(safe).propose(CALL)), SafeError)


def test_service__nobody_there__shows_no_token(caplog: pytest.LogCaptureFixture) -> None:
    url = f"http://127.0.0.1:9/{TOKEN}"
    proposer = SafeService(url, chain_id=1, safe=SAFE, key=PlainKey())
    with caplog.at_level(logging.DEBUG):
        error = trouble_of(lambda: proposer.propose(CALL))
    assert str(error) == "http://127.0.0.1:9: does not answer: ConnectionError"
    assert error.__context__ is None
    assert TOKEN not in caplog.text + repr(proposer)
