"""Exact integer arithmetic of the contracts, and the exception that stands for a revert."""

from __future__ import annotations

PERC = 10**6  # reward cut, fee share, slashing
MINTER_PERC = 10**9  # inflation, reward fractions
PRECISE_PERC = 10**27  # cumulative factors, treasury cut

PANIC_DIVISION_BY_ZERO = "Panic(0x12)"
BARE = ""  # Vyper's own overflow and underflow checks carry no data


class Reverted(Exception):
    """A call that undoes itself: a text, `Panic(0x..)`, `CustomError(arguments)` or nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise Reverted(reason)


def subtract(a: int, b: int) -> int:
    """a - b, which may not be negative."""
    require(b <= a, BARE)
    return a - b


def points(numerator: int, denominator: int, base: int) -> int:
    """What part of `denominator` the numerator is, in units of 1/base, floored."""
    require(denominator != 0, PANIC_DIVISION_BY_ZERO)
    return numerator * base // denominator


def part(amount: int, share: int, base: int) -> int:
    """share/base of the amount, floored once."""
    return amount * share // base


def fraction(amount: int, numerator: int, denominator: int, base: int) -> int:
    """numerator/denominator of the amount, floored twice: first the share, then the amount."""
    return part(amount, points(numerator, denominator, base), base)
