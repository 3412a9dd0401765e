"""Binary Merkle trees over keccak256, with proofs of one leaf and of a run of neighbours.

Leaves stay in their order and are padded with zero words to a power of two; a node is
keccak256(left || right). Leaves are hashes of more than 64 bytes, so no node can pass for one.
Source: verification spec, section 8.1. `contracts/verification/modules/merkle.vy` recomputes the
same roots.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from eth_utils.crypto import keccak

ZERO = bytes(32)


def depth(leaves: int) -> int:
    """Levels above the leaves of a tree with so many; 0 for a single leaf."""
    if leaves < 1:
        raise ValueError("a tree needs at least one leaf")
    return (leaves - 1).bit_length()


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Every level of the tree, the padded leaves first, the root alone last."""
    row = list(leaves) + [ZERO] * ((1 << depth(len(leaves))) - len(leaves))
    rows = [row]
    while len(row) > 1:
        row = [keccak(row[i] + row[i + 1]) for i in range(0, len(row), 2)]
        rows.append(row)
    return rows


def root(leaves: Sequence[bytes]) -> bytes:
    return levels(leaves)[-1][0]


def run_proof(leaves: Sequence[bytes], start: int, count: int) -> list[bytes]:
    """Siblings that lead from `count` neighbours at `start` to the root, from below.

    On each level the left sibling of the run, if it begins in a right child, then the right one, if
    it ends in a left child. ValueError when the run is not inside the tree.
    """
    if count < 1 or start < 0 or start + count > len(leaves):
        raise ValueError(
            f"leaves {start} to {start + count - 1} are not in a tree of {len(leaves)}"
        )
    siblings = []
    first, last = start, start + count - 1
    for row in levels(leaves)[:-1]:
        if first % 2:
            siblings.append(row[first - 1])
        if last % 2 == 0:
            siblings.append(row[last + 1])
        first, last = first // 2, last // 2
    return siblings


def run_root(run: Sequence[bytes], start: int, leaves: int, siblings: Sequence[bytes]) -> bytes:
    """Root that a run and its siblings lead to. ValueError when there are too few or too many."""
    if not run or start < 0 or start + len(run) > leaves:
        raise ValueError("run is not inside the tree")
    row, first, given = list(run), start, iter(siblings)
    try:
        for _ in range(depth(leaves)):
            if first % 2:
                row.insert(0, next(given))
            if len(row) % 2:
                row.append(next(given))
            row = [keccak(row[i] + row[i + 1]) for i in range(0, len(row), 2)]
            first //= 2
    except StopIteration:
        raise ValueError("proof is too short") from None
    if next(given, None) is not None:
        raise ValueError("proof is too long")
    return row[0]


def chain(hashes: Sequence[bytes]) -> bytes:
    """One hash over a list of any length that fixes order and number; zero for an empty one."""
    return reduce(lambda so_far, one: keccak(so_far + one), hashes, ZERO)
