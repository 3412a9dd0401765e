"""Calldata both ways for every function of every ABI, and what is refused or flagged."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.grammar import ABIType, TupleType, parse
from eth_utils import keccak, to_checksum_address

from scripts._governance.calldata import Decoded, DecodedEvent, Interfaces, Unknown
from scripts._governance.model import ProposalError
from scripts._governance.wire import selector, signature, types_of

SETS = 3  # random argument sets of each function
ACCOUNT = to_checksum_address("0x" + "aa" * 20)
ERROR = bytes.fromhex("08c379a0")
ROUND_LENGTH = bytes.fromhex("681312f5") + (6377).to_bytes(32, "big")  # governance spec, 2


@pytest.fixture(scope="module")
def interfaces() -> Interfaces:
    return Interfaces.load()


def error(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return ERROR + encode(["bytes"], [data])


def random_value(type_: ABIType, rng: random.Random) -> Any:
    if type_.is_array:
        fixed = type_.arrlist[-1]
        length = fixed[0] if fixed else rng.randrange(4)
        return tuple(random_value(type_.item_type, rng) for _ in range(length))
    if isinstance(type_, TupleType):
        return tuple(random_value(component, rng) for component in type_.components)
    if type_.base == "uint":
        return rng.choice((0, 2**type_.sub - 1, rng.getrandbits(type_.sub)))
    if type_.base == "int":
        return rng.getrandbits(type_.sub) - 2 ** (type_.sub - 1)
    if type_.base == "address":
        return to_checksum_address(rng.randbytes(20))
    if type_.base == "bool":
        return rng.random() < 0.5
    if type_.base == "bytes":
        return rng.randbytes(type_.sub or rng.randrange(70))
    assert type_.base == "string"
    return "".join(rng.choices(string.printable + "äß…", k=rng.randrange(70)))


def test_encode__every_function_of_every_abi__decodes_to_the_same_arguments_and_bytes(
    interfaces: Interfaces,
) -> None:
    rng = random.Random(4)
    functions = 0
    for contract in interfaces.contracts:
        for entry in interfaces.abi(contract):
            if entry["type"] != "function":
                continue
            functions += 1
            for _ in range(SETS):
                kinds = map(parse, types_of(entry["inputs"]))
                args = tuple(random_value(kind, rng) for kind in kinds)
                data = interfaces.encode(contract, signature(entry), args)
                decoded = interfaces.decode(contract, data)
                assert isinstance(decoded, Decoded), decoded
                assert (decoded.function, decoded.signature) == (entry["name"], signature(entry))
                assert decoded.values == args
                assert interfaces.encode(contract, decoded.signature, decoded.values) == data
                anywhere = interfaces.decode(None, data)
                assert isinstance(anywhere, Decoded)
                assert anywhere.values == args
    assert functions > 300


def test_decode__every_byte_of_a_call_with_structs_flipped__never_shows_what_is_not_there(
    interfaces: Interfaces,
) -> None:
    update = ((ACCOUNT,), (5,), (ROUND_LENGTH,), 1)
    data = interfaces.encode("Governor", "stage", (update, 50))
    for at in range(len(data)):
        for bit in (0x01, 0x80):
            changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            decoded = interfaces.decode("Governor", changed)
            if isinstance(decoded, Decoded):
                again = interfaces.encode("Governor", decoded.function, decoded.values)
                assert again == changed


def test_encode__vectors__match_to_the_byte(interfaces: Interfaces) -> None:
    assert interfaces.encode("RoundsManager", "setRoundLength", (6377,)) == ROUND_LENGTH
    cut = interfaces.encode("BondingManager", "setTreasuryRewardCutRate", (10**26,))
    assert cut.hex() == "cf33a0d5" + "52b7d2dcc80cd2e4000000".rjust(64, "0")


@pytest.mark.parametrize(
    ("contract", "function", "selector_hex"),
    [
        ("BondingManager", "setTreasuryBalanceCeiling", "40e6f271"),
        ("Minter", "setInflationChange", "010e3c1c"),
        ("Minter", "setTargetBondingRate", "77bde142"),
        ("Controller", "setContractInfo", "d737c2b0"),
        ("BondingManagerTarget", "setRewardCaller", "0103e60e"),
        ("LivepeerGovernor", "propose", "7d5e81e2"),
        ("LivepeerGovernor", "castVoteBySig", "3bccf4fd"),
        ("Governor", "stage", "0d1e4bd3"),
        ("Governor", "execute", "6b8ace71"),
        ("Governor", "cancel", "76ad6529"),
    ],
)
def test_function__of_the_spec__has_its_selector(
    interfaces: Interfaces, contract: str, function: str, selector_hex: str
) -> None:
    assert selector(interfaces.function(contract, function)).hex() == selector_hex


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("Verifier", "setArmedFaults"),
        ("SlashingVerifier", "setArmedFaults"),
        ("JobsManager", "setUnlockPeriod"),
        ("RoundsManagerTarget", "setRoundLength"),
        ("L2LPTDataCache", "l1CirculatingSupply"),
    ],
)
def test_function__registered_under_another_name__is_found(
    interfaces: Interfaces, name: str, function: str
) -> None:
    assert interfaces.function(name, function)["name"] == function


@pytest.mark.parametrize(
    ("contract", "function", "args", "problem"),
    [
        ("Rounds", "setRoundLength", (1,), "Rounds: no such contract; one of "),
        ("RoundsManager", "setLength", (1,), "RoundsManager has no such function"),
        ("RoundsManager", "setRoundLength", (), "takes 1 arguments, not 0"),
        ("RoundsManager", "setRoundLength", (-1,), "_roundLength (uint256): -1 does not fit"),
        ("RoundsManager", "setRoundLength", (2**256,), "does not fit"),
        ("RoundsManager", "setRoundLength", (6377.0,), "6377.0 does not fit"),
        ("RoundsManager", "setRoundLength", (True,), "True does not fit"),
        ("BondingManager", "setUnbondingPeriod", (2**64,), "_unbondingPeriod (uint64)"),
        ("Minter", "migrateToNewMinter", ("0x12",), "_newMinter (address): 0x12 does not fit"),
        ("Minter", "migrateToNewMinter", ("0xBa" + "ab" * 19,), "does not fit"),
        ("Controller", "setContractInfo", (b"1" * 31, ACCOUNT, b"1" * 20), "_id (bytes32)"),
        ("Controller", "setContractInfo", (b"1" * 32, ACCOUNT, b"1" * 19), "(bytes20)"),
        ("BondingManager", "holdStake", (ACCOUNT, 1), "_resign (bool): 1 does not fit"),
        ("ServiceRegistry", "setServiceURI", (b"x",), "_serviceURI (string): 0x78 does not fit"),
        ("PollCreator", "createPoll", ("0x12",), "_proposal (bytes): 0x12 does not fit"),
        ("Governor", "cancel", (((), (), ()),), "3 members, not 4"),
        ("Governor", "cancel", (((ACCOUNT,), (-1,), (b"",), 0),), "-1 does not fit"),
        ("Governor", "cancel", ((5, (), (), 0),), "5 is no list"),
    ],
)
def test_encode__what_does_not_fit__is_refused_by_name(
    interfaces: Interfaces, contract: str, function: str, args: tuple[Any, ...], problem: str
) -> None:
    with pytest.raises(ProposalError) as caught:
        interfaces.encode(contract, function, args)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_encode__overloaded_name__asks_for_the_signature() -> None:
    both = [
        {"type": "function", "name": "f", "inputs": [{"name": "a", "type": kind}], "outputs": []}
        for kind in ("uint256", "bool")
    ]
    overloaded = Interfaces({"Two": both})
    with pytest.raises(ProposalError, match=r"overloaded, give one of f\(bool\), f\(uint256\)"):
        overloaded.encode("Two", "f", (1,))
    assert overloaded.encode("Two", "f(bool)", (True,))[-1] == 1


def test_decode__unknown_selector__is_raw_and_flagged(interfaces: Interfaces) -> None:
    data = bytes.fromhex("deadbeef") + bytes(32)
    unknown = interfaces.decode("Minter", data)
    assert unknown == Unknown(
        "0x" + data.hex(), "unknown selector 0xdeadbeef: no function of Minter"
    )
    anywhere = interfaces.decode(None, data)
    assert isinstance(anywhere, Unknown)
    assert anywhere.why == "unknown selector 0xdeadbeef: no function of any contract here"


def test_decode__selector_of_another_contract__is_unknown(interfaces: Interfaces) -> None:
    assert isinstance(interfaces.decode("Minter", ROUND_LENGTH), Unknown)
    assert isinstance(interfaces.decode(None, ROUND_LENGTH), Decoded)


def test_decode__trailing_bytes__is_flagged_with_the_likely_reading(
    interfaces: Interfaces,
) -> None:
    unknown = interfaces.decode("RoundsManager", ROUND_LENGTH + b"\0")
    assert isinstance(unknown, Unknown)
    assert unknown.why.endswith("1 bytes after its arguments")
    assert unknown.likely is not None
    assert unknown.likely.values == (6377,)


def test_decode__dirty_padding_of_an_address__is_flagged(interfaces: Interfaces) -> None:
    data = bytearray(interfaces.encode("Minter", "migrateToNewMinter", (ACCOUNT,)))
    data[4] = 1
    unknown = interfaces.decode("Minter", bytes(data))
    assert isinstance(unknown, Unknown)
    assert unknown.why.endswith("padding that is not zero")


def test_decode__odd_offset__is_flagged(interfaces: Interfaces) -> None:
    words = [(0x40).to_bytes(32, "big"), bytes(32), (1).to_bytes(32, "big"), b"x".ljust(32, b"\0")]
    data = selector(interfaces.function("PollCreator", "createPoll")) + b"".join(words)
    unknown = interfaces.decode("PollCreator", data)
    assert isinstance(unknown, Unknown)
    assert unknown.why.endswith("an offset that is not the canonical one")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no calldata: a plain transfer"),
        (b"\x68\x13\x12", "no selector: 3 bytes"),
        (
            ROUND_LENGTH[:-1],
            "RoundsManagerTarget.setRoundLength(uint256): ends too early",
        ),
        (ROUND_LENGTH + bytes(2**17), "131108 bytes: more than any transaction has"),
    ],
)
def test_decode__no_call__says_what_it_is(interfaces: Interfaces, data: bytes, why: str) -> None:
    assert interfaces.decode("RoundsManagerTarget", data) == Unknown("0x" + data.hex(), why)


def test_decode__plain_transfer_to_a_receiver__is_its_receive(interfaces: Interfaces) -> None:
    assert interfaces.decode("Treasury", b"") == Decoded("Treasury", "receive", "receive()", ())


def test_decode__text_that_is_not_utf8__is_flagged(interfaces: Interfaces) -> None:
    data = selector(interfaces.function("ServiceRegistry", "setServiceURI")) + encode(
        ["bytes"], [b"\xff"]
    )
    unknown = interfaces.decode("ServiceRegistry", data)
    assert isinstance(unknown, Unknown)
    assert unknown.why.endswith("a text that is not UTF-8")


# -- events


def topic(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return bytes.fromhex(value.removeprefix("0x").rjust(64, "0"))


def test_decode_event__indexed_and_plain_arguments__are_in_order(interfaces: Interfaces) -> None:
    topics = [keccak(text="Transfer(address,address,uint256)"), topic(ACCOUNT), topic("0x01")]
    event = interfaces.decode_event("LivepeerToken", topics, (7).to_bytes(32, "big"))
    assert isinstance(event, DecodedEvent)
    assert (event.contract, event.event) == ("LivepeerToken", "Transfer")
    assert event.values == (ACCOUNT, to_checksum_address("0x" + "00" * 19 + "01"), 7)
    assert interfaces.decode_event(None, topics, (7).to_bytes(32, "big")) == event


@pytest.mark.parametrize(
    ("topics", "data", "why"),
    [
        ([], b"", "an anonymous event"),
        ([bytes(32)], b"", "unknown event 0x" + "00" * 32),
        (
            [keccak(text="Transfer(address,address,uint256)")],
            bytes(96),
            "LivepeerToken.Transfer: 0 indexed arguments, not 2",
        ),
        (
            [keccak(text="Transfer(address,address,uint256)"), bytes(32), bytes(32)],
            bytes(33),
            "LivepeerToken.Transfer: 1 bytes more than its arguments take",
        ),
    ],
)
def test_decode_event__what_is_none__is_raw_and_flagged(
    interfaces: Interfaces, topics: list[bytes], data: bytes, why: str
) -> None:
    raw = "0x" + (b"".join(topics) + data).hex()
    assert interfaces.decode_event("LivepeerToken", topics, data) == Unknown(raw, why)


# -- reverts


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no reason given"),
        (error("caller must be Controller owner"), "caller must be Controller owner"),
        (error(error("msg.sender not RoundsManager")), "msg.sender not RoundsManager"),
        (error(error(error("deep"))), "deep"),
        (error(b""), "no reason given"),
        (error(error("")), "no reason given"),
        (error("Error"), "Error"),
        (bytes.fromhex("4e487b71") + (0x12).to_bytes(32, "big"), "panic 0x12: division by zero"),
        (
            error(bytes.fromhex("4e487b71") + (0x32).to_bytes(32, "big")),
            "panic 0x32: index out of bounds",
        ),
        (bytes.fromhex("deadbeef"), "0xdeadbeef"),
        (ERROR + bytes(31), "0x" + (ERROR + bytes(31)).hex()),
    ],
)
def test_revert_reason__wrapped_or_not__is_the_innermost(
    interfaces: Interfaces, data: bytes, reason: str
) -> None:
    assert interfaces.revert_reason(data) == reason


def test_revert_reason__nested_vector__is_unwrapped(interfaces: Interfaces) -> None:
    inner = error("msg.sender not RoundsManager")
    assert len(inner) == 100  # core spec, 26
    outer = ERROR + (32).to_bytes(32, "big") + (0x64).to_bytes(32, "big") + inner.ljust(128, b"\0")
    assert interfaces.revert_reason(outer) == "msg.sender not RoundsManager"


def test_revert_reason__custom_error_through_the_governor__has_its_arguments(
    interfaces: Interfaces,
) -> None:
    data = keccak(text="FutureLookup(uint256,uint256)")[:4] + encode(["uint256"] * 2, [9, 8])
    assert interfaces.revert_reason(error(data)) == "FutureLookup(queryRound=9, maxAllowed=8)"


# -- results


def test_result__one_value_or_several__is_the_value_or_a_tuple(interfaces: Interfaces) -> None:
    word = (5).to_bytes(32, "big")
    assert interfaces.result("RoundsManager", "roundLength", word) == 5
    info = interfaces.result(
        "Controller", "getContractInfo", encode(["address", "bytes20"], [ACCOUNT, b"c" * 20])
    )
    assert info == (ACCOUNT, b"c" * 20)


def test_result__nothing_returned__is_refused(interfaces: Interfaces) -> None:
    with pytest.raises(ProposalError, match="0 bytes returned, not uint256"):
        interfaces.result("RoundsManager", "roundLength", b"")


def test_abi__candidate_with_more__adds_its_entries() -> None:
    more = {"type": "function", "name": "f", "inputs": [], "outputs": []}
    extended = Interfaces.load(extra={"Minter": [more]})
    assert extended.function("Minter", "f") == more
    assert extended.function("Minter", "inflation")["name"] == "inflation"
