"""Signatures of a service that knows nothing of Ethereum."""

from __future__ import annotations

import pytest

from keepers.core.config import SignerConfig
from keepers.core.kms import KmsSigner, read_der
from keepers.core.signers import build_signer
from keepers.core.signing import CURVE_ORDER, SigningError
from tests.keepers.core.signer_world import FakeKms, der
from tests.keepers.core.signing_cases import ADDRESS, KEY, OTHER_KEY, TX, decoded, fifty
from tests.keepers.core.test_local_signer import assert_silent, failure_of

CONFIG = SignerConfig("k", "kms", key="alias/keeper", address=ADDRESS)


def test_sign__fifty_transactions_with_high_s__each_is_normalised() -> None:
    kms = FakeKms(high=lambda: True)
    signer = build_signer(CONFIG, kms=kms)
    for tx in fifty():
        assert decoded(signer.sign(tx).raw) == (ADDRESS, tx)
    assert kms.highs == 50


def test_sign__key_of_another__is_refused() -> None:
    error = failure_of(lambda: KmsSigner(FakeKms(OTHER_KEY), "alias/keeper", ADDRESS).sign(TX))
    assert "signs with another key than that of " + ADDRESS in str(error)


class Answers:
    def __init__(self, found: object) -> None:
        self.found = found

    def sign(self, _key: str, _digest: bytes) -> bytes:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found  # type: ignore[return-value]


@pytest.mark.parametrize(
    "found",
    [
        b"",
        b"\x30",
        b"\x30\x00",
        der(1, 1)[:-1],
        der(1, 1) + b"\x00",
        der(1),
        der(1, 1, 1),
        der(0, 1),
        der(1, 0),
        der(CURVE_ORDER, 1),
        der(1, CURVE_ORDER),
        bytes.fromhex("30060201ff020101"),  # -1, 1
        bytes.fromhex("30050200020101"),  # a number of no bytes
        bytes.fromhex("3081060201010201"),
        bytes([0x30, 0x27, 2, 34]) + bytes(33) + bytes([1, 2, 1, 1]),
        "text",
        None,
        7,
        [1, 2],
    ],
)
def test_sign__answer_is_no_signature__is_refused(found: object) -> None:
    error = failure_of(lambda: KmsSigner(Answers(found), "k", ADDRESS).sign(TX))
    assert "\n" not in str(error)


def test_sign__signature_of_something_else__is_refused() -> None:
    lie = FakeKms().sign("alias/keeper", bytes(32))
    failure_of(lambda: KmsSigner(Answers(lie), "k", ADDRESS).sign(TX))


@pytest.mark.parametrize("kind", [RuntimeError, SigningError, OSError])
def test_sign__client_breaks_with_a_secret_in_its_error__is_silent(kind: type[Exception]) -> None:
    kms = Answers(kind(f"bad credentials {KEY.hex()}"))
    error = failure_of(lambda: KmsSigner(kms, "k", ADDRESS).sign(TX))
    assert str(error) == f"the KMS of {ADDRESS} does not sign: {kind.__name__}"
    assert KEY.hex() not in str(error.__context__)


def test_read_der__numbers_of_any_length__come_back() -> None:
    for numbers in ((1, 127), (128, 255), (CURVE_ORDER - 1, 2**255), (2**248 - 1, 2**247)):
        assert read_der(der(*numbers)) == numbers


def test_build_signer__kms_without_a_client__says_what_is_missing() -> None:
    error = failure_of(lambda: build_signer(CONFIG))
    assert str(error).startswith("signers.k: type kms needs a client of your service")
    assert_silent(error)
