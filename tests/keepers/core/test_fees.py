"""What is offered for gas: keepers spec (e1), R3 and R6."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keepers.core.fees import Fee, FeePolicy, raised
from keepers.core.model import GWEI, MILLION

fees = st.one_of(st.integers(0, 20), st.integers(0, 10**6 * GWEI), st.integers(0, 2**256))
urgencies = st.integers(-MILLION, 3 * MILLION)


@st.composite
def policies(draw: st.DrawFn) -> FeePolicy:
    soft, hard = sorted((draw(fees), draw(fees)))
    rise_from = draw(st.integers(0, MILLION - 1))
    return FeePolicy(soft, hard, rise_from, draw(st.integers(rise_from + 1, MILLION)))


@st.composite
def offers(draw: st.DrawFn) -> Fee:
    tip, max_fee = sorted((draw(fees), draw(fees)))
    return Fee(max_fee, tip)


def is_taken_instead(old: Fee, new: Fee, *, percent: int) -> bool:
    """As a mempool decides: both fields higher, and by so many percent, in whole wei."""
    pairs = ((old.max_fee, new.max_fee), (old.tip, new.tip))
    return all(b > a and b * 100 >= a * (100 + percent) for a, b in pairs)


# -- what is tolerated


def test_tolerated__defaults__rises_from_65_to_85_percent_of_the_time() -> None:
    policy = FeePolicy(soft_cap=100, hard_cap=300)
    at = {n: policy.tolerated(n * 10_000) for n in (0, 65, 66, 75, 84, 85, 100, 250)}
    assert at == {0: 100, 65: 100, 66: 110, 75: 200, 84: 290, 85: 300, 100: 300, 250: 300}


@given(policies(), urgencies, urgencies)
def test_tolerated__more_urgent__is_no_less_and_between_the_caps(
    policy: FeePolicy, one: int, other: int
) -> None:
    early, late = sorted((one, other))
    assert policy.soft_cap <= policy.tolerated(early) <= policy.tolerated(late) <= policy.hard_cap


@pytest.mark.parametrize(
    ("given_", "problem"),
    [
        ((2, 1), "the soft cap must be from 0 to the hard cap"),
        ((-1, 1), "the soft cap must be from 0 to the hard cap"),
        ((1, 2, 5, 5), "rise_from must be below rise_to, both from 0 to 1,000,000"),
        ((1, 2, -1, 5), "rise_from must be below rise_to, both from 0 to 1,000,000"),
        ((1, 2, 5, MILLION + 1), "rise_from must be below rise_to, both from 0 to 1,000,000"),
    ],
)
def test_policy__that_makes_no_sense__is_refused(given_: tuple[int, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        FeePolicy(*given_)


# -- first offers


@pytest.mark.parametrize(
    ("base", "tip", "expected"),
    [
        (100, 7, Fee(207, 7)),
        (600, 7, Fee(1_000, 7)),  # the cap leaves less than twice the base fee
        (1_000, 7, Fee(1_000, 7)),
        (1_001, 0, None),
        (0, 0, Fee(0, 0)),
        (0, 5_000, Fee(1_000, 1_000)),  # a tip above the fee would make it invalid
    ],
)
def test_first__not_urgent__has_room_up_to_the_soft_cap(
    base: int, tip: int, expected: Fee | None
) -> None:
    assert FeePolicy(1_000, 2_000).first(base, tip, 0) == expected


@given(policies(), fees, fees, urgencies)
def test_first__any_market__can_be_mined_now_within_what_is_tolerated(
    policy: FeePolicy, base: int, tip: int, urgency: int
) -> None:
    offer = policy.first(base, tip, urgency)
    cap = policy.tolerated(urgency)
    assert (offer is None) == (base > cap)
    if offer:
        assert 0 <= offer.tip <= offer.max_fee
        assert base <= offer.max_fee <= min(cap, policy.hard_cap)
        assert offer.tip <= tip


@given(policies(), fees, fees, fees, urgencies)
def test_first__base_fee_or_tip_rises__offers_no_less(
    policy: FeePolicy, base: int, tip: int, more: int, urgency: int
) -> None:
    offer = policy.first(base, tip, urgency)
    assume(offer)
    assert offer
    if dearer := policy.first(base + more, tip, urgency):
        assert dearer.max_fee >= offer.max_fee
    tipped = policy.first(base, tip + more, urgency)
    assert tipped
    assert tipped.max_fee >= offer.max_fee
    assert tipped.tip >= offer.tip


@given(policies(), fees, fees, urgencies, urgencies)
def test_first__more_urgent__offers_no_less(
    policy: FeePolicy, base: int, tip: int, one: int, other: int
) -> None:
    early, late = sorted((one, other))
    offer = policy.first(base, tip, early)
    assume(offer)
    assert offer
    later = policy.first(base, tip, late)
    assert later
    assert later.max_fee >= offer.max_fee


# -- replacements


@given(fees)
def test_raised__any_fee__is_the_least_that_is_an_eighth_and_a_wei_more(old: int) -> None:
    new = raised(old)
    assert new > old
    assert 8 * new >= 9 * old
    assert new - 1 == old or 8 * (new - 1) < 9 * old


@pytest.mark.parametrize(
    ("old", "new"),
    [(0, 1), (1, 2), (8, 9), (9, 11), (100, 113), (GWEI, 1_125_000_000)],
)
def test_raised__in_numbers__is_rounded_up(old: int, new: int) -> None:
    assert raised(old) == new


def test_replacement__tip_0__has_a_tip() -> None:
    assert FeePolicy(10**6, 10**6).replacement(Fee(200, 0), 100, 0, 0) == Fee(225, 1)


def test_replacement__market_has_gone_up__follows_it() -> None:
    assert FeePolicy(10**6, 10**6).replacement(Fee(200, 1), 1_000, 50, 0) == Fee(2_050, 50)


def test_replacement__soft_cap__is_passed_only_when_urgent_and_by_a_cancel() -> None:
    policy, old = FeePolicy(1_000, 1_125), Fee(1_000, 0)
    assert policy.replacement(old, 10, 0, 650_000) is None
    assert policy.replacement(old, 10, 0, 850_000) == Fee(1_125, 1)
    assert policy.cancel(old, 10, 0) == Fee(1_125, 1)
    assert policy.cancel(Fee(1_001, 0), 10, 0) is None


@given(policies(), offers(), fees, fees, urgencies)
def test_replacement__any__is_taken_by_every_mempool_and_under_the_cap(
    policy: FeePolicy, old: Fee, base: int, tip: int, urgency: int
) -> None:
    cap = policy.tolerated(urgency)
    new = policy.replacement(old, base, tip, urgency)
    assert (new is None) == (base > cap or raised(old.max_fee) > cap)
    if new:
        assert is_taken_instead(old, new, percent=10)
        assert all(
            1_000 * b >= 1_125 * a for a, b in ((old.max_fee, new.max_fee), (old.tip, new.tip))
        )
        assert new.tip <= new.max_fee <= cap <= policy.hard_cap
        fresh = policy.first(base, tip, urgency)
        assert fresh
        assert new.max_fee >= fresh.max_fee
        assert new.tip >= fresh.tip


@given(policies(), offers(), fees, fees)
def test_cancel__any__is_a_replacement_at_the_end_of_the_time(
    policy: FeePolicy, old: Fee, base: int, tip: int
) -> None:
    new = policy.cancel(old, base, tip)
    assert new == policy.replacement(old, base, tip, MILLION)
    assert new is None or new.max_fee <= policy.hard_cap


@given(policies(), fees, fees, st.lists(urgencies, min_size=1, max_size=50))
def test_replacement__one_after_the_other__ends_at_the_cap(
    policy: FeePolicy, base: int, tip: int, times: list[int]
) -> None:
    fee = policy.first(base, tip, min(times))
    assume(fee)
    for urgency in sorted(times):
        assert fee
        higher = policy.replacement(fee, base, tip, urgency)
        if higher is None:
            assert raised(fee.max_fee) > policy.tolerated(urgency)
        else:
            assert is_taken_instead(fee, higher, percent=10)
            fee = higher
    assert fee
    assert fee.max_fee <= policy.tolerated(max(times))
