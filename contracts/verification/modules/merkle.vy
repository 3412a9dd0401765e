# pragma version 0.4.3
"""
@title merkle
@notice Root that a run of neighbouring leaves and its siblings lead to.
@dev Owns nothing. Leaves are padded with zero to a power of two; a node is keccak256(left || right). The depth follows
     from the number of leaves, which is signed, so a proof of another depth cannot pass. On each level the proof has
     the left sibling of the run if it begins in a right child, then the right one if it ends in a left child.
     Leaves are hashes of more than 64 bytes: no node can pass for one. Source: verification spec, section 8.1;
     verifier/merkle.py.
"""

from ...modules import errors

MAX_RUN: constant(uint256) = 24
MAX_DEPTH: constant(uint256) = 12
MAX_LEAVES: constant(uint256) = 2**MAX_DEPTH
MAX_PROOF: constant(uint256) = 2 * MAX_DEPTH


@internal
@pure
def _run_root(
    _run: DynArray[bytes32, MAX_RUN],
    _start: uint256,
    _leaves: uint256,
    _proof: DynArray[bytes32, MAX_PROOF],
) -> bytes32:
    """
    @dev `_leaves` is at most MAX_LEAVES. Reverts bare when the run is not inside the tree or the proof is too short.
    """
    row: DynArray[bytes32, MAX_RUN] = _run
    first: uint256 = _start
    length: uint256 = len(_run)
    width: uint256 = _leaves
    used: uint256 = 0
    assert length > 0 and _start + length <= _leaves  # dev: run is outside the tree

    for level: uint256 in range(MAX_DEPTH):
        if width == 1:
            break
        read: uint256 = 0
        write: uint256 = 0
        if first % 2 == 1:
            row[0] = keccak256(concat(_proof[used], row[0]))
            used += 1
            read = 1
            write = 1
        for pair: uint256 in range(MAX_RUN // 2):
            if read + 1 >= length:
                break
            row[write] = keccak256(concat(row[read], row[read + 1]))
            read += 2
            write += 1
        if read < length:
            row[write] = keccak256(concat(row[read], _proof[used]))
            used += 1
            write += 1
        length = write
        first //= 2
        width = (width + 1) // 2
    errors._check(used == len(_proof), "proof is of another depth")
    return row[0]
