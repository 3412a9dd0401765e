"""Requirement 14: contract and software hash and sign the same."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import boa
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.receipts import Signing, address_of, key_of
from tests.support.requirements import record
from tests.unit.slashing_verifier.conftest import Court
from verifier.messages import (
    DOMAIN_NAME,
    DOMAIN_VERSION,
    Message,
    MessageError,
    SegmentOrder,
    SegmentReceipt,
    SignerRegistration,
    VerificationReport,
    digest,
    sign,
    signer_of,
)
from verifier.proofs import Equivocation, SignedReceipt, proof_calls


def any_message(kind: type[Message]) -> st.SearchStrategy[Any]:
    values = {
        "bytes32": st.binary(min_size=32, max_size=32),
        "address": st.integers(1, 2**160 - 1).map(lambda n: f"0x{n:040x}"),
    }
    parts = [
        values[solidity]
        if solidity in values
        else st.integers(0, 2 ** int(solidity.removeprefix("uint")) - 1)
        for _, solidity in kind.TYPES
    ]
    return st.tuples(*parts).map(
        lambda row: kind.from_json(
            {
                name: f"0x{value.hex()}" if isinstance(value, bytes) else value
                for (name, _), value in zip(kind.TYPES, row, strict=True)
            }
        )
    )


KINDS = (SegmentOrder, SegmentReceipt, VerificationReport, SignerRegistration)


@pytest.mark.parametrize("kind", KINDS)
def test_digest__any_message__is_that_of_an_independent_library(
    court: Court, kind: type[Message]
) -> None:
    @given(any_message(kind))
    @settings(max_examples=100)
    def agree(message: Message) -> None:
        typed = {
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                kind.NAME: [{"name": name, "type": solidity} for name, solidity in kind.TYPES],
            },
            "primaryType": kind.NAME,
            "domain": {
                "name": DOMAIN_NAME,
                "version": DOMAIN_VERSION,
                "chainId": court.domain.chain_id,
                "verifyingContract": court.domain.verifying_contract,
            },
            "message": {
                name: value for (name, _), value in zip(kind.TYPES, message.values(), strict=True)
            },
        }
        signed = Account.sign_message(encode_typed_data(full_message=typed), key_of("anybody"))
        assert signed.message_hash == digest(court.domain, message)
        sig = sign(court.domain, message, key_of("anybody"))
        assert signer_of(court.domain, message, sig) == address_of(key_of("anybody"))
        assert kind.from_json(message.to_json()) == message

    agree()


def test_digest__100_random_receipts__contract_recovers_the_signer(
    court: Court, signing: Signing
) -> None:
    """Every field is in both hashes: a receipt is taken, with one field changed it is not."""

    @given(any_message(SegmentReceipt), st.integers(0, len(fields(SegmentReceipt)) - 1))
    @settings(max_examples=100)
    def agree(message: SegmentReceipt, changed: int) -> None:
        first = replace(message, orchestrator=signing.orchestrator, signed_at=court.now)
        second = replace(first, pixels=first.pixels ^ 1)
        sigs = [sign(court.domain, one, signing.key) for one in (first, second)]
        evidence = Equivocation(SignedReceipt(first, sigs[0]), SignedReceipt(second, sigs[1]))
        call = proof_calls(evidence)[0]
        assert court.check(call) == call.case_id
        row = list(call.arguments[0])
        value = row[changed]
        if isinstance(value, bytes):
            row[changed] = bytes([value[0] ^ 1]) + value[1:]
        elif isinstance(value, str):
            row[changed] = address_of(key_of("somebody else"))
        else:
            row[changed] = value ^ 1
        with boa.reverts("receipt: not signed by the orchestrator"):
            court.contract.checkEquivocation(tuple(row), *call.arguments[1:])

    agree()
    record(14, "random receipts hashed alike in Python and Vyper", 100, ">= 100")


@pytest.mark.parametrize("kind", [SegmentOrder, SegmentReceipt])
def test_from_json__faulty_field__named(signing: Signing, kind: type[Message]) -> None:
    segment = signing.segment()
    message = segment.order if kind is SegmentOrder else segment.receipt
    for name, solidity in kind.TYPES:
        data = message.to_json()
        with pytest.raises(MessageError, match=f"{kind.NAME}: field {name} is missing"):
            kind.from_json({key: value for key, value in data.items() if key != name})
        for wrong in (None, -1, "0x12", 2**256, True):
            with pytest.raises(MessageError, match=f"{name} is not a {solidity}"):
                kind.from_json(data | {name: wrong})
    with pytest.raises(MessageError, match="unknown field 'extra'"):
        kind.from_json(message.to_json() | {"extra": 1})


def test_signer_of__malformed__says_why(signing: Signing, court: Court) -> None:
    segment = signing.segment()
    sig = segment.receipt_sig
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(sig[32:64], "big")).to_bytes(32, "big")
    for wrong, text in (
        (sig[:64], "64 bytes"),
        (sig[:64] + b"\x00", "neither 27 nor 28"),
        (sig[:32] + high + bytes([55 - sig[64]]), "higher of its two forms"),
        (bytes(64) + b"\x1b", "belongs to no key"),
    ):
        with pytest.raises(MessageError, match=text):
            signer_of(court.domain, segment.receipt, wrong)
