"""Percentage arithmetic: one floor or two, and what a zero denominator says."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from tests.support.contracts import deploy

BASES = [10**6, 10**9, 10**27]
DIVISION_BY_ZERO = bytes.fromhex("4e487b71") + encode(["uint256"], [0x12])
amounts = st.integers(0, 10**30)


@pytest.fixture(scope="module")
def percentages() -> Any:
    return deploy("PercentagesHarness")


@pytest.mark.parametrize("base", BASES)
def test_points__whole__is_the_base(percentages: Any, base: int) -> None:
    assert percentages.points(7, 7, base) == base


@pytest.mark.parametrize(
    ("base", "points_of_3_4", "points_of_100_300"),
    [
        (10**6, 750_000, 333_333),
        (10**9, 750_000_000, 333_333_333),
        (10**27, 750 * 10**24, int("3" * 27)),
    ],
)
def test_percentages__recorded_results__same(
    percentages: Any, base: int, points_of_3_4: int, points_of_100_300: int
) -> None:
    """Vectors of the core spec, section 0.4."""
    assert percentages.points(3, 4, base) == points_of_3_4
    assert percentages.points(100, 300, base) == points_of_100_300
    assert percentages.of_fraction(100, 3, 4, base) == 75
    assert percentages.of_fraction(100, 7, 9, base) == 77
    assert percentages.of(100, 3, base) == 0
    assert percentages.of(100, base // 10, base) == 10
    assert percentages.of(base, 1, base) == 1


def test_points__zero_denominator__panics(percentages: Any) -> None:
    with pytest.raises(boa.BoaError) as caught:
        percentages.points(1, 0, 10**6)
    assert caught.value.call_trace.output == DIVISION_BY_ZERO


def test_of__amount_times_points_over_word__reverts_without_data(percentages: Any) -> None:
    with pytest.raises(boa.BoaError) as caught:
        percentages.of(2**255, 2, 10**6)
    assert caught.value.call_trace.output == b""


@given(amount=amounts, points=st.integers(0, 10**6), base=st.sampled_from(BASES))
def test_of__any__floors_once(percentages: Any, amount: int, points: int, base: int) -> None:
    assert percentages.of(amount, points, base) == amount * points // base


def test_of_fraction__one_third_of_ten__floors_twice(percentages: Any) -> None:
    assert 9_000_000 * 1 // 3 == 3_000_000
    assert percentages.of_fraction(9_000_000, 1, 3, 10**6) == 2_999_997


@given(
    amount=amounts,
    numerator=amounts,
    denominator=st.integers(1, 10**30),
    base=st.sampled_from(BASES),
)
def test_of_fraction__any__equals_two_floors(
    percentages: Any, amount: int, numerator: int, denominator: int, base: int
) -> None:
    points = numerator * base // denominator
    assert percentages.of_fraction(amount, numerator, denominator, base) == amount * points // base
