# pragma version 0.4.3
# pragma evm-version cancun
"""
@title MerkleSnapshot
@notice Merkle roots of past states, and proofs against them.
@dev Not behind a proxy. Source: core spec, sections 2.3 and 14.
"""

from ..interfaces import IMerkleSnapshot
from ..modules import managed

implements: IMerkleSnapshot

initializes: managed

exports: (
    managed.controller,
    managed.setController,
)

snapshot: public(HashMap[bytes32, bytes32])


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


@external
def setSnapshot(_id: bytes32, _root: bytes32):
    managed._check_controller_owner()

    self.snapshot[_id] = _root


@external
@view
def verify(_id: bytes32, _proof: DynArray[bytes32, 256], _leaf: bytes32) -> bool:
    node: bytes32 = _leaf
    for sibling: bytes32 in _proof:
        if convert(node, uint256) <= convert(sibling, uint256):
            node = keccak256(concat(node, sibling))
        else:
            node = keccak256(concat(sibling, node))
    return node == self.snapshot[_id]
