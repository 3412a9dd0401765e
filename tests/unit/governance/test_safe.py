"""Batches for the Safe: bytes, hash, file, and what they do on a Safe (a double of it)."""

from __future__ import annotations

import json

import boa
import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from scripts._governance.model import ProposalError
from scripts._governance.routes import GovernorUpdate
from scripts._governance.safe import (
    CALL,
    DELEGATE_CALL,
    DOMAIN_TYPEHASH,
    MULTI_SEND,
    MULTI_SEND_CALL_ONLY,
    SAFE_TX_TYPEHASH,
    ZERO,
    SafeCall,
    SafeTransaction,
    batch,
    builder_checksum,
    builder_file,
    decode_multi_send,
    multi_send,
)
from tests.support.contracts import deploy

SAFE = "0x04F53A0bb244f015cC97731570BeD26F0229da05"
GOVERNOR = "0xD9dEd6f9959176F0A04dcf88a0d2306178A736a6"
SOMEBODY = "0x00000000000000000000000000000000000000AA"
UPDATES = [GovernorUpdate((SOMEBODY,), (0,), (bytes(size),), 1) for size in (4, 36)]
CALLS = [SafeCall(GOVERNOR, 0, update.stage(51_840)) for update in UPDATES]
# An export of the transaction builder itself, version 1.18.2, with the checksum it put there.
EXPORTED = {
    "version": "1.0",
    "chainId": "1",
    "createdAt": 1761326849944,
    "meta": {
        "name": "Transactions Batch",
        "description": "",
        "txBuilderVersion": "1.18.2",
        "createdFromSafeAddress": "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
        "createdFromOwnerAddress": "",
        "checksum": "0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989",
    },
    "transactions": [
        {
            "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            "value": "0",
            "data": None,
            "contractMethod": {
                "inputs": [
                    {"internalType": "address", "name": "spender", "type": "address"},
                    {"internalType": "uint256", "name": "value", "type": "uint256"},
                ],
                "name": "approve",
                "payable": False,
            },
            "contractInputsValues": {
                "spender": "0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8",
                "value": "100000000000",
            },
        }
    ],
}


def independent_hash(transaction: SafeTransaction, chain_id: int, safe: str) -> bytes:
    """By eth_account's encoder, which knows nothing of Safes."""
    numbers = dict.fromkeys(("safeTxGas", "baseGas", "gasPrice"), 0)
    kinds = "address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
    kinds += (
        "uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce"
    )
    fields = [dict(zip(("type", "name"), kind.split(), strict=True)) for kind in kinds.split(",")]
    message = {
        "to": transaction.to,
        "value": transaction.value,
        "data": transaction.data,
        "operation": transaction.operation,
        **numbers,
        "gasToken": ZERO,
        "refundReceiver": ZERO,
        "nonce": transaction.nonce,
    }
    domain = {"chainId": chain_id, "verifyingContract": safe}
    return bytes(_hash_eip191_message(encode_typed_data(domain, {"SafeTx": fields}, message)))


def test_multi_send__two_stage_calls__decode_to_the_same():
    data = multi_send(CALLS)
    assert data[:4] == MULTI_SEND
    assert decode_multi_send(data) == CALLS
    for call, update in zip(decode_multi_send(data), UPDATES, strict=True):
        assert GovernorUpdate.from_staged(call.data[4:]) == (update, 51_840)


def test_multi_send__one_call__packs_it_byte_for_byte():
    packed = bytes(1) + bytes.fromhex(GOVERNOR[2:]) + (7).to_bytes(32, "big")
    packed += (3).to_bytes(32, "big") + b"abc"
    assert multi_send([SafeCall(GOVERNOR, 7, b"abc")]) == MULTI_SEND + encode(["bytes"], [packed])


