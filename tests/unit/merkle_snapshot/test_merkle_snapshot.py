"""MerkleSnapshot: roots and proofs. Trees are built here, independently of the contract."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.support.calls import logs, reverted
from tests.support.contracts import deploy

ID = bytes.fromhex("8a8429c6226eebfc4f3ea5212a0dfe894db16a207ec9eadf368a2c4004bf352b")  # LIP-52
MAX_PROOF = 256


def parent(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def root_and_proof(leaves: list[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """A leaf without a sibling moves up a level as it is."""
    proof = []
    while len(leaves) > 1:
        if (sibling := index ^ 1) < len(leaves):
            proof.append(leaves[sibling])
        pairs = [leaves[i : i + 2] for i in range(0, len(leaves), 2)]
        leaves = [parent(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        index //= 2
    return leaves[0], proof


@pytest.fixture(scope="module")
def owner() -> str:
    return boa.env.generate_address("owner")


@pytest.fixture(scope="module")
def snapshots(owner: str) -> Any:
    return deploy("MerkleSnapshot", deploy("Controller", sender=owner).address)


def test_set_snapshot__by_owner__is_kept_without_an_event(snapshots: Any, owner: str) -> None:
    assert keccak(text="LIP-52") == ID
    assert snapshots.snapshot(ID) == bytes(32)

    for root in (keccak(b"root"), keccak(b"other root")):
        snapshots.setSnapshot(ID, root, sender=owner)
        assert logs(snapshots) == []
        assert snapshots.snapshot(ID) == root


def test_set_snapshot__by_stranger__reverts(snapshots: Any, stranger: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        snapshots.setSnapshot(ID, keccak(b"root"), sender=stranger)


@given(
    data=st.data(), leaves=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20)
)
def test_verify__leaf_of_the_tree__is_in_and_another_is_not(
    snapshots: Any, owner: str, data: st.DataObject, leaves: list[bytes]
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = root_and_proof(leaves, index)
    snapshots.setSnapshot(ID, root, sender=owner)

    assert snapshots.verify(ID, proof, leaves[index])
    assert not snapshots.verify(ID, proof, keccak(leaves[index]))
    assert not snapshots.verify(ID, [*proof, bytes(32)], leaves[index])


def test_verify__equal_siblings__hash_once(snapshots: Any, owner: str) -> None:
    leaf = keccak(b"leaf")
    snapshots.setSnapshot(ID, keccak(leaf + leaf), sender=owner)
    assert snapshots.verify(ID, [leaf], leaf)


def test_verify__unset_id__only_the_zero_leaf_without_a_proof(snapshots: Any) -> None:
    unset = keccak(b"unset")
    assert snapshots.verify(unset, [], bytes(32))
    assert not snapshots.verify(unset, [], keccak(b"leaf"))
    assert not snapshots.verify(unset, [bytes(32)], bytes(32))


def test_verify__longest_proof__is_read_to_its_end(snapshots: Any, owner: str) -> None:
    leaf = node = keccak(b"leaf")
    proof = [keccak(bytes([i])) for i in range(MAX_PROOF)]
    for sibling in proof:
        node = parent(node, sibling)
    snapshots.setSnapshot(ID, node, sender=owner)
    assert snapshots.verify(ID, proof, leaf)


def test_verify__over_the_bound__reverts_bare(snapshots: Any) -> None:
    proof = [bytes(32)] * (MAX_PROOF + 1)
    arguments = encode(["bytes32", "bytes32[]", "bytes32"], [ID, proof, bytes(32)])
    data = selector("verify(bytes32,bytes32[],bytes32)") + arguments
    assert reverted(snapshots.address, data) == b""


def test_set_controller__by_stranger__reverts(snapshots: Any, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        snapshots.setController(stranger, sender=stranger)
