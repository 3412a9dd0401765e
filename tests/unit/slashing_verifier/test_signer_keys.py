"""Which key signs for whom, and from when to when."""

from __future__ import annotations

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.receipts import address_of, key_of
from tests.unit.slashing_verifier.conftest import Court
from verifier.messages import SignerRegistration, sign

FIRST, SECOND, THIRD = (key_of(name) for name in ("first", "second", "third"))


@pytest.fixture
def owner(court: Court) -> str:
    return court.orchestrator()


def accountable(court: Court, owner: str, key: bytes) -> bool:
    return bool(court.contract.isAccountableSigner(owner, address_of(key)))


def test_register__first_key__signs_from_the_next_round(court: Court, owner: str) -> None:
    court.register(owner, FIRST)
    round_ = court.protocol.current_round()
    log = court.contract.get_logs()[-1]
    assert (log.orchestrator, log.signer, log.activeFrom) == (owner, address_of(FIRST), round_ + 1)
    assert court.contract.signerOf(owner) == ZERO
    assert not accountable(court, owner, FIRST)
    court.protocol.next_round()
    assert court.contract.signerOf(owner) == address_of(FIRST)
    assert accountable(court, owner, FIRST)


def test_register__second_key__first_signs_until_then_and_stays_accountable(
    court: Court, owner: str
) -> None:
    court.register(owner, FIRST)
    court.protocol.next_round()
    court.register(owner, SECOND)
    assert court.contract.signerOf(owner) == address_of(FIRST)
    assert not accountable(court, owner, SECOND)
    court.protocol.next_round()
    assert court.contract.signerOf(owner) == address_of(SECOND)
    assert accountable(court, owner, SECOND)
    court.protocol.next_round(4)
    assert accountable(court, owner, FIRST)
    court.protocol.next_round()
    assert not accountable(court, owner, FIRST)
    assert accountable(court, owner, SECOND)


def test_register__key_replaced_before_its_round__never_signs(court: Court, owner: str) -> None:
    court.register(owner, FIRST)
    court.protocol.next_round()
    court.register(owner, SECOND)
    court.register(owner, THIRD)
    assert court.contract.signerOf(owner) == address_of(FIRST)
    court.protocol.next_round()
    assert court.contract.signerOf(owner) == address_of(THIRD)
    assert not accountable(court, owner, SECOND)
    assert accountable(court, owner, FIRST)
    assert accountable(court, owner, THIRD)


def test_register__known_key__reverts(court: Court, owner: str) -> None:
    court.register(owner, FIRST)
    other = court.orchestrator()
    for account in (owner, other):
        with boa.reverts("signer: already registered"):
            court.register(account, FIRST)


def test_register__consent_of_another_kind__reverts(court: Court, owner: str) -> None:
    """A key agrees to one orchestrator, here; nobody can take somebody else's key."""
    other = court.orchestrator()
    signer = address_of(FIRST)
    consents = [
        sign(court.domain, SignerRegistration(other, signer), FIRST),
        sign(court.domain, SignerRegistration(owner, signer), SECOND),
        b"",
        bytes(64),
    ]
    for consent in consents:
        with boa.reverts("signer: signature is not by the key"):
            court.contract.registerSigner(signer, consent, sender=owner)
    with boa.reverts("signer: signature is not by the key"):
        court.contract.registerSigner(ZERO, b"", sender=owner)


def test_accountable__another_orchestrator__false(court: Court, owner: str) -> None:
    court.register(owner, FIRST)
    other = court.orchestrator()
    court.protocol.next_round()
    assert not accountable(court, other, FIRST)
    assert not accountable(court, owner, SECOND)
    assert court.contract.signerOf(other) == ZERO
