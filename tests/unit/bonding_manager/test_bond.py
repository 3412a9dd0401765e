"""bond, bondWithHint, bondForWithHint: who stakes behind whom."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.bonding_manager.conftest import NEVER, Staking, own_events

HINTS = (ZERO, ZERO, ZERO, ZERO)


def test_bond__to_oneself__registers_and_joins_the_pool(
    staking: Staking, orchestrator: str
) -> None:
    manager, round_ = staking.manager, staking.protocol.current_round()
    manager.bond(1_000, orchestrator, sender=orchestrator)
    assert own_events(manager) == [
        ("EarningsClaimed", ZERO, orchestrator, 0, 0, 1, round_),
        ("TranscoderActivated", orchestrator, round_ + 1),
        ("Bond", orchestrator, ZERO, orchestrator, 1_000, 1_000),
    ]
    assert manager.getDelegator(orchestrator) == (
        1_000, 0, orchestrator, 1_000, round_ + 1, round_, 0,
    )  # fmt: skip
    record = manager.getTranscoder(orchestrator)
    assert (record[3], record[4], record[5]) == (round_ + 1, round_ + 1, NEVER)
    assert manager.getTranscoderEarningsPoolForRound(orchestrator, round_ + 1)[0] == 1_000
    assert (manager.transcoderStatus(orchestrator), manager.delegatorStatus(orchestrator)) == (1, 0)
    assert manager.isRegisteredTranscoder(orchestrator)
    assert manager.nextRoundTotalActiveStake() == 1_000
    assert staking.pool() == [orchestrator]
    assert staking.protocol.token.balanceOf(staking.protocol.minter.address) == 1_000


def test_bond__delegator__raises_the_delegates_stake(staking: Staking, delegator: str) -> None:
    manager, round_ = staking.manager, staking.protocol.current_round()
    orchestrator = staking.transcoder(1_000)
    manager.bond(500, orchestrator, sender=delegator)
    assert own_events(manager)[-1] == ("Bond", orchestrator, ZERO, delegator, 500, 500)
    assert manager.transcoderTotalStake(orchestrator) == 1_500
    assert manager.getTranscoderEarningsPoolForRound(orchestrator, round_ + 1)[0] == 1_500
    assert manager.nextRoundTotalActiveStake() == 1_500
    staking.next_round()
    assert manager.delegatorStatus(delegator) == 1


def test_bond__nothing__reverts(manager: Any, delegator: str) -> None:
    with boa.reverts("delegation amount must be greater than 0"):
        manager.bond(0, delegator, sender=delegator)


def test_bond__more_than_96_bits__reverts(staking: Staking, delegator: str) -> None:
    staking.protocol.token.mint(delegator, 2**96, sender=staking.protocol.owner)
    staking.protocol.token.approve(staking.manager.address, 2**96, sender=delegator)
    with boa.reverts("stake is too large"):
        staking.manager.bond(2**96, delegator, sender=delegator)


def test_bond__without_allowance__reverts(staking: Staking, stranger: str) -> None:
    with boa.reverts("ERC20: insufficient allowance"):
        staking.manager.bond(1, stranger, sender=stranger)


def test_bond__registered_transcoder_to_another__reverts(staking: Staking) -> None:
    first, second = staking.transcoder(1_000), staking.transcoder(1_000)
    with boa.reverts("registered transcoders can't delegate towards other addresses"):
        staking.manager.bond(1, second, sender=first)


def test_bond__other_delegate__moves_the_whole_bond(staking: Staking, delegator: str) -> None:
    manager, round_ = staking.manager, staking.protocol.current_round()
    old, new = staking.transcoder(1_000), staking.transcoder(1_000)
    manager.bond(500, old, sender=delegator)
    staking.next_round(2)
    manager.bond(0, new, sender=delegator)
    assert own_events(manager)[-1] == ("Bond", new, old, delegator, 0, 500)
    assert (manager.transcoderTotalStake(old), manager.transcoderTotalStake(new)) == (1_000, 1_500)
    assert manager.getDelegator(delegator)[4] == round_ + 3  # pending again
    assert manager.nextRoundTotalActiveStake() == 2_500


def test_bond__unregistered_delegate__leaves_the_pool_alone(
    staking: Staking, delegator: str, stranger: str
) -> None:
    staking.manager.bond(500, stranger, sender=delegator)
    assert staking.manager.transcoderTotalStake(stranger) == 500
    assert staking.manager.nextRoundTotalActiveStake() == 0
    assert staking.manager.getTranscoder(stranger)[3] == 0


def test_bond__zero_address__is_legal_and_can_be_left(staking: Staking, delegator: str) -> None:
    orchestrator = staking.transcoder(1_000)
    staking.manager.bond(500, ZERO, sender=delegator)
    assert staking.manager.transcoderTotalStake(ZERO) == 500
    staking.manager.bond(0, orchestrator, sender=delegator)
    assert staking.manager.transcoderTotalStake(ZERO) == 0


def test_bond__full_pool_and_more_than_the_last__evicts_it(
    staking: Staking, orchestrator: str
) -> None:
    members = staking.fill_pool()
    round_ = staking.protocol.current_round()
    staking.manager.bond(1_001, orchestrator, sender=orchestrator)
    assert own_events(staking.manager)[1:3] == [
        ("TranscoderDeactivated", members[-1], round_ + 1),
        ("TranscoderActivated", orchestrator, round_ + 1),
    ]
    assert staking.pool() == [*members[:-1], orchestrator]
    assert staking.manager.getTranscoder(members[-1])[5] == round_ + 1


def test_bond__full_pool_and_a_tie__stays_out(staking: Staking, orchestrator: str) -> None:
    members = staking.fill_pool()
    staking.manager.bond(1_000, orchestrator, sender=orchestrator)
    assert staking.pool() == members
    assert staking.manager.isRegisteredTranscoder(orchestrator)


def test_bond__would_evict_an_active_member_before_its_reward__reverts(
    staking: Staking, orchestrator: str
) -> None:
    members = staking.fill_pool()
    staking.next_round()
    with boa.reverts("cannot evict an active transcoder before it calls reward"):
        staking.manager.bond(5_000, orchestrator, sender=orchestrator)
    for member in members:
        staking.manager.reward(sender=member)
    staking.manager.bond(900 * LPT, orchestrator, sender=orchestrator)
    assert orchestrator in staking.pool()


def test_bond__equal_stake__newest_goes_first(staking: Staking) -> None:
    first, second = staking.transcoder(1_000), staking.transcoder(1_000)
    assert staking.pool() == [second, first]


def test_bond_with_hint__right_hints__same_place_as_without(
    staking: Staking, orchestrator: str
) -> None:
    large, small = staking.transcoder(3_000), staking.transcoder(1_000)
    staking.manager.bondWithHint(2_000, orchestrator, ZERO, ZERO, large, small, sender=orchestrator)
    assert staking.pool() == [large, orchestrator, small]


@pytest.mark.parametrize("known", [True, False])
def test_bond_for__third_party__adds_to_the_present_delegation(
    staking: Staking, delegator: str, orchestrator: str, known: bool
) -> None:
    transcoder = staking.transcoder(1_000)
    if known:
        staking.manager.bond(500, transcoder, sender=delegator)
    staking.manager.bondForWithHint(200, delegator, transcoder, *HINTS, sender=orchestrator)
    assert staking.manager.getDelegator(delegator)[0] == (700 if known else 200)


def test_bond_for__null_owner__reverts(staking: Staking, delegator: str) -> None:
    with boa.reverts("INVALID_DELEGATOR"):
        staking.manager.bondForWithHint(1, ZERO, delegator, *HINTS, sender=delegator)


def test_bond_for__would_make_the_owner_self_delegated__reverts(
    staking: Staking, delegator: str, stranger: str
) -> None:
    with boa.reverts("INVALID_DELEGATE"):
        staking.manager.bondForWithHint(1, stranger, stranger, *HINTS, sender=delegator)


def test_bond_for__would_change_the_delegate__reverts(
    staking: Staking, delegator: str, orchestrator: str
) -> None:
    first, second = staking.transcoder(1_000), staking.transcoder(1_000)
    staking.manager.bond(500, first, sender=delegator)
    with boa.reverts("INVALID_DELEGATE_CHANGE"):
        staking.manager.bondForWithHint(1, delegator, second, *HINTS, sender=orchestrator)


def test_bond_for__before_the_delegates_reward__reverts(
    staking: Staking, delegator: str, orchestrator: str
) -> None:
    transcoder = staking.transcoder(1_000)
    staking.manager.bond(500, transcoder, sender=delegator)
    staking.next_round()
    top_up = (1, delegator, transcoder, *HINTS)
    with boa.reverts("ILLEGAL_CLAIM_EARNINGS"):
        staking.manager.bondForWithHint(*top_up, sender=orchestrator)
    with boa.env.anchor():
        staking.manager.claimEarnings(0, sender=delegator)
        staking.manager.bondForWithHint(*top_up, sender=orchestrator)
    staking.manager.reward(sender=transcoder)
    staking.manager.bondForWithHint(*top_up, sender=orchestrator)


def test_bond_for__l2_migrator__may_do_all_that(staking: Staking, stranger: str) -> None:
    migrator = staking.protocol.account("migrator", lpt=LPT)
    staking.protocol.register("L2Migrator", migrator)
    staking.manager.bondForWithHint(1_000, stranger, stranger, *HINTS, sender=migrator)
    assert staking.pool() == [stranger]
    staking.next_round()
    staking.manager.bondForWithHint(1_000, stranger, stranger, *HINTS, sender=migrator)
    assert staking.manager.transcoderTotalStake(stranger) == 2_000
