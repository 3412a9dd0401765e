"""Messages of spec 8.2 field by field; test_typed_data.py has the digests and the contract."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.receipts import address_of, key_of
from verifier.messages import (
    Domain,
    Message,
    MessageError,
    Profile,
    RenditionLeaf,
    SegmentOrder,
    SegmentReceipt,
    SignerRegistration,
    VerificationReport,
    digest,
    profiles_hash,
    renditions_root,
    sign,
    signer_of,
    type_hash,
)

# As the specification writes them.
TYPES: dict[type[Message], str] = {
    SegmentOrder: "SegmentOrder(bytes32 jobId,uint64 seq,address gateway,address orchestrator,"
    "bytes32 sourceHash,uint32 sourceLength,bytes32 sourceRoot,uint32 sourceFrames,"
    "bytes32 profilesHash,uint16 csfVersion,uint64 issuedAt,uint64 expiry)",
    SegmentReceipt: "SegmentReceipt(bytes32 orderHash,bytes32 jobId,uint64 seq,"
    "address orchestrator,bytes32 sourceRoot,bytes32 renditionsRoot,uint16 renditions,"
    "uint64 pixels,bytes32 prevReceipt,uint64 signedAt)",
    VerificationReport: "VerificationReport(bytes32 receiptHash,uint16 profile,uint8 verdict,"
    "bytes32 metricsHash,bytes32 thresholdsHash,bytes32 evidenceHash,uint64 signedAt)",
    SignerRegistration: "SignerRegistration(address orchestrator,address signer)",
}
LEAF = (
    "uint16 profile,bytes32 bytesHash,uint32 length,bytes32 csfRoot,uint32 frames,"
    "uint16 width,uint16 height,uint64 firstPts,uint64 lastPts,bytes32 audioRoot"
)
PROFILE = "uint16 width,uint16 height,uint32 bitrate"
DOMAIN = Domain(42_161, to_checksum_address("0x" + "c5" * 20))
KEY = key_of("signs messages")
CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KINDS = [*TYPES, RenditionLeaf, Profile]


def members(kind: type[Any]) -> list[tuple[str, str]]:
    """Name and Solidity type of each field, from the specification's text."""
    text = {RenditionLeaf: LEAF, Profile: PROFILE}.get(kind) or TYPES[kind].split("(")[1][:-1]
    return [(name, solidity) for solidity, name in (one.split() for one in text.split(","))]


def example(kind: type[Any]) -> dict[str, Any]:
    """A JSON object in which no two fields have the same value."""

    def value(at: int, solidity: str) -> Any:
        if solidity == "bytes32":
            return "0x" + keccak(text=f"{at}").hex()
        return address_of(key_of(f"{at}")) if solidity == "address" else 7 + at

    return {name: value(at, solidity) for at, (name, solidity) in enumerate(members(kind))}


def independent(message: Message) -> SignableMessage:
    types = [{"name": name, "type": solidity} for name, solidity in members(type(message))]
    values = dict(zip([one["name"] for one in types], message.values(), strict=True))
    domain = {
        "name": "LivepeerVerification",
        "version": "1",
        "chainId": DOMAIN.chain_id,
        "verifyingContract": DOMAIN.verifying_contract,
    }
    return encode_typed_data(domain, {type(message).__name__: types}, values)


# -- hashes


@pytest.mark.parametrize("kind", TYPES)
def test_struct_hash__every_kind__is_that_of_an_independent_library(kind: type[Message]) -> None:
    message = kind.from_json(example(kind))
    signable = independent(message)
    assert type_hash(kind) == keccak(text=TYPES[kind])
    assert signable.header == DOMAIN.separator()
    assert signable.body == message.struct_hash()
    signed = Account.sign_message(signable, KEY)
    assert bytes(signed.signature) == sign(DOMAIN, message, KEY)


@pytest.mark.parametrize("kind", TYPES)
def test_digest__any_field_or_domain_changed__is_another(kind: type[Message]) -> None:
    data = example(kind)
    message = kind.from_json(data)
    seen = {
        digest(DOMAIN, message),
        digest(replace(DOMAIN, chain_id=42_162), message),
        digest(replace(DOMAIN, verifying_contract="0x" + "c6" * 20), message),
    }
    for name, old in data.items():
        new = old + 1 if isinstance(old, int) else old[:-1] + ("1" if old[-1] == "0" else "0")
        seen.add(digest(DOMAIN, kind.from_json(data | {name: new})))
    assert len(seen) == 3 + len(data)


