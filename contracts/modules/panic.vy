# pragma version 0.4.3
"""
@title panic
@notice Reverts with the `Panic(uint256)` data that clients of the deployed protocol can meet.
@dev Vyper's own arithmetic checks revert with empty data. Only places where a client sees the code call this
     (docs/differences.md, row 13). Codes: 0x11 overflow, 0x12 division by zero, 0x32 index out of bounds.
"""

OVERFLOW: constant(uint256) = 17  # 0x11
DIVISION_BY_ZERO: constant(uint256) = 18  # 0x12
INDEX_OUT_OF_BOUNDS: constant(uint256) = 50  # 0x32


@internal
@pure
def _panic(_code: uint256):
    raw_revert(abi_encode(_code, method_id=method_id("Panic(uint256)")))
