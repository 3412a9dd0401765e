"""Calls by name, and addresses from the Controller."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from keepers.core.chain import Chain
from keepers.core.contracts import ABI, ZERO, Book, Interface, interface
from keepers.core.model import Call, KeeperError, Reverted, Unavailable
from keepers.core.rpc import NodeError
from tests.keepers.core.fake_nodes import Node, endpoints_of, some_nodes

CONTROLLER = str(to_checksum_address("0x" + "c0" * 20))
A, B, C = (str(to_checksum_address("0x" + one * 20)) for one in ("a1", "b2", "c3"))
GET_CONTRACT = "0x" + keccak(text="getContract(bytes32)")[:4].hex()
CURRENT_ROUND = "0x" + keccak(text="currentRound()")[:4].hex()


@dataclass
class Site:
    """What a node answers: a Controller, and a RoundsManager at every address it has."""

    places: dict[str, str] = field(
        default_factory=lambda: {"RoundsManager": A, "BondingManager": B}
    )
    blocks: list[str] = field(default_factory=list)

    def call(self, fields: dict[str, str], block: str) -> str:
        self.blocks.append(block)
        to, data = fields["to"], fields["data"]
        if to == CONTROLLER and data.startswith(GET_CONTRACT):
            named = {"0x" + keccak(text=name).hex(): at for name, at in self.places.items()}
            return "0x" + encode(["address"], [named.get("0x" + data[10:], ZERO)]).hex()
        if to == CONTROLLER:
            raise NodeError(3, "execution reverted", "0x")
        return "0x" + (f"{77:064x}" if data == CURRENT_ROUND else "")


def book_of(controller: str = CONTROLLER) -> tuple[Book, Site, Node]:
    clock, _, nodes = some_nodes(1)
    site = Site()
    nodes[0].answers["eth_call"] = site.call
    return Book(Chain(endpoints_of(nodes, clock)), controller), site, nodes[0]


# -- calls by name


def test_encode__arguments__follow_the_selector() -> None:
    found = interface("BondingManager").encode("bond", 5, A)
    assert found == keccak(text="bond(uint256,address)")[:4] + encode(
        ["uint256", "address"], [5, A]
    )


def test_encode__overloaded__is_found_by_the_number_of_arguments() -> None:
    governor = interface("LivepeerGovernor")
    one, none = keccak(text="quorumNumerator(uint256)"), keccak(text="quorumNumerator()")
    assert governor.encode("quorumNumerator", 3) == one[:4] + (3).to_bytes(32, "big")
    assert governor.encode("quorumNumerator") == none[:4]
    assert governor.selector("quorumNumerator", 1) == one[:4]
    assert governor.decode("quorumNumerator", (9).to_bytes(32, "big"), inputs=1) == 9
    with pytest.raises(KeeperError, match=r"quorumNumerator: takes (0 or 1|1 or 0) arguments"):
        governor.selector("quorumNumerator")


@pytest.mark.parametrize(
    ("function", "args", "text"),
    [
        ("bond", (5,), "BondingManager.bond: takes 2 arguments"),
        ("bund", (5, A), "BondingManager.bund: is no function of this contract"),
        ("bond", (-1, A), "BondingManager.bond: "),
        ("bond", ("five", A), "BondingManager.bond: "),
        ("bond", (2**256, A), "BondingManager.bond: "),
        ("bond", (5, "0x12"), "BondingManager.bond: "),
        ("bond", (5, None), "BondingManager.bond: "),
    ],
)
def test_encode__what_does_not_fit__says_where(
    function: str, args: tuple[object, ...], text: str
) -> None:
    with pytest.raises(KeeperError, match="^" + re.escape(text)):
        interface("BondingManager").encode(function, *args)


def test_decode__one_value_several_and_none__are_a_value_a_tuple_and_an_empty_one() -> None:
    bonding = interface("BondingManager")
    assert bonding.decode("getTotalBonded", (5).to_bytes(32, "big")) == 5
    types = ["uint256", "uint256", "address", *["uint256"] * 4]
    data = encode(types, [1, 2, A.lower(), 3, 4, 5, 6])
    assert bonding.decode("getDelegator", data) == (1, 2, A, 3, 4, 5, 6)
    assert bonding.decode("reward", b"") == ()


def test_decode__addresses_in_lists_and_structs__have_checksums() -> None:
    parts = [
        {"name": "who", "type": "address"},
        {"name": "all", "type": "address[2]"},
        {"name": "text", "type": "string"},
    ]
    outputs = [
        {"name": "", "type": "address[]"},
        {"name": "", "type": "tuple[]", "components": parts},
    ]
    entry = {"type": "function", "name": "f", "inputs": [], "outputs": outputs}
    values = [[A.lower(), B.lower()], [(C.lower(), [A.lower(), B.lower()], A.lower())]]
    found = Interface("Some", [entry]).decode(
        "f", encode(["address[]", "(address,address[2],string)[]"], values)
    )
    assert found == ((A, B), ((C, (A, B), A.lower()),))


@pytest.mark.parametrize("data", [b"", b"\x01", bytes(31), b"\xff" * 32])
def test_decode__other_data__says_what_came_and_what_to_check(data: bytes) -> None:
    text = rf"Controller.getContract returned {len(data)} bytes that are not \(address\): is this"
    with pytest.raises(KeeperError, match=text):
        interface("Controller").decode("getContract", data)


@given(st.binary(max_size=300), st.sampled_from(["getCase", "parameters"]))
def test_decode__anything__is_values_or_one_error(data: bytes, function: str) -> None:
    with suppress(KeeperError):
        assert isinstance(interface("SlashingVerifier").decode(function, data), tuple)


def test_interface__name_of_the_controller__is_that_of_the_source() -> None:
    assert interface("JobsManager").encode("unlock") == keccak(text="unlock()")[:4]
    with pytest.raises(KeeperError, match="^Nothing: there is no ABI of this contract"):
        interface("Nothing")


@pytest.mark.parametrize("name", sorted(path.stem for path in ABI.glob("*.json")))
def test_abi__each__finds_every_function_by_name_and_arguments(name: str) -> None:
    """No two functions of one name take equally many arguments: the interface would lose one."""
    entries = [
        one for one in json.loads((ABI / f"{name}.json").read_text()) if one["type"] == "function"
    ]
    keys = [(one["name"], len(one["inputs"])) for one in entries]
    assert len(set(keys)) == len(keys)


# -- addresses


def test_addresses__several__are_one_request_and_read_once() -> None:
    book, site, node = book_of()
    assert book.addresses(["RoundsManager", "BondingManager", "RoundsManager"], 90) == {
        "RoundsManager": A,
        "BondingManager": B,
    }
    assert (node.requests, site.blocks) == (2, [hex(90)] * 2)  # the chain id, and the addresses
    assert (book.address("BondingManager", 91), book.address("Controller")) == (B, CONTROLLER)
    assert node.requests == 2


def test_book__address_in_small_letters__has_its_checksum() -> None:
    assert book_of(CONTROLLER.lower())[0].controller == CONTROLLER


@pytest.mark.parametrize("address", ["", "0x12", "RoundsManager", "0x" + "zz" * 20])
def test_book__controller_is_no_address__is_refused(address: str) -> None:
    with pytest.raises(KeeperError, match="the Controller's address is no address"):
        book_of(address)


def test_address__not_registered__says_where_it_was_looked_for() -> None:
    book, _, _ = book_of()
    with pytest.raises(
        KeeperError, match=f"^Minter: not registered in Controller {CONTROLLER} on chain 42161$"
    ):
        book.addresses(["RoundsManager", "Minter"], 90)


def test_address__no_contract_there__is_no_controller() -> None:
    book, _, node = book_of(A)
    with pytest.raises(KeeperError, match=f"Controller {A} on chain 42161: no Controller there"):
        book.address("RoundsManager", 90)
    node.answers["eth_call"] = lambda *_: CURRENT_ROUND
    with pytest.raises(KeeperError, match="returned 4 bytes .* is this the right Controller"):
        book.address("RoundsManager", 90)


def test_address__contract_that_knows_no_contracts__is_no_controller() -> None:
    book, _, node = book_of()

    def reverts(*_: object) -> str:
        raise NodeError(3, "execution reverted", "0x")

    node.answers["eth_call"] = reverts
    with pytest.raises(KeeperError, match="no Controller there; check the address and the chain"):
        book.address("RoundsManager", 90)


def test_refresh__one_moved__returns_it_and_is_used_from_then_on() -> None:
    book, site, _ = book_of()
    book.addresses(["RoundsManager", "BondingManager"], 90)
    assert book.refresh(91) == {}
    site.places["BondingManager"] = C
    assert book.address("BondingManager", 92) == B
    assert book.refresh(92) == {"BondingManager": C}
    assert book.call("BondingManager", "reward", block=92).to == C
    assert book.refresh(93) == {}
    assert site.blocks[-1] == hex(93)


def test_refresh__nothing_was_asked_for__asks_nothing() -> None:
    book, _, node = book_of()
    assert book.refresh(90) == {}
    assert node.requests == 0


def test_refresh__one_moved_and_one_is_gone__keeps_all_as_they_were() -> None:
    book, site, _ = book_of()
    book.addresses(["RoundsManager", "BondingManager"], 90)
    site.places = {"RoundsManager": C}
    with pytest.raises(KeeperError, match="BondingManager: not registered"):
        book.refresh(91)
    assert book.addresses(["RoundsManager", "BondingManager"]) == {
        "RoundsManager": A,
        "BondingManager": B,
    }


def test_refresh__chain_cannot_be_read__keeps_all_as_they_were() -> None:
    book, _, node = book_of()
    book.address("RoundsManager", 90)
    node.mode = "refuse"
    with pytest.raises(Unavailable):
        book.refresh(91)
    assert book.address("RoundsManager") == A


# -- both


def test_call__by_name__has_address_calldata_and_sender() -> None:
    book, _, _ = book_of()
    found = book.call("RoundsManager", "currentRound", block=90, sender=B)
    assert found == Call(A, bytes.fromhex(CURRENT_ROUND[2:]), B)


def test_read__by_name__is_the_value_at_the_block() -> None:
    book, site, _ = book_of()
    assert book.read("RoundsManager", "currentRound", block=90) == 77
    assert site.blocks == [hex(90)] * 2


def test_read__address_without_code__says_what_to_check() -> None:
    book, _, _ = book_of()
    with pytest.raises(KeeperError, match="getFirstTranscoderInPool returned 0 bytes"):
        book.read("BondingManager", "getFirstTranscoderInPool", block=90)


def test_read__reverts__raises_it() -> None:
    book, _, _ = book_of()
    with pytest.raises(Reverted):
        book.read("Controller", "paused", block=90)
