"""Guards that many functions share, in the order in which they are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import Staking, own_events

LIVE: dict[str, tuple[Any, ...]] = {
    "bond": (1, ZERO),
    "bondWithHint": (1, ZERO, ZERO, ZERO, ZERO, ZERO),
    "bondForWithHint": (1, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO),
    "unbond": (1,),
    "unbondWithHint": (1, ZERO, ZERO),
    "rebond": (0,),
    "rebondWithHint": (0, ZERO, ZERO),
    "rebondFromUnbonded": (ZERO, 0),
    "rebondFromUnbondedWithHint": (ZERO, 0, ZERO, ZERO),
    "transferBond": (ZERO, 1, ZERO, ZERO, ZERO, ZERO),
    "withdrawStake": (0,),
    "withdrawFees": (ZERO, 0),
    "claimEarnings": (0,),
    "transcoder": (0, 0),
    "transcoderWithHint": (0, 0, ZERO, ZERO),
    "reward": (),
    "rewardWithHint": (ZERO, ZERO),
    "rewardForTranscoder": (ZERO,),
    "rewardForTranscoderWithHint": (ZERO, ZERO, ZERO),
}
PAUSABLE = LIVE | {
    "setRewardCaller": (ZERO,),
    "updateTranscoderWithFees": (ZERO, 0, 0),
    "slashTranscoder": (ZERO, ZERO, 0, 0),
}
SETTERS: dict[str, tuple[tuple[Any, ...], str, str]] = {
    "setUnbondingPeriod": ((9,), "unbondingPeriod", "unbondingPeriod"),
    "setNumActiveTranscoders": ((9,), "getTranscoderPoolMaxSize", "numActiveTranscoders"),
    "setTreasuryRewardCutRate": (
        (10**27,),
        "nextRoundTreasuryRewardCutRate",
        "nextRoundTreasuryRewardCutRate",
    ),
    "setTreasuryBalanceCeiling": ((9,), "treasuryBalanceCeiling", "treasuryBalanceCeiling"),
}


@pytest.mark.parametrize("name", PAUSABLE)
def test_any_call__system_paused__reverts(
    manager: Any, paused: Callable[[], None], stranger: str, name: str
) -> None:
    paused()
    with boa.reverts("system is paused"):
        getattr(manager, name)(*PAUSABLE[name], sender=stranger)


@pytest.mark.parametrize("name", LIVE)
def test_any_call__round_not_initialized__reverts(
    staking: Staking, stranger: str, name: str
) -> None:
    staking.move_clock()
    with boa.reverts("current round is not initialized"):
        getattr(staking.manager, name)(*LIVE[name], sender=stranger)


@pytest.mark.parametrize("name", SETTERS)
def test_setter__stranger__reverts(manager: Any, stranger: str, name: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        getattr(manager, name)(*SETTERS[name][0], sender=stranger)


@pytest.mark.parametrize("name", SETTERS)
def test_setter__owner_of_a_paused_system__stores_and_logs(
    staking: Staking, paused: Callable[[], None], name: str
) -> None:
    arguments, getter, parameter = SETTERS[name]
    paused()
    getattr(staking.manager, name)(*arguments, sender=staking.protocol.owner)
    assert own_events(staking.manager) == [("ParameterUpdate", parameter)]
    assert getattr(staking.manager, getter)() == arguments[0]


@pytest.mark.parametrize("size", [5, 4])
def test_set_num_active_transcoders__not_larger__reverts(staking: Staking, size: int) -> None:
    with boa.reverts("new max size must be greater than old max size"):
        staking.manager.setNumActiveTranscoders(size, sender=staking.protocol.owner)


def test_set_treasury_reward_cut_rate__over_100_percent__reverts(staking: Staking) -> None:
    with boa.reverts("_cutRate is invalid precise percentage"):
        staking.manager.setTreasuryRewardCutRate(10**27 + 1, sender=staking.protocol.owner)


def test_set_controller__stranger__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        manager.setController(stranger, sender=stranger)


def test_set_current_round_total_active_stake__stranger__reverts(
    manager: Any, stranger: str
) -> None:
    with boa.reverts("caller must be RoundsManager"):
        manager.setCurrentRoundTotalActiveStake(sender=stranger)


def test_round_turn__pool_becomes_the_active_set(staking: Staking) -> None:
    manager = staking.manager
    members = staking.fill_pool()
    assert (manager.getActiveSetSize(), manager.getTotalBonded()) == (0, 0)
    assert not manager.isActiveTranscoder(members[0])
    staking.next_round()
    total = sum(manager.transcoderTotalStake(member) for member in members)
    assert manager.getActiveSetSize() == len(members)
    assert manager.currentRoundTotalActiveStake() == manager.getTotalBonded() == total
    assert (
        staking.protocol.bonding_votes.getTotalActiveStakeAt(staking.protocol.current_round())
        == total
    )
    assert manager.isActiveTranscoder(members[0])


def test_round_turn__new_treasury_cut__takes_effect_and_is_logged(staking: Staking) -> None:
    manager = staking.manager
    manager.setTreasuryRewardCutRate(10**26, sender=staking.protocol.owner)
    assert manager.treasuryRewardCutRate() == 0
    staking.protocol.mine_to_next_round()
    staking.protocol.rounds_manager.initializeRound()
    names = [
        event[1]
        for event in staking.protocol.rounds_manager.get_logs()
        if type(event).__name__ == "ParameterUpdate"
    ]
    assert names == ["treasuryRewardCutRate"]
    assert manager.treasuryRewardCutRate() == 10**26


def test_checkpoint_bonding_state__votes_not_registered__reverts(
    staking: Staking, stranger: str
) -> None:
    staking.protocol.register("BondingVotes", ZERO)
    with boa.reverts("function call to a non-contract account"):
        staking.manager.checkpointBondingState(stranger)


def test_checkpoint_bonding_state__paused_and_uninitialised__works(
    staking: Staking, paused: Callable[[], None], stranger: str
) -> None:
    staking.move_clock()
    paused()
    staking.manager.checkpointBondingState(stranger)
    assert staking.protocol.bonding_votes.hasCheckpoint(stranger)
