"""Which stake counts in which round, and whole rounds in known numbers. Bonding spec, 16 and 17."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contracts import ZERO, deploy
from tests.unit.bonding_manager.conftest import PERC, Staking

HALF, QUARTER = PERC // 2, PERC // 4


def recorded(manager: Any, transcoder: str, round_: int) -> int:
    return int(manager.getTranscoderEarningsPoolForRound(transcoder, round_)[0])


@pytest.mark.parametrize("change", ["bond", "unbond"])
def test_recorded_stake__first_change_in_a_round__this_round_keeps_what_it_began_with(
    staking: Staking, change: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(500, transcoder)
    round_ = staking.next_round(2)
    assert recorded(manager, transcoder, round_) == 0
    step = 100 if change == "bond" else -100
    if change == "bond":
        manager.bond(100, transcoder, sender=delegator)
    else:
        manager.unbond(100, sender=delegator)
    assert recorded(manager, transcoder, round_) == 1_500
    assert recorded(manager, transcoder, round_ + 1) == 1_500 + step
    assert manager.getTranscoder(transcoder)[3] == round_ + 1


@pytest.mark.parametrize("change", ["bond", "unbond"])
def test_recorded_stake__second_change_in_a_round__only_the_next_round_follows(
    staking: Staking, change: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(500, transcoder)
    round_ = staking.next_round(2)
    for _ in range(2):
        if change == "bond":
            manager.bond(100, transcoder, sender=delegator)
        else:
            manager.unbond(100, sender=delegator)
    assert recorded(manager, transcoder, round_) == 1_500
    expected = 1_700 if change == "bond" else 1_300
    assert recorded(manager, transcoder, round_ + 1) == expected


def test_recorded_stake__change_for_this_round_made_before_it__is_kept(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(500, transcoder)
    round_ = staking.next_round()
    assert manager.getTranscoder(transcoder)[3] == round_
    manager.bond(100, transcoder, sender=delegator)
    assert recorded(manager, transcoder, round_) == 1_500
    assert recorded(manager, transcoder, round_ + 1) == 1_600


def test_recorded_stake__delegate_not_registered__nothing(staking: Staking, stranger: str) -> None:
    round_ = staking.protocol.current_round()
    staking.delegator(500, stranger)
    assert staking.manager.getTranscoder(stranger)[3] == 0
    assert recorded(staking.manager, stranger, round_ + 1) == 0
    assert staking.manager.nextRoundTotalActiveStake() == 0


def test_recorded_stake__moved_to_one_outside_the_pool__total_falls_by_it(
    staking: Staking, stranger: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(500, transcoder)
    assert manager.nextRoundTotalActiveStake() == 1_500
    manager.bond(7, stranger, sender=delegator)
    assert manager.nextRoundTotalActiveStake() == 1_000


def test_recorded_stake__pool_member_unbonds_all__total_falls_by_all_it_was_delegated(
    staking: Staking,
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    staking.delegator(1_000, transcoder)
    staking.next_round()
    manager.unbond(1_000, sender=transcoder)
    assert manager.nextRoundTotalActiveStake() == 0
    assert manager.transcoderTotalStake(transcoder) == 1_000


# -- whole rounds, in known numbers


def test_rounds__reward_and_fees__shared_between_four(staking: Staking, vault: Any) -> None:
    """Stakes 1,000 and three of 3,000; reward 1,000, cut 50 %; fees 1,000, share 25 %."""
    vault.setMintable(1_000, 1_000)
    manager, broker = staking.manager, staking.appoint("TicketBroker")
    transcoder = staking.transcoder(1_000, cut=HALF, share=QUARTER)
    delegators = [staking.delegator(3_000, transcoder) for _ in range(3)]
    staking.next_round()
    manager.reward(sender=transcoder)
    manager.updateTranscoderWithFees(transcoder, 1_000, 0, sender=broker)
    staking.next_round()
    for delegator in delegators:
        manager.claimEarnings(0, sender=delegator)
        bonded, fees = manager.getDelegator(delegator)[:2]
        assert bonded == 3_150
        assert fees in (74, 75)
    manager.claimEarnings(0, sender=transcoder)
    assert manager.getDelegator(transcoder)[0] == 1_000 + 500 + 50


@pytest.mark.usefixtures("vault")
def test_rounds__both_claim_after_a_reward__known_bonds(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF)
    delegator = staking.delegator(1_000, transcoder)
    staking.next_round()
    manager.reward(sender=transcoder)
    for account, expected in ((transcoder, 1_750), (delegator, 1_250)):
        manager.claimEarnings(0, sender=account)
        assert manager.getDelegator(account)[0] == expected
        assert manager.pendingStake(account, 0) == expected


@pytest.mark.usefixtures("vault")
def test_rounds__claim_before_the_reward__forfeits_it(staking: Staking) -> None:
    """By design of LIP-36: what it forfeits stays in the delegated amount, claimed by nobody."""
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(1_000, transcoder)
    staking.next_round()
    manager.claimEarnings(0, sender=delegator)
    manager.reward(sender=transcoder)
    staking.next_round()
    assert manager.pendingStake(delegator, 0) == 1_000
    stakes = manager.pendingStake(delegator, 0) + manager.pendingStake(transcoder, 0)
    assert stakes < manager.transcoderTotalStake(transcoder) == 3_000


@pytest.mark.usefixtures("vault")
def test_rounds__fees_withdrawn_twice_in_a_round__second_sees_what_came_between(
    staking: Staking,
) -> None:
    manager, broker = staking.manager, staking.appoint("TicketBroker")
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    for _ in range(2):
        manager.updateTranscoderWithFees(transcoder, 1_000, 0, sender=broker)
        staking.next_round()
        assert manager.pendingFees(transcoder, 0) == 1_000
        manager.withdrawFees(transcoder, 1_000, sender=transcoder)
    assert manager.pendingFees(transcoder, 0) == 0


@pytest.mark.parametrize("end_round", [0, 1, 10**9])
def test_pending__any_end_round__is_ignored(staking: Staking, end_round: int) -> None:
    manager, transcoder = staking.manager, staking.transcoder(10**18)
    staking.next_round()
    manager.reward(sender=transcoder)
    assert manager.pendingStake(transcoder, end_round) == manager.pendingStake(transcoder, 0)
    assert manager.pendingFees(transcoder, end_round) == 0


def test_round_zero__before_any_round_was_initialised__bonds_without_a_claim(
    staking: Staking, orchestrator: str
) -> None:
    """`currentRoundInitialized` is true in round 0; nothing may underflow there."""
    clock = deploy("RoundsManagerMock")
    clock.setRound(0, True)
    staking.protocol.register("RoundsManager", clock.address)
    manager, votes = staking.manager, staking.protocol.bonding_votes
    manager.bond(1_000, orchestrator, sender=orchestrator)
    logs = [type(event).__name__ for event in manager.get_logs()]
    assert "EarningsClaimed" not in logs
    assert manager.getDelegator(orchestrator)[4:6] == (1, 0)
    assert manager.getTranscoder(orchestrator)[4] == 1
    assert votes.getVotesAndDelegateAtRoundStart(orchestrator, 1) == (1_000, orchestrator)
    assert votes.getVotesAndDelegateAtRoundStart(orchestrator, 0) == (0, ZERO)
