# pragma version 0.4.3
# pragma evm-version cancun
"""
@title FingerprintsHarness
@notice Inner functions of `fingerprints` and `merkle` for tests.
"""

from ..verification.modules import fingerprints
from ..verification.modules import merkle


@external
@pure
def sum_of_differences(_a: bytes32[8], _b: bytes32[8]) -> uint256:
    lanes: uint256 = 0
    for i: uint256 in range(8):
        lanes += fingerprints._lanes(_a[i], _b[i])
    return fingerprints._sum(lanes)


@external
@pure
def sum_of_differences_by_byte(_a: bytes32[8], _b: bytes32[8]) -> uint256:
    """
    @notice The same without lanes, for comparison.
    """
    total: uint256 = 0
    for i: uint256 in range(8):
        a: uint256 = convert(_a[i], uint256)
        b: uint256 = convert(_b[i], uint256)
        for j: uint256 in range(32):
            x: uint256 = (a >> (8 * j)) & 255
            y: uint256 = (b >> (8 * j)) & 255
            total += max(x, y) - min(x, y)
    return total


@external
@pure
def run_root(
    _run: DynArray[bytes32, 24], _start: uint256, _leaves: uint256, _proof: DynArray[bytes32, 24]
) -> bytes32:
    return merkle._run_root(_run, _start, _leaves, _proof)
