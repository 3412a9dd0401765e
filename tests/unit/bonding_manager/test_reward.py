"""reward, rewardWithHint, rewardForTranscoder: minting, sharing, the treasury's part."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT, Protocol
from tests.unit.bonding_manager.conftest import PERC, PRECISE, Staking, own_events

HALF = PERC // 2


@pytest.mark.usefixtures("vault")
def test_reward__cut_of_half__raises_the_factor_by_the_shared_half(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF)
    round_ = staking.next_round()
    manager.reward(sender=transcoder)
    assert own_events(manager) == [("Reward", transcoder, 1_000)]
    assert manager.getTranscoderEarningsPoolForRound(transcoder, round_) == (
        1_000, HALF, 0, 3 * PRECISE // 2, 0,
    )  # fmt: skip
    record = manager.getTranscoder(transcoder)
    assert (record[0], record[6], record[7]) == (round_, 0, 500)
    assert manager.transcoderTotalStake(transcoder) == 2_000
    assert manager.nextRoundTotalActiveStake() == 2_000


@pytest.mark.usefixtures("vault")
def test_reward__treasury_cut__goes_to_the_treasury(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF)
    manager.setTreasuryRewardCutRate(631 * PRECISE // 10_000, sender=staking.protocol.owner)
    round_ = staking.next_round()
    manager.reward(sender=transcoder)
    assert own_events(manager) == [
        ("TreasuryReward", transcoder, staking.protocol.treasury, 63),
        ("Reward", transcoder, 937),
    ]
    factor = manager.getTranscoderEarningsPoolForRound(transcoder, round_)[3]
    assert factor == PRECISE + 469 * PRECISE // 1_000
    assert manager.getTranscoder(transcoder)[7] == 468


def test_reward__treasury_at_its_ceiling__pays_once_more_then_stops(staking: Staking) -> None:
    manager, owner, token = staking.manager, staking.protocol.owner, staking.protocol.token
    transcoder = staking.transcoder(1_000)
    manager.setTreasuryRewardCutRate(PRECISE // 10, sender=owner)
    manager.setTreasuryBalanceCeiling(LPT, sender=owner)
    staking.next_round()
    token.mint(staking.protocol.treasury, LPT - 1, sender=owner)
    with boa.env.anchor():
        manager.reward(sender=transcoder)
        assert manager.nextRoundTreasuryRewardCutRate() == PRECISE // 10
    token.mint(staking.protocol.treasury, 1, sender=owner)
    manager.reward(sender=transcoder)
    assert own_events(manager)[0] == ("ParameterUpdate", "nextRoundTreasuryRewardCutRate")
    assert "TreasuryReward" in [event[0] for event in own_events(manager)]
    assert (manager.treasuryRewardCutRate(), manager.nextRoundTreasuryRewardCutRate()) == (
        PRECISE // 10, 0,
    )  # fmt: skip
    staking.next_round()
    balance = token.balanceOf(staking.protocol.treasury)
    manager.reward(sender=transcoder)
    assert token.balanceOf(staking.protocol.treasury) == balance


@pytest.mark.usefixtures("vault")
def test_reward__delegator__gets_its_share_at_the_claim(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF)
    delegator = staking.delegator(1_000, transcoder)
    staking.next_round()
    manager.reward(sender=transcoder)
    assert (manager.pendingStake(transcoder, 0), manager.pendingStake(delegator, 99)) == (
        1_750, 1_250,
    )  # fmt: skip
    staking.next_round()
    manager.reward(sender=transcoder)
    assert manager.pendingStake(delegator, 0) == 1_000 + 250 + 500 * 1_250 // 3_000
    round_ = staking.protocol.current_round()
    manager.claimEarnings(0, sender=delegator)
    assert own_events(manager) == [
        ("EarningsClaimed", transcoder, delegator, 458, 0, round_ - 1, round_)
    ]
    manager.claimEarnings(0, sender=delegator)
    assert own_events(manager) == []
    assert manager.getDelegator(delegator)[0] == 1_458


def test_reward__not_active__reverts(staking: Staking, stranger: str) -> None:
    transcoder = staking.transcoder(1_000)
    for caller in (stranger, transcoder):
        with boa.reverts("caller must be an active transcoder"):
            staking.manager.reward(sender=caller)


def test_reward__twice__reverts(staking: Staking) -> None:
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    staking.manager.reward(sender=transcoder)
    with boa.reverts("caller has already called reward for the current round"):
        staking.manager.reward(sender=transcoder)


def test_reward__mints_nothing__still_counts(staking: Staking, vault: Any) -> None:
    transcoder = staking.transcoder(1_000)
    vault.setReward(0)
    round_ = staking.next_round()
    staking.manager.reward(sender=transcoder)
    assert own_events(staking.manager) == [("Reward", transcoder, 0)]
    assert staking.manager.getTranscoder(transcoder)[0] == round_


def test_reward__left_the_pool_by_unbonding__may_still_call_once(staking: Staking) -> None:
    transcoder = staking.transcoder(1_000)
    staking.delegator(500, transcoder)
    staking.next_round()
    staking.manager.unbond(1_000, sender=transcoder)
    staking.manager.reward(sender=transcoder)
    staking.next_round()
    with boa.reverts("caller must be an active transcoder"):
        staking.manager.reward(sender=transcoder)


@pytest.mark.parametrize("hint", ["right", "wrong"])
@pytest.mark.usefixtures("vault")
def test_reward_with_hint__passes_another__moves_up(
    staking: Staking, hint: str, stranger: str
) -> None:
    small, large = staking.transcoder(1_000), staking.transcoder(1_500)
    staking.next_round()
    hints = (ZERO, large) if hint == "right" else (stranger, small)
    staking.manager.rewardWithHint(*hints, sender=small)
    assert staking.pool() == [small, large]


# -- LIP-118


def test_set_reward_caller__anyone__stores_and_logs(manager: Any, stranger: str) -> None:
    caller = boa.env.generate_address("reward caller")
    manager.setRewardCaller(caller, sender=stranger)
    assert own_events(manager) == [("RewardCallerSet", stranger, caller)]
    assert manager.transcoderToRewardCaller(stranger) == caller
    manager.setRewardCaller(ZERO, sender=stranger)
    assert manager.transcoderToRewardCaller(stranger) == ZERO


@pytest.mark.usefixtures("vault")
def test_reward_for_transcoder__its_reward_caller__as_if_called_by_it(
    staking: Staking, stranger: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF)
    round_ = staking.next_round()
    manager.setRewardCaller(stranger, sender=transcoder)
    manager.rewardForTranscoder(transcoder, sender=stranger)
    assert own_events(manager) == [("Reward", transcoder, 1_000)]
    assert manager.getTranscoder(transcoder)[0] == round_
    assert staking.protocol.bonding_votes.getVotes(transcoder) == 2_000
    with boa.reverts("caller has already called reward for the current round"):
        manager.rewardForTranscoder(transcoder, sender=stranger)


@pytest.mark.usefixtures("vault")
def test_reward_for_transcoder_with_hint__its_reward_caller__moves_up(
    staking: Staking, stranger: str
) -> None:
    small, large = staking.transcoder(1_000), staking.transcoder(1_500)
    staking.next_round()
    staking.manager.setRewardCaller(stranger, sender=small)
    staking.manager.rewardForTranscoderWithHint(small, ZERO, large, sender=stranger)
    assert staking.pool() == [small, large]


def test_reward_for_transcoder__anybody_else__reverts(staking: Staking, stranger: str) -> None:
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    for caller in (stranger, transcoder):
        with boa.reverts("caller must be transcoder's reward caller"):
            staking.manager.rewardForTranscoder(transcoder, sender=caller)
    staking.manager.setRewardCaller(stranger, sender=transcoder)
    staking.manager.setRewardCaller(ZERO, sender=transcoder)
    with boa.reverts("caller must be transcoder's reward caller"):
        staking.manager.rewardForTranscoder(transcoder, sender=stranger)


# -- Bookkeeping that keeps shares below what there is to share


def test_stake_outside_the_pool__still_active__is_recorded(
    staking: Staking, orchestrator: str
) -> None:
    """Deployed: only pool members were recorded; stale stake inflated fees (difference 6)."""
    manager, members = staking.manager, staking.fill_pool()
    round_ = staking.next_round()
    for member in members:
        manager.reward(sender=member)
    evicted = staking.pool()[-1]
    manager.bond(900 * LPT, orchestrator, sender=orchestrator)
    assert evicted not in staking.pool()
    stake = manager.transcoderTotalStake(evicted)
    staking.delegator(LPT // 10, evicted)
    assert manager.transcoderTotalStake(evicted) == stake + LPT // 10
    assert manager.getTranscoder(evicted)[3] == round_ + 1
    pool = manager.getTranscoderEarningsPoolForRound(evicted, round_ + 1)
    assert pool[0] == stake + LPT // 10


def test_share_of__more_accrued_than_stake__reverts(protocol: Protocol) -> None:
    """No sequence of calls gets there; the check stands behind the bookkeeping (difference 7)."""
    manager = protocol.targets["BondingManager"]
    assert manager.eval("rewards._share_of(3, 100, 4)") == 75
    with boa.reverts("active rewards exceed total stake"):
        manager.eval("rewards._share_of(5, 100, 4)")
