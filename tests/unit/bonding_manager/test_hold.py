"""holdStake, releaseStake, slashUnbondingLock: what the Verifier may do beside slashing."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import PERC, Staking, own_events

HELD = "stake is held: slashing case open"


@pytest.fixture
def verifier(staking: Staking) -> str:
    return staking.appoint("Verifier")


@pytest.mark.parametrize(
    "call",
    [
        ("holdStake", True),
        ("holdStake", False),
        ("releaseStake",),
        ("slashUnbondingLock", 0, ZERO, 0, 0),
    ],
)
def test_verifier_functions__stranger__revert(
    manager: Any, stranger: str, call: tuple[Any, ...]
) -> None:
    name, *arguments = call
    with boa.reverts("caller must be Verifier"):
        getattr(manager, name)(stranger, *arguments, sender=stranger)


def test_hold__and_release__logged_and_readable(staking: Staking, verifier: str) -> None:
    transcoder = staking.transcoder(1_000)
    before = staking.manager.getDelegator(transcoder)
    staking.manager.holdStake(transcoder, False, sender=verifier)
    assert own_events(staking.manager) == [("StakeHeld", transcoder, True)]
    assert staking.manager.isStakeHeld(transcoder)
    assert staking.manager.getDelegator(transcoder) == before
    assert staking.pool() == [transcoder]
    staking.manager.releaseStake(transcoder, sender=verifier)
    assert own_events(staking.manager) == [("StakeHeld", transcoder, False)]
    assert not staking.manager.isStakeHeld(transcoder)


def test_hold__with_resign__leaves_the_pool_for_the_next_round(
    staking: Staking, verifier: str
) -> None:
    manager = staking.manager
    transcoder, other = staking.transcoder(1_000), staking.transcoder(500)
    round_ = staking.next_round()
    manager.holdStake(transcoder, True, sender=verifier)
    assert own_events(manager) == [
        ("StakeHeld", transcoder, True),
        ("TranscoderDeactivated", transcoder, round_ + 1),
    ]
    assert staking.pool() == [other]
    assert manager.nextRoundTotalActiveStake() == 500
    assert manager.isActiveTranscoder(transcoder)
    manager.holdStake(transcoder, True, sender=verifier)
    assert own_events(manager) == [("StakeHeld", transcoder, True)]


def test_hold__unbonded_account__rebond_from_unbonded_reverts(
    staking: Staking, verifier: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    staking.next_round()
    manager.unbond(1_000, sender=transcoder)
    manager.holdStake(transcoder, True, sender=verifier)
    with boa.reverts(HELD):
        manager.rebondFromUnbonded(transcoder, 0, sender=transcoder)
    with boa.reverts(HELD):
        manager.rebondFromUnbondedWithHint(transcoder, 0, ZERO, ZERO, sender=transcoder)
    staking.next_round(staking.protocol.parameters.unbonding_period)
    with boa.reverts(HELD):
        manager.withdrawStake(0, sender=transcoder)
    manager.releaseStake(transcoder, sender=verifier)
    manager.withdrawStake(0, sender=transcoder)


def test_hold__survives_a_full_slash_and_a_new_bond(staking: Staking, verifier: str) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    staking.next_round()
    manager.holdStake(transcoder, True, sender=verifier)
    manager.slashTranscoder(transcoder, ZERO, PERC, 0, sender=verifier)
    assert manager.isStakeHeld(transcoder)
    manager.bond(700, transcoder, sender=transcoder)
    assert manager.isStakeHeld(transcoder)
    assert staking.pool() == []
    staking.next_round()
    with boa.reverts(HELD):
        manager.unbond(1, sender=transcoder)


def test_hold__stake_sent_to_the_accused__arrives(staking: Staking, verifier: str) -> None:
    """Others may add to what the accused has; it stays there."""
    manager = staking.manager
    transcoder = staking.transcoder(1_000)
    delegator = staking.delegator(400, transcoder)
    staking.next_round()
    manager.reward(sender=transcoder)
    before = manager.pendingStake(transcoder, 0)
    manager.holdStake(transcoder, True, sender=verifier)
    manager.transferBond(transcoder, 100, ZERO, ZERO, ZERO, ZERO, sender=delegator)
    assert manager.getDelegator(transcoder)[0] == before + 100
    assert manager.isStakeHeld(transcoder)


def test_slash_lock__part_of_it__rest_stays_withdrawable(staking: Staking, verifier: str) -> None:
    manager, protocol = staking.manager, staking.protocol
    finder = boa.env.generate_address("finder")
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    manager.unbond(401, sender=transcoder)
    supply, vault = protocol.token.totalSupply(), protocol.token.balanceOf(protocol.minter.address)
    amount, withdraw_round = manager.getDelegatorUnbondingLock(transcoder, 0)
    manager.slashUnbondingLock(transcoder, 0, finder, PERC // 2, PERC // 4, sender=verifier)
    assert own_events(manager) == [("UnbondingLockSlashed", transcoder, finder, 0, 200, 50)]
    assert manager.getDelegatorUnbondingLock(transcoder, 0) == (amount - 200, withdraw_round)
    assert manager.getDelegator(transcoder)[0] == 599
    assert protocol.token.balanceOf(finder) == 50
    assert protocol.token.totalSupply() == supply - 150
    assert protocol.token.balanceOf(protocol.minter.address) == vault - 200
    staking.next_round(protocol.parameters.unbonding_period)
    before = protocol.token.balanceOf(transcoder)
    manager.withdrawStake(0, sender=transcoder)
    assert protocol.token.balanceOf(transcoder) == before + 201


def test_slash_lock__all_of_it__lock_is_gone(staking: Staking, verifier: str) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    staking.next_round()
    manager.unbond(400, sender=transcoder)
    manager.slashUnbondingLock(transcoder, 0, ZERO, PERC, PERC, sender=verifier)
    assert own_events(manager)[-1] == ("UnbondingLockSlashed", transcoder, ZERO, 0, 400, 0)
    assert manager.getDelegatorUnbondingLock(transcoder, 0)[0] == 0
    assert not manager.isValidUnbondingLock(transcoder, 0)
    with boa.reverts("invalid unbonding lock ID"):
        manager.rebond(0, sender=transcoder)
    assert manager.getDelegator(transcoder)[0] == 600


def test_slash_lock__bad_arguments__revert(staking: Staking, verifier: str, paused: Any) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    for arguments, reason in (
        ((0, ZERO, PERC + 1, PERC + 1), "invalid slashAmount percentage"),
        ((0, ZERO, PERC, PERC + 1), "invalid finderFee percentage"),
        ((0, ZERO, PERC, PERC), "invalid unbonding lock ID"),
    ):
        with boa.reverts(reason):
            manager.slashUnbondingLock(transcoder, *arguments, sender=verifier)
    paused()
    with boa.reverts("system is paused"):
        manager.slashUnbondingLock(transcoder, 0, ZERO, 0, 0, sender=verifier)
    manager.holdStake(transcoder, True, sender=verifier)
    manager.releaseStake(transcoder, sender=verifier)
