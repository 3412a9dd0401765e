"""Fault 1: two receipts for one place in a session (requirement 15)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boa
import pytest
from eth_utils import keccak

from tests.support.gas import transaction_gas
from tests.support.receipts import Signing, address_of, key_of
from tests.support.requirements import record
from tests.unit.slashing_verifier.conftest import DAY, EVIDENCE, SALT, SIGNED_DELAY, Court
from verifier.messages import Domain, sign
from verifier.proofs import Equivocation, EvidenceError, SignedReceipt, proof_calls


def call_of(court: Court, first: SignedReceipt, second: SignedReceipt) -> Any:
    """The contract's answer, without asking the software first."""
    return court.contract.checkEquivocation(
        first.receipt.values(), first.sig, second.receipt.values(), second.sig
    )


def test_check__two_receipts_for_one_place__case_of_session_and_accused(
    court: Court, signing: Signing
) -> None:
    call = proof_calls(court.equivocation(signing))[0]
    assert court.check(call) == call.case_id
    assert call.case_id == court.contract.caseIdOf(1, signing.orchestrator, signing.job)


def test_check__fork_behind_one_receipt__accepted(court: Court, signing: Signing) -> None:
    before = keccak(text="before")
    first = signing.receipt(4, prev_receipt=before)
    second = signing.receipt(7, prev_receipt=before)
    assert call_of(court, first, second) == proof_calls(Equivocation(first, second))[0].case_id


def test_prove__two_receipts__opens_a_case_within_its_gas(
    court: Court, signing: Signing, finder: str
) -> None:
    evidence = court.equivocation(signing)
    call = proof_calls(evidence)[0]
    court.check(call)
    judged = transaction_gas(court.contract, call.check, *call.arguments)
    court.commit(call.case_id, finder)
    court.prove(call, finder)
    opened = transaction_gas(court.contract, call.prove, *call.arguments, SALT)
    record(15, "gas to judge an equivocation", judged, "<= 80000")
    record(15, "gas to prove an equivocation, open, hold, jail", opened, "<= 260000")
    assert judged <= 80_000
    assert opened <= 260_000
    assert court.due(call.case_id) == court.now + SIGNED_DELAY


MUTATIONS: dict[str, tuple[Any, str]] = {
    "same receipt twice": (lambda s: (s.receipt(0), s.receipt(0)), "receipts: same"),
    "another place": (lambda s: (s.receipt(0), s.receipt(1)), "receipts: no conflict"),
    "two first receipts": (
        lambda s: (s.receipt(0), s.receipt(1, prev_receipt=bytes(32))),
        "receipts: no conflict",
    ),
    "another session": (
        lambda s: (s.receipt(0), s.receipt(0, job_id=keccak(text="other"))),
        "receipts: of different sessions",
    ),
    "another orchestrator": (
        lambda s: (s.receipt(0), s.receipt(0, orchestrator=address_of(key_of("other")))),
        "receipt: not signed by the orchestrator",
    ),
    "stranger's key": (
        lambda s: (s.receipt(0), replace(s, key=key_of("stranger")).receipt(0, pixels=1)),
        "receipt: not signed by the orchestrator",
    ),
    "another chain": (
        lambda s: (
            s.receipt(0),
            replace(s, domain=replace(s.domain, chain_id=2)).receipt(0, pixels=1),
        ),
        "receipt: not signed by the orchestrator",
    ),
    "another contract": (
        lambda s: (
            s.receipt(0),
            replace(s, domain=Domain(s.domain.chain_id, s.orchestrator)).receipt(0, pixels=1),
        ),
        "receipt: not signed by the orchestrator",
    ),
    "signature without its last byte": (
        lambda s: (s.receipt(0), cut(s.receipt(0, pixels=1))),
        "receipt: not signed by the orchestrator",
    ),
    "signature of nobody": (
        lambda s: (s.receipt(0), replace(s.receipt(0, pixels=1), sig=bytes(64) + b"\x1b")),
        "ECDSA: invalid signature",
    ),
    "signature with another v": (
        lambda s: (s.receipt(0), with_v(s.receipt(0, pixels=1), 29)),
        "ECDSA: invalid signature",
    ),
    "signature in its higher form": (
        lambda s: (s.receipt(0), high(s.receipt(0, pixels=1))),
        "ECDSA: invalid signature 's' value",
    ),
    "signatures exchanged": (
        lambda s: exchanged(s.receipt(0), s.receipt(0, pixels=1)),
        "receipt: not signed by the orchestrator",
    ),
    "from the future": (
        lambda s: (s.receipt(0), s.receipt(0, pixels=1, signed_at=s.now + DAY)),
        "receipt: outside the evidence window",
    ),
    "too old": (
        lambda s: (s.receipt(0), s.receipt(0, pixels=1, signed_at=s.now - EVIDENCE - 1)),
        "receipt: outside the evidence window",
    ),
    "order's signature": (
        lambda s: (s.receipt(0), replace(s.receipt(0, pixels=1), sig=s.segment(0).order_sig)),
        "receipt: not signed by the orchestrator",
    ),
}


