"""The LIP-36 formulas: what stake has earned between two rounds. Pins of bonding spec, 5 and 11."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import deploy

ONE = 10**27
CLAIMED, NOW = 10, 20


@pytest.fixture
def earnings() -> Any:
    return deploy("EarningsHarness")


@pytest.fixture
def transcoder() -> str:
    return boa.env.generate_address("transcoder")


@pytest.fixture
def delegator(earnings: Any) -> str:
    """Bonded with 1,000, with 10 of fees booked."""
    account = boa.env.generate_address("delegator")
    earnings.set_bond(account, 1_000, 10)
    return account


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [  # factors as (reward, fee), in units of 1e27
        ((0, 0), (0, 0), (1_000, 10)),
        ((2, 3), (0, 6), (500, 1_510)),
        ((4, 0), (10, 0), (2_500, 10)),
        ((5, 2), (15, 5), (3_000, 610)),
        ((7, 1), (7, 1), (1_000, 10)),
    ],
)
def test_pending__known_factors__grows_by_their_ratio(
    earnings: Any,
    transcoder: str,
    delegator: str,
    start: tuple[int, int],
    end: tuple[int, int],
    expected: tuple[int, int],
) -> None:
    earnings.set_factors(transcoder, CLAIMED, start[0] * ONE, start[1] * ONE)
    earnings.set_factors(transcoder, NOW, end[0] * ONE, end[1] * ONE)
    assert earnings.pending(delegator, transcoder, CLAIMED, NOW) == expected


def test_pending__claimed_this_round__is_what_is_booked(
    earnings: Any, transcoder: str, delegator: str
) -> None:
    earnings.set_factors(transcoder, NOW, 3 * ONE, ONE)
    assert earnings.pending(delegator, transcoder, NOW, NOW) == (1_000, 10)


def test_pending__fee_factor_fell__reverts(earnings: Any, transcoder: str, delegator: str) -> None:
    earnings.set_factors(transcoder, CLAIMED, ONE, 2)
    earnings.set_factors(transcoder, NOW, ONE, 1)
    with boa.reverts():
        earnings.pending(delegator, transcoder, CLAIMED, NOW)


@pytest.mark.parametrize("which", ["reward", "fee"])
def test_latest_factors__nothing_this_round__looks_back(
    earnings: Any, transcoder: str, which: str
) -> None:
    """Each factor on its own, to the last round before that had one."""
    earnings.set_last_rounds(transcoder, 12, 15)
    earnings.set_factors(transcoder, 12, 3 * ONE, 0)
    earnings.set_factors(transcoder, 15, 0, 4 * ONE)
    stored = (5 * ONE, 0) if which == "fee" else (0, 6 * ONE)
    earnings.set_factors(transcoder, NOW, *stored)
    expected = (5 * ONE, 4 * ONE) if which == "fee" else (3 * ONE, 6 * ONE)
    assert earnings.latest_factors(transcoder, NOW) == expected


@pytest.mark.parametrize("last", [NOW, NOW + 1])
def test_latest_factors__last_rounds_not_before__are_not_used(
    earnings: Any, transcoder: str, last: int
) -> None:
    earnings.set_last_rounds(transcoder, last, last)
    if last != NOW:
        earnings.set_factors(transcoder, last, 3 * ONE, 4 * ONE)
    assert earnings.latest_factors(transcoder, NOW) == (0, 0)
    earnings.materialise_factors(transcoder, NOW)
    assert earnings.factors(transcoder, NOW) == (0, 0)


def test_materialise_factors__nothing_this_round__stores_the_latest(
    earnings: Any, transcoder: str
) -> None:
    earnings.set_last_rounds(transcoder, 12, 15)
    earnings.set_factors(transcoder, 12, 3 * ONE, 0)
    earnings.set_factors(transcoder, 15, 0, 4 * ONE)
    earnings.materialise_factors(transcoder, NOW)
    assert earnings.factors(transcoder, NOW) == (3 * ONE, 4 * ONE)


def test_materialise_factors__factors_this_round__are_kept(earnings: Any, transcoder: str) -> None:
    earnings.set_last_rounds(transcoder, 12, 12)
    earnings.set_factors(transcoder, 12, 3 * ONE, 3 * ONE)
    earnings.set_factors(transcoder, NOW, 5 * ONE, 6 * ONE)
    earnings.materialise_factors(transcoder, NOW)
    assert earnings.factors(transcoder, NOW) == (5 * ONE, 6 * ONE)
