"""Fault 2: a receipt that does not fit itself or its order (requirement 15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boa
import pytest
from eth_utils import keccak

from tests.support.gas import transaction_gas
from tests.support.receipts import PROFILES, Signing, fingerprint, key_of
from tests.support.requirements import record
from tests.unit.slashing_verifier.conftest import DAY, EVIDENCE, SALT, Court
from verifier.faults import Contradiction, contradictions
from verifier.messages import Profile, profiles_hash, renditions_root, sign
from verifier.proofs import ContradictionEvidence, EvidenceError, SignedSegment, proof_calls

Make = Callable[[Signing], SignedSegment]


def leaves_with(signing: Signing, at: int, **changes: Any) -> Any:
    leaves = list(signing.leaves([fingerprint(16, 0), fingerprint(16, 0)]))
    leaves[at] = replace(leaves[at], **changes)
    return tuple(leaves)


def with_leaf(at: int, **changes: Any) -> Make:
    return lambda s: s.segment(0, leaves=leaves_with(s, at, **changes))


FAULTS: dict[str, tuple[Make, Contradiction]] = {
    "pixels": (lambda s: s.segment(0, receipt={"pixels": 1}), Contradiction.PIXELS),
    "another job": (
        lambda s: s.segment(0, receipt={"job_id": keccak(text="other")}),
        Contradiction.ORDER,
    ),
    "another place": (lambda s: s.segment(0, receipt={"seq": 5}), Contradiction.ORDER),
    "another source": (
        lambda s: s.segment(0, receipt={"source_root": keccak(text="other")}),
        Contradiction.ORDER,
    ),
    "order for somebody else": (
        lambda s: s.segment(0, order={"orchestrator": "0x" + "11" * 20}),
        Contradiction.ORDER,
    ),
    "rendition missing": (
        lambda s: s.segment(0, leaves=s.leaves([fingerprint(16, 0)])),
        Contradiction.COUNT,
    ),
    "number of renditions": (
        lambda s: s.segment(0, receipt={"renditions": 3}),
        Contradiction.COUNT,
    ),
    "wrong width": (with_leaf(0, width=642), Contradiction.PROFILE),
    "wrong height": (with_leaf(1, height=238), Contradiction.PROFILE),
    "out of place": (with_leaf(1, profile=0), Contradiction.PROFILE),
    "no frames": (with_leaf(0, frames=0), Contradiction.TIMES),
    "ends before it begins": (with_leaf(0, first_pts=50_000), Contradiction.TIMES),
    "no time passes": (with_leaf(1, last_pts=0), Contradiction.TIMES),
    "one frame that lasts": (with_leaf(1, frames=1), Contradiction.TIMES),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check__contradiction__kind_named_by_contract_and_software(
    court: Court, signing: Signing, name: str
) -> None:
    make, kind = FAULTS[name]
    segment = make(signing)
    call = proof_calls(ContradictionEvidence(segment))[0]
    assert court.check(call) == (call.case_id, int(kind))
    assert call.case_id == court.contract.caseIdOf(2, signing.orchestrator, segment.receipt.job_id)
    found = contradictions(segment.order, segment.receipt, segment.leaves, segment.profiles)
    assert found[0] == kind


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_check__any_number_of_renditions__honest_reverts_and_false_pixels_do_not(
    court: Court, signing: Signing, count: int
) -> None:
    profiles = tuple(Profile(64 + 2 * at, 36, 10_000 + at) for at in range(count))
    one = fingerprint(16, 0)
    leaves = tuple(
        replace(signing.leaves([one])[0], profile=at, width=p.width, height=p.height)
        for at, p in enumerate(profiles)
    )
    order = {"profiles_hash": profiles_hash(profiles)}
    honest = replace(signing.segment(0, order=order, leaves=leaves), profiles=profiles)
    with boa.reverts("no contradiction"):
        check(court, honest)
    with pytest.raises(EvidenceError, match="contradicts nothing"):
        proof_calls(ContradictionEvidence(honest))
    false = signing.segment(0, order=order, leaves=leaves, receipt={"pixels": 7})
    call = proof_calls(ContradictionEvidence(replace(false, profiles=profiles)))[0]
    assert court.check(call)[1] == Contradiction.PIXELS


def check(court: Court, segment: SignedSegment) -> Any:
    """The contract's answer, without asking the software first."""
    return court.contract.checkContradiction(
        segment.argument(),
        [leaf.values() for leaf in segment.leaves],
        [(p.width, p.height, p.bitrate) for p in segment.profiles],
    )