def test_digest__address_in_lower_case__is_the_same() -> None:
    message = SignerRegistration.from_json(example(SignerRegistration))
    lower = SignerRegistration(message.orchestrator.lower(), message.signer.lower())
    assert lower.struct_hash() == message.struct_hash()
    assert SignerRegistration.from_json(lower.to_json()) == message


def test_leaf__any_field__is_the_abi_encoding_with_its_tag() -> None:
    leaf = RenditionLeaf.from_json(example(RenditionLeaf))
    kinds = ["uint8", *(solidity for _, solidity in members(RenditionLeaf))]
    assert leaf.leaf() == keccak(encode(kinds, [2, *leaf.values()]))
    data = leaf.to_json()
    changed = {
        RenditionLeaf.from_json(
            data | {name: 99 if isinstance(value, int) else "0x" + "99" * 32}
        ).leaf()
        for name, value in data.items()
    }
    assert len(changed | {leaf.leaf()}) == 1 + len(data)


def test_renditions_root__order_and_number__both_matter() -> None:
    one = RenditionLeaf.from_json(example(RenditionLeaf))
    other = replace(one, profile=1)
    assert renditions_root([one]) == one.leaf()
    assert renditions_root([one, other]) == keccak(one.leaf() + other.leaf())
    assert renditions_root([other, one]) != renditions_root([one, other])
    three = keccak(keccak(one.leaf() + other.leaf()) + keccak(one.leaf() + bytes(32)))
    assert renditions_root([one, other, one]) == three


def test_profiles_hash__one_to_eight__is_the_encoding_of_an_array() -> None:
    profiles = [Profile(640 + at, 360, 500_000) for at in range(9)]
    for count in range(1, 9):
        words = [count]
        for one in profiles[:count]:
            words += [one.width, one.height, one.bitrate]
        data = b"".join(word.to_bytes(32, "big") for word in (32, *words))
        assert profiles_hash(profiles[:count]) == keccak(data)
    assert profiles_hash(profiles[:2]) != profiles_hash(profiles[1::-1])
    for count in (0, 9):
        with pytest.raises(MessageError, match=f"^{count} profiles, expected 1 to 8$"):
            profiles_hash(profiles[:count])


# -- JSON


@pytest.mark.parametrize("kind", KINDS)
def test_from_json__what_to_json_wrote__is_the_same(kind: type[Any]) -> None:
    data = example(kind)
    message = kind.from_json(data)
    assert message.to_json() == data
    assert kind.from_json(json.loads(json.dumps(message.to_json()))) == message


@pytest.mark.parametrize("kind", KINDS)
def test_from_json__edges_of_each_type__are_taken_and_one_beyond_is_not(kind: type[Any]) -> None:
    for name, solidity in members(kind):
        if not solidity.startswith("uint"):
            continue
        above = 1 << int(solidity.removeprefix("uint"))
        for good in (0, above - 1):
            assert kind.from_json(example(kind) | {name: good}).to_json()[name] == good
        for wrong in (-1, above, 1.0, "1", None, True, [1]):
            with pytest.raises(MessageError, match=f": {name} is not a {solidity}: "):
                kind.from_json(example(kind) | {name: wrong})


@pytest.mark.parametrize("kind", KINDS)
def test_from_json__hashes_and_addresses__have_their_exact_length(kind: type[Any]) -> None:
    for name, solidity in members(kind):
        if solidity.startswith("uint"):
            continue
        size = 32 if solidity == "bytes32" else 20
        lengths = ["ab" * count for count in (0, 1, size - 1, size + 1, 2 * size)]
        for wrong in ("", *(f"0x{one}" for one in lengths), "0x" + "g" * 2 * size, 5, None, {}):
            with pytest.raises(MessageError, match=f": {name} is not a {solidity}: ") as caught:
                kind.from_json(example(kind) | {name: wrong})
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_from_json__missing_unknown_or_no_object__says_so(kind: type[Any]) -> None:
    for name, _ in members(kind):
        partial = {key: value for key, value in example(kind).items() if key != name}
        with pytest.raises(MessageError, match=f"^{kind.__name__}: field {name} is missing$"):
            kind.from_json(partial)
    with pytest.raises(MessageError, match=f"^{kind.__name__}: unknown field 'price'$"):
        kind.from_json(example(kind) | {"price": 1})
    for nothing in (None, [], "text", 7, [example(kind)]):
        with pytest.raises(MessageError, match=f"^{kind.__name__}: must be an object$"):
            kind.from_json(nothing)


