"""The sorted list: order, hints, ties and refusals. Pins of bonding spec, section 7."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO, deploy

KEYS = (13, 11, 9, 7, 5, 3)  # of ids 1 to 6
ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN = [f"0x{n:040x}" for n in range(1, 8)]


@pytest.fixture
def pool() -> Any:
    """Room for ten, empty."""
    harness = deploy("TranscoderPoolHarness")
    harness.set_max_size(10)
    return harness


@pytest.fixture
def six(pool: Any) -> Any:
    """Ids 1 to 6, with keys descending."""
    for number, key in enumerate(KEYS, start=1):
        pool.insert(f"0x{number:040x}", key, ZERO, ZERO)
    return pool


def order(pool: Any) -> list[int]:
    """Numbers of the members from head to tail, the same as backwards from tail to head."""
    forwards, backwards = [], []
    member = pool.getFirstTranscoderInPool()
    while int(str(member), 16):
        forwards.append(int(str(member), 16))
        member = pool.getNextTranscoderInPool(member)
    member = pool.last()
    while int(str(member), 16):
        backwards.append(int(str(member), 16))
        member = pool.previous_of(member)
    assert forwards == backwards[::-1]
    assert len(forwards) == pool.getTranscoderPoolSize()
    return forwards


# -- size


def test_set_max_size__larger__is_stored(pool: Any) -> None:
    pool.set_max_size(11)
    assert pool.getTranscoderPoolMaxSize() == 11


@pytest.mark.parametrize("size", [0, 9, 10])
def test_set_max_size__not_larger__reverts(pool: Any, size: int) -> None:
    with boa.reverts("new max size must be greater than old max size"):
        pool.set_max_size(size)


def test_is_full__unconfigured__is_full() -> None:
    assert deploy("TranscoderPoolHarness").is_full()


# -- insert


def test_insert__first__is_head_and_tail(pool: Any) -> None:
    pool.insert(ONE, 3, ZERO, ZERO)
    assert order(pool) == [1]
    assert pool.contains(ONE)
    assert pool.key_of(ONE) == 3
    assert not pool.is_full()


def test_insert__any_order__is_sorted(pool: Any) -> None:
    for number in (3, 1, 6, 2, 5, 4):
        pool.insert(f"0x{number:040x}", KEYS[number - 1], ZERO, ZERO)
    assert order(pool) == [1, 2, 3, 4, 5, 6]


def test_insert__hints_into_an_empty_list__are_dropped(pool: Any) -> None:
    pool.insert(ONE, 3, TWO, THREE)
    assert order(pool) == [1]


def test_insert__equal_key_without_hint__goes_before_all_equals(six: Any) -> None:
    six.insert(SEVEN, 9, ZERO, ZERO)
    assert order(six) == [1, 2, 7, 3, 4, 5, 6]


def test_insert__equal_key_behind_the_tail__appended(six: Any) -> None:
    six.insert(SEVEN, 3, ZERO, SIX)
    assert order(six) == [1, 2, 3, 4, 5, 6, 7]


def test_insert__loose_hints__finds_the_place_between(six: Any) -> None:
    six.insert(SEVEN, 10, ONE, SIX)
    assert order(six) == [1, 2, 7, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("prev", "next_", "expected"),
    [
        (TWO, THREE, [1, 2, 7, 3, 4, 5, 6]),  # both right
        (THREE, FOUR, [1, 2, 3, 7, 4, 5, 6]),  # right too: a tie may go behind
        (ZERO, FOUR, [1, 2, 3, 7, 4, 5, 6]),  # upwards from a smaller one: first gap that fits
        (TWO, ZERO, [1, 2, 7, 3, 4, 5, 6]),  # downwards from a larger one
        (THREE, ZERO, [1, 2, 3, 7, 4, 5, 6]),  # downwards from an equal one
        (ZERO, THREE, [1, 2, 7, 3, 4, 5, 6]),  # upwards from an equal one
        (FIVE, TWO, [1, 2, 7, 3, 4, 5, 6]),  # both on the wrong side: as without
        (SEVEN, SEVEN, [1, 2, 7, 3, 4, 5, 6]),  # not in the list: as without
        (SEVEN, FOUR, [1, 2, 3, 7, 4, 5, 6]),  # one missing: the other counts
        (FIVE, FOUR, [1, 2, 3, 7, 4, 5, 6]),  # one useless: the other counts
    ],
)
def test_insert__equal_key_with_hints__placed_by_them(
    six: Any, prev: str, next_: str, expected: list[int]
) -> None:
    six.insert(SEVEN, 9, prev, next_)
    assert order(six) == expected


def test_insert__head_as_previous_of_an_equal_key__goes_before_it(six: Any) -> None:
    six.insert(SEVEN, 13, ONE, ZERO)
    assert order(six) == [7, 1, 2, 3, 4, 5, 6]


def test_insert__largest_with_right_hint__is_head(six: Any) -> None:
    six.insert(SEVEN, 14, ZERO, ONE)
    assert order(six) == [7, 1, 2, 3, 4, 5, 6]


def test_insert__smallest_with_right_hint__is_tail(six: Any) -> None:
    six.insert(SEVEN, 2, SIX, ZERO)
    assert order(six) == [1, 2, 3, 4, 5, 6, 7]


def test_insert__full__reverts_before_anything_else(pool: Any) -> None:
    for number in range(1, 11):
        pool.insert(f"0x{number:040x}", 1, ZERO, ZERO)
    assert pool.is_full()
    with boa.reverts("list is full"):
        pool.insert(ONE, 0, ZERO, ZERO)


def test_insert__already_in__reverts(six: Any) -> None:
    with boa.reverts("node already in list"):
        six.insert(ONE, 0, ZERO, ZERO)


def test_insert__null_id__reverts(pool: Any) -> None:
    with boa.reverts("node id is null"):
        pool.insert(ZERO, 0, ZERO, ZERO)


def test_insert__zero_key__reverts(pool: Any) -> None:
    with boa.reverts("key is zero"):
        pool.insert(ONE, 0, ZERO, ZERO)


# -- remove


@pytest.mark.parametrize("number", [1, 3, 6])
def test_remove__head_middle_or_tail__closes_the_gap(six: Any, number: int) -> None:
    six.remove(f"0x{number:040x}")
    assert order(six) == [n for n in range(1, 7) if n != number]
    assert not six.contains(f"0x{number:040x}")
    assert six.previous_of(f"0x{number:040x}") == ZERO
    assert six.getNextTranscoderInPool(f"0x{number:040x}") == ZERO


def test_remove__only_one__leaves_an_empty_list(pool: Any) -> None:
    pool.insert(ONE, 1, ZERO, ZERO)
    pool.remove(ONE)
    assert order(pool) == []
    assert pool.getFirstTranscoderInPool() == pool.last() == ZERO


def test_remove__not_in__reverts(six: Any) -> None:
    with boa.reverts("node not in list"):
        six.remove(SEVEN)


# -- update


def test_update_key__up_and_down__moves(six: Any) -> None:
    six.update_key(FOUR, 12, ZERO, ZERO)
    assert order(six) == [1, 4, 2, 3, 5, 6]
    six.update_key(FOUR, 4, ZERO, ZERO)
    assert order(six) == [1, 2, 3, 5, 4, 6]
    assert six.key_of(FOUR) == 4


def test_update_key__equal_to_the_one_above__passes_it(six: Any) -> None:
    six.update_key(FOUR, 9, ZERO, ZERO)
    assert order(six) == [1, 2, 4, 3, 5, 6]


def test_update_key__equal_to_the_one_above_hinted_below_it__stays(six: Any) -> None:
    six.update_key(FOUR, 9, THREE, FIVE)
    assert order(six) == [1, 2, 3, 4, 5, 6]


def test_update_key__same_key_without_hint__passes_equals(pool: Any) -> None:
    for member in (ONE, TWO, THREE):
        pool.insert(member, 5, ZERO, ZERO)
    assert order(pool) == [3, 2, 1]
    pool.update_key(ONE, 5, ZERO, ZERO)
    assert order(pool) == [1, 3, 2]


def test_update_key__hint_names_the_node_itself__counts_as_missing(six: Any) -> None:
    six.update_key(FOUR, 10, FOUR, FOUR)
    assert order(six) == [1, 2, 4, 3, 5, 6]


def test_update_key__zero__removes(six: Any) -> None:
    six.update_key(FOUR, 0, ZERO, ZERO)
    assert order(six) == [1, 2, 3, 5, 6]


def test_update_key__zero_for_one_not_in__reverts(six: Any) -> None:
    with boa.reverts("node not in list"):
        six.update_key(SEVEN, 0, ZERO, ZERO)
