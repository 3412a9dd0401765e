"""Slots by name, and what their words say."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from scripts._governance.layouts import (
    Array,
    LayoutError,
    Layouts,
    Struct,
    Table,
    Text,
    Type,
    Variable,
    Word,
    parse_type,
)
from scripts._governance.slots import Place, Preimages, Slots
from scripts._governance.words import PACKED, UNITS, Part, parts, show
from tools.storage_layouts import LAYOUTS, read_layout

ACCOUNT = "0x" + "11" * 20
RECORD = "Record(owner: address, amounts: uint256[2], limits: Limits(low: uint256, high: uint256))"


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def element(slot: int, key: bytes) -> tuple[int, bytes]:
    """Slot of an element of a HashMap, and what was hashed to get there."""
    preimage = word(slot) + key
    return int.from_bytes(keccak(preimage), "big"), preimage


def slots_of(spelled: str, *hashed: bytes) -> Slots:
    """Of a contract with one word at slot 0 and a variable of the spelled type from slot 1 on."""
    layout = (Variable(0, "first", Word("uint256")), Variable(1, "second", parse_type(spelled)))

    def label(_kind: Type, key: bytes) -> str:
        return str(int.from_bytes(key, "big"))

    return Slots(layout, Preimages(hashed), label)


def name_of(slots: Slots, slot: int) -> str | None:
    place = slots.place(slot)
    return place.name if place else None


# -- types


@pytest.mark.parametrize(
    ("spelled", "kind", "size"),
    [
        ("uint256", Word("uint256"), 1),
        ("String[33]", Text("String", 33), 3),
        ("bool[4][2]", Array(Array(Word("bool"), 4, False), 2, False), 8),
        ("DynArray[address, 5]", Array(Word("address"), 5, True), 6),
        ("HashMap[address, bool]", Table(Word("address"), Word("bool")), 1),
        (
            "Pair(a: uint256, b: Inner(c: bool))",
            Struct(
                "Pair", (("a", Word("uint256")), ("b", Struct("Inner", (("c", Word("bool")),))))
            ),
            2,
        ),
        ("flag Colour", Word("flag Colour"), 1),
    ],
)
def test_parse_type__any_spelling__knows_its_size(spelled: str, kind: Type, size: int) -> None:
    assert parse_type(spelled) == kind
    assert parse_type(spelled).slots == size


@pytest.mark.parametrize("spelled", ["", "HashMap[address]", "Pair(a uint256)", "uint256]"])
def test_parse_type__not_a_type__is_refused(spelled: str) -> None:
    with pytest.raises(LayoutError, match="cannot read"):
        parse_type(spelled)


# -- names


def test_place__words_structs_and_arrays__are_walked_into() -> None:
    slots = slots_of(RECORD)

    assert [name_of(slots, slot) for slot in range(7)] == [
        "first",
        "second.owner",
        "second.amounts[0]",
        "second.amounts[1]",
        "second.limits.low",
        "second.limits.high",
        None,
    ]


def test_place__dynamic_array_of_structs__has_a_length_first() -> None:
    slots = slots_of("DynArray[Pair(a: uint256, b: bool), 2]")

    assert [name_of(slots, slot) for slot in range(1, 6)] == [
        "second.length",
        "second[0].a",
        "second[0].b",
        "second[1].a",
        "second[1].b",
    ]


def test_place__text__has_a_length_first() -> None:
    slots = slots_of("String[40]")

    assert [name_of(slots, slot) for slot in range(1, 4)] == [
        "second.length",
        "second.text[0]",
        "second.text[1]",
    ]


def test_place__nested_maps_of_structs__have_both_keys() -> None:
    outer, first = element(1, word(7))
    inner, second = element(outer, word(8))
    slots = slots_of(f"HashMap[uint256, HashMap[uint256, {RECORD}]]", first, second)

    place = slots.place(inner + 3)

    assert place == Place("second[7][8].limits.low", "second[][].limits.low", Word("uint256"))
    assert name_of(slots, inner + 5) is None  # behind the last member
    assert name_of(slots, outer) is None  # a map inside a map has no slot of its own


def test_place__key_is_a_text__is_read_from_what_was_hashed_first() -> None:
    key = b"parameter"
    slot, preimage = element(1, keccak(key))

    slots = slots_of("HashMap[String[32], uint256]", preimage, key)
    without_key = slots_of("HashMap[String[32], uint256]", preimage)

    assert name_of(slots, slot) == "second['parameter']"
    assert name_of(without_key, slot) == f"second[text with hash 0x{keccak(key).hex()}]"


def test_place__way_not_hashed_in_the_transaction__has_no_name() -> None:
    slot, preimage = element(1, word(7))
    elsewhere, other = element(5, word(7))  # slot 5 is no map of this contract

    assert name_of(slots_of("HashMap[uint256, uint256]"), slot) is None
    assert name_of(slots_of("HashMap[uint256, uint256]", preimage, other), elsewhere) is None


def test_order__two_names_with_the_same_beginning__is_that_of_the_declaration() -> None:
    layout = (Variable(0, "sum", Word("uint256")), Variable(1, "sums", parse_type("uint256[2]")))
    slots = Slots(layout, Preimages(()), lambda _kind, key: key.hex())
    places = [slots.place(slot) for slot in range(3)]

    assert [slots.order(place) for place in places if place] == [0, 1, 1]


# -- the contracts of this project


@pytest.fixture(scope="module")
def patterns() -> set[str]:
    """Of every slot there is: by the released layouts of what is behind a proxy, which another test
    compares with the sources, and of the others that have a line in the tables.
    """

    def inside(kind: Type, path: str) -> list[str]:
        if isinstance(kind, Table):
            return inside(kind.value, path + "[]")
        if isinstance(kind, Struct):
            return [found for name, of in kind.members for found in inside(of, f"{path}.{name}")]
        return inside(kind.item, path + "[]") if isinstance(kind, Array) else [path]

    released = [
        (variable.name, parse_type(variable.type))
        for path in LAYOUTS.glob("*.json")
        for variable in read_layout(path).variables
    ]
    layouts = Layouts()
    others = [
        (variable.name, variable.type)
        for name in ("Governor", "LivepeerToken", "Minter", "Treasury")
        for variable in layouts[name]
    ]
    return {found for name, kind in released + others for found in inside(kind, name)}


def test_words__every_line_of_the_tables__is_of_a_variable_that_exists(patterns: set[str]) -> None:
    assert {*PACKED, *UNITS} - patterns == set()


def test_words__packed_members__fit_into_the_word() -> None:
    for pattern, members in PACKED.items():
        assert sum(member.bits for member in members) <= 256, pattern


# -- words


@pytest.mark.parametrize(
    ("pattern", "kind", "data", "shown"),
    [
        ("", "address", word(int(ACCOUNT, 16)), "somebody"),
        ("", "bool", word(1), "yes"),
        ("", "uint64", word(1234567), "1,234,567"),
        ("", "int256", b"\xff" * 32, "-1"),
        ("", "bytes4", b"\x12\x34\x56\x78" + bytes(28), "0x12345678"),
        ("", "string", b"hello" + bytes(27), "'hello'"),
        ("", "bool", word(2), "0x" + word(2).hex()),
        ("", "", word(2), "0x" + word(2).hex()),
        ("rewards.treasuryRewardCutRate", "uint256", word(10**26), f"10 % ({10**26} of 10^27)"),
        ("rounds._schedule", "uint256", word(50), "0x" + word(50).hex()),
    ],
)
def test_show__by_unit_or_type__never_guesses(
    pattern: str, kind: str, data: bytes, shown: str
) -> None:
    assert show(pattern, kind, data, lambda _address: "somebody") == shown


def test_parts__packed_word__has_only_the_members_that_changed() -> None:
    before = word(5_760 | 3 << 64 | 9 << 192)
    after = word(6_377 | 4 << 64 | 9 << 192)

    assert parts("rounds._schedule", before, after, str) == (
        Part("roundLength", "5,760 blocks", "6,377 blocks"),
        Part("lastRoundLengthUpdateRound", "round 3", "round 4"),
    )
    assert parts("rounds.roundLockAmount", before, after, str) == ()
