"""relay(), ether, token hooks, ERC-165, the Controller. Core spec, sections 16.8 and 16.12."""

from __future__ import annotations

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from tests.support.calls import error_data, logs, returned, reverted, reverts_with_data
from tests.support.contracts import ZERO, deploy
from tests.support.protocol import MINTER_ROLE
from tests.unit.livepeer_governor.conftest import Hall, call

FAILED = "TimelockController: underlying transaction reverted"
NO_MESSAGE = "Governor: relay reverted without message"
NO_ETHER = error_data("Error(string)", "Governor: must send to executor")


# -- relay


def test_relay__executed_proposal__calls_as_the_governor(hall: Hall) -> None:
    other = deploy("ActionMock")
    boa.env.set_balance(hall.governor.address, 9)
    hall.enact(call(hall.governor, "relay", other.address, 9, b"\x01\x02\x03"))
    called = [entry for entry in logs(hall.governor) if entry[0] == "Called"]
    assert called == [("Called", hall.governor.address, 9, 3)]
    assert boa.env.get_balance(other.address) == 9


def test_relay__action_with_value__passes_it_through(hall: Hall, stranger: str) -> None:
    boa.env.set_balance(hall.treasury.address, 5)
    before = boa.env.get_balance(stranger)
    hall.enact(call(hall.governor, "relay", stranger, 5, b"", value=5))
    assert boa.env.get_balance(stranger) == before + 5
    assert boa.env.get_balance(hall.governor.address) == 0


def test_relay__tokens_sent_to_the_governor__come_out_again(hall: Hall, stranger: str) -> None:
    token = deploy("LivepeerToken", sender=hall.owner)
    token.grantRole(MINTER_ROLE, hall.owner, sender=hall.owner)
    token.mint(hall.governor.address, 3, sender=hall.owner)
    data = token.transfer.prepare_calldata(stranger, 3)
    hall.enact(call(hall.governor, "relay", token.address, 0, data))
    assert token.balanceOf(stranger) == 3


def test_relay__call_fails__proposal_fails(hall: Hall) -> None:
    other = deploy("ReceiverMock")
    other.setRefusal("not today")
    content = call(hall.governor, "relay", other.address, 0, b"")
    hall.queue(content)
    with boa.reverts(FAILED):
        hall.governor.execute(*content.hashed)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (b"", error_data("Error(string)", NO_MESSAGE)),
        (b"\x01", b"\x01"),
        (error_data("Error(string)", "x" * 400), error_data("Error(string)", "x" * 400)),
    ],
)
def test_relay__call_fails__passes_the_reason_on(frank: Hall, answer: bytes, shown: bytes) -> None:
    other = deploy("ActionMock")
    refuse = other.refuse.prepare_calldata(answer)
    content = call(frank.governor, "relay", other.address, 0, refuse)
    frank.queue(content)
    with reverts_with_data(shown):
        frank.governor.execute(*content.hashed)


# -- ether


def test_default__plain_ether__reverts_with_a_text(hall: Hall, gateway: str) -> None:
    for value in (0, 1):
        assert reverted(hall.governor.address, b"", value=value, sender=gateway) == NO_ETHER
        assert reverted(hall.target.address, b"", value=value, sender=gateway) == NO_ETHER


@pytest.mark.parametrize("data", [b"\0", b"\xff" * 4, b"\xff" * 100])
def test_default__unknown_function__reverts_bare(hall: Hall, gateway: str, data: bytes) -> None:
    for value in (0, 1):
        assert reverted(hall.governor.address, data, value=value, sender=gateway) == b""


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("castVote", (1, 1)), ("setVotingDelay", (1,)), ("initialize", (1, 1, 1, 1, 1))],
)
def test_not_payable__with_ether__reverts_bare(
    hall: Hall, gateway: str, function: str, arguments: tuple[int, ...]
) -> None:
    data = getattr(hall.governor, function).prepare_calldata(*arguments)
    assert reverted(hall.governor.address, data, value=1, sender=gateway) == b""
    assert reverted(hall.governor.address, data, sender=gateway) != b""


# -- tokens


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        ("onERC721Received(address,address,uint256,bytes)", (ZERO, ZERO, 1, b"data")),
        ("onERC1155Received(address,address,uint256,uint256,bytes)", (ZERO, ZERO, 1, 2, b"")),
        (
            "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)",
            (ZERO, ZERO, [1, 2], [3, 4], b"data"),
        ),
    ],
)
def test_hooks__any_token__answer_with_their_selector(
    hall: Hall, stranger: str, signature: str, arguments: tuple[object, ...]
) -> None:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = selector(signature) + encode(types, arguments)
    answer = returned(hall.governor.address, data, sender=stranger)
    assert answer == selector(signature).ljust(32, b"\0")


@pytest.mark.parametrize(
    ("interface", "known"),
    [
        ("01ffc9a7", True),  # ERC-165
        ("bf26d897", True),  # governor of OpenZeppelin 4.3
        ("79dd796f", True),  # 4.6, with parameters
        ("51159c06", True),  # cancellation
        ("6e665ced", True),  # timelock
        ("4e2312e0", True),  # ERC-1155 receiver
        ("da287a1d", False),  # ERC-6372
        ("150b7a02", False),  # ERC-721 receiver
        ("7965db0b", False),  # access control
        ("ffffffff", False),
        ("00000000", False),
    ],
)
def test_supports_interface__ids__as_deployed(hall: Hall, interface: str, known: bool) -> None:
    assert hall.governor.supportsInterface(bytes.fromhex(interface)) == known
    assert hall.target.supportsInterface(bytes.fromhex(interface)) == known


def test_supports_interface__timelock_id__is_made_of_its_functions() -> None:
    def combined(*signatures: str) -> str:
        found = 0
        for signature in signatures:
            found ^= int.from_bytes(selector(signature), "big")
        return f"{found:08x}"

    content = "(address[],uint256[],bytes[],bytes32)"
    assert combined("timelock()", "proposalEta(uint256)", f"queue{content}") == "6e665ced"
    assert combined(f"cancel{content}", "proposalProposer(uint256)") == "51159c06"


# -- Controller


def test_set_controller__controller_only__logs_and_moves(hall: Hall, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        hall.governor.setController(stranger, sender=stranger)
    hall.target.setController(stranger, sender=hall.controller.address)
    assert logs(hall.target) == [("SetController", stranger)]
    assert hall.target.controller() == stranger


def test_pause__paused_system__does_not_stop_governance(hall: Hall) -> None:
    assert hall.controller.paused()
    hall.enact(call(hall.governor, "setVotingDelay", 2))
    assert hall.governor.votingDelay() == 2
