"""Rounds that only grow, and where a round falls among them. Pins of bonding spec, section 6."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.contracts import deploy
from tests.unit.bonding_votes.errors import reverts_with

KEY, OTHER = b"\x01" * 32, b"\x02" * 32


@pytest.fixture(scope="module")
def history() -> Any:
    return deploy("RoundHistoryHarness")


def pushed(history: Any, rounds: list[int]) -> None:
    for round_ in rounds:
        history.push(KEY, round_)


@pytest.mark.parametrize(
    ("rounds", "round_", "index"),
    [
        *[([2, 4, 7, 11], round_, index) for round_, index in ((3, 0), (6, 1), (10, 2), (15, 3))],
        *[([3, 5, 8, 13], round_, index) for index, round_ in enumerate((3, 5, 8, 13))],
        ([8, 13], 22, 1),
    ],
)
def test_count_up_to__between_and_at_rounds__last_not_after(
    history: Any, rounds: list[int], round_: int, index: int
) -> None:
    pushed(history, rounds)
    count = history.count_up_to(KEY, round_)
    assert count - 1 == index
    assert history.at(KEY, count - 1) == rounds[index]


def test_count_up_to__before_the_first_or_none__is_zero(history: Any) -> None:
    assert history.count_up_to(KEY, 3) == 0
    pushed(history, [8, 13])
    assert history.count_up_to(KEY, 5) == 0
    assert history.count_up_to(OTHER, 5) == 0


def test_push__last_round_again__changes_nothing(history: Any) -> None:
    pushed(history, [4, 4])
    assert history.count(KEY) == 1
    assert history.last(KEY) == 4


def test_push__earlier_round__reverts(history: Any) -> None:
    pushed(history, [4, 7])
    with reverts_with("DecreasingValues(uint256,uint256)", 6, 7):
        history.push(KEY, 6)


def test_push__round_zero_first__counts(history: Any) -> None:
    pushed(history, [0, 1])
    assert history.count(KEY) == 2
    assert history.count_up_to(KEY, 0) == 1


def test_push__largest_round__fits(history: Any) -> None:
    pushed(history, [1, 2**32 - 1])
    assert history.last(KEY) == 2**32 - 1


def test_push__more_than_32_bits__reverts(history: Any) -> None:
    with boa.reverts():
        history.push(KEY, 2**32)


@given(rounds=st.sets(st.integers(0, 60), max_size=30), round_=st.integers(0, 61))
def test_count_up_to__any_history__as_a_plain_list(rounds: set[int], round_: int) -> None:
    history, ascending = deploy("RoundHistoryHarness"), sorted(rounds)
    pushed(history, ascending)
    assert [history.at(KEY, i) for i in range(history.count(KEY))] == ascending
    assert history.count_up_to(KEY, round_) == bisect_right(ascending, round_)
