"""Staging and cancelling: who may, what is hashed, what is logged, and the bounds of an update."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.support.calls import OVERFLOW, logs, panics, reverted, reverts_bare
from tests.support.contracts import ZERO, deploy
from tests.unit.governor.conftest import (
    NO_CODE,
    UPDATE_TYPE,
    Governed,
    Update,
    block,
    hash_of,
    update_of,
)

ROUNDS_MANAGER = "0xdd6f56DcC28D3F5f27084381fE8Df634985cc39f"
BONDING_MANAGER = "0x35Bcf3c30594191d53231E4FF333E8A770453e40"
# Updates and their hashes by the deployed protocol: core spec 26, governance spec 2.
KNOWN = [
    (
        update_of((NO_CODE, 0, bytes.fromhex("8456cb59")), nonce=1),
        "bed474de47bda2baea87e09495e3987deb5abff715ee99d2593641dfa52ce325",
    ),
    (
        update_of((ROUNDS_MANAGER, 0, bytes.fromhex("681312f5") + (6377).to_bytes(32))),
        "7e55930248bf1754dac50ae70fd4b5b8e552aaca69d8ca7d0abb10f8abc04dbc",
    ),
    (
        update_of((BONDING_MANAGER, 0, bytes.fromhex("cf33a0d5") + (10**26).to_bytes(32))),
        "a8ef28ef4761ce51f7dedc0650ef0f8acb1ef04e4598c0301a59fe3155ec0da8",
    ),
]
MAX_ACTIONS = 10
MAX_DATA = 4_096
STAGED = "af91f635f78d93ffa603808c9abd3099887413bc3e144b4b64c1fb966d6519c1"
CANCELLED = "b1a3479c973dd630e159980ce42bb5da45e167cf7bce9a8b51b1dac8f3984195"


def raw_log(contract: Any) -> tuple[list[str], bytes]:
    """Topics and data of the last entry that the last call logged."""
    _, _, topics, data = contract._computation.get_raw_log_entries()[-1]
    return [topic.to_bytes(32).hex() for topic in topics], data


def test_init__deployed__deployer_owns_it_and_it_is_logged(stranger: str) -> None:
    governor = deploy("Governor", sender=stranger)
    assert logs(governor) == [("OwnershipTransferred", ZERO, stranger)]
    assert governor.owner() == stranger


@pytest.mark.parametrize(("update", "known"), KNOWN)
def test_stage__known_update__is_found_under_the_known_hash(
    governed: Governed, update: Update, known: str
) -> None:
    governed.stage(update, 7)
    assert governed.governor.updates(bytes.fromhex(known)) == block() + 7


def test_stage__update_of_lip_83__takes_484_bytes_of_calldata(governed: Governed) -> None:
    data = governed.governor.stage.prepare_calldata(KNOWN[1][0], 0)
    assert (len(data), data[:4].hex()) == (484, "0d1e4bd3")


@pytest.mark.parametrize("delay", [0, 1, 51_840])
def test_stage__any_delay__counts_in_blocks_from_this_one(governed: Governed, delay: int) -> None:
    update = governed.stage(governed.taken(), delay)
    assert governed.entry_block(update) == block() + delay


def test_stage__two_actions__logged_data_is_that_of_the_deployed_event(governed: Governed) -> None:
    update = update_of((NO_CODE, 3, b"x" * 33), (ROUNDS_MANAGER, 0, b""), nonce=2**256 - 1)
    governed.stage(update, 9)
    assert raw_log(governed.governor) == ([STAGED], encode([UPDATE_TYPE, "uint256"], [update, 9]))
    assert logs(governed.governor) == [("UpdateStaged", update, 9)]


def test_stage__lists_of_different_lengths__is_not_checked(governed: Governed) -> None:
    update = ([NO_CODE, NO_CODE], [1], [], 0)
    governed.stage(update, 1)
    assert governed.entry_block(update) == block() + 1


def test_stage__no_action_at_all__is_an_update_too(governed: Governed) -> None:
    update = governed.stage(([], [], [], 0))
    governed.governor.execute(update)
    assert logs(governed.governor) == [("UpdateExecuted", update)]


def test_stage__by_stranger__reverts(governed: Governed, stranger: str) -> None:
    with boa.reverts("unauthorized: msg.sender not owner"):
        governed.governor.stage(governed.taken(), 0, sender=stranger)


def test_stage__staged_already__reverts_whatever_the_delay(governed: Governed) -> None:
    update = governed.stage(governed.taken(), 5)
    with boa.reverts("update already staged"):
        governed.stage(update, 6)
    assert governed.entry_block(update) == block() + 5


def test_stage__same_actions_with_another_nonce__is_another_update(governed: Governed) -> None:
    first = governed.stage(governed.taken(nonce=1), 5)
    second = governed.stage(governed.taken(nonce=2), 6)
    assert (governed.entry_block(first), governed.entry_block(second)) == (block() + 5, block() + 6)


def test_stage__block_beyond_256_bits__panics(governed: Governed) -> None:
    largest = 2**256 - 1 - block()
    with panics(OVERFLOW):
        governed.stage(governed.taken(), largest + 1)
    with panics(OVERFLOW):
        governed.stage(governed.taken(), 2**256 - 1)
    assert governed.entry_block(governed.stage(governed.taken(), largest)) == 2**256 - 1


def test_stage__staged_and_overflowing__the_first_check_answers(governed: Governed) -> None:
    governed.stage(governed.taken())
    with boa.reverts("update already staged"):
        governed.stage(governed.taken(), 2**256 - 1)


@pytest.mark.parametrize(("actions", "size"), [(1, MAX_DATA), (MAX_ACTIONS, MAX_DATA)])
def test_stage__update_at_the_bound__is_hashed_whole(
    governed: Governed, actions: int, size: int
) -> None:
    update = update_of(*((governed.action.address, 0, bytes([i]) * size) for i in range(actions)))
    governed.governor.execute(governed.stage(update))
    assert (
        logs(governed.governor)[:-1] == [("Called", governed.governor.address, 0, size)] * actions
    )
    assert governed.entry_block(update) == 0


@pytest.mark.parametrize(
    "update",
    [
        update_of(*[(NO_CODE, 0, b"")] * (MAX_ACTIONS + 1)),
        update_of((NO_CODE, 0, b"x" * (MAX_DATA + 1))),
        ([], [0] * (MAX_ACTIONS + 1), [], 0),
        ([], [], [b""] * (MAX_ACTIONS + 1), 0),
    ],
    ids=["targets", "calldata", "values", "datas"],
)
def test_stage__update_over_the_bound__reverts_bare_for_the_owner_too(
    governed: Governed, update: Update
) -> None:
    data = bytes.fromhex("0d1e4bd3") + encode([UPDATE_TYPE, "uint256"], [update, 0])
    assert reverted(governed.governor.address, data, sender=governed.owner) == b""


@pytest.mark.parametrize("selector", ["6b8ace71", "76ad6529"], ids=["execute", "cancel"])
def test_execute_and_cancel__update_over_the_bound__revert_bare(
    governed: Governed, selector: str
) -> None:
    update = update_of((NO_CODE, 0, b"x" * (MAX_DATA + 1)))
    data = bytes.fromhex(selector) + encode([UPDATE_TYPE], [update])
    assert reverted(governed.governor.address, data, sender=governed.owner) == b""


def test_cancel__staged__is_gone_and_logged(governed: Governed) -> None:
    update = governed.stage(governed.taken(), 5)
    governed.governor.cancel(update, sender=governed.owner)
    assert raw_log(governed.governor) == ([CANCELLED], encode([UPDATE_TYPE], [update]))
    assert governed.entry_block(update) == 0
    with boa.reverts("update is not staged"):
        governed.governor.execute(update)


def test_cancel__then_staged_again__counts_from_anew(governed: Governed) -> None:
    update = governed.stage(governed.taken(), 5)
    governed.governor.cancel(update, sender=governed.owner)
    boa.env.time_travel(blocks=3)
    governed.stage(update, 5)
    assert governed.entry_block(update) == block() + 5


def test_cancel__by_stranger__reverts(governed: Governed, stranger: str) -> None:
    update = governed.stage(governed.taken())
    with boa.reverts("unauthorized: msg.sender not owner"):
        governed.governor.cancel(update, sender=stranger)


def test_cancel__never_staged__reverts(governed: Governed) -> None:
    governed.stage(governed.taken(nonce=1))
    with boa.reverts("update is not staged"):
        governed.governor.cancel(governed.taken(nonce=2), sender=governed.owner)


def test_transfer_ownership__by_an_update__new_owner_stages_and_the_old_one_does_not(
    governed: Governed, stranger: str
) -> None:
    governed.carry_out("transferOwnership", stranger)
    assert logs(governed.governor)[0] == ("OwnershipTransferred", governed.owner, stranger)
    assert governed.governor.owner() == stranger

    governed.governor.stage(governed.taken(), 0, sender=stranger)
    with boa.reverts("unauthorized: msg.sender not owner"):
        governed.governor.cancel(governed.taken(), sender=governed.owner)


def test_transfer_ownership__by_the_owner_itself__reverts(governed: Governed) -> None:
    with boa.reverts("unauthorized: msg.sender not Governor"):
        governed.governor.transferOwnership(governed.owner, sender=governed.owner)


def test_governor__plain_ether__is_refused(governed: Governed, stranger: str) -> None:
    boa.env.set_balance(stranger, 1)
    assert reverted(governed.governor.address, b"", value=1, sender=stranger) == b""


@pytest.mark.parametrize("function", ["stage", "cancel"])
def test_stage_and_cancel__ether_sent_along__revert_bare(governed: Governed, function: str) -> None:
    boa.env.set_balance(governed.owner, 1)
    delay = (0,) if function == "stage" else ()
    with reverts_bare():
        getattr(governed.governor, function)(
            governed.taken(), *delay, sender=governed.owner, value=1
        )


def test_hash_of__of_the_tests__is_the_specified_encoding() -> None:
    update, known = KNOWN[0]
    encoded = encode([UPDATE_TYPE], [update])
    words = [encoded[i : i + 32].hex().lstrip("0") or "0" for i in range(0, 416, 32)]
    assert len(encoded) == 416
    assert words[:-1] == ["20", "80", "c0", "100", "1", "1", "aa", "1", "0", "1", "20", "4"]
    assert encoded[-32:] == bytes.fromhex("8456cb59").ljust(32, b"\0")
    assert (hash_of(update).hex(), keccak(encoded).hex()) == (known, known)
