"""What nodes answer, in our types; what is of another shape is no answer. Keepers spec (e1), R7."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepers.core import wire
from keepers.core.model import Call, Head, Receipt
from keepers.core.wire import Malformed, Seen

HASH, PARENT, TX = ("0x" + digit * 64 for digit in "abc")
BLOCK: dict[str, Any] = {
    "number": "0x10",
    "hash": HASH,
    "parentHash": PARENT,
    "timestamp": "0x5f5e100",
    "baseFeePerGas": "0x7",
}
RECEIPT: dict[str, Any] = {
    "transactionHash": TX,
    "blockNumber": "0x10",
    "blockHash": HASH,
    "status": "0x1",
    "gasUsed": "0x64",
    "effectiveGasPrice": "0x5",
}
LOG: dict[str, Any] = {
    "address": "0x" + "ab" * 20,
    "topics": [HASH],
    "data": "0x01",
    "blockNumber": "0x10",
    "blockHash": HASH,
    "transactionHash": TX,
    "logIndex": "0x0",
}
NONSENSE: list[Any] = [
    *(None, 7, 1.5, True, [], {}),
    *("", "0x", "7", "0xg", "-0x1", "0x1\n", " 0x1", "0x" + "1" * 65),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


# -- numbers and bytes


@given(st.integers(0, 2**256 - 1))
def test_quantity__any_number__is_read_back(number: int) -> None:
    assert wire.quantity(hex(number)) == number
    assert wire.quantity(f"0x{number:064X}") == number


@pytest.mark.parametrize("found", NONSENSE)
def test_quantity__anything_else__is_malformed(found: Any) -> None:
    with pytest.raises(Malformed, match="^a nonce is "):
        wire.quantity(found, "a nonce")


@given(st.binary(max_size=200))
def test_octets__any_bytes__are_read_back(data: bytes) -> None:
    assert wire.octets("0x" + data.hex()) == data
    assert wire.octets("0x" + data.hex().upper()) == data


@pytest.mark.parametrize("found", [None, 7, "", "00", "0x0", "0xzz", "0x00\n", ["0x00"]])
def test_octets__anything_else__is_malformed(found: Any) -> None:
    with pytest.raises(Malformed):
        wire.octets(found)


def test_hash_of__capital_letters__are_the_same_hash() -> None:
    assert wire.hash_of(HASH.upper().replace("X", "x")) == HASH


@pytest.mark.parametrize("found", ["0x", HASH[:-2], HASH + "00", None])
def test_hash_of__not_32_bytes__is_malformed(found: Any) -> None:
    with pytest.raises(Malformed):
        wire.hash_of(found)


def test_malformed__long_answer__is_one_short_line() -> None:
    with pytest.raises(Malformed) as caught:
        wire.octets("x\n" * 10_000)
    assert len(str(caught.value)) < 100
    assert "\n" not in str(caught.value)


# -- blocks and receipts


def test_seen__block__is_a_head_and_its_parent() -> None:
    assert wire.seen(BLOCK) == Seen(Head(16, HASH, 100_000_000, 7), PARENT)


def test_seen__chain_without_base_fee__has_0() -> None:
    block = {key: value for key, value in BLOCK.items() if key != "baseFeePerGas"}
    assert wire.seen(block).head.base_fee == 0


def test_block_hash__none__is_a_block_that_is_not_there() -> None:
    assert wire.block_hash(BLOCK) == HASH
    assert wire.block_hash(None) is None


def test_receipt__mined__has_what_was_paid() -> None:
    assert wire.receipt(RECEIPT) == Receipt(TX, 16, HASH, True, 100, 500)


@pytest.mark.parametrize(
    ("change", "paid"),
    [
        ({"l1Fee": "0x3e8"}, 1_500),  # OP chains add it to the price of gas
        ({"l1Fee": None}, 500),
        ({"gasUsedForL1": "0x32", "l1BlockNumber": "0x1"}, 500),  # Arbitrum: a part of gasUsed
    ],
)
def test_receipt__chain_with_a_data_fee__has_it_in_what_was_paid(
    change: dict[str, str], paid: int
) -> None:
    receipt = wire.receipt({**RECEIPT, **change})
    assert receipt
    assert receipt.paid == paid


@pytest.mark.parametrize("found", [None, {**RECEIPT, "blockHash": None}])
def test_receipt__in_no_block__is_none(found: Any) -> None:
    assert wire.receipt(found) is None


def test_receipt__status__is_read_and_never_assumed() -> None:
    failed = wire.receipt({**RECEIPT, "status": "0x0"})
    assert failed
    assert failed.ok is False
    with pytest.raises(Malformed, match="a status is None"):
        wire.receipt({**RECEIPT, "status": None})


# -- logs


def test_logs__two__are_in_the_order_of_the_chain() -> None:
    later = {**LOG, "logIndex": "0xa"}
    found = wire.logs([later, {**LOG, "logIndex": "0x9"}], 16, 16)
    assert [log.index for log in found] == [9, 10]
    assert found[0].address == "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"


@pytest.mark.parametrize(("first", "last"), [(17, 20), (1, 15)])
def test_logs__of_other_blocks_than_were_asked_for__are_malformed(first: int, last: int) -> None:
    with pytest.raises(Malformed, match=f"outside of blocks {first} to {last}"):
        wire.logs([LOG], first, last)


# -- anything


@pytest.mark.parametrize(
    ("parse", "good"),
    [
        (wire.seen, BLOCK),
        (wire.receipt, RECEIPT),
        (wire.log, LOG),
        (wire.block_hash, {"hash": HASH}),
    ],
)
@given(json_values, st.data())
def test_parse__any_field_replaced_by_anything__is_read_or_malformed(
    parse: Callable[[Any], object], good: dict[str, Any], value: Any, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(good)))
    for found in (value, {**good, key: value}):
        with suppress(Malformed):
            parse(found)


@given(json_values)
def test_logs__anything__is_read_or_malformed(value: Any) -> None:
    for found in (value, [value], [LOG, value]):
        with suppress(Malformed):
            wire.logs(found, 0, 100)


# -- questions


def test_call__fields_that_say_nothing__are_left_out() -> None:
    assert wire.call(Call("0xto", b"\x01")) == {"to": "0xto", "data": "0x01"}
    assert wire.call(Call("0xto", b"", "0xme", 5)) == {
        "to": "0xto",
        "data": "0x",
        "from": "0xme",
        "value": "0x5",
    }


def test_topics__one_any_or_several__are_as_nodes_want_them() -> None:
    assert wire.topics([b"\x01", None, [b"\x02", b"\x03"]]) == ["0x01", None, ["0x02", "0x03"]]
    assert wire.tag(255) == "0xff"
    assert wire.tag("pending") == "pending"