# -- signatures

MESSAGE = VerificationReport.from_json(example(VerificationReport))


def signature(r: int, s: int, v: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def test_signer_of__own_signature__is_the_key_and_of_nothing_else() -> None:
    sig = sign(DOMAIN, MESSAGE, KEY)
    assert signer_of(DOMAIN, MESSAGE, sig) == address_of(KEY)
    assert signer_of(replace(DOMAIN, chain_id=1), MESSAGE, sig) != address_of(KEY)
    assert signer_of(DOMAIN, replace(MESSAGE, verdict=0), sig) != address_of(KEY)


@given(st.integers(0, 2**32))
@settings(max_examples=25)
def test_sign__any_key__is_in_the_lower_form(seed: int) -> None:
    key = key_of(f"{seed}")
    sig = sign(DOMAIN, MESSAGE, key)
    assert len(sig) == 65
    assert 0 < int.from_bytes(sig[32:64], "big") <= CURVE // 2
    assert signer_of(DOMAIN, MESSAGE, sig) == address_of(key)
    high = signature(
        int.from_bytes(sig[:32], "big"), CURVE - int.from_bytes(sig[32:64], "big"), 55 - sig[64]
    )
    assert Account.recover_message(independent(MESSAGE), signature=high) == address_of(key)
    with pytest.raises(MessageError, match="^signature is in the higher of its two forms$"):
        signer_of(DOMAIN, MESSAGE, high)


def test_signer_of__half_of_the_order__is_the_last_lower_form() -> None:
    r = int.from_bytes(sign(DOMAIN, MESSAGE, KEY)[:32], "big")
    last = signature(r, CURVE // 2, 27)
    expected = Account.recover_message(independent(MESSAGE), signature=last)
    assert signer_of(DOMAIN, MESSAGE, last) == expected
    with pytest.raises(MessageError, match="higher"):
        signer_of(DOMAIN, MESSAGE, signature(r, CURVE // 2 + 1, 27))


@pytest.mark.parametrize("length", [0, 1, 32, 64, 66, 130])
def test_signer_of__another_length__is_refused(length: int) -> None:
    sig = (sign(DOMAIN, MESSAGE, KEY) * 2)[:length]
    with pytest.raises(MessageError, match=f"^signature has {length} bytes, expected 65$"):
        signer_of(DOMAIN, MESSAGE, sig)


def test_signer_of__any_other_last_byte__is_refused() -> None:
    sig = sign(DOMAIN, MESSAGE, KEY)
    for v in set(range(256)) - {27, 28}:
        with pytest.raises(MessageError, match="^signature ends in neither 27 nor 28$"):
            signer_of(DOMAIN, MESSAGE, sig[:64] + bytes([v]))


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (5, 1), (CURVE, 1), (CURVE + 1, 1), (2**256 - 1, 1)]
)
@pytest.mark.parametrize("v", [27, 28])
def test_signer_of__numbers_off_the_curve__belong_to_no_key(r: int, s: int, v: int) -> None:
    with pytest.raises(MessageError, match="^signature belongs to no key$"):
        signer_of(DOMAIN, MESSAGE, signature(r, s, v))


@given(st.binary(min_size=64, max_size=64), st.sampled_from([27, 28]))
@settings(max_examples=40)
def test_signer_of__any_bytes__recovers_as_an_independent_library_or_refuses(
    body: bytes, v: int
) -> None:
    sig = body + bytes([v])
    try:
        found = signer_of(DOMAIN, MESSAGE, sig)
    except MessageError:
        return
    assert found == Account.recover_message(independent(MESSAGE), signature=sig)
