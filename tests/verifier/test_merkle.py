"""Merkle trees of spec 8.1 against a recursive one; test_fingerprints.py compares with Vyper."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_utils.crypto import keccak

from verifier import merkle

SIZES = [*range(1, 10), 15, 16, 17, 31, 32, 33]


def hashes(count: int, name: str = "leaf") -> list[bytes]:
    return [keccak(text=f"{name} {at}") for at in range(count)]


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """Halves all the way down; what is missing on the right is zero."""
    size = 1
    while size < len(leaves):
        size *= 2

    def node(start: int, width: int) -> bytes:
        if width == 1:
            return leaves[start] if start < len(leaves) else bytes(32)
        half = width // 2
        return keccak(node(start, half) + node(start + half, half))

    return node(0, size)


@pytest.mark.parametrize("count", range(1, 34))
def test_root__any_number_of_leaves__equals_the_recursive_one(count: int) -> None:
    leaves = hashes(count)
    assert merkle.root(leaves) == slow_root(leaves)
    rows = merkle.levels(leaves)
    assert len(rows) == 1 + merkle.depth(count)
    assert rows[0][:count] == leaves
    assert [len(row) for row in rows] == [1 << at for at in reversed(range(len(rows)))]


def test_root__up_to_three_leaves__is_as_written_down() -> None:
    a, b, c = hashes(3)
    assert merkle.root([a]) == a
    assert merkle.root([a, b]) == keccak(a + b)
    assert merkle.root([a, b, c]) == keccak(keccak(a + b) + keccak(c + bytes(32)))


def test_root__leaves_exchanged_or_changed__is_another() -> None:
    leaves = hashes(6)
    roots = {merkle.root(leaves)}
    for at in range(6):
        other = [*leaves]
        other[at] = keccak(text="another")
        roots.add(merkle.root(other))
        roots.add(merkle.root(leaves[:at] + leaves[at + 1 :]))
    for at in range(5):
        roots.add(merkle.root([*leaves[:at], leaves[at + 1], leaves[at], *leaves[at + 2 :]]))
    assert len(roots) == 18


@pytest.mark.parametrize(
    ("leaves", "depth"),
    [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4), (32, 5), (33, 6), (4_096, 12)],
)
def test_depth__number_of_leaves__is_that_of_the_next_power(leaves: int, depth: int) -> None:
    assert merkle.depth(leaves) == depth


@pytest.mark.parametrize("count", [0, -1])
def test_depth__no_leaves__raises(count: int) -> None:
    with pytest.raises(ValueError, match="^a tree needs at least one leaf$"):
        merkle.depth(count)
    with pytest.raises(ValueError, match="^a tree needs at least one leaf$"):
        merkle.root([])


@pytest.mark.parametrize("count", range(1, 34))
def test_run_proof__every_single_leaf__leads_to_the_root_by_one_sibling_a_level(count: int) -> None:
    leaves = hashes(count)
    root = slow_root(leaves)
    for at in range(count):
        proof = merkle.run_proof(leaves, at, 1)
        assert len(proof) == merkle.depth(count)
        assert merkle.run_root([leaves[at]], at, count, proof) == root
        node, place = leaves[at], at
        for sibling in proof:  # as any other verifier goes up
            node = keccak(sibling + node) if place % 2 else keccak(node + sibling)
            place //= 2
        assert node == root


@pytest.mark.parametrize("count", SIZES)
def test_run_root__anything_changed__is_not_the_root(count: int) -> None:
    leaves = hashes(count)
    root = slow_root(leaves)
    for at in {0, 1, count // 2, count - 1} & set(range(count)):
        proof = merkle.run_proof(leaves, at, 1)
        flipped = bytes([leaves[at][0] ^ 1]) + leaves[at][1:]
        assert merkle.run_root([flipped], at, count, proof) != root
        for place in set(range(count)) - {at}:
            assert merkle.run_root([leaves[at]], place, count, proof) != root
        for level, sibling in enumerate(proof):
            wrong = [*proof]
            wrong[level] = sibling[:-1] + bytes([sibling[-1] ^ 128])
            assert merkle.run_root([leaves[at]], at, count, wrong) != root
        for level in range(len(proof) - 1):
            swapped = [*proof]
            swapped[level : level + 2] = swapped[level : level + 2][::-1]
            assert merkle.run_root([leaves[at]], at, count, swapped) != root


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 11, 13])
def test_run_proof__every_run__leads_to_the_root_with_as_few_siblings_as_can_be(count: int) -> None:
    leaves = hashes(count)
    root = slow_root(leaves)
    for start in range(count):
        for length in range(1, count - start + 1):
            proof = merkle.run_proof(leaves, start, length)
            run = leaves[start : start + length]
            assert merkle.run_root(run, start, count, proof) == root
            assert set(proof) == outside(leaves, start, length)
            for at in range(length):
                wrong = [*run]
                wrong[at] = keccak(text="another")
                assert merkle.run_root(wrong, start, count, proof) != root


def outside(leaves: Sequence[bytes], start: int, length: int) -> set[bytes]:
    """Roots of the largest subtrees that hold no leaf of the run."""
    found, rows = set(), merkle.levels(leaves)

    def visit(level: int, at: int) -> None:
        first, last = at << level, ((at + 1) << level) - 1
        if last < start or first >= start + length:
            found.add(rows[level][at])
        elif level:
            visit(level - 1, 2 * at)
            visit(level - 1, 2 * at + 1)

    visit(len(rows) - 1, 0)
    return found


def test_run_proof__whole_tree__needs_nothing_but_padding() -> None:
    assert merkle.run_proof(hashes(8), 0, 8) == []
    assert merkle.run_proof(hashes(7), 0, 7) == [bytes(32)]
    assert merkle.run_proof(hashes(5), 0, 5) == [bytes(32), keccak(bytes(64))]


@pytest.mark.parametrize(("start", "count"), [(-1, 1), (0, 0), (0, -1), (0, 6), (5, 1), (4, 2)])
def test_run_proof__run_that_is_not_in_the_tree__raises(start: int, count: int) -> None:
    with pytest.raises(ValueError, match="are not in a tree of 5$"):
        merkle.run_proof(hashes(5), start, count)


@pytest.mark.parametrize(
    ("run", "start", "leaves"), [(0, 0, 5), (1, 5, 5), (2, 4, 5), (1, -1, 5), (1, 0, 0)]
)
def test_run_root__run_that_is_not_in_the_tree__raises(run: int, start: int, leaves: int) -> None:
    with pytest.raises(ValueError, match="^run is not inside the tree$"):
        merkle.run_root(hashes(run), start, leaves, hashes(3))


def test_run_root__siblings_of_another_number__raises() -> None:
    leaves = hashes(6)
    proof = merkle.run_proof(leaves, 2, 1)
    for at in range(3):
        with pytest.raises(ValueError, match="^proof is too short$"):
            merkle.run_root([leaves[2]], 2, 6, proof[:at])
    for more in (1, 2):
        with pytest.raises(ValueError, match="^proof is too long$"):
            merkle.run_root([leaves[2]], 2, 6, proof + hashes(more))


def test_run_root__tree_of_another_depth__refuses_the_proof() -> None:
    """A receipt signs the number of leaves, so a deeper tree cannot pass for it."""
    leaves = hashes(8)
    proof = merkle.run_proof(leaves, 3, 1)
    for claimed, text in ((4, "too long"), (9, "too short")):
        with pytest.raises(ValueError, match=text):
            merkle.run_root([leaves[3]], 3, claimed, proof)


def test_chain__any_list__is_one_hash_of_order_and_number() -> None:
    a, b = hashes(2)
    assert merkle.chain([]) == bytes(32)
    assert merkle.chain([a]) == keccak(bytes(32) + a)
    assert merkle.chain([a, b]) == keccak(keccak(bytes(32) + a) + b)
    assert len({merkle.chain(one) for one in ([], [a], [b], [a, b], [b, a], [a, a, b])}) == 6
