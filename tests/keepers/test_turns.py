"""Everyone computes the same order, nobody twice the same one, and time is this process's own."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from keepers.turns import Waited, place

NAMES = [f"keeper {i}" for i in range(20)]


@given(names=st.sets(st.text(), min_size=1, max_size=30), round=st.integers(0, 2**256 - 1))
def test_place__any_keepers__each_has_its_own(names: set[str], round: int) -> None:
    assert sorted(place(one, names, round) for one in names) == list(range(len(names)))


def test_place__knows_itself_or_not__is_the_same() -> None:
    assert place("a", {"a", "b", "c"}, 7) == place("a", {"b", "c"}, 7)


def test_place__many_rounds__first_turn_goes_around() -> None:
    first = Counter(
        next(one for one in NAMES if place(one, NAMES, round) == 0) for round in range(2_000)
    )
    assert set(first) == set(NAMES)
    assert max(first.values()) <= 150


def test_waited__same_round__counts_from_the_first_look() -> None:
    now = 5.0
    waited = Waited(lambda: now)
    assert waited.since(3) == 0
    now = 9.5
    assert waited.since(3) == 4.5
    assert waited.since(4) == 0


def test_waited__done_and_undone_by_a_reorganisation__starts_anew() -> None:
    now = 0.0
    waited = Waited(lambda: now)
    waited.since(3)
    now = 60
    waited.over()
    assert waited.since(3) == 0
