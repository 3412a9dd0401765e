# pragma version 0.4.3
"""
@title round_history
@notice For each key, the rounds something was written in: strictly increasing, appended at the end only.
@dev Owns the rounds, eight to a storage word, and for each key one word `count << 32 | last round`, so that the
     usual look-up, at or after the last round, reads a single slot. Rounds hold 32 bits.
     Source: bonding spec, section 6.
"""

_WORD32: constant(uint256) = 2**32 - 1

_summaries: HashMap[bytes32, uint256]
_rounds: HashMap[bytes32, HashMap[uint256, uint256]]


@internal
def _push(_key: bytes32, _round: uint256):
    """
    @dev Append a round. The last one again is a no-op; an earlier one reverts DecreasingValues(round, last).
    """
    assert _round <= _WORD32  # dev: rounds are stored in 32 bits
    summary: uint256 = self._summaries[_key]
    count: uint256 = summary >> 32
    last: uint256 = summary & _WORD32
    if count > 0:
        if _round == last:
            return
        if _round < last:
            raw_revert(
                abi_encode(_round, last, method_id=method_id("DecreasingValues(uint256,uint256)"))
            )
    self._summaries[_key] = ((count + 1) << 32) | _round
    self._rounds[_key][count >> 3] |= _round << ((count & 7) << 5)


@internal
@view
def _count(_key: bytes32) -> uint256:
    return self._summaries[_key] >> 32


@internal
@view
def _last(_key: bytes32) -> uint256:
    """
    @dev Last round of a key; 0 if it has none.
    """
    return self._summaries[_key] & _WORD32


@internal
@view
def _at(_key: bytes32, _index: uint256) -> uint256:
    return (self._rounds[_key][_index >> 3] >> ((_index & 7) << 5)) & _WORD32


@internal
@view
def _count_up_to(_key: bytes32, _round: uint256) -> uint256:
    """
    @dev How many rounds of a key are not after `_round`; one less is the index of the last of them.
    """
    high: uint256 = self._count(_key)
    if self._last(_key) <= _round:
        return high

    low: uint256 = 0
    for _: uint256 in range(64):
        if low == high:
            break
        middle: uint256 = (low + high) >> 1
        if self._at(_key, middle) <= _round:
            low = middle + 1
        else:
            high = middle
    return low