def cut(one: SignedReceipt) -> SignedReceipt:
    return replace(one, sig=one.sig[:64])


def with_v(one: SignedReceipt, v: int) -> SignedReceipt:
    return replace(one, sig=one.sig[:64] + bytes([v]))


def high(one: SignedReceipt) -> SignedReceipt:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(one.sig[32:64], "big")
    return replace(one, sig=one.sig[:32] + s.to_bytes(32, "big") + bytes([55 - one.sig[64]]))


def exchanged(a: SignedReceipt, b: SignedReceipt) -> tuple[SignedReceipt, SignedReceipt]:
    return replace(a, sig=b.sig), replace(b, sig=a.sig)


@pytest.mark.parametrize("name", MUTATIONS)
def test_check__mutated__reverts(court: Court, signing: Signing, name: str) -> None:
    assert len(MUTATIONS) >= 15
    mutate, reason = MUTATIONS[name]
    first, second = mutate(signing)
    with boa.reverts(reason):
        call_of(court, first, second)


def test_proof_calls__no_conflict__refused_before_anything_is_sent(signing: Signing) -> None:
    for first, second in (
        (signing.receipt(0), signing.receipt(0)),
        (signing.receipt(0), signing.receipt(1)),
        (signing.receipt(0), signing.receipt(0, job_id=keccak(text="other"))),
    ):
        with pytest.raises(EvidenceError, match="do not conflict"):
            proof_calls(Equivocation(first, second))


def test_check__key_replaced_meanwhile__still_accountable(court: Court, signing: Signing) -> None:
    """A receipt cannot be disowned by changing the key."""
    call = proof_calls(court.equivocation(signing))[0]
    court.register(signing.orchestrator, key_of("new"))
    court.protocol.next_round()
    assert court.contract.signerOf(signing.orchestrator) == address_of(key_of("new"))
    assert court.check(call) == call.case_id


def test_check__stake_key_signed__not_the_signing_key(court: Court, accused: str) -> None:
    """The signing key is another one than the stake's: an unregistered key counts for nothing."""
    owner = key_of("owner of the stake")
    account = address_of(owner)
    boa.env.set_balance(account, 10**18)
    court.protocol.token.mint(account, 10**21, sender=court.protocol.owner)
    court.protocol.token.approve(court.manager.address, 10**21, sender=account)
    court.manager.bond(10**21, account, sender=account)
    signing = Signing(court.domain, account, court.now, key=owner)
    first, second = signing.receipt(0), signing.receipt(0, pixels=1)
    with boa.reverts("receipt: not signed by the orchestrator"):
        call_of(court, first, second)
    assert accused != account
    assert first.sig == sign(court.domain, first.receipt, owner)
