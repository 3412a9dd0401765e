"""setCurrentRewardTokens() and createReward(): inflation and what it lets be minted."""

from __future__ import annotations

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.calls import DIVISION_BY_ZERO, logs, panics, reverts_bare
from tests.support.contracts import ZERO
from tests.unit.minter.conftest import BASE, CHANGE, INFLATION, System

TOO_MUCH = "minted tokens cannot exceed mintable tokens"


# setCurrentRewardTokens


@pytest.mark.parametrize(
    ("l2", "l1", "bonded", "inflation"),
    [
        pytest.param(1_000, 0, 499, INFLATION + CHANGE, id="below the target"),
        pytest.param(1_000, 0, 501, INFLATION - CHANGE, id="above the target"),
        pytest.param(1_000, 0, 500, INFLATION, id="on the target"),
        pytest.param(600, 400, 500, INFLATION, id="on the target of both supplies"),
        pytest.param(0, 1_000, 499, INFLATION + CHANGE, id="all on L1"),
        pytest.param(0, 0, 7, INFLATION + CHANGE, id="no supply"),
    ],
)
def test_set_current_reward_tokens__bonding_rate__moves_inflation_one_step(
    system: System, l2: int, l1: int, bonded: int, inflation: int
) -> None:
    system.start_round(l2=l2, l1=l1, bonded=bonded)

    mintable = (l2 + l1) * inflation // BASE
    assert system.minter.inflation() == inflation
    assert system.minter.currentMintableTokens() == mintable
    assert system.minter.currentMintedTokens() == 0


def test_set_current_reward_tokens__called__logs_new_values(system: System) -> None:
    system.token.setSupply(1_000, 0)
    system.register("BondingManager", system.stake.address)
    system.minter.setCurrentRewardTokens(sender=system.rounds_manager)
    assert logs(system.minter) == [("SetCurrentRewardTokens", 260, INFLATION + CHANGE)]


def test_set_current_reward_tokens__no_supply_and_no_target__leaves_inflation(
    system: System,
) -> None:
    system.minter.setTargetBondingRate(0, sender=system.owner)
    system.start_round(l2=0)
    assert system.minter.inflation() == INFLATION


def test_set_current_reward_tokens__no_supply__does_not_ask_for_stake(system: System) -> None:
    """BondingManager is an account here: a question to it would revert."""
    system.token.setSupply(0, 0)
    system.minter.setCurrentRewardTokens(sender=system.rounds_manager)


def test_set_current_reward_tokens__change_above_inflation__stops_at_zero(
    system: System,
) -> None:
    system.minter.setInflationChange(INFLATION + 1, sender=system.owner)
    for _ in range(2):
        system.start_round(l2=1_000, bonded=1_000)
        assert system.minter.inflation() == 0
        assert system.minter.currentMintableTokens() == 0


def test_set_current_reward_tokens__below_the_target_for_long__has_no_ceiling(
    system: System,
) -> None:
    system.minter.setInflationChange(BASE, sender=system.owner)
    system.start_round(l2=1_000)
    assert system.minter.inflation() == INFLATION + BASE


def test_set_current_reward_tokens__after_minting__starts_from_zero(system: System) -> None:
    system.start_round(l2=1_000, bonded=500)
    system.minter.createReward(1, 2, sender=system.bonding_manager)
    assert system.minter.currentMintedTokens() == 130
    system.start_round(l2=1_000, bonded=500)
    assert system.minter.currentMintedTokens() == 0


def test_get_global_total_supply__both_chains__added(system: System) -> None:
    system.token.setSupply(600, 400)
    assert system.minter.getGlobalTotalSupply() == 1_000


def test_get_global_total_supply__no_cache_registered__reverts_bare(system: System) -> None:
    system.register("L2LPTDataCache", ZERO)
    with reverts_bare():
        system.minter.getGlobalTotalSupply()
    with reverts_bare():
        system.minter.setCurrentRewardTokens(sender=system.rounds_manager)


@given(
    l2=st.integers(0, 10**27),
    l1=st.integers(0, 10**27),
    bonded=st.integers(0, 2 * 10**27),
    target=st.integers(0, BASE),
    change=st.integers(0, BASE),
)
def test_set_current_reward_tokens__any__follows_the_rule(
    system: System, l2: int, l1: int, bonded: int, target: int, change: int
) -> None:
    system.minter.setTargetBondingRate(target, sender=system.owner)
    system.minter.setInflationChange(change, sender=system.owner)
    system.start_round(l2=l2, l1=l1, bonded=bonded)

    supply = l2 + l1
    rate = bonded * BASE // supply if supply else 0
    if rate < target:
        inflation = INFLATION + change
    elif rate > target:
        inflation = max(INFLATION - change, 0)
    else:
        inflation = INFLATION
    assert system.minter.inflation() == inflation
    assert system.minter.currentMintableTokens() == supply * inflation // BASE


# createReward


def test_create_reward__part_of_the_stake__mints_that_part(system: System) -> None:
    system.start_round(l2=1_000, bonded=500)
    assert system.minter.currentMintableTokens() == 260

    assert system.minter.createReward(3, 4, sender=system.bonding_manager) == 195

    assert logs(system.minter) == [("Asked", "mint", system.minter.address, 195)]
    assert system.minter.currentMintedTokens() == 195


def test_create_reward__several__share_the_round(system: System) -> None:
    system.start_round(l2=1_000, bonded=500)
    for part, minted in ((1, 65), (2, 130), (1, 65)):
        assert system.minter.createReward(part, 4, sender=system.bonding_manager) == minted
    assert system.minter.currentMintedTokens() == 260
    with boa.reverts(TOO_MUCH):
        system.minter.createReward(1, 4, sender=system.bonding_manager)


def test_create_reward__more_than_all__reverts(system: System) -> None:
    system.start_round(l2=1_000, bonded=500)
    with boa.reverts(TOO_MUCH):
        system.minter.createReward(101, 100, sender=system.bonding_manager)


def test_create_reward__nothing_mintable__still_calls_the_token(system: System) -> None:
    assert system.minter.createReward(1, 1, sender=system.bonding_manager) == 0
    assert logs(system.minter) == [("Asked", "mint", system.minter.address, 0)]


def test_create_reward__large_fraction__does_not_overflow(system: System) -> None:
    system.start_round(l2=1_000, bonded=500)
    assert system.minter.createReward(10**46, 10**46, sender=system.bonding_manager) == 260


def test_create_reward__fraction_below_the_base__is_nothing(system: System) -> None:
    """The first floor: one part in ten thousand million is no point of the base."""
    system.start_round(l2=10**30, bonded=5 * 10**29)
    assert system.minter.createReward(1, 10**10, sender=system.bonding_manager) == 0


def test_create_reward__no_stake__panics_with_division_by_zero(system: System) -> None:
    with panics(DIVISION_BY_ZERO):
        system.minter.createReward(1, 0, sender=system.bonding_manager)


@given(num=st.integers(0, 10**27), den=st.integers(1, 10**27), supply=st.integers(0, 10**27))
def test_create_reward__any__two_floors(system: System, num: int, den: int, supply: int) -> None:
    num = min(num, den)
    system.start_round(l2=supply, bonded=supply // 2)
    mintable = system.minter.currentMintableTokens()
    expected = mintable * (num * BASE // den) // BASE
    assert system.minter.createReward(num, den, sender=system.bonding_manager) == expected
