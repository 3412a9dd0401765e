# pragma version 0.4.3
# pragma evm-version cancun
"""
@title PercentagesHarness
@notice Calls the internals of `percentages`, for tests only.
"""

from ..modules import percentages


@external
@pure
def points(_numerator: uint256, _denominator: uint256, _base: uint256) -> uint256:
    return percentages._points(_numerator, _denominator, _base)


@external
@pure
def of(_amount: uint256, _points: uint256, _base: uint256) -> uint256:
    return percentages._of(_amount, _points, _base)


@external
@pure
def of_fraction(
    _amount: uint256, _numerator: uint256, _denominator: uint256, _base: uint256
) -> uint256:
    return percentages._of_fraction(_amount, _numerator, _denominator, _base)
