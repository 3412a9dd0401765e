"""A signature counts only for exactly the transaction that was asked, by exactly that account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_keys.datatypes import PrivateKey

from keepers.core.model import Unsigned
from keepers.core.signing import CURVE_ORDER, Signature, SigningError, digest_of, seal
from tests.keepers.core.signing_cases import ADDRESS, KEY, OTHER_KEY, TX, decoded, fifty

BAD_PARTS = [
    {"parity": 2},
    {"r": 0},
    {"r": CURVE_ORDER},
    {"r": 2**256},
    {"s": 0},
    {"s": -1},
]


def signature(tx: Unsigned, key: bytes = KEY) -> Signature:
    found = PrivateKey(key).sign_msg_hash(digest_of(tx))
    return Signature(found.v, found.r, found.s)


@pytest.mark.parametrize("tx", fifty())
def test_seal__every_range__is_what_another_library_makes(tx: Unsigned) -> None:
    fields = {
        "type": 2,
        "chainId": tx.chain_id,
        "nonce": tx.nonce,
        "to": tx.to,
        "data": tx.data,
        "gas": tx.gas,
        "maxFeePerGas": tx.max_fee,
        "maxPriorityFeePerGas": tx.tip,
        "value": tx.value,
    }
    theirs = Account.sign_transaction(fields, KEY)
    ours = seal(tx, signature(tx), ADDRESS)
    assert ours.raw == bytes(theirs.raw_transaction)
    assert ours.hash == "0x" + theirs.hash.hex()
    assert decoded(ours.raw) == (ADDRESS, tx)


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 1},
        {"nonce": 8},
        {"to": ADDRESS},
        {"data": b""},
        {"gas": 400_001},
        {"max_fee": 10**9},
        {"tip": 1},
        {"value": 1},
    ],
)
def test_seal__signature_of_another_transaction__is_refused(change: dict[str, Any]) -> None:
    lie = signature(replace(TX, **change))
    with pytest.raises(SigningError, match=f"^the signer of {ADDRESS} answers a signature of 0x"):
        seal(TX, lie, ADDRESS)


def test_seal__signature_of_another_key__names_both() -> None:
    other = Account.from_key(OTHER_KEY).address
    with pytest.raises(SigningError, match=f"the signer of {ADDRESS} .* signature of {other}"):
        seal(TX, signature(TX, OTHER_KEY), ADDRESS)


def test_seal__high_s__is_refused_and_low_is_the_same_signature() -> None:
    low = signature(TX)
    high = Signature(1 - low.parity, low.r, CURVE_ORDER - low.s)
    assert high.signer_of(digest_of(TX)) == ADDRESS
    with pytest.raises(SigningError, match="high s"):
        seal(TX, high, ADDRESS)
    assert high.low() == low


@pytest.mark.parametrize("parts", BAD_PARTS)
def test_seal__numbers_of_no_signature__is_refused(parts: dict[str, int]) -> None:
    with pytest.raises(SigningError, match="a signature of (nobody|0x)|high s"):
        seal(TX, replace(signature(TX), **parts), ADDRESS)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"chain_id": 0}, "transaction: without a chain id it would be valid on every chain"),
        ({"chain_id": 2**64}, "transaction: chain_id must be a whole number of 64 bits"),
        ({"nonce": -1}, "transaction: nonce must be a whole number of 64 bits"),
        ({"nonce": 1.0}, "transaction: nonce must be a whole number of 64 bits"),
        ({"gas": True}, "transaction: gas must be a whole number of 64 bits"),
        ({"value": 2**256}, "transaction: value must be a whole number of 256 bits"),
        ({"tip": 10**8 + 1}, "transaction: tip 100000001 is above max_fee 100000000"),
        ({"to": ADDRESS.lower()}, "transaction: to must be an address with checksum"),
        ({"to": ""}, "transaction: to must be an address with checksum"),
        ({"to": None}, "transaction: to must be an address with checksum"),
        ({"data": "0x"}, "transaction: data must be at most 131072 bytes"),
        ({"data": bytes(2**17 + 1)}, "transaction: data must be at most 131072 bytes"),
    ],
)
def test_digest_of__what_no_chain_takes__is_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(SigningError) as caught:
        digest_of(replace(TX, **change))
    assert str(caught.value) == text
