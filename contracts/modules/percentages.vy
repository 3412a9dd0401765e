# pragma version 0.4.3
"""
@title percentages
@notice Integer percentage arithmetic over the protocol's three bases. Every division floors.
@dev `_of_fraction` floors twice, in this order: amount * (numerator * base // denominator) // base. It is not
     amount * numerator // denominator; results differ in the last digits and clients compare exact values.
     A zero denominator panics with 0x12; an overflow reverts with empty data. Source: core spec, section 0.4.
"""

from . import panic

PERC: constant(uint256) = 10**6  # reward cut, fee share, slashing, round lock, polls
MINTER_PERC: constant(uint256) = 10**9  # inflation, bonding rate, reward fractions
PRECISE_PERC: constant(uint256) = 10**27  # cumulative factors, treasury cut


@internal
@pure
def _points(_numerator: uint256, _denominator: uint256, _base: uint256) -> uint256:
    """
    @dev What part of `_denominator` the numerator is, in units of 1/_base.
    """
    if _denominator == 0:
        panic._panic(panic.DIVISION_BY_ZERO)
    return _numerator * _base // _denominator


@internal
@pure
def _of(_amount: uint256, _points: uint256, _base: uint256) -> uint256:
    """
    @dev `_points / _base` of `_amount`, one floor.
    """
    return _amount * _points // _base


@internal
@pure
def _of_fraction(
    _amount: uint256, _numerator: uint256, _denominator: uint256, _base: uint256
) -> uint256:
    """
    @dev `_numerator / _denominator` of `_amount`, two floors.
    """
    return self._of(_amount, self._points(_numerator, _denominator, _base), _base)
