# pragma version 0.4.3
# pragma evm-version cancun
"""
@title RoundHistoryHarness
@notice Calls the internals of `round_history`, for tests only.
"""

from ..bonding.modules import round_history

initializes: round_history


@external
def push(_key: bytes32, _round: uint256):
    round_history._push(_key, _round)


@external
@view
def count(_key: bytes32) -> uint256:
    return round_history._count(_key)


@external
@view
def last(_key: bytes32) -> uint256:
    return round_history._last(_key)


@external
@view
def at(_key: bytes32, _index: uint256) -> uint256:
    return round_history._at(_key, _index)


@external
@view
def count_up_to(_key: bytes32, _round: uint256) -> uint256:
    return round_history._count_up_to(_key, _round)