def test_prove__false_pixels__opens_a_case_within_its_gas(
    court: Court, signing: Signing, finder: str
) -> None:
    call = proof_calls(court.contradiction(signing))[0]
    court.check(call)
    judged = transaction_gas(court.contract, call.check, *call.arguments)
    court.commit(call.case_id, finder)
    court.prove(call, finder)
    opened = transaction_gas(court.contract, call.prove, *call.arguments, SALT)
    record(15, "gas to judge a contradiction", judged, "<= 80000")
    record(15, "gas to prove a contradiction, open, hold, jail", opened, "<= 260000")
    assert judged <= 80_000
    assert opened <= 260_000


def false(s: Signing, **changes: Any) -> SignedSegment:
    return replace(s.segment(0, receipt={"pixels": 1}), **changes)


def signed(s: Signing, **changes: Any) -> SignedSegment:
    return s.segment(0, receipt={"pixels": 1} | changes)


MUTATIONS: dict[str, tuple[Make, str]] = {
    "honest": (lambda s: s.segment(0), "no contradiction"),
    "gateway's signature missing": (
        lambda s: false(s, order_sig=b""),
        "order: not signed by the gateway",
    ),
    "order by somebody else": (
        lambda s: false(s, order_sig=sign(s.domain, false(s).order, key_of("stranger"))),
        "order: not signed by the gateway",
    ),
    "order of another chain": (
        lambda s: false(
            s, order_sig=sign(replace(s.domain, chain_id=2), false(s).order, s.gateway_key)
        ),
        "order: not signed by the gateway",
    ),
    "no gateway": (
        lambda s: s.segment(0, order={"gateway": "0x" + "00" * 20}, receipt={"pixels": 1}),
        "order: not signed by the gateway",
    ),
    "another order": (
        lambda s: false(
            s,
            order=s.order(0, fingerprint(16, 9)),
            order_sig=sign(s.domain, s.order(0, fingerprint(16, 9)), s.gateway_key),
        ),
        "receipt: for another order",
    ),
    "receipt by somebody else": (
        lambda s: false(s, receipt_sig=sign(s.domain, false(s).receipt, key_of("stranger"))),
        "receipt: not signed by the orchestrator",
    ),
    "receipt's signature exchanged for the order's": (
        lambda s: false(s, receipt_sig=false(s).order_sig),
        "receipt: not signed by the orchestrator",
    ),
    "receipt too old": (
        lambda s: signed(s, signed_at=s.now - EVIDENCE - 1),
        "receipt: outside the evidence window",
    ),
    "receipt from the future": (
        lambda s: signed(s, signed_at=s.now + DAY),
        "receipt: outside the evidence window",
    ),
    "receipt after the order expired": (
        lambda s: s.segment(0, order={"expiry": s.now - 1}, receipt={"pixels": 1}),
        "receipt: signed after the order expired",
    ),
    "other profiles": (
        lambda s: false(s, profiles=(PROFILES[0], replace(PROFILES[1], bitrate=1))),
        "profiles are not those of the order",
    ),
    "profiles in another order": (
        lambda s: false(s, profiles=PROFILES[::-1]),
        "profiles are not those of the order",
    ),
    "profile left out": (
        lambda s: false(s, profiles=PROFILES[:1]),
        "profiles are not those of the order",
    ),
    "rendition changed": (
        lambda s: false(s, leaves=leaves_with(s, 0, frames=17)),
        "renditions are not those of the receipt",
    ),
    "rendition left out": (
        lambda s: false(s, leaves=false(s).leaves[:1]),
        "renditions are not those of the receipt",
    ),
    "renditions in another order": (
        lambda s: false(s, leaves=false(s).leaves[::-1]),
        "renditions are not those of the receipt",
    ),
    "no renditions": (
        lambda s: false(s, leaves=()),
        "renditions are not those of the receipt",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_check__mutated__reverts(court: Court, signing: Signing, name: str) -> None:
    assert len(MUTATIONS) >= 15
    make, reason = MUTATIONS[name]
    with boa.reverts(reason):
        check(court, make(signing))


def test_contradictions__arguments_that_were_not_signed__refused(signing: Signing) -> None:
    segment = signing.segment(0)
    other = signing.segment(1)
    for order, leaves, profiles, text in (
        (other.order, segment.leaves, PROFILES, "another order"),
        (segment.order, segment.leaves[:1], PROFILES, "renditions are not"),
        (segment.order, segment.leaves, PROFILES[:1], "profiles are not"),
    ):
        with pytest.raises(ValueError, match=text):
            contradictions(order, segment.receipt, leaves, profiles)
    assert renditions_root(segment.leaves) == segment.receipt.renditions_root