def test_multi_send__no_call__is_refused():
    with pytest.raises(ProposalError, match="at least one call"):
        multi_send([])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"abcd", "selector 0x61626364"),
        (MULTI_SEND + bytes(31), "do not decode"),
        (MULTI_SEND + encode(["bytes"], [bytes(84)]), "call 1 is cut short"),
        (MULTI_SEND + encode(["bytes"], [bytes(84) + b"\x01"]), "call 1 is cut short"),
        (MULTI_SEND + encode(["bytes"], [b"\x01" + bytes(84)]), "operation 1, not a call"),
    ],
)
def test_decode_multi_send__anything_but_calls__is_refused(data, reason):
    with pytest.raises(ProposalError, match=reason):
        decode_multi_send(data)


def test_hash__type_hashes__are_those_of_safe_1_3():
    assert DOMAIN_TYPEHASH.hex() == (
        "47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218"
    )
    assert SAFE_TX_TYPEHASH.hex() == (
        "bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8"
    )


@pytest.mark.parametrize(
    "transaction",
    [batch(CALLS, nonce=42), SafeTransaction(GOVERNOR, 5, CALLS[0].data, CALL, 0)],
)
def test_hash__batch_and_plain_call__are_as_an_independent_encoder_says(transaction):
    digest = transaction.hash(chain_id=42_161, safe=SAFE)
    assert digest == independent_hash(transaction, 42_161, SAFE)
    assert digest != transaction.hash(chain_id=1, safe=SAFE)


def test_batch__calls__are_delegated_to_multi_send():
    transaction = batch(CALLS, nonce=3)
    assert (transaction.to, transaction.operation) == (MULTI_SEND_CALL_ONLY, DELEGATE_CALL)
    assert (transaction.value, transaction.nonce) == (0, 3)


def test_builder_checksum__file_of_the_builder_itself__is_the_same():
    assert builder_checksum(EXPORTED) == EXPORTED["meta"]["checksum"]


def test_builder_file__calls__survive_a_file_and_carry_their_checksum():
    options = {"chain_id": 42_161, "safe": SAFE, "name": "LIP-83", "description": "7e55"}
    content = json.loads(json.dumps(builder_file(CALLS, **options)))
    assert content == builder_file(CALLS, **options)
    assert content["chainId"] == "42161"
    assert content["meta"]["createdFromSafeAddress"] == SAFE
    assert content["meta"]["checksum"] == builder_checksum(content)
    found = [
        SafeCall(item["to"], int(item["value"]), bytes.fromhex(item["data"][2:]))
        for item in content["transactions"]
    ]
    assert found == CALLS
    content["transactions"][0]["value"] = "1"
    assert builder_checksum(content) != content["meta"]["checksum"]


def test_batch__executed_by_a_safe__stages_what_its_owner_would_stage_directly():
    owner = Account.from_key("0x" + "11" * 32)
    safe = deploy("SafeMock", owner.address)
    governor = deploy("Governor", sender=safe.address)
    with boa.env.anchor():
        for update in UPDATES:
            boa.env.raw_call(governor.address, sender=safe.address, data=update.stage(9))
        direct = [governor.updates(update.hash) for update in UPDATES]
    assert [governor.updates(update.hash) for update in UPDATES] == [0, 0]
    assert all(direct)

    calls = [SafeCall(governor.address, 0, update.stage(9)) for update in UPDATES]
    transaction = batch(calls, nonce=safe.nonce())
    digest = transaction.hash(chain_id=boa.env.evm.chain.chain_id, safe=safe.address)
    body = (transaction.to, transaction.value, transaction.data, transaction.operation)
    assert safe.getTransactionHash(*body, transaction.nonce) == digest

    refunds = (0, 0, 0, ZERO, ZERO)
    stranger = Account.from_key("0x" + "22" * 32)
    with boa.reverts("GS026"):
        safe.execTransaction(*body, *refunds, stranger.unsafe_sign_hash(digest).signature)
    safe.execTransaction(*body, *refunds, owner.unsafe_sign_hash(digest).signature)
    assert [governor.updates(update.hash) for update in UPDATES] == direct
