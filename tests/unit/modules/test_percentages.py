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
